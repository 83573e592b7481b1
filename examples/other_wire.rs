//! Another wire on the framer: Anthropic Messages, with an accumulator of one's own.
//!
//! The framer does what is the same for every provider (lines, fields, byte order mark, pieces of any size); what an event
//! means is read with any JSON library.
//!
//! ```text
//! cargo run --example other_wire                              # the stream below
//! cargo run --example other_wire -- FILE                      # a recorded one
//! ```

use std::error::Error;

use deltawire::Framer;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Wire {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: usize,
        content_block: BlockStart,
    },
    ContentBlockDelta {
        index: usize,
        delta: Delta,
    },
    MessageDelta {
        delta: End,
        usage: Option<Usage>,
    },
    Error {
        error: WireError,
    },
    #[serde(other)]
    Other, // ping, content_block_stop, message_stop, and what may come
}

#[derive(Deserialize)]
struct Start {
    id: String,
    model: String,
}

#[derive(Deserialize)]
struct BlockStart {
    r#type: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct End {
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    output_tokens: u64,
}

#[derive(Deserialize)]
struct WireError {
    message: String,
}

/// A message as it grows.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) blocks: Vec<Block>,
    pub(crate) stop_reason: Option<String>,
    pub(crate) output_tokens: u64,
    pub(crate) error: Option<String>,
}

/// A block of its content: text, thinking, or a tool call whose text is its input.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Message {
    fn apply(&mut self, wire: Wire) -> Result<(), Box<dyn Error>> {
        match wire {
            Wire::MessageStart { message } => (self.id, self.model) = (message.id, message.model),
            Wire::ContentBlockStart { index, content_block: start } => {
                if index != self.blocks.len() {
                    return Err(format!("block {index} after {} blocks", self.blocks.len()).into());
                }
                self.blocks.push(Block { kind: start.r#type, id: start.id, name: start.name, text: start.text });
            }
            Wire::ContentBlockDelta { index, delta } => {
                let block = self.blocks.get_mut(index).ok_or_else(|| format!("a delta of no block: {index}"))?;
                match delta {
                    Delta::Text { text } => block.text.push_str(&text),
                    Delta::Thinking { thinking } => block.text.push_str(&thinking),
                    Delta::Input { partial_json } => block.text.push_str(&partial_json),
                    Delta::Other => {}
                }
            }
            Wire::MessageDelta { delta, usage } => {
                self.stop_reason = delta.stop_reason.or(self.stop_reason.take());
                self.output_tokens = usage.map_or(self.output_tokens, |usage| usage.output_tokens);
            }
            Wire::Error { error } => self.error = Some(error.message),
            Wire::Other => {}
        }
        Ok(())
    }
}

/// Reads a stream that comes in these pieces.
pub(crate) fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Message, Box<dyn Error>> {
    let mut framer = Framer::new();
    let mut message = Message::default();
    for mut piece in pieces {
        while let Some(event) = framer.next(&mut piece) {
            message.apply(serde_json::from_slice(event?.data())?)?;
        }
    }
    Ok(message)
}

/// A stream in the shape of <https://docs.anthropic.com/en/docs/build-with-claude/streaming>.
pub(crate) const STREAM: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[]}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"It is 40 °C"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" in Florence."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\": "}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Siena\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":31}}

event: message_stop
data: {"type":"message_stop"}

"#;

fn main() -> Result<(), Box<dyn Error>> {
    let stream = match std::env::args().nth(1) {
        Some(file) => std::fs::read(file)?,
        None => STREAM.into(),
    };
    let message = read(stream.chunks(100))?; // as a network might cut it
    for block in &message.blocks {
        println!("{} {} {}", block.kind, block.name, block.text);
    }
    println!("{:?}, {} tokens", message.stop_reason, message.output_tokens);
    Ok(())
}
