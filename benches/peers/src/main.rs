//! deltawire and its peers over the same bytes, in one run: see README.md.

mod alloc;
mod bars;
mod chart;
mod decode;
mod drain;
mod fields;
mod framing;
mod gateway;
mod inputs;
mod measure;
mod message;
#[cfg(feature = "clients")]
mod quirks;
mod report;
#[cfg(feature = "clients")]
mod rig;
mod stack;
mod streams;
mod wire;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, ensure};
#[cfg(feature = "clients")]
use clap::Subcommand;
use clap::{Parser, ValueEnum};

use measure::{Effort, Role, Table, Verdict};
use streams::Streams;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Bytes to events.
    Framing,
    /// Event data to fields.
    Decode,
    /// Bytes to message.
    Stack,
    /// Many streams through one decoder, and what an idle one holds.
    Gateway,
}

/// Compares deltawire with its peers over the same bytes; each answer is checked before it is timed.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Only these sections.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Section>,
    /// A few seconds a section instead of a minute; the figures mean less.
    #[arg(long)]
    quick: bool,
    /// Print Markdown.
    #[arg(long)]
    markdown: bool,
    /// Draw a chart into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// A folder of further recordings.
    #[arg(long, env = "DELTAWIRE_RECORDINGS", value_name = "FOLDER")]
    recordings: Option<PathBuf>,
    #[cfg(feature = "clients")]
    #[command(subcommand)]
    command: Option<Command>,
}

#[cfg(feature = "clients")]
#[derive(Subcommand)]
enum Command {
    /// Whole clients over the cases of tests/quirks: who comes to the expected message.
    Quirks {
        /// An interpreter that can import openai; without it openai-python is left out.
        #[arg(long, value_name = "FILE")]
        python: Option<PathBuf>,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    #[cfg(feature = "clients")]
    if let Some(Command::Quirks { python }) = arguments.command {
        return quirks::run(python, arguments.markdown);
    }
    let effort = if arguments.quick { Effort::QUICK } else { Effort::FULL };
    let wants = |section| arguments.only.is_empty() || arguments.only.contains(&section);
    let mut out = std::io::stdout().lock();
    let machine = report::machine();
    for line in &machine {
        writeln!(out, "{line}{}", if arguments.markdown { "  " } else { "" })?;
    }
    let seeds = inputs::recordings(&inputs::repository().join("tests/recordings"))?;
    let mut recorded = vec![Streams::recorded("recorded", &seeds)];
    if let Some(folder) = &arguments.recordings {
        recorded.push(Streams::recorded("recorded, further", &inputs::recordings(folder)?));
    }

    let (mut tables, mut bars) = (Vec::new(), Vec::new());
    let mut show = |table: &Table| write!(out, "{}", report::table(table, arguments.markdown));
    for section in Section::value_variants().iter().copied().filter(|&section| wants(section)) {
        let (more, reached) = match section {
            Section::Framing => framing::run(&seeds, effort, &mut show)?,
            Section::Decode => decode::run(&recorded, effort, &mut show)?,
            Section::Stack => stack::run(&recorded, effort, &mut show)?,
            Section::Gateway => gateway::run(arguments.quick, &mut show)?,
        };
        tables.extend(more);
        bars.extend(reached);
    }
    write!(out, "{}", report::bars(&bars, arguments.markdown))?;
    if let Some(file) = &arguments.svg {
        chart::draw(file, &tables, &machine)?;
    }

    let own = tables.iter().flat_map(|table| &table.rows).filter(|row| row.role != Role::Peer);
    let wrong = own.filter(|row| row.verdict != Verdict::Right).count();
    ensure!(wrong == 0, "deltawire's own answers are wrong in {wrong} rows");
    Ok(())
}
