//! What the program prints: the machine, the tables, the bars; as text or as Markdown.

use std::fmt::Write as _;
use std::process::Command;

use crate::bars::Bar;
use crate::measure::{Row, Table, Verdict};

/// The machine, the compiler and the day, one line each.
pub fn machine() -> Vec<String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| format!("{} (model unknown)", std::env::consts::ARCH));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (!text.trim().is_empty()).then(|| text.trim().to_owned())
    };
    let rustc = said("rustc", &["--version"]).unwrap_or_else(|| "rustc unknown".to_owned());
    let date = said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_else(|| "date unknown".to_owned());
    let build = if cfg!(target_feature = "avx2") { "target-cpu with AVX2" } else { "baseline target-cpu" };
    vec![format!("{cpu}, {cores} cores, {}", std::env::consts::OS), format!("{rustc}, {build}"), date]
}

fn note(row: &Row) -> String {
    match &row.verdict {
        Verdict::Right => String::new(),
        Verdict::Refuses(n, of) => format!("refuses {n} of {of}"),
        Verdict::Wrong(why) => format!("not timed: {why}"),
    }
}

fn ratio(row: &Row) -> String {
    row.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}x"))
}

fn head(table: &Table) -> String {
    let mut head = format!("{}: {}", table.section, table.input);
    if !table.size.is_empty() {
        let _ = write!(head, ", {}", table.size);
    }
    let _ = write!(head, " ({} items, {} bytes)", table.items, table.bytes);
    head
}

/// A table, times in nanoseconds an item.
pub fn table(table: &Table, markdown: bool) -> String {
    let mut out = String::new();
    let gigabytes = |ns: f64| table.bytes as f64 / table.items as f64 / ns;
    if markdown {
        let _ = writeln!(out, "\n**{}**\n", head(table));
        let _ = writeln!(out, "| | ns/item | min–max | GB/s | to deltawire | |");
        let _ = writeln!(out, "|---|--:|--:|--:|--:|---|");
        for row in &table.rows {
            match row.time {
                Some(t) => {
                    let _ = writeln!(
                        out,
                        "| {} | {:.1} | {:.1}–{:.1} | {:.2} | {} | {} |",
                        row.name,
                        t.median,
                        t.min,
                        t.max,
                        gigabytes(t.median),
                        ratio(row),
                        note(row)
                    );
                }
                _ => {
                    let _ = writeln!(out, "| {} | – | – | – | – | {} |", row.name, note(row));
                }
            }
        }
    } else {
        let _ = writeln!(out, "\n{}", head(table));
        let _ = writeln!(out, "  {:<46}{:>10}{:>10}{:>10}{:>8}{:>9}", "", "ns/item", "min", "max", "GB/s", "ratio");
        for row in &table.rows {
            match row.time {
                Some(t) => {
                    let gb = gigabytes(t.median);
                    let line = format!(
                        "  {:<46}{:>10.1}{:>10.1}{:>10.1}{gb:>8.2}{:>9}  {}",
                        row.name,
                        t.median,
                        t.min,
                        t.max,
                        ratio(row),
                        note(row)
                    );
                    let _ = writeln!(out, "{}", line.trim_end());
                }
                _ => {
                    let _ = writeln!(out, "  {:<46}{}", row.name, note(row));
                }
            }
        }
    }
    out
}

/// The bars.
pub fn bars(bars: &[Bar], markdown: bool) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "\n{}", if markdown { "**Bars**\n" } else { "Bars" });
    for bar in bars {
        let _ = writeln!(out, "{}{bar}", if markdown { "- " } else { "  " });
    }
    let (count, reached) = bars
        .iter()
        .filter(|bar| !bar.is_aim)
        .fold((0, 0), |(count, reached), bar| (count + 1, reached + usize::from(bar.reached())));
    let _ = writeln!(out, "{}{reached} of {count} bars reached", if markdown { "\n" } else { "  " });
    out
}
