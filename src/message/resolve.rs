//! Records → updates: views of the message as it is when they are looked at.

use super::Update;
use super::assembler::Assembler;
use super::choice::Field;
use super::out::{Record, What};

/// The update that says that a field grew.
#[inline(always)]
pub(super) fn growth_of(field: Field, choice: i64, text: &str) -> Update<'_> {
    match field {
        Field::Content => Update::Text { choice, text },
        Field::Reasoning => Update::Reasoning { choice, text },
        Field::Refusal => Update::Refusal { choice, text },
    }
}

impl Assembler {
    /// The update that a record stands for.
    #[inline(always)]
    pub(super) fn resolve(&self, record: &Record) -> Option<Update<'_>> {
        let field = match record.what {
            What::Text => Field::Content,
            What::Reasoning => Field::Reasoning,
            What::Refusal => Field::Refusal,
            _ => return self.resolve_other(record),
        };
        let growth = self.choices.get(record.choice)?;
        Some(growth_of(field, growth.index, growth.text(field).get(record.start..record.end)?))
    }

    #[cold]
    #[inline(never)]
    fn resolve_other(&self, record: &Record) -> Option<Update<'_>> {
        match record.what {
            What::Usage => return Some(Update::Usage { usage: self.usage.as_deref()? }),
            What::Error => return Some(Update::Error { error: self.out.told_error(record)? }),
            What::Anomaly => {
                let (anomaly, text) = self.out.told_anomaly(record)?;
                return Some(Update::Anomaly { anomaly, text });
            }
            What::Comment => return Some(Update::Comment { text: self.out.noted(record) }),
            What::Done => return Some(Update::Done {}),
            _ => {}
        }
        let growth = self.choices.get(record.choice)?;
        let choice = growth.index;
        match record.what {
            What::Role => return Some(Update::Role { choice, role: growth.role()? }),
            What::Finish => return Some(Update::Finish { choice, reason: growth.finish()? }),
            What::Detail => return Some(Update::ReasoningDetail { choice, raw: self.out.noted(record) }),
            What::Logprobs => return Some(Update::Logprobs { choice, raw: self.out.noted(record) }),
            What::Extra => return Some(Update::Extra { choice, raw: self.out.noted(record) }),
            _ => {}
        }
        let growing = growth.calls.as_ref()?.list.get(record.call as usize)?;
        let call = &growing.call;
        Some(match record.what {
            What::Started => Update::ToolCallStarted { choice, call },
            What::Changed => Update::ToolCallChanged { choice, call },
            What::Arguments => {
                let fragment = call.arguments().get(record.start..record.end)?;
                Update::Arguments { choice, call, fragment }
            }
            What::Reset => Update::ArgumentsReset { choice, call, arguments: call.arguments().get(..record.end)? },
            What::Closed => Update::ToolCallClosed { choice, call },
            What::Live => {
                let live = growing.rare.as_ref()?.live.as_ref()?;
                Update::LiveArgument { choice, call, path: live.path(), part: live.part(call.arguments()) }
            }
            What::Ready => Update::ToolCallReady { choice, call },
            _ => return None,
        })
    }

    /// Moves the live record at hand to its next live update; `false` when it has none left.
    pub(super) fn advance_live(&mut self, record: Record) -> bool {
        let calls = self.choices.get_mut(record.choice).and_then(|choice| choice.calls.as_mut());
        let Some(growing) = calls.and_then(|calls| calls.list.get_mut(record.call as usize)) else { return false };
        let live = growing.rare.as_mut().and_then(|rare| rare.live.as_mut());
        live.is_some_and(|live| live.advance(growing.call.arguments(), record.end))
    }
}
