//! Each way to deltawire as a pair of programs that give the same: what one has today, and what it becomes.
//!
//! The page `../MIGRATION.md` shows parts of them; a test of the library sees to it that they are the same text.

pub mod async_openai;
pub mod eventsource_stream;
pub mod reqwest_eventsource;

/// What the programs make of a response.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    pub text: String,
    /// Names and arguments.
    pub calls: Vec<(String, String)>,
}

impl From<deltawire::Completion> for Read {
    fn from(completion: deltawire::Completion) -> Self {
        let Some(choice) = completion.choices.into_iter().next() else { return Self::default() };
        let calls = choice.message.tool_calls.iter().map(|call| (call.name().into(), call.arguments().into())).collect();
        Self { text: choice.message.content, calls }
    }
}

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
