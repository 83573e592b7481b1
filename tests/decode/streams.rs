//! Whole streams: the recordings and the quirk cases.

use std::path::PathBuf;

/// The data lines of every recorded stream and quirk case, by stream. (None of them needs more of a framer than this.)
pub(crate) fn streams() -> Vec<(String, Vec<Vec<u8>>)> {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut folders = vec![tests.join("recordings"), tests.join("quirks")];
    if let Some(more) = std::env::var_os("DELTAWIRE_RECORDINGS") {
        folders.push(more.into());
    }
    let mut streams = Vec::new();
    for folder in folders {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        for file in files {
            let text = std::fs::read(&file).expect("readable");
            let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
            let data: Vec<Vec<u8>> =
                lines.filter_map(|line| Some(line.strip_prefix(b"data:")?.trim_ascii().to_vec())).collect();
            if !data.is_empty() {
                streams.push((file.display().to_string(), data));
            }
        }
    }
    streams
}
