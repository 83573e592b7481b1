//! go-vcr v2 cassettes: YAML in, recorded interactions out, one at a time.
//!
//! Read with libyaml's rules, which go-vcr's writer shares: bodies come out byte for byte, `!!binary` ones too. A file that
//! breaks off gives the interactions before the break. Memory holds one interaction; aliases, which could multiply what a
//! file says, are refused (the writer makes none).

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::panic::{self, AssertUnwindSafe};

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use libyaml_safer::{EventData, Parser};

/// Nesting of a cassette is 6 deep.
const DEPTH: usize = 64;

/// A request and the response to it.
#[derive(Debug, Default)]
pub(crate) struct Interaction {
    pub(crate) request_body: Vec<u8>,
    /// Nothing when the recording has no body for it.
    pub(crate) response_body: Option<Vec<u8>>,
    pub(crate) status: Option<u16>,
    /// Of the response, names as recorded.
    pub(crate) headers: Vec<(String, String)>,
}

/// Why a cassette could not be read further.
#[derive(Debug)]
pub(crate) enum CassetteError {
    Yaml(libyaml_safer::Error),
    /// The YAML parser panicked, which it does on a tag before a comma (libyaml-safer 0.3.0).
    Parser,
    Alias {
        line: u64,
    },
    TooDeep {
        line: u64,
    },
    Binary {
        line: u64,
        error: base64::DecodeError,
    },
    NoInteractions,
}

impl fmt::Display for CassetteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yaml(error) => write!(f, "not a cassette: {error}"),
            Self::Parser => f.write_str("not a cassette: YAML that cannot be read"),
            Self::Alias { line } => write!(f, "not a cassette: alias in line {line}"),
            Self::TooDeep { line } => write!(f, "not a cassette: nested too deep in line {line}"),
            Self::Binary { line, error } => write!(f, "not a cassette: binary value in line {line}: {error}"),
            Self::NoInteractions => f.write_str("a cassette without interactions"),
        }
    }
}

/// The interactions of a cassette, in order; after an error nothing comes.
pub(crate) struct Cassette<R> {
    parser: Parser<BufReader<Terminated<R>>>,
    stack: Vec<Container>,
    interaction: Interaction,
    count: usize,
    pending_error: Option<CassetteError>,
    ended: bool,
}

/// Where in the tree the parser stands: the containers around it.
enum Container {
    Sequence,
    /// With the key whose value comes next; none before a key.
    Mapping(Option<String>),
}

impl<R: Read> Cassette<R> {
    pub(crate) fn new(input: R) -> Self {
        let mut parser = Parser::new();
        parser.set_input(BufReader::new(Terminated { input, last: b'\n' }));
        Self {
            parser,
            stack: Vec::new(),
            interaction: Interaction::default(),
            count: 0,
            pending_error: None,
            ended: false,
        }
    }

    /// Reads on to the end of the next interaction; `None` at the end of the document.
    fn read(&mut self) -> Result<Option<Interaction>, CassetteError> {
        loop {
            let event = caught(|| self.parser.parse()).ok_or(CassetteError::Parser)?.map_err(CassetteError::Yaml)?;
            let line = event.start_mark.line + 1;
            match event.data {
                EventData::MappingStart { .. } => self.open(Container::Mapping(None), line)?,
                EventData::SequenceStart { .. } => self.open(Container::Sequence, line)?,
                EventData::MappingEnd | EventData::SequenceEnd => {
                    self.stack.pop();
                    let ended = self.in_interactions();
                    self.value_ended();
                    if ended {
                        return Ok(Some(std::mem::take(&mut self.interaction)));
                    }
                }
                EventData::Scalar { value, tag, .. } => {
                    if let Some(Container::Mapping(key @ None)) = self.stack.last_mut() {
                        *key = Some(value);
                    } else {
                        self.scalar(value, tag.as_deref(), line)?;
                        self.value_ended();
                    }
                }
                EventData::Alias { .. } => return Err(CassetteError::Alias { line }),
                EventData::DocumentEnd { .. } | EventData::StreamEnd => return Ok(None),
                EventData::StreamStart { .. } | EventData::DocumentStart { .. } => {}
            }
        }
    }

    fn open(&mut self, container: Container, line: u64) -> Result<(), CassetteError> {
        // A container in a key's place: the key is none that a cassette has.
        if self.stack.len() >= DEPTH {
            return Err(CassetteError::TooDeep { line });
        }
        self.stack.push(container);
        Ok(())
    }

    /// A value is over: in a mapping a key comes next (or, was it in a key's place, its value).
    fn value_ended(&mut self) {
        if let Some(Container::Mapping(key)) = self.stack.last_mut() {
            *key = match key {
                Some(_) => None,
                None => Some(String::new()),
            };
        }
    }

    /// Whether the parser stands in the list of interactions itself.
    fn in_interactions(&self) -> bool {
        matches!(&self.stack[..], [Container::Mapping(Some(key)), Container::Sequence] if key == "interactions")
    }

    fn scalar(&mut self, value: String, tag: Option<&str>, line: u64) -> Result<(), CassetteError> {
        let [Container::Mapping(Some(top)), Container::Sequence, Container::Mapping(Some(side)), rest @ ..] =
            &self.stack[..]
        else {
            return Ok(());
        };
        if top != "interactions" {
            return Ok(());
        }
        match (side.as_str(), rest) {
            ("request", [Container::Mapping(Some(key))]) if key == "body" => {
                self.interaction.request_body = bytes(value, tag, line)?;
            }
            ("response", [Container::Mapping(Some(key))]) => match key.as_str() {
                "body" => self.interaction.response_body = Some(bytes(value, tag, line)?),
                "code" => self.interaction.status = value.parse().ok(),
                _ => {}
            },
            ("response", [Container::Mapping(Some(key)), Container::Mapping(Some(name)), Container::Sequence])
                if key == "headers" =>
            {
                self.interaction.headers.push((name.clone(), value));
            }
            _ => {}
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Cassette<R> {
    type Item = Result<Interaction, CassetteError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.pending_error.take() {
            return Some(Err(error));
        }
        if self.ended {
            return None;
        }
        match self.read() {
            Ok(Some(interaction)) => {
                self.count += 1;
                Some(Ok(interaction))
            }
            Ok(None) => {
                self.ended = true;
                (self.count == 0).then_some(Err(CassetteError::NoInteractions))
            }
            Err(error) => {
                self.ended = true;
                let cut = std::mem::take(&mut self.interaction);
                if cut.response_body.is_some() {
                    self.pending_error = Some(error);
                    return Some(Ok(cut));
                }
                Some(Err(error))
            }
        }
    }
}

thread_local! {
    static PARSING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a parser that may panic; `None` when it did.
fn caught<T>(parse: impl FnOnce() -> T) -> Option<T> {
    PARSING.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(parse));
    PARSING.set(false);
    result.ok()
}

/// Has nothing printed of the parser's panics, which become errors here.
pub(crate) fn hush_parser() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !PARSING.get() {
            hook(info);
        }
    }));
}

/// An input whose last line is ended: the parser cannot read on from a file that breaks off in a line.
struct Terminated<R> {
    input: R,
    last: u8,
}

impl<R: Read> Read for Terminated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        match (&mut buffer[..], count) {
            ([], _) => {}
            ([first, ..], 0) if self.last != b'\n' => {
                *first = b'\n';
                self.last = b'\n';
                return Ok(1);
            }
            (_, 0) => {}
            (buffer, count) => self.last = buffer[count - 1],
        }
        Ok(count)
    }
}

/// A scalar's bytes: of a `!!binary` one (what is not UTF-8 is recorded so) what its base64 says.
fn bytes(value: String, tag: Option<&str>, line: u64) -> Result<Vec<u8>, CassetteError> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if tag != Some("tag:yaml.org,2002:binary") {
        return Ok(value.into_bytes());
    }
    let mut text = value;
    text.retain(|c| !c.is_ascii_whitespace());
    LENIENT.decode(text).map_err(|error| CassetteError::Binary { line, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> (Vec<Interaction>, Option<String>) {
        let mut interactions = Vec::new();
        for item in Cassette::new(yaml.as_bytes()) {
            match item {
                Ok(interaction) => interactions.push(interaction),
                Err(error) => return (interactions, Some(error.to_string())),
            }
        }
        (interactions, None)
    }

    fn body_of(value: &str) -> Vec<u8> {
        let (interactions, error) =
            read(&format!("---\nversion: 2\ninteractions:\n  - response:\n      body: {value}"));
        assert_eq!(error, None, "{value}");
        interactions[0].response_body.clone().unwrap()
    }

    #[test]
    fn bodies_come_out_byte_for_byte() {
        for (yaml, body) in [
            ("|+\n        data: {}\n\n        data: °C\n\n", "data: {}\n\ndata: °C\n\n"),
            ("|\n        a\n\n", "a\n"),
            ("|-\n        a\n", "a"),
            ("|2+\n          a\n\n", "  a\n\n"),
            (r#""\n \n{\"a\":1}\r\n\u00b0\x1b\0\t""#, "\n \n{\"a\":1}\r\n°\x1b\0\t"),
            ("'it''s # no comment'", "it's # no comment"),
            ("\"\"", ""),
            ("\n      code: 1", ""),
            // The writer breaks the line after U+2028, and indents.
            ("|-\n        a\u{2028}        b\n", "a\u{2028}b"),
        ] {
            assert_eq!(String::from_utf8(body_of(yaml)).unwrap(), body, "{yaml:?}");
        }
        assert_eq!(body_of("!!binary |\n        H4sIAAAA\n        AP8=\n"), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0xff]);
    }

    #[test]
    fn requests_statuses_and_headers_are_found_wherever_they_stand() {
        let (interactions, error) = read(
            "# recorded\nversion: 2\nother: {interactions: [{response: {body: no}}]}\ninteractions:\n- id: 0\n  request: {body: '{}', \
             headers: {A: [b]}}\n  response:\n    headers:\n      Content-Type:\n      - text/event-stream\n      \
             X: [y, z]\n    ? [odd, {key: 1}]\n    : {body: no}\n    body: yes\n    status: 429 Too Many\n    code: 429\n- id: 1\n",
        );
        assert_eq!(error, None);
        assert_eq!(interactions.len(), 2);
        assert_eq!(interactions[0].request_body, b"{}");
        assert_eq!(interactions[0].response_body.as_deref(), Some(&b"yes"[..]));
        assert_eq!(interactions[0].status, Some(429));
        let headers: Vec<_> =
            interactions[0].headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(headers, [("Content-Type", "text/event-stream"), ("X", "y"), ("X", "z")]);
        assert!(interactions[1].response_body.is_none());
    }

    #[test]
    fn what_breaks_off_gives_what_came_before_and_an_error() {
        for (yaml, bodies, error) in [
            ("---\nversion: 2\ninteractions: []\n", 0, "without interactions"),
            ("---\n", 0, "without interactions"),
            ("---\ninteractions:\n- response: {body: a}\n- response: {body: \"b", 1, "unexpected end"),
            ("---\ninteractions:\n- response: {body: a}\n- response: {body: b, code: \"2", 2, "unexpected end"),
            ("---\ninteractions:\n- &a {response: {body: a}}\n- *a\n", 1, "alias in line 4"),
            ("---\ninteractions:\n- response:\n    body: !!binary '?'\n", 0, "binary value in line 4"),
            ("---\ninteractions: [[[[", 0, "not a cassette"),
            ("---\ninteractions:\n- response:\n    body: |\n      cut", 1, ""),
            ("---\ninteractions:\n- response: {body: a}\n- response: {body: \"cut\\", 1, "unexpected end"),
            ("---\ninteractions:\n- response: {body: a}\n- [!tag, b]\n", 1, "cannot be read"),
        ] {
            let (interactions, message) = read(yaml);
            let message = message.unwrap_or_default();
            assert_eq!(interactions.len(), bodies, "{yaml:?}");
            assert!(message.contains(error), "{yaml:?}: {message}");
        }
        let deep = format!("---\ninteractions: {}", "[".repeat(100_000));
        assert!(read(&deep).1.unwrap().contains("too deep"));
    }
}
