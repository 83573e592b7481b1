//! `<think>…</think>` in content as reasoning, across chunk borders. Off unless asked for.
//!
//! What may yet become a tag (at most seven bytes) waits for the next text; the end resolves it as text.

use alloc::string::String;

use super::choice::Field;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Where a choice's content stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Think {
    inside: bool,
    /// What may become a tag.
    held: String,
}

impl Think {
    /// The stretches of a text of the content, in order. A closing tag without an opening one is dropped as well.
    pub(super) fn split(&mut self, text: &str, mut to: impl FnMut(Field, &str)) {
        let joined;
        let mut rest = if self.held.is_empty() {
            text
        } else {
            joined = core::mem::take(&mut self.held) + text;
            &joined
        };
        loop {
            let field = if self.inside { Field::Reasoning } else { Field::Content };
            let found = [OPEN, CLOSE].into_iter().filter_map(|tag| Some((rest.find(tag)?, tag))).min();
            let Some((at, tag)) = found else {
                let held = held(rest);
                let (shown, tail) = rest.split_at(rest.len() - held);
                if !shown.is_empty() {
                    to(field, shown);
                }
                self.held.push_str(tail);
                return;
            };
            if at > 0 {
                to(field, &rest[..at]);
            }
            self.inside = tag == OPEN;
            rest = &rest[at + tag.len()..];
        }
    }

    /// The end: what was held is text.
    pub(super) fn finish(&mut self) -> Option<(Field, String)> {
        let field = if self.inside { Field::Reasoning } else { Field::Content };
        let held = core::mem::take(&mut self.held);
        (!held.is_empty()).then_some((field, held))
    }
}

/// How many bytes at the end of the text may be a tag's beginning.
fn held(text: &str) -> usize {
    let longest = CLOSE.len() - 1;
    (1..=longest.min(text.len()))
        .rev()
        .find(|&n| {
            text.is_char_boundary(text.len() - n)
                && [OPEN, CLOSE].iter().any(|tag| tag.starts_with(&text[text.len() - n..]))
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn run(pieces: &[&str]) -> (String, String) {
        let (mut think, mut content, mut reasoning) = (Think::default(), String::new(), String::new());
        let mut take = |field, text: &str| match field {
            Field::Content => content.push_str(text),
            _ => reasoning.push_str(text),
        };
        for piece in pieces {
            think.split(piece, &mut take);
        }
        if let Some((field, text)) = think.finish() {
            take(field, &text);
        }
        (content, reasoning)
    }

    #[test]
    fn cut_anywhere() {
        let text = "<think>hm <b> é</think>Hi < a<think>two</think>!<thin";
        let chars: Vec<String> = text.chars().map(String::from).collect();
        let chars: Vec<&str> = chars.iter().map(String::as_str).collect();
        let expected = ("Hi < a!<thin".into(), "hm <b> étwo".into());
        assert_eq!(run(&[text]), expected);
        assert_eq!(run(&chars), expected);
        for (cut, _) in text.char_indices() {
            assert_eq!(run(&[&text[..cut], &text[cut..]]), expected);
        }
    }
}
