//! Without any of the edges: bytes from a socket by hand, no HTTP library, no runtime, nothing allocated for an event.
//!
//! ```text
//! cargo run --example sans_io
//! ```

mod support;

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::net::TcpStream;

use deltawire::{ChatStream, Update};

fn main() -> Result<(), Box<dyn Error>> {
    let provider = support::Provider::from_args("tests/recordings/tool_streaming_kimi-k2.yaml")?;
    let mut socket = TcpStream::connect(provider.host())?;
    // HTTP/1.0, so that the body is the bytes up to the end of the connection.
    write!(socket, "POST / HTTP/1.0\r\nhost: {}\r\ncontent-length: 2\r\n\r\n{{}}", provider.host())?;
    let mut socket = BufReader::new(socket);
    let mut line = String::new();
    while socket.read_line(&mut line)? > 2 {
        line.clear();
    }

    let mut chat = ChatStream::new();
    let mut show = |update: Update<'_>| match update {
        Update::Text { text, .. } => {
            print!("{text}");
            let _ = stdout().flush();
        }
        Update::ToolCallReady { call, .. } => println!("\n{}({})", call.name(), call.arguments()),
        _ => {}
    };
    let mut buffer = [0; 4096];
    while !chat.is_done() {
        let length = socket.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        chat.feed(&buffer[..length], &mut show)?;
    }
    let completion = chat.finish_with(&mut show);
    println!("{:?} by {:?}", completion.outcome, completion.ended_by);
    Ok(())
}
