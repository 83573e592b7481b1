//! What is served: recorded responses, changed as the options say, and cut into the pieces they are sent in.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use deltawire::Framer;
use hyper::body::Bytes;

use crate::args::{LineEnds, Serve};
use crate::cassette::Cassette;
use crate::input::{self, Input};

/// A response ready to be sent.
pub(super) struct Recording {
    pub(super) request_body: Vec<u8>,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// Whether the connection is to be cut after the body, which is not all there.
    pub(super) is_cut: bool,
    body: Bytes,
    /// Where the body may be cut for sending: after each event and comment.
    ends: Vec<usize>,
}

/// Reads all files; an error says in which, and what.
pub(super) fn load(options: &Serve) -> Result<Vec<Recording>, String> {
    let mut recordings = Vec::new();
    for path in &options.files {
        load_file(path, options, &mut recordings).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(recordings)
}

fn load_file(path: &Path, options: &Serve, recordings: &mut Vec<Recording>) -> Result<(), String> {
    match input::open(path).map_err(|error| error.to_string())? {
        Input::Response(mut input) => {
            let mut body = Vec::new();
            input.read_to_end(&mut body).map_err(|error| error.to_string())?;
            let content_type = match body.trim_ascii_start().first() {
                Some(b'{' | b'[') => "application/json",
                Some(b'<') => "text/html",
                _ => "text/event-stream",
            };
            let headers = vec![("content-type".to_owned(), content_type.to_owned())];
            recordings.push(Recording::new(Vec::new(), 200, headers, body, options));
        }
        Input::Cassette(input) => {
            for (number, interaction) in Cassette::new(input).enumerate() {
                let interaction = interaction.map_err(|error| error.to_string())?;
                let body = interaction
                    .response_body
                    .ok_or_else(|| format!("interaction {number}: no response body is recorded"))?;
                let status = interaction.status.unwrap_or(200);
                recordings.push(Recording::new(interaction.request_body, status, interaction.headers, body, options));
            }
        }
    }
    Ok(())
}

impl Recording {
    fn new(
        request_body: Vec<u8>,
        status: u16,
        mut headers: Vec<(String, String)>,
        mut body: Vec<u8>,
        options: &Serve,
    ) -> Self {
        // These are about the recorded connection and transfer, not about the body as it stands in the recording.
        const OF_THE_TRANSFER: [&str; 6] =
            ["connection", "content-encoding", "content-length", "keep-alive", "trailer", "transfer-encoding"];
        headers.retain(|(name, _)| !OF_THE_TRANSFER.contains(&name.to_ascii_lowercase().as_str()));
        let is_stream = headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type") && value.trim_start().starts_with("text/event-stream")
        });
        let mut ends = Vec::new();
        if is_stream {
            if options.no_done {
                body = without_done(&body);
            }
            if let Some(line_ends) = options.line_ends {
                body = with_line_ends(&body, line_ends);
            }
            ends = items(&body).into_iter().map(|(span, _)| span.end).collect();
        }
        let mut is_cut = false;
        if let Some(cut) = options.cut_at {
            is_cut = cut < body.len();
            body.truncate(cut);
            ends.retain(|&end| end < body.len());
        }
        Self { request_body, status, headers, is_cut, body: body.into(), ends }
    }

    /// The body in pieces: of sizes from the range, else one per event.
    pub(super) fn pieces(&self, sizes: Option<(usize, usize)>, random: &mut fastrand::Rng) -> Vec<Bytes> {
        let mut pieces = Vec::new();
        let mut start = 0;
        let mut ends = self.ends.iter().copied();
        while start < self.body.len() {
            let end = match sizes {
                Some((low, high)) => start.saturating_add(random.usize(low..=high)),
                None => ends.find(|&end| end > start).unwrap_or(self.body.len()),
            };
            let end = end.min(self.body.len());
            pieces.push(self.body.slice(start..end));
            start = end;
        }
        pieces
    }
}

/// Where the events and comments of a stream lie, and whether each is `[DONE]`.
fn items(body: &[u8]) -> Vec<(Range<usize>, bool)> {
    let mut items = Vec::new();
    let mut framer = Framer::new().comments(true).incomplete(true);
    let mut input = body;
    let mut ended = false;
    loop {
        if let Some(item) = framer.next(&mut input) {
            let is_done = item.is_ok_and(|event| event.data().trim_ascii() == b"[DONE]");
            let span = framer.span();
            items.push((span.start as usize..span.end as usize, is_done));
        } else if ended {
            return items;
        } else {
            framer.end();
            ended = true;
        }
    }
}

fn without_done(body: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(body.len());
    let mut start = 0;
    for (span, is_done) in items(body) {
        if is_done {
            kept.extend_from_slice(&body[start..span.start]);
            start = span.end;
        }
    }
    kept.extend_from_slice(&body[start..]);
    kept
}

/// The stream with each CR LF, CR or LF replaced.
fn with_line_ends(body: &[u8], line_ends: LineEnds) -> Vec<u8> {
    let new = match line_ends {
        LineEnds::Lf => &b"\n"[..],
        LineEnds::Crlf => b"\r\n",
        LineEnds::Cr => b"\r",
    };
    let mut changed = Vec::with_capacity(body.len() + body.len() / 32);
    let mut bytes = body.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                changed.extend_from_slice(new);
            }
            b'\n' => changed.extend_from_slice(new),
            _ => changed.push(byte),
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    const STREAM: &[u8] = b": hi\n\ndata: {}\n\ndata: [DONE]\n\n";

    fn pieces(arguments: &[&str], body: &[u8]) -> Vec<Vec<u8>> {
        let line = [&["deltawire", "serve", "file"], arguments].concat();
        let Some(Command::Serve(options)) = Cli::parse_from(line).command else { panic!("serve") };
        let headers = vec![("Content-Type".to_owned(), "text/event-stream; charset=utf-8".to_owned())];
        let recording = Recording::new(Vec::new(), 200, headers, body.to_vec(), &options);
        let mut random = fastrand::Rng::with_seed(options.seed);
        recording.pieces(options.piece_size, &mut random).iter().map(|piece| piece.to_vec()).collect()
    }

    #[test]
    fn a_body_is_sent_event_by_event() {
        let pieces = pieces(&[], STREAM);
        assert_eq!(pieces.concat(), STREAM);
        assert_eq!(pieces.len(), 3, "{pieces:?}");
        assert!(pieces[1].ends_with(b"data: {}\n\n"));
    }

    #[test]
    fn pieces_have_the_sizes_asked_for() {
        assert_eq!(pieces(&["--piece-size", "7"], &[b'x'; 20]).iter().map(Vec::len).collect::<Vec<_>>(), [7, 7, 6]);
        let random = pieces(&["--piece-size", "1..3", "--seed", "5"], STREAM);
        assert_eq!(random.concat(), STREAM);
        assert!(random.iter().all(|piece| (1..=3).contains(&piece.len())));
        assert!(random.iter().any(|piece| piece.len() != random[0].len()));
        assert_eq!(random, pieces(&["--piece-size", "1..3", "--seed", "5"], STREAM));
    }

    #[test]
    fn bodies_are_made_worse_as_asked() {
        for (arguments, body) in [
            (&["--no-done"][..], &b": hi\n\ndata: {}\n\n"[..]),
            (&["--cut-at", "9"], b": hi\n\ndat"),
            (&["--cut-at", "0"], b""),
            (&["--cut-at", "999"], STREAM),
            (&["--line-ends", "lf"], STREAM),
            (&["--line-ends", "cr", "--no-done"], b": hi\r\rdata: {}\r\r"),
            (&["--line-ends", "crlf", "--no-done"], b": hi\r\n\r\ndata: {}\r\n\r\n"),
        ] {
            assert_eq!(pieces(arguments, STREAM).concat(), body, "{arguments:?}");
        }
        assert_eq!(with_line_ends(b"a\r\nb\rc\n\r\r\n", LineEnds::Lf), b"a\nb\nc\n\n\n");
        assert_eq!(without_done(b"data: x\n\ndata:[DONE]"), b"data: x\n\n");
    }
}
