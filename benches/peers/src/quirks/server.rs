//! A server on the loopback that answers any request below `/CASE/` with that case's body.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Serves on a task of its own; gives the server's address.
pub async fn serve(bodies: BTreeMap<String, Vec<u8>>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let bodies = Arc::new(bodies);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let bodies = Arc::clone(&bodies);
            tokio::spawn(async move {
                // A client that goes away early is no error here.
                let _ = answer(socket, &bodies).await;
            });
        }
    });
    Ok(address)
}

async fn answer(mut socket: TcpStream, bodies: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if socket.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    while request.len() < head + length {
        if socket.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let path = text.split(' ').nth(1).unwrap_or_default();
    let body = path.split('/').nth(1).and_then(|case| bodies.get(case));
    let (status, body) = body.map_or(("404 Not Found", &[][..]), |body| ("200 OK", body));
    let is_json = body.trim_ascii_start().starts_with(b"{");
    let content_type = if is_json { "application/json" } else { "text/event-stream" };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(body).await?;
    socket.shutdown().await
}
