//! What the examples share: which URL to talk to, and the replay server that stands in for a provider where none is given.
#![allow(dead_code)] // each example uses a part of it

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A provider: the URL given on the command line, else `deltawire serve` on a recording, so that no key is needed.
///
/// The key is in the environment variable `OPENAI_API_KEY`, if there is one.
pub(crate) struct Provider {
    pub(crate) url: String,
    pub(crate) key: String,
    /// Stopped when this is dropped.
    replay: Option<Child>,
}

impl Provider {
    /// `recording` is a file of this repository; its pieces come with a delay, to be seen streaming.
    pub(crate) fn from_args(recording: &str) -> Result<Self, Box<dyn Error>> {
        let key = env::var("OPENAI_API_KEY").unwrap_or_default();
        if let Some(url) = env::args().nth(1) {
            return Ok(Self { url, key, replay: None });
        }
        let root = env!("CARGO_MANIFEST_DIR");
        let mut replay = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
            .args(["run", "--quiet", "--features", "cli", "--manifest-path"])
            .arg(format!("{root}/Cargo.toml"))
            .args(["--", "serve", "--delay", "30"])
            .arg(format!("{root}/{recording}"))
            .stdin(Stdio::piped()) // it stops when this closes
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        BufReader::new(replay.stdout.take().expect("piped")).read_line(&mut address)?;
        if address.is_empty() {
            return Err("the replay server did not start".into());
        }
        Ok(Self { url: address.trim_end().to_owned(), key, replay: Some(replay) })
    }

    /// The address and path without the scheme, for clients without URLs.
    pub(crate) fn host(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Some(replay) = &mut self.replay {
            drop(replay.stdin.take());
            let _ = replay.kill();
            let _ = replay.wait();
        }
    }
}
