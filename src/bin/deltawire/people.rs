//! The output for people: text as it comes, then what else the response says.
//!
//! Text that is not the answer is marked by a line in brackets, so that it stays apart without colours, too.

use std::fmt::{self, Display};
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use deltawire::{ArgumentsState, Completion, Outcome, ToolCall, Update};

use crate::escape::{Visible, VisibleLine};
use crate::output::Source;

const DIM: Style = Style::new().dimmed();
const CALL: Style = Style::new().bold();
const BAD: Style = AnsiColor::Red.on_default();

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Answer,
    Reasoning,
    Refusal,
}

/// How far a response is printed.
pub(crate) struct People {
    escape: bool,
    styled: bool,
    headings: bool,
    responses: usize,
    /// What text is being printed, of which choice.
    field: Option<(Field, i64)>,
    mid_line: bool,
}

impl People {
    pub(crate) fn new(escape: bool, styled: bool, headings: bool) -> Self {
        Self { escape, styled, headings, responses: 0, field: None, mid_line: false }
    }

    /// Prints headings from now on.
    pub(crate) fn begin(&mut self, out: &mut dyn Write, source: Source<'_>) -> io::Result<()> {
        self.field = None;
        if self.headings || source.interaction.is_some() {
            let gap = if self.responses > 0 { "\n" } else { "" };
            write!(out, "{gap}")?;
            self.note(out, DIM, format_args!("== {} ==", VisibleLine(&source.to_string())))?;
        }
        self.responses += 1;
        Ok(())
    }

    pub(crate) fn update(&mut self, out: &mut dyn Write, update: &Update<'_>) -> io::Result<()> {
        match *update {
            Update::Text { choice, text, .. } => self.text(out, Field::Answer, choice, text),
            Update::Reasoning { choice, text, .. } => self.text(out, Field::Reasoning, choice, text),
            Update::Refusal { choice, text, .. } => self.text(out, Field::Refusal, choice, text),
            Update::ToolCallReady { choice, call, .. } => self.call(out, choice, call),
            _ => Ok(()),
        }
    }

    pub(crate) fn end(&mut self, out: &mut dyn Write, completion: &Completion) -> io::Result<()> {
        for choice in &completion.choices {
            if let Some(reason) = &choice.finish_reason {
                let of = Of(choice.index);
                self.note(out, DIM, format_args!("[finish{of}] {}", VisibleLine(reason)))?;
            }
        }
        if let Some(usage) = &completion.usage {
            let part = |name: &str, tokens: Option<u64>| tokens.map(|tokens| format!("{tokens} {name}"));
            let parts = [
                part("prompt", usage.prompt_tokens),
                part("cached", usage.cached_tokens),
                part("completion", usage.completion_tokens),
                part("reasoning", usage.reasoning_tokens),
                part("total", usage.total_tokens),
            ];
            let mut line = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
            line.push_str(" tokens");
            if let Some(cost) = usage.cost {
                line.push_str(&format!(", cost {cost}"));
            }
            self.note(out, DIM, format_args!("[usage] {line}"))?;
        }
        if !completion.anomalies.is_empty() {
            let list: Vec<_> = completion
                .anomalies
                .iter()
                .map(|anomaly| match anomaly.count {
                    1 => anomaly.code.as_str().to_owned(),
                    count => format!("{} x{count}", anomaly.code.as_str()),
                })
                .collect();
            self.note(out, DIM, format_args!("[anomalies] {}", list.join(", ")))?;
        }
        if let Some(error) = &completion.error {
            self.note(out, BAD, format_args!("[error] {}", VisibleLine(&error.message)))?;
        }
        match completion.outcome {
            Outcome::Complete => Ok(()),
            Outcome::Truncated => self.note(out, BAD, format_args!("[truncated]")),
            _ => self.note(out, BAD, format_args!("[failed]")),
        }
    }

    fn text(&mut self, out: &mut dyn Write, field: Field, choice: i64, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if self.field != Some((field, choice)) {
            let name = match field {
                Field::Answer => "answer",
                Field::Reasoning => "reasoning",
                Field::Refusal => "refusal",
            };
            if self.field.is_some() || (field, choice) != (Field::Answer, 0) {
                self.note(out, DIM, format_args!("[{name}{}]", Of(choice)))?;
            }
            self.field = Some((field, choice));
        }
        let style = if field == Field::Reasoning { DIM } else { Style::new() };
        if self.escape {
            self.styled(out, style, Visible(text))?;
        } else {
            self.styled(out, style, text)?;
        }
        self.mid_line = !text.ends_with('\n');
        Ok(())
    }

    fn call(&mut self, out: &mut dyn Write, choice: i64, call: &ToolCall) -> io::Result<()> {
        self.fresh_line(out)?;
        if self.escape {
            let signature = format!("{}({})", call.name(), call.arguments());
            self.styled(out, CALL, Visible(&signature))?;
        } else {
            self.styled(out, CALL, format_args!("{}({})", call.name(), call.arguments()))?;
        }
        match call.state() {
            ArgumentsState::Complete => {}
            ArgumentsState::Invalid { offset } => {
                self.styled(out, BAD, format_args!(" [arguments invalid at byte {offset}]"))?;
            }
            _ => self.styled(out, BAD, " [arguments truncated]")?,
        }
        if choice != 0 {
            self.styled(out, DIM, format_args!(" [{}]", Of(choice).to_string().trim_start()))?;
        }
        writeln!(out)
    }

    /// A line of its own.
    fn note(&mut self, out: &mut dyn Write, style: Style, line: fmt::Arguments<'_>) -> io::Result<()> {
        self.fresh_line(out)?;
        self.styled(out, style, line)?;
        writeln!(out)
    }

    fn fresh_line(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::take(&mut self.mid_line) { writeln!(out) } else { Ok(()) }
    }

    fn styled(&self, out: &mut dyn Write, style: Style, text: impl Display) -> io::Result<()> {
        if self.styled { write!(out, "{style}{text}{style:#}") } else { write!(out, "{text}") }
    }
}

/// " choice N", nothing for the first.
struct Of(i64);

impl Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, " choice {}", self.0) }
    }
}
