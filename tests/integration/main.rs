//! Real clients over loopback, against the replay server: whatever the client, the pieces and the end of the connection,
//! the message is the one that the bytes give offline.
#![allow(clippy::duplicate_mod)] // two examples bring the same support

#[path = "../support/mod.rs"]
mod support;

mod clients;
mod examples;
mod proxy;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use deltawire::{Completion, Options};
use support::{cassette, digest};

/// `deltawire serve`, which stops with the test.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    /// Serves every recording there is, with these options.
    fn start(options: &[&str]) -> Self {
        Self::of(&recordings(), options)
    }

    fn of(files: &[PathBuf], options: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_deltawire"))
            .arg("serve")
            .args(options)
            .args(files)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut url = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut url).expect("its address");
        let url = url.trim_end().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        Self { process, url }
    }

    /// The URL of one interaction, counted over all recordings.
    fn url(&self, interaction: usize) -> String {
        format!("{}/v1/chat/completions?interaction={interaction}", self.url)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The cassettes, in the order in which [`bodies`] gives their responses.
fn recordings() -> Vec<PathBuf> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let more = std::env::var_os("DELTAWIRE_RECORDINGS").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let mut files = Vec::new();
    for folder in [Some(seeds), more].into_iter().flatten() {
        let entries = std::fs::read_dir(folder).expect("a folder of recordings");
        let mut found: Vec<PathBuf> = entries
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
            .collect();
        found.sort();
        files.extend(found);
    }
    files
}

/// Every recorded response: its name and its bytes.
fn bodies() -> Vec<(String, Vec<u8>)> {
    cassette::bodies()
}

/// What the core makes of a body in one piece.
fn offline(body: &[u8]) -> ((u64, u64), Completion) {
    digest::decode(Options::default(), [body])
}

fn assert_same(name: &str, found: &Completion, expected: &Completion) {
    assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{name}");
}
