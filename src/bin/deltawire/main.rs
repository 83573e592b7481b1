//! The command `deltawire`: recorded or live responses in, the decoded messages out; `serve` plays recordings back.
#![forbid(unsafe_code)]

mod args;
mod cassette;
mod escape;
mod input;
mod output;
mod people;
mod serve;

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use deltawire::{ChatStream, Completion, Keep, Options, Outcome, ProviderError};

use crate::args::{Cli, Command, Decode};
use crate::cassette::Cassette;
use crate::escape::VisibleLine;
use crate::input::Input;
use crate::output::{Format, Output, Source};

/// Bytes read at once.
const READ: usize = 64 << 10;

/// Most bytes read at once, whatever piece size is asked for.
const LARGEST_READ: usize = 16 << 20;

fn main() -> ExitCode {
    cassette::hush_parser();
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Serve(options)) => serve::serve(options),
        None => match Run::new(&cli.decode).files() {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            // Who read our output has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => {
                complain(format_args!("standard output: {error}"));
                ExitCode::FAILURE
            }
        },
    }
}

/// One run over all files. Its errors are those of standard output.
struct Run<'a> {
    decode: &'a Decode,
    output: Output,
    options: Options,
    all_complete: bool,
}

impl<'a> Run<'a> {
    fn new(decode: &'a Decode) -> Self {
        let format = match (decode.json, decode.updates) {
            (true, _) => Format::Json,
            (_, true) => Format::Updates,
            _ => Format::People,
        };
        let mut options = Options::default();
        if format != Format::Json {
            options.keep = Keep::Calls; // what was printed need not be held
        }
        options.comments = format == Format::Updates;
        Self { decode, output: Output::new(format, decode.files.len() > 1), options, all_complete: true }
    }

    /// Whether all responses were complete.
    fn files(mut self) -> io::Result<bool> {
        if self.decode.files.is_empty() {
            self.file(Path::new("-"))?;
        }
        for file in &self.decode.files {
            self.file(file)?;
        }
        Ok(self.all_complete)
    }

    fn file(&mut self, path: &Path) -> io::Result<()> {
        let file = path.to_string_lossy();
        let source = Source { file: &file, interaction: None };
        match input::open(path) {
            Err(error) => self.unreadable(source, &error.to_string()),
            Ok(Input::Response(mut response)) => self.response(source, &mut response),
            Ok(Input::Cassette(cassette)) => {
                for (number, interaction) in Cassette::new(cassette).enumerate() {
                    let source = Source { interaction: Some(number), ..source };
                    match interaction {
                        Err(error) => self.unreadable(source, &error.to_string())?,
                        Ok(interaction) => match interaction.response_body {
                            Some(body) => self.response(source, &mut &body[..])?,
                            None => self.unreadable(source, "no response body is recorded")?,
                        },
                    }
                }
                Ok(())
            }
        }
    }

    /// Decodes one response and prints it as it comes.
    fn response(&mut self, source: Source<'_>, input: &mut impl Read) -> io::Result<()> {
        let piece_size = self.decode.chunk_size.map_or(READ, Into::into);
        // Whole pieces in a read, whatever the size.
        let size = if piece_size < READ { READ - READ % piece_size } else { piece_size.min(LARGEST_READ) };
        let mut buffer = vec![0; size];
        let mut chat = ChatStream::with_options(self.options);
        let mut offset = 0;
        let mut fault = None;
        self.output.begin(source)?;
        'input: loop {
            let count = match input::read(input, &mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) => {
                    fault = Some((offset, error.to_string()));
                    break;
                }
            };
            for piece in buffer[..count].chunks(piece_size) {
                let mut rest = piece;
                while let Some(update) = chat.next(&mut rest) {
                    match update {
                        Ok(update) => self.output.update(source, &update)?,
                        Err(error) => {
                            fault = Some((error.offset(), error.to_string()));
                            break 'input;
                        }
                    }
                }
                offset += piece.len() as u64;
            }
            self.output.flush()?;
        }
        chat.end();
        while let Some(update) = chat.next(&mut &[][..]) {
            match update {
                Ok(update) => self.output.update(source, &update)?,
                Err(error) => {
                    fault.get_or_insert_with(|| (error.offset(), error.to_string()));
                    break;
                }
            }
        }
        let mut completion = chat.into_completion();
        if let Some((at, message)) = &fault {
            completion.outcome = Outcome::Failed;
            completion.error.get_or_insert_with(|| unreadable(message, *at));
        }
        self.output.end(source, &completion)?;
        self.judge(source, &completion, fault, offset);
        Ok(())
    }

    /// A response of which nothing could be read still has its line.
    fn unreadable(&mut self, source: Source<'_>, message: &str) -> io::Result<()> {
        let mut completion = Completion::default();
        completion.outcome = Outcome::Failed;
        completion.error = Some(unreadable(message, 0));
        self.output.begin(source)?;
        self.output.end(source, &completion)?;
        self.judge(source, &completion, Some((0, message.to_owned())), 0);
        Ok(())
    }

    /// Says on standard error what was not complete, and where: the byte of the fault, or of the end.
    fn judge(&mut self, source: Source<'_>, completion: &Completion, fault: Option<(u64, String)>, end: u64) {
        match completion.outcome {
            Outcome::Complete => return,
            Outcome::Truncated => {
                complain(format_args!(
                    "{source}: truncated: the input ended at byte {end}, before [DONE] or a finish reason"
                ));
            }
            _ => {
                let (at, message) = fault.unwrap_or_else(|| match &completion.error {
                    Some(error) => (error.offset, error.message.clone()),
                    None => (end, String::new()),
                });
                complain(format_args!("{source}: failed at byte {at}: {message}"));
            }
        }
        self.all_complete = false;
    }
}

fn unreadable(message: &str, offset: u64) -> ProviderError {
    let mut error = ProviderError::default();
    error.message = message.to_owned();
    error.kind = Some("unreadable".to_owned());
    error.offset = offset;
    error
}

/// A line on standard error.
pub(crate) fn complain(message: std::fmt::Arguments<'_>) {
    // When standard error is gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "deltawire: {}", VisibleLine(&message.to_string()));
}
