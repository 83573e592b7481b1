//! From reqwest-eventsource: the request is yours.

use serde_json::Value;

use crate::{Read, Result};

pub async fn before(url: &str, body: &Value) -> Result<Read> {
    use futures_util::StreamExt;
    use reqwest_eventsource::{Event, EventSource};

    let mut read = Read::default();
    let mut source = EventSource::new(reqwest_12::Client::new().post(url).json(body))?;
    while let Some(event) = source.next().await {
        match event? {
            Event::Open => {}
            Event::Message(message) if message.data == "[DONE]" => source.close(),
            Event::Message(message) => {
                let chunk: Value = serde_json::from_str(&message.data)?;
                let delta = &chunk["choices"][0]["delta"];
                read.text.push_str(delta["content"].as_str().unwrap_or_default());
                for call in delta["tool_calls"].as_array().into_iter().flatten() {
                    let at = call["index"].as_u64().unwrap_or_default() as usize;
                    if read.calls.len() <= at {
                        read.calls.resize(at + 1, Default::default());
                    }
                    read.calls[at].0.push_str(call["function"]["name"].as_str().unwrap_or_default());
                    read.calls[at].1.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
                }
            }
        }
    }
    Ok(read)
}

pub async fn after(url: &str, body: &Value) -> Result<Read> {
    use deltawire::{ByteStreamExt, Outcome, Update};

    let response = reqwest::Client::new().post(url).json(body).send().await?.error_for_status()?;
    let mut updates = response.bytes_stream().chat();
    while let Some(update) = updates.next().await {
        match update {
            Ok(Update::Text { text, .. }) => print!("{text}"),
            Ok(Update::ToolCallReady { call, .. }) => println!("{}({})", call.name(), call.arguments()),
            Ok(_) => {}
            Err(error) => eprintln!("{error}"), // the connection broke: it comes once, and the message so far is kept
        }
    }
    let completion = updates.into_completion();
    if completion.outcome == Outcome::Truncated {
        eprintln!("cut short");
    }
    Ok(completion.into())
}
