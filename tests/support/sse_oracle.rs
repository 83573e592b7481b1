//! The WHATWG rules for event streams (HTML standard, section 9.2.6), as naively as they can be written down: the whole
//! stream at once, line by line, everything copied. What the framer is held against, in tests and in fuzz targets.

/// An event as the standard dispatches it, and where it ends in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dispatched {
    pub(crate) event_type: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) last_event_id: Vec<u8>,
    /// Offset just past the blank line; past its CR if it ends in CR LF.
    pub(crate) end: u64,
}

/// What a whole stream gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Dispatched>,
    pub(crate) last_event_id: Vec<u8>,
    pub(crate) retry: Option<u64>,
}

/// Reads a whole stream.
pub(crate) fn read(stream: &[u8]) -> Outcome {
    let mut out = Outcome::default();
    let (mut event_type, mut data, mut id) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = if stream.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    // A line that the end of the stream cuts short is no line.
    while let Some(length) = stream[at..].iter().position(|&b| b == b'\n' || b == b'\r') {
        let line = &stream[at..at + length];
        let end = at + length + 1;
        at = if stream[at + length..].starts_with(b"\r\n") { end + 1 } else { end };
        if line.is_empty() {
            out.last_event_id = id.clone();
            if data.is_empty() {
                event_type.clear();
                continue;
            }
            data.pop(); // the last LF
            out.events.push(Dispatched {
                event_type: std::mem::take(&mut event_type),
                data: std::mem::take(&mut data),
                last_event_id: id.clone(),
                end: end as u64,
            });
            continue;
        }
        let (field, value) = match line.iter().position(|&b| b == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => event_type = value.to_vec(),
            b"data" => {
                data.extend_from_slice(value);
                data.push(b'\n');
            }
            b"id" if !value.contains(&0) => id = value.to_vec(),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let digits = std::str::from_utf8(value).expect("digits are ASCII");
                // A number beyond u64 milliseconds is no time.
                out.retry = digits.parse().ok().or(out.retry);
            }
            _ => {} // comments and fields that the standard does not know
        }
    }
    out
}
