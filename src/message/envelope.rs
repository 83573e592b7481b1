//! What comes seldom in a document: a whole `message`, usage, errors (rules 3, 6 and 11).

use alloc::boxed::Box;
use alloc::string::String;

use super::assembler::Assembler;
use super::choice::Field;
use super::completion::{ProviderError, Usage};
use super::out::{Place, What};
use super::{Anomaly, AnomalyCode, Keep};
use crate::json::string::push_lossy;
use crate::json::token::Token;
use crate::wire::chat::{ChunkChoice, ChunkError, ChunkUsage, ContentPartKind, Delta};
use crate::{Error, ErrorKind, LimitKind, Text};

impl Assembler {
    /// A whole `message`: where nothing came before, it is the message; beside deltas it must not double them.
    #[cold]
    pub(super) fn message(&mut self, choice: &ChunkChoice<'_>, delta: &Delta<'_>, place: Place) -> Result<(), Error> {
        if !choice.is_message() {
            self.choices[place.slot].had_delta = true;
            self.out.odd(AnomalyCode::MessageAfterDelta, place);
            return self.delta(delta, place, true);
        }
        let growth = &self.choices[place.slot];
        let fields = [Field::Content, Field::Reasoning, Field::Refusal];
        if fields.iter().all(|&field| growth.said(field) == 0) && !growth.has_calls() {
            return self.delta(delta, place, true);
        }
        let parts = texts_of_parts(delta);
        let content = delta.content().unwrap_or_else(|| Text::plain(&parts[0]));
        let reasoning = delta.reasoning().unwrap_or_else(|| Text::plain(&parts[1]));
        let mut dropped = 0;
        for (field, text) in fields.into_iter().zip([content, reasoning, delta.refusal().unwrap_or_default()]) {
            if text.is_empty() {
                continue;
            }
            let growth = &mut self.choices[place.slot];
            let (had_delta, known) = (growth.had_delta, growth.said(field));
            let first = texts_in_parts(delta, field).next();
            let goes_on = growth.awaits(field, first.as_ref().unwrap_or(&text));
            if let Some(added) = growth.added(field, text.as_str()).filter(|_| !goes_on) {
                dropped += known;
                if !added.is_empty() {
                    let keep = self.keep == Keep::Everything;
                    if keep && added.len() > self.limits().text.saturating_sub(self.text_bytes) {
                        return Err(Error::new(ErrorKind::Limit(LimitKind::Text), place.offset));
                    }
                    self.text_bytes += self.choices[place.slot].push(field, Token::of(added), place, &mut self.out);
                }
            } else if had_delta {
                dropped += text.len();
            } else if first.is_some() {
                for text in texts_in_parts(delta, field) {
                    self.text(field, &text, place)?;
                }
            } else {
                self.text(field, &text, place)?;
                if field == Field::Reasoning {
                    self.details(delta, place, false)?;
                }
            }
        }
        let growth = &self.choices[place.slot];
        if growth.had_delta && growth.has_calls() {
            dropped += delta.tool_calls().map(|call| call.raw().len()).sum::<usize>();
        } else {
            self.tool_calls(delta, place)?;
        }
        if dropped > 0 {
            let (code, choice) = (AnomalyCode::MessageAfterDelta, Some(place.choice));
            let dropped = dropped as u64;
            self.out.anomaly(Anomaly { code, choice, call: None, count: 1, dropped, offset: place.offset }, &[]);
        }
        Ok(())
    }

    pub(super) fn usage(&mut self, usage: &ChunkUsage<'_>) {
        let is_groqs = self.seldom.as_ref().is_some_and(|seldom| seldom.usage_is_groqs);
        if !is_groqs && self.usage.as_ref().is_some_and(|known| known.raw.as_bytes() == usage.raw()) {
            return;
        }
        if let Some(seldom) = &mut self.seldom {
            if core::mem::take(&mut seldom.usage_is_groqs) {
                seldom.groq_usage = self.usage.take();
            }
            seldom.said_usage = None;
        }
        // In the room of the one before: some providers send one with every chunk.
        read_usage(usage, self.usage.get_or_insert_default());
        self.fill_from_groq();
        self.out.tell(What::Usage, 0);
    }

    /// `x_groq.usage` fills in what `usage` does not say: the numbers at once, its raw members at the end.
    #[cold]
    pub(super) fn groq_usage(&mut self, usage: &ChunkUsage<'_>) {
        let mut groq = Box::<Usage>::default();
        read_usage(usage, &mut groq);
        let has_own = self.usage.is_some();
        let seldom = self.seldom.get_or_insert_default();
        if has_own && !seldom.usage_is_groqs {
            seldom.groq_usage = Some(groq);
            self.fill_from_groq();
        } else {
            seldom.usage_is_groqs = true;
            self.usage = Some(groq);
        }
        self.out.tell(What::Usage, 0);
    }

    pub(super) fn fill_from_groq(&mut self) {
        if let (Some(usage), Some(seldom)) = (&mut self.usage, &mut self.seldom)
            && let Some(groq) = &seldom.groq_usage
        {
            // What the wire's own `usage` said, without what an earlier filling put in.
            let said = *seldom.said_usage.get_or_insert_with(|| usage.numbers());
            usage.fill(said, groq.numbers());
        }
    }

    /// The first error stays the error; later ones are only updates.
    #[cold]
    pub(super) fn error(&mut self, error: &ChunkError<'_>, offset: u64) {
        let limit = self.limits().error_text;
        let raw = String::from_utf8_lossy(error.raw());
        self.fail(ProviderError {
            message: cut(error.message().unwrap_or(&raw), limit).into(),
            kind: error.kind().map(|kind| cut(kind, limit).into()),
            code: error.code().map(|code| cut(code, limit).into()),
            raw: cut(&raw, limit).into(),
            offset,
        });
    }
}

fn read_usage(usage: &ChunkUsage<'_>, to: &mut Usage) {
    to.prompt_tokens = usage.prompt_tokens();
    to.completion_tokens = usage.completion_tokens();
    to.total_tokens = usage.total_tokens();
    to.cached_tokens = usage.cached_tokens();
    to.reasoning_tokens = usage.reasoning_tokens();
    to.cost = usage.cost();
    to.raw.clear();
    push_lossy(usage.raw(), &mut to.raw);
}

/// The text, cut to so many bytes at most.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The texts of an array-valued content that go to a field.
fn texts_in_parts<'d>(delta: &'d Delta<'_>, field: Field) -> impl Iterator<Item = Text<'d>> {
    let kind = match field {
        Field::Content => Some(ContentPartKind::Text),
        Field::Reasoning => Some(ContentPartKind::Reasoning),
        Field::Refusal => None,
    };
    delta.content_parts().filter(move |part| Some(part.kind) == kind).map(|part| part.text)
}

/// The texts of an array-valued content, and the reasoning that stands in it or only in the details.
fn texts_of_parts(delta: &Delta<'_>) -> [String; 2] {
    let mut texts = [Field::Content, Field::Reasoning]
        .map(|field| texts_in_parts(delta, field).map(|text| String::from(text.as_str())).collect::<String>());
    if texts[1].is_empty() {
        for text in delta.reasoning_details().filter_map(|detail| detail.text().or_else(|| detail.summary())) {
            texts[1].push_str(text.as_str());
        }
    }
    texts
}
