//! What a file is, by how it begins: a cassette, or a response (which the library itself tells apart into event stream,
//! JSON body, or neither).

use std::fs::File;
use std::io::{self, Chain, Cursor, Read};
use std::path::Path;

/// Bytes before a decision is forced; more than this of blanks and `#` lines is no cassette.
const LOOK_AHEAD: usize = 64 << 10;

/// A cassette longer than this is refused: its interactions are held in memory, one by one.
const CASSETTE: u64 = 1 << 30;

/// An input with what was read of it to recognise it.
pub(crate) type Peeked = Chain<Cursor<Vec<u8>>, Box<dyn Read>>;

/// An input, recognised.
pub(crate) enum Input {
    Cassette(Bounded),
    Response(Peeked),
}

/// Opens a file, or standard input for `-`, and reads as far as it takes to recognise it.
pub(crate) fn open(path: &Path) -> io::Result<Input> {
    let mut input: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    let mut start = Vec::new();
    let mut buffer = [0; 4096];
    let is_cassette = loop {
        if let Some(is_cassette) = looks_like_cassette(&start) {
            break is_cassette;
        }
        match read(&mut input, &mut buffer)? {
            0 => break false,
            count => start.extend_from_slice(&buffer[..count]),
        }
        if start.len() > LOOK_AHEAD {
            break false;
        }
    };
    let peeked = Cursor::new(start).chain(input);
    Ok(if is_cassette { Input::Cassette(Bounded { input: peeked, left: CASSETTE }) } else { Input::Response(peeked) })
}

/// Reads some bytes; 0 is the end.
pub(crate) fn read(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Whether the first line that is neither blank nor a `#` comment begins a cassette; `None` when that is not yet seen.
fn looks_like_cassette(start: &[u8]) -> Option<bool> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let mut rest = match start.strip_prefix(BOM) {
        Some(rest) => rest,
        None if BOM.starts_with(start) => return None,
        None => start,
    };
    loop {
        rest = rest.trim_ascii_start();
        if rest.first() != Some(&b'#') {
            break;
        }
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
        rest = &rest[end..];
    }
    let mut undecided = false;
    for opening in [&b"---"[..], b"%YAML", b"version:", b"interactions:"] {
        if rest.starts_with(opening) {
            return Some(true);
        }
        undecided |= opening.starts_with(rest);
    }
    if undecided { None } else { Some(false) }
}

/// Reads up to a bound; beyond it is an error.
pub(crate) struct Bounded {
    input: Peeked,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "a cassette of more than 1 GiB"))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::looks_like_cassette;

    #[test]
    fn cassettes_are_told_from_responses_by_their_first_line() {
        for (start, expected) in [
            ("---\nversion: 2\n", Some(true)),
            ("\u{feff}---\n", Some(true)),
            ("# by go-vcr\n\n  # more\n---\n", Some(true)),
            ("version: 2\ninteractions:\n", Some(true)),
            ("interactions:\n", Some(true)),
            ("%YAML 1.1\n---\n", Some(true)),
            ("--", None),
            ("", None),
            ("vers", None),
            ("# only", None),
            ("\u{feff}", None),
            ("data: {}\n\n", Some(false)),
            (": OPENROUTER PROCESSING\n\n", Some(false)),
            ("event: message\n", Some(false)),
            ("id: 1\n", Some(false)),
            ("retry: 1\n", Some(false)),
            ("versions: 2\n", Some(false)),
            ("\n \n{\"id\":1}", Some(false)),
            ("[{", Some(false)),
            ("<html>", Some(false)),
            ("-1", Some(false)),
        ] {
            assert_eq!(looks_like_cassette(start.as_bytes()), expected, "{start:?}");
        }
        assert_eq!(looks_like_cassette(b"\xef\xbb"), None);
        assert_eq!(looks_like_cassette(b"\xef\xbb\xbe"), Some(false));
    }
}
