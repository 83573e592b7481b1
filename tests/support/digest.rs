//! What a run of updates came to, small enough to compare a hundred thousand runs.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use deltawire::{ChatStream, Completion, Options, Update};

/// A hash over a run of updates, and how many there were. Two equal runs have equal digests.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    hasher: DefaultHasher,
    updates: u64,
}

impl Digest {
    pub fn add(&mut self, update: Update<'_>) {
        self.updates += 1;
        core::mem::discriminant(&update).hash(&mut self.hasher);
        match update {
            // The frequent ones by hand; the others as they print.
            Update::Text { choice, text, .. }
            | Update::Reasoning { choice, text, .. }
            | Update::Refusal { choice, text, .. } => (choice, text).hash(&mut self.hasher),
            Update::Arguments { choice, call, fragment, .. } => {
                (choice, call.number(), fragment).hash(&mut self.hasher);
            }
            other => write!(HashWriter(&mut self.hasher), "{other:?}").expect("hashing does not fail"),
        }
    }

    pub fn finish(&self) -> (u64, u64) {
        (self.updates, self.hasher.finish())
    }
}

struct HashWriter<'a>(&'a mut DefaultHasher);

impl Write for HashWriter<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// Decodes a stream that comes in these pieces: the digest of its updates, and its completion.
pub fn decode<'a>(options: Options, pieces: impl IntoIterator<Item = &'a [u8]>) -> ((u64, u64), Completion) {
    let mut chat = ChatStream::with_options(options);
    let mut digest = Digest::default();
    for piece in pieces {
        chat.feed(piece, |update| digest.add(update)).expect("within the limits");
    }
    let completion = chat.finish_with(|update| digest.add(update));
    (digest.finish(), completion)
}
