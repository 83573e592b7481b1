//! Stops an answer midway and keeps what came: the partial message, and that it is one.
//!
//! `next()` is cancel-safe, so it can stand in a `select!`; dropping the stream closes the connection, and the provider
//! stops to generate.
//!
//! ```text
//! cargo run --example cancel --features stream
//! ```

mod support;

use std::error::Error;
use std::time::Duration;

use deltawire::{ByteStreamExt, Completion, Outcome, Update};
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
    let completion = read_for(response, Duration::from_millis(250)).await?;
    let choice = &completion.choices[0];
    println!("\n{:?}: {:?}", completion.outcome, choice.message.content);
    for call in &choice.message.tool_calls {
        println!("{}({}): {:?}", call.name(), call.arguments(), call.state());
    }
    if completion.outcome == Outcome::Truncated {
        println!("cut short: whole calls may be run, text may be shown, and a next turn can go on from it");
    }
    Ok(())
}

async fn read_for(response: reqwest::Response, time: Duration) -> Result<Completion, Box<dyn Error>> {
    let mut updates = response.bytes_stream().chat();
    let stop = tokio::time::sleep(time); // or a button, or tokio::signal::ctrl_c()
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            update = updates.next() => match update.transpose()? {
                Some(Update::Text { text, .. }) => print!("{text}"),
                Some(_) => {}
                None => break,
            },
        }
    }
    Ok(updates.into_completion())
}
