//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Decode streamed LLM responses: chat completions as event streams, JSON bodies or go-vcr cassettes.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Exit status: 0 when every response was complete; 1 when one was truncated, failed or unreadable (a line on \
                  standard error says which, and where in bytes); 2 for bad usage."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) decode: Decode,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Serve),
}

#[derive(Args, Debug)]
pub(crate) struct Decode {
    /// Event streams, JSON bodies or go-vcr cassettes; `-` or none is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Print one line of JSON per response: a `chat.completion` object with its outcome, anomalies and source
    #[arg(long, conflicts_with = "updates")]
    pub(crate) json: bool,
    /// Print one line of JSON per update as it comes, and one with the outcome at the end of each response
    #[arg(long)]
    pub(crate) updates: bool,
    /// Feed the decoder in pieces of this size: a client's worst case
    #[arg(long, value_name = "BYTES")]
    pub(crate) chunk_size: Option<NonZeroUsize>,
}

/// Serve recorded responses over HTTP, as the provider did or in worse ways
///
/// Listens on 127.0.0.1 only. The first line on standard output is the address, as http://127.0.0.1:PORT. A request of any
/// method to any path gets the next response in the order of the recordings, and after the last the first again. A request
/// whose path ends in ?interaction=N, or with a header x-deltawire-interaction: N, gets response N (from 0, counted over all
/// files). Each response says in that header which it is. Status and content type are as recorded; the body is sent chunked.
///
/// The server runs until it is killed, or until its standard input, when that is a pipe, is closed: it does not outlive a
/// test that holds the other end.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Cassettes, or bodies as they came (an event stream, a JSON document)
    #[arg(value_name = "CASSETTE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Listen on this port instead of a free one
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// How a request finds its response
    #[arg(long = "match", value_enum, default_value_t = Matching::Order)]
    pub(crate) matching: Matching,
    /// Stop when each response has been sent once
    #[arg(long)]
    pub(crate) once: bool,
    /// Send the body in pieces of this size, or of random sizes from a range; default: one event at a time
    #[arg(long, value_name = "BYTES[..BYTES]", value_parser = piece_size)]
    pub(crate) piece_size: Option<(usize, usize)>,
    /// Wait before each piece
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true)]
    pub(crate) delay: u64,
    /// Wait up to this much longer before each piece, at random
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true)]
    pub(crate) jitter: u64,
    /// Seed of all that is random: the same seed gives the same pieces and waits
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Cut the connection after this many bytes of the body, without the clean end of a chunked body
    #[arg(long, value_name = "BYTE")]
    pub(crate) cut_at: Option<usize>,
    /// Rewrite the line ends of event streams
    #[arg(long, value_enum)]
    pub(crate) line_ends: Option<LineEnds>,
    /// Leave `[DONE]` out
    #[arg(long)]
    pub(crate) no_done: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Matching {
    /// The next in the order of the recordings
    Order,
    /// The one whose recorded request has an equal body (as JSON, else as bytes); the next such after the last one; 404 when
    /// there is none
    Body,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LineEnds {
    Lf,
    Crlf,
    Cr,
}

fn piece_size(text: &str) -> Result<(usize, usize), String> {
    let number = |text: &str| text.parse::<usize>().map_err(|error| format!("{text:?}: {error}"));
    let (low, high) = match text.split_once("..") {
        Some((low, high)) => (number(low)?, number(high)?),
        None => (number(text)?, number(text)?),
    };
    if low == 0 || high < low {
        return Err("sizes are at least 1, the greater one last".to_owned());
    }
    Ok((low, high))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
