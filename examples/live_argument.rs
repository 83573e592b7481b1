//! A file on the screen while the model still writes it: one argument of a call, live, unescaped, before the call is whole.
//!
//! Live parts are for showing. What is to be acted on is the ready call.
//!
//! ```text
//! cargo run --example live_argument --features stream
//! ```

mod support;

use std::error::Error;
use std::io::{Write, stdout};

use deltawire::{ByteStreamExt, Decoder, LivePart, Options, Update};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = support::Provider::from_args("examples/data/write_file.sse")?;
    let written = show(&provider.url, &provider.key, &mut stdout()).await?;
    println!("\n{} bytes to be written", written.len());
    Ok(())
}

/// Shows each `/content` of a `write_file` as it grows; gives that of the ready call.
pub(crate) async fn show(url: &str, key: &str, screen: &mut impl Write) -> Result<String, Box<dyn Error>> {
    let request = json!({ "stream": true, "messages": [{ "role": "user", "content": "Write greet.py" }] });
    let response = reqwest::Client::new().post(url).bearer_auth(key).json(&request).send().await?;
    let mut options = Options::default();
    options.live_arguments = true;
    let mut updates = response.bytes_stream().chat_with(options, Decoder::new());
    let mut written = String::new();
    while let Some(update) = updates.next().await {
        match update? {
            Update::LiveArgument { call, path, part, .. } if call.name() == "write_file" => match (path, part) {
                ("/path", LivePart::Text(text)) => write!(screen, "{text}")?,
                ("/path", LivePart::TextEnd) => writeln!(screen, ":")?,
                ("/content", LivePart::Text(text)) => write!(screen, "{text}")?,
                _ => {}
            },
            Update::ArgumentsReset { .. } => writeln!(screen, "\n(it begins anew)")?,
            Update::ToolCallReady { call, .. } if call.name() == "write_file" => {
                let arguments: serde_json::Value = serde_json::from_str(call.arguments())?;
                written = arguments["content"].as_str().unwrap_or_default().to_owned();
            }
            _ => {}
        }
        screen.flush()?;
    }
    Ok(written)
}
