//! A blocking client: ureq's response is a reader, and a reader is all it takes.
//!
//! ```text
//! cargo run --example blocking
//! ```

mod support;

use std::error::Error;
use std::io::{Write, stdout};

use deltawire::{ChatReader, Update};

fn main() -> Result<(), Box<dyn Error>> {
    let provider = support::Provider::from_args("tests/recordings/tool_streaming_kimi-k2.yaml")?;
    let request = r#"{"model":"moonshotai/kimi-k2-0905","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
    let response = ureq::post(&provider.url)
        .header("authorization", format!("Bearer {}", provider.key))
        .content_type("application/json")
        .send(request)?;
    let mut updates = ChatReader::new(response.into_body().into_reader());
    while let Some(update) = updates.next() {
        if let Update::Text { text, .. } = update? {
            print!("{text}");
            stdout().flush()?;
        }
    }
    println!("\n{:?}", updates.into_completion().outcome);
    Ok(())
}
