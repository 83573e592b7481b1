//! The README's program: `cargo run --example quick_start --features stream -- URL`

use std::error::Error;
use std::io::{Write, stdout};

use deltawire::{ByteStreamExt, Completion, Update};
use serde_json::json;

pub(crate) async fn chat(url: &str, key: &str, prompt: &str) -> Result<Completion, Box<dyn Error>> {
    let request = json!({
        "model": "moonshotai/kimi-k2-0905",
        "stream": true,
        "messages": [{ "role": "user", "content": prompt }],
    });
    let response = reqwest::Client::new().post(url).bearer_auth(key).json(&request).send().await?;
    let mut updates = response.bytes_stream().chat();
    while let Some(update) = updates.next().await {
        match update? {
            Update::Text { text, .. } => print!("{text}"),
            Update::ToolCallReady { call, .. } => println!("\n{}({})", call.name(), call.arguments()),
            Update::Error { error, .. } => eprintln!("{}", error.message),
            _ => {}
        }
        stdout().flush()?;
    }
    Ok(updates.into_completion())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or("https://openrouter.ai/api/v1/chat/completions".into());
    let key = std::env::var("OPENROUTER_API_KEY").unwrap_or_default();
    let completion = chat(&url, &key, "What's the weather in Florence, Italy?").await?;
    let tokens = completion.usage.and_then(|usage| usage.total_tokens).unwrap_or_default();
    println!("\n{:?}, {tokens} tokens", completion.outcome);
    Ok(())
}
