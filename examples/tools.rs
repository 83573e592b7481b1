//! Runs each tool as soon as its call is ready, while the rest of the answer still streams.
//!
//! A call is ready when a boundary has passed: nothing about it changes any more. Whether its arguments are whole is its
//! state: one that is not `Complete` must not be run.
//!
//! ```text
//! cargo run --example tools --features stream
//! ```

mod support;

use std::error::Error;
use std::time::Duration;

use deltawire::{ArgumentsState, ByteStreamExt, Update};
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

#[derive(Debug, Deserialize)]
struct Numbers {
    a: f64,
    b: f64,
}

async fn run_tool(name: String, Numbers { a, b }: Numbers) -> Result<f64, String> {
    tokio::time::sleep(Duration::from_millis(50)).await; // some work
    match &*name {
        "add" => Ok(a + b),
        "multiply" => Ok(a * b),
        _ => Err(format!("no tool {name}")),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = support::Provider::from_args("tests/recordings/multi_tool_streaming_kimi-k2_deepinfra.yaml")?;
    let client = reqwest::Client::new();
    let mut messages = vec![json!({ "role": "user", "content": "Add and multiply the number 2 and 3" })];

    for _turn in 0..4 {
        let request = json!({ "model": "moonshotai/kimi-k2-0905", "stream": true, "messages": messages });
        let response = client.post(&provider.url).bearer_auth(&provider.key).json(&request).send().await?;
        let mut updates = response.bytes_stream().chat();
        let mut running = JoinSet::new();
        while let Some(update) = updates.next().await {
            match update? {
                Update::Text { text, .. } => print!("{text}"),
                Update::ToolCallReady { call, .. } => {
                    let (id, name) = (call.id().to_owned(), call.name().to_owned());
                    println!("\n→ {name}({})", call.arguments());
                    // One that failed must be answered too, or the next turn is refused.
                    let arguments = match call.state() {
                        ArgumentsState::Complete => {
                            serde_json::from_str(call.arguments()).map_err(|error| error.to_string())
                        }
                        state => Err(format!("the arguments are not whole: {state:?}")),
                    };
                    running.spawn(async move {
                        let result = match arguments {
                            Ok(arguments) => run_tool(name, arguments).await,
                            Err(error) => Err(error),
                        };
                        (id, result)
                    });
                }
                _ => {}
            }
        }
        println!();
        if running.is_empty() {
            break;
        }
        // The next turn: what the model said, with its calls, and each call's result.
        let message = updates.into_completion().choices.swap_remove(0).message;
        let calls: Vec<_> = message
            .tool_calls
            .iter()
            .map(|call| {
                let function = json!({ "name": call.name(), "arguments": call.arguments() });
                json!({ "id": call.id(), "type": "function", "function": function })
            })
            .collect();
        messages.push(json!({ "role": "assistant", "content": message.content, "tool_calls": calls }));
        while let Some(done) = running.join_next().await {
            let (id, result) = done?;
            println!("← {id}: {result:?}");
            let content = result.map_or_else(|error| format!("error: {error}"), |value| value.to_string());
            messages.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
        }
    }
    Ok(())
}
