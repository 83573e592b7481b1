//! An update that owns its text: what streams, iterators and channels carry, since they cannot lend.
//!
//! There is one set of update variants, [`Update`]; an [`OwnedUpdate`] holds what one needs and lends it again.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::{Anomaly, LivePart, ProviderError, ToolCall, Update, Usage};

/// An [`Update`] that owns what it shows: `Send`, `'static`, cheap to clone.
///
/// [`as_update`](Self::as_update) lends the update again; match on that. It differs from the lent one in one point: in
/// `ToolCallStarted`, `ToolCallChanged`, `Arguments`, `ArgumentsReset` and `LiveArgument` the call carries its header (number, kind, id,
/// name, extras) and no arguments, because a copy of all arguments with each fragment would cost the square of their
/// length. `ToolCallClosed` and `ToolCallReady` carry the whole call.
#[derive(Clone, Debug)]
pub struct OwnedUpdate(Payload);

#[derive(Clone, Debug)]
enum Payload {
    Text(TextOf, i64, Box<str>),
    Call(CallIs, i64, Arc<ToolCall>),
    Fragment(FragmentIs, i64, Arc<ToolCall>, Box<str>),
    Usage(Arc<Usage>),
    Error(Arc<ProviderError>),
    Anomaly(Anomaly, Box<str>),
    Comment(Box<str>),
    Live(i64, Arc<ToolCall>, Box<str>, Live),
    Done,
}

#[derive(Clone, Debug)]
enum Live {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Text(Box<str>),
    TextEnd,
    Scalar(Box<str>),
}

#[derive(Clone, Copy, Debug)]
enum TextOf {
    Role,
    Content,
    Reasoning,
    Refusal,
    Finish,
    ReasoningDetail,
    Logprobs,
    Extra,
}

#[derive(Clone, Copy, Debug)]
enum CallIs {
    Started,
    Changed,
    Closed,
    Ready,
}

#[derive(Clone, Copy, Debug)]
enum FragmentIs {
    Appended,
    Replaced,
}

/// Equal if what they [lend](OwnedUpdate::as_update) is.
impl PartialEq for OwnedUpdate {
    fn eq(&self, other: &Self) -> bool {
        self.as_update() == other.as_update()
    }
}

impl OwnedUpdate {
    /// The update, lent. Cost: constant.
    #[must_use]
    pub fn as_update(&self) -> Update<'_> {
        match &self.0 {
            Payload::Text(of, choice, text) => {
                let (choice, text) = (*choice, &**text);
                match of {
                    TextOf::Role => Update::Role { choice, role: text },
                    TextOf::Content => Update::Text { choice, text },
                    TextOf::Reasoning => Update::Reasoning { choice, text },
                    TextOf::Refusal => Update::Refusal { choice, text },
                    TextOf::Finish => Update::Finish { choice, reason: text },
                    TextOf::ReasoningDetail => Update::ReasoningDetail { choice, raw: text },
                    TextOf::Logprobs => Update::Logprobs { choice, raw: text },
                    TextOf::Extra => Update::Extra { choice, raw: text },
                }
            }
            Payload::Call(is, choice, call) => {
                let choice = *choice;
                match is {
                    CallIs::Started => Update::ToolCallStarted { choice, call },
                    CallIs::Changed => Update::ToolCallChanged { choice, call },
                    CallIs::Closed => Update::ToolCallClosed { choice, call },
                    CallIs::Ready => Update::ToolCallReady { choice, call },
                }
            }
            Payload::Fragment(is, choice, call, text) => {
                let choice = *choice;
                match is {
                    FragmentIs::Appended => Update::Arguments { choice, call, fragment: text },
                    FragmentIs::Replaced => Update::ArgumentsReset { choice, call, arguments: text },
                }
            }
            Payload::Usage(usage) => Update::Usage { usage },
            Payload::Error(error) => Update::Error { error },
            Payload::Anomaly(anomaly, text) => Update::Anomaly { anomaly: *anomaly, text },
            Payload::Comment(text) => Update::Comment { text },
            Payload::Live(choice, call, path, live) => {
                let part = match live {
                    Live::ObjectBegin => LivePart::ObjectBegin,
                    Live::ObjectEnd => LivePart::ObjectEnd,
                    Live::ArrayBegin => LivePart::ArrayBegin,
                    Live::ArrayEnd => LivePart::ArrayEnd,
                    Live::Text(text) => LivePart::Text(text),
                    Live::TextEnd => LivePart::TextEnd,
                    Live::Scalar(raw) => LivePart::Scalar(raw),
                };
                Update::LiveArgument { choice: *choice, call, path, part }
            }
            Payload::Done => Update::Done {},
        }
    }
}

impl From<Update<'_>> for OwnedUpdate {
    fn from(update: Update<'_>) -> Self {
        update.into_owned()
    }
}

impl Update<'_> {
    /// The update with its text copied. Cost: the text's length; for a call see [`OwnedUpdate`].
    #[must_use]
    pub fn into_owned(self) -> OwnedUpdate {
        Owner::default().own(self)
    }
}

/// Copies the updates of one stream; the header of the call at hand is copied once, not with each fragment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owner {
    header: Option<Arc<ToolCall>>,
}

impl Owner {
    pub(crate) fn own(&mut self, update: Update<'_>) -> OwnedUpdate {
        let text = |of, choice, text: &str| Payload::Text(of, choice, text.into());
        OwnedUpdate(match update {
            Update::Role { choice, role } => text(TextOf::Role, choice, role),
            Update::Text { choice, text: content } => text(TextOf::Content, choice, content),
            Update::Reasoning { choice, text: reasoning } => text(TextOf::Reasoning, choice, reasoning),
            Update::Refusal { choice, text: refusal } => text(TextOf::Refusal, choice, refusal),
            Update::Finish { choice, reason } => text(TextOf::Finish, choice, reason),
            Update::ReasoningDetail { choice, raw } => text(TextOf::ReasoningDetail, choice, raw),
            Update::Logprobs { choice, raw } => text(TextOf::Logprobs, choice, raw),
            Update::Extra { choice, raw } => text(TextOf::Extra, choice, raw),
            Update::LiveArgument { choice, call, path, part } => {
                let live = match part {
                    LivePart::ObjectBegin => Live::ObjectBegin,
                    LivePart::ObjectEnd => Live::ObjectEnd,
                    LivePart::ArrayBegin => Live::ArrayBegin,
                    LivePart::ArrayEnd => Live::ArrayEnd,
                    LivePart::Text(text) => Live::Text(text.into()),
                    LivePart::TextEnd => Live::TextEnd,
                    LivePart::Scalar(raw) => Live::Scalar(raw.into()),
                };
                Payload::Live(choice, self.header_of(call), path.into(), live)
            }
            Update::ToolCallStarted { choice, call } => Payload::Call(CallIs::Started, choice, self.header_of(call)),
            Update::ToolCallChanged { choice, call } => Payload::Call(CallIs::Changed, choice, self.header_of(call)),
            Update::ToolCallClosed { choice, call } => Payload::Call(CallIs::Closed, choice, Arc::new(call.clone())),
            Update::ToolCallReady { choice, call } => Payload::Call(CallIs::Ready, choice, Arc::new(call.clone())),
            Update::Arguments { choice, call, fragment } => {
                Payload::Fragment(FragmentIs::Appended, choice, self.header_of(call), fragment.into())
            }
            Update::ArgumentsReset { choice, call, arguments } => {
                Payload::Fragment(FragmentIs::Replaced, choice, self.header_of(call), arguments.into())
            }
            Update::Usage { usage } => Payload::Usage(Arc::new(usage.clone())),
            Update::Error { error } => Payload::Error(Arc::new(error.clone())),
            Update::Anomaly { anomaly, text } => Payload::Anomaly(anomaly, text.into()),
            Update::Comment { text } => Payload::Comment(text.into()),
            Update::Done {} => Payload::Done,
        })
    }

    fn header_of(&mut self, call: &ToolCall) -> Arc<ToolCall> {
        match &self.header {
            Some(header) if header.has_header_of(call) => Arc::clone(header),
            _ => Arc::clone(self.header.insert(Arc::new(call.header()))),
        }
    }
}
