//! What is printed: for people, a line of JSON per response, or a line of JSON per update.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use deltawire::{Completion, Update};
use serde::Serialize;

use crate::escape::escape_json;
use crate::people::People;

/// Where a response was read.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Source<'a> {
    /// As it was named; `-` is standard input.
    pub(crate) file: &'a str,
    /// In a cassette: which, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interaction: Option<usize>,
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.file == "-" { "standard input" } else { self.file })?;
        match self.interaction {
            Some(interaction) => write!(f, ", interaction {interaction}"),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    People,
    Json,
    Updates,
}

/// Standard output.
pub(crate) struct Output {
    out: Box<dyn Write>,
    format: Format,
    people: People,
}

impl Output {
    /// `headings`: whether people are told where each response comes from.
    pub(crate) fn new(format: Format, headings: bool) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let choice = AutoStream::choice(&stdout);
        let styled = format == Format::People && choice != ColorChoice::Never;
        // Unstyled output goes around the stream of colours: that would strip escape sequences from the text itself.
        let out: Box<dyn Write> = if styled {
            Box::new(BufWriter::new(AutoStream::new(stdout.lock(), choice)))
        } else {
            Box::new(BufWriter::new(stdout.lock()))
        };
        Self { out, format, people: People::new(is_terminal, styled, headings) }
    }

    pub(crate) fn begin(&mut self, source: Source<'_>) -> io::Result<()> {
        match self.format {
            Format::People => self.people.begin(&mut self.out, source),
            Format::Json | Format::Updates => Ok(()),
        }
    }

    pub(crate) fn update(&mut self, source: Source<'_>, update: &Update<'_>) -> io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            #[serde(flatten)]
            update: &'a Update<'a>,
            source: Source<'a>,
        }
        match self.format {
            Format::People => self.people.update(&mut self.out, update),
            Format::Json => Ok(()),
            Format::Updates => self.line(&Line { update, source }),
        }
    }

    pub(crate) fn end(&mut self, source: Source<'_>, completion: &Completion) -> io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            #[serde(flatten)]
            completion: &'a Completion,
            source: Source<'a>,
        }
        #[derive(Serialize)]
        struct End<'a> {
            update: &'static str,
            outcome: deltawire::Outcome,
            ended_by: deltawire::EndedBy,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'a deltawire::ProviderError>,
            source: Source<'a>,
        }
        match self.format {
            Format::People => self.people.end(&mut self.out, completion)?,
            Format::Json => self.line(&Line { completion, source })?,
            Format::Updates => self.line(&End {
                update: "end",
                outcome: completion.outcome,
                ended_by: completion.ended_by,
                error: completion.error.as_ref(),
                source,
            })?,
        }
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut json = escape_json(serde_json::to_string(value)?);
        json.push('\n');
        self.out.write_all(json.as_bytes())
    }
}
