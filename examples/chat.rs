//! A chat with live text, reasoning and calls, through reqwest.
//!
//! ```text
//! cargo run --example chat --features stream                  # against a recording
//! cargo run --example chat --features stream -- http://…/v1/chat/completions
//! ```

mod support;

use std::error::Error;
use std::io::{Write, stdout};

use deltawire::{ByteStreamExt, Outcome, Update};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = support::Provider::from_args("tests/recordings/tool_streaming_kimi-k2.yaml")?;
    let request = json!({
        "model": "moonshotai/kimi-k2-0905",
        "stream": true,
        "messages": [{ "role": "user", "content": "What's the weather in Florence, Italy?" }],
    });
    let response = reqwest::Client::new().post(&provider.url).bearer_auth(&provider.key).json(&request).send().await?;
    let mut updates = response.bytes_stream().chat();
    while let Some(update) = updates.next().await {
        match update? {
            Update::Text { text, .. } => print!("{text}"),
            Update::Reasoning { text, .. } => print!("\x1b[2m{text}\x1b[0m"),
            Update::ToolCallStarted { call, .. } => print!("\n{}: ", call.name()),
            Update::Arguments { fragment, .. } => print!("{fragment}"),
            Update::Error { error, .. } => eprintln!("\n{}", error.message),
            Update::Anomaly { anomaly, .. } => eprintln!("\nodd: {}", anomaly.code),
            _ => {}
        }
        stdout().flush()?;
    }
    let completion = updates.into_completion();
    println!("\n{:?} by {:?}", completion.outcome, completion.ended_by);
    if let Some(usage) = &completion.usage {
        let tokens = |count: Option<u64>| count.map_or("?".to_owned(), |count| count.to_string());
        println!("{} tokens in, {} out", tokens(usage.prompt_tokens), tokens(usage.completion_tokens));
    }
    if completion.outcome != Outcome::Complete {
        println!("what came is kept all the same: {:?}", completion.choices);
    }
    Ok(())
}
