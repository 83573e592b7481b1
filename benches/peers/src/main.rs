//! deltawire and its peers over the same bytes, in one run: see README.md.

mod bars;
mod decode;
mod drain;
mod fields;
mod framing;
mod inputs;
mod measure;
mod message;
mod report;
mod stack;
mod streams;
mod wire;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use measure::Effort;
use streams::Streams;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Bytes to events.
    Framing,
    /// Event data to fields.
    Decode,
    /// Bytes to message.
    Stack,
}

/// Compares deltawire with its peers over the same bytes; each answer is checked before it is timed.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Only these sections.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Section>,
    /// A few seconds instead of minutes; the figures mean less.
    #[arg(long)]
    quick: bool,
    /// Print Markdown.
    #[arg(long)]
    markdown: bool,
    /// A folder of further recordings.
    #[arg(long, env = "DELTAWIRE_RECORDINGS", value_name = "FOLDER")]
    recordings: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let effort = if arguments.quick { Effort::QUICK } else { Effort::FULL };
    let wants = |section| arguments.only.is_empty() || arguments.only.contains(&section);
    for line in report::machine() {
        println!("{line}{}", if arguments.markdown { "  " } else { "" });
    }
    let seeds = inputs::recordings(&inputs::repository().join("tests/recordings"))?;
    let mut tables = Vec::new();
    let mut bars = Vec::new();
    let show = |table: &measure::Table| print!("{}", report::table(table, arguments.markdown));
    if wants(Section::Framing) {
        let (more, reached) = framing::run(&seeds, effort, show);
        tables.extend(more);
        bars.extend(reached);
    }
    let mut recorded = vec![Streams::recorded("recorded", &seeds)];
    if let Some(folder) = &arguments.recordings {
        recorded.push(Streams::recorded("recorded, further", &inputs::recordings(folder)?));
    }
    if wants(Section::Decode) {
        let (more, reached) = decode::run(&recorded, effort, show);
        tables.extend(more);
        bars.extend(reached);
    }
    if wants(Section::Stack) {
        let (more, reached) = stack::run(&recorded, effort, show);
        tables.extend(more);
        bars.extend(reached);
    }
    print!("{}", report::bars(&bars, arguments.markdown));
    Ok(())
}
