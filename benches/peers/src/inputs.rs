//! What is decoded: the recorded streams of `tests/recordings` (and of the folder that DELTAWIRE_RECORDINGS names), and
//! generated ones. Everything generated is the same in every run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// A recorded event stream.
pub struct Recording {
    pub body: String,
}

#[derive(Deserialize)]
struct Cassette {
    interactions: Vec<Interaction>,
}

#[derive(Deserialize)]
struct Interaction {
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    body: String,
}

/// The repository this package lies in.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The event streams among a folder's cassettes and those of the folders in it, by name; bodies that are one JSON
/// document are left out.
pub fn recordings(folder: &Path) -> Result<Vec<Recording>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut streams = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        let cassette: Cassette = serde_norway::from_str(&text).with_context(|| file.display().to_string())?;
        let bodies = cassette.interactions.into_iter().map(|interaction| interaction.response.body);
        streams.extend(bodies.filter(|body| body.contains("data: ")).map(|body| Recording { body }));
    }
    Ok(streams)
}

/// Pseudo-random numbers, the same in every run (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        ((self.next() >> 33) as usize) % bound
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Letters and digits.
    pub fn token(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[self.below(62)]))
            .collect()
    }

    pub fn word(&mut self) -> &'static str {
        const WORDS: [&str; 24] = [
            " the",
            " of",
            " weather",
            " in",
            " Florence",
            " is",
            " sunny",
            ",",
            " and",
            " a",
            " gentle",
            " breeze",
            ".",
            " It",
            " will",
            " stay",
            " warm",
            " until",
            " evening",
            "\\n",
            " \\\"quoted\\\"",
            " naïve",
            " 東京",
            " 25",
        ];
        WORDS[self.below(WORDS.len())]
    }
}

/// Bytes of a stream, and the lengths of its blocks (events and comments): they add up to the bytes.
pub struct Blocks {
    pub bytes: Vec<u8>,
    pub blocks: Vec<usize>,
}

impl Blocks {
    /// Splits after each blank line; the input ends its lines with LF.
    fn split(text: String) -> Self {
        let mut blocks = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let mut end = text[start..].find("\n\n").map_or(text.len(), |n| start + n + 2);
            end += text[end..].bytes().take_while(|&byte| byte == b'\n').count();
            blocks.push(end - start);
            start = end;
        }
        Self { bytes: text.into_bytes(), blocks }
    }
}

const MEGABYTE: usize = 1 << 20;

fn repeat(mut block: impl FnMut(&mut String)) -> Blocks {
    let mut text = String::with_capacity(MEGABYTE + (64 << 10));
    while text.len() < MEGABYTE {
        block(&mut text);
    }
    Blocks::split(text)
}

/// The recorded bodies, one after the other, again and again.
pub fn recorded_blocks(recordings: &[Recording]) -> Blocks {
    repeat(|text| {
        for recording in recordings {
            text.push_str(recording.body.trim_end_matches('\n'));
            text.push_str("\n\n");
        }
    })
}

/// About 120 bytes with an event line, as Anthropic's.
pub fn anthropic_blocks() -> Blocks {
    let mut random = Random::new(1);
    repeat(|text| {
        let word = random.word();
        let _ = write!(
            text,
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{word}\"}}}}\n\n"
        );
    })
}

/// Eight keep-alive comments, one short event.
pub fn keep_alive_blocks() -> Blocks {
    repeat(|text| {
        for _ in 0..8 {
            text.push_str(": OPENROUTER PROCESSING\n\n");
        }
        text.push_str("data: {\"ping\":true}\n\n");
    })
}

/// Events of eight data lines of some forty bytes.
pub fn multi_line_blocks() -> Blocks {
    let mut random = Random::new(2);
    repeat(|text| {
        for _ in 0..8 {
            let _ = writeln!(text, "data: {}", random.token(40));
        }
        text.push('\n');
    })
}

/// Events of 40 KiB in one data line.
pub fn large_blocks() -> Blocks {
    let line = Random::new(3).token(40 << 10);
    repeat(|text| {
        let _ = write!(text, "data: {line}\n\n");
    })
}

/// Events of nine bytes.
pub fn tiny_blocks() -> Blocks {
    repeat(|text| text.push_str("data: x\n\n"))
}
