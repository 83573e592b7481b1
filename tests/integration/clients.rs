//! reqwest, hyper, ureq, and curl through the command.

use std::io::Read;
use std::process::{Command, Stdio};

use bytes::Bytes;
use deltawire::{ByteStreamExt, ChatReader, ChatUpdates, Completion, DecoderSource, EndedBy, HttpBodyExt, StreamError};
use futures_util::Stream;
use http_body_util::Full;
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::digest::Digest;
use super::{Server, assert_same, bodies, offline};

/// Sizes of the server's pieces: one event at a time, hostile, a packet's, and whatever fits.
const PIECES: [&[&str]; 4] = [&[], &["--piece-size", "1..16"], &["--piece-size", "1460"], &["--piece-size", "65536"]];

/// What a client saw: the digest of its updates, whether the transport failed, and the message.
type Seen = ((u64, u64), bool, Completion);

async fn read<S, B, E, D>(mut updates: ChatUpdates<S, D>) -> Seen
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
    D: DecoderSource,
{
    let (mut digest, mut failed) = (Digest::default(), false);
    while let Some(update) = updates.next().await {
        match update {
            Ok(update) => digest.add(update),
            Err(StreamError::Transport(_)) => failed = true,
            Err(error) => panic!("{}", error.into_transport().is_some()),
        }
    }
    (digest.finish(), failed, updates.into_completion())
}

async fn through_reqwest(client: &reqwest::Client, url: &str) -> Seen {
    let response = client.post(url).body("{}").send().await.expect("an answer");
    read(response.bytes_stream().chat()).await
}

async fn through_hyper(url: &str) -> Seen {
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a URL");
    let socket = tokio::net::TcpStream::connect(host).await.expect("the server");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.expect("a connection");
    let connection = tokio::spawn(connection);
    let request = Request::post(format!("/{path}")).header("host", host);
    let request = request.body(Full::new(Bytes::from_static(b"{}"))).expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    let seen = read(response.into_body().chat()).await;
    connection.abort();
    seen
}

fn through_ureq(url: &str) -> Seen {
    let response = ureq::post(url).send("{}").expect("an answer");
    let mut updates = ChatReader::new(response.into_body().into_reader());
    let (mut digest, mut failed) = (Digest::default(), false);
    while let Some(update) = updates.next() {
        match update {
            Ok(update) => digest.add(update),
            Err(StreamError::Transport(_)) => failed = true,
            Err(error) => panic!("{error}"),
        }
    }
    (digest.finish(), failed, updates.into_completion())
}

/// All three clients on one URL.
async fn through_all(client: &reqwest::Client, url: String) -> [(&'static str, Seen); 3] {
    let blocking = tokio::task::spawn_blocking({
        let url = url.clone();
        move || through_ureq(&url)
    });
    [
        ("reqwest", through_reqwest(client, &url).await),
        ("hyper", through_hyper(&url).await),
        ("ureq", blocking.await.expect("no panic")),
    ]
}

#[tokio::test]
async fn every_recording_through_every_client_in_every_piece_size() {
    let bodies = bodies();
    let client = reqwest::Client::new();
    for options in PIECES {
        let server = Server::start(options);
        for (number, (name, body)) in bodies.iter().enumerate() {
            let (digest, completion) = offline(body);
            for (client, (found, failed, message)) in through_all(&client, server.url(number)).await {
                assert!(!failed, "{name} through {client}, {options:?}");
                assert_eq!(found, digest, "{name} through {client}, {options:?}");
                assert_same(name, &message, &completion);
            }
        }
    }
    println!("{} responses through reqwest, hyper and ureq in {} piece sizes", bodies.len(), PIECES.len());
}

#[tokio::test]
async fn a_cut_connection_gives_the_error_and_the_message_so_far() {
    let bodies = bodies();
    let client = reqwest::Client::new();
    for cut in [0, 1, 100, 700, 1500, 2345, 4000] {
        let server = Server::start(&["--cut-at", &cut.to_string(), "--piece-size", "300"]);
        for (number, (name, body)) in bodies.iter().enumerate().filter(|(_, (_, body))| body.len() > cut) {
            let (digest, completion) = offline(&body[..cut]);
            for (client, (found, failed, message)) in through_all(&client, server.url(number)).await {
                // What is behind [DONE] is no loss.
                assert_eq!(failed, message.ended_by != EndedBy::Done, "{name} cut at {cut} through {client}");
                assert_eq!(found, digest, "{name} cut at {cut} through {client}");
                assert_same(name, &message, &completion);
            }
        }
    }
}

#[tokio::test]
async fn other_line_ends_and_no_done() {
    let bodies = bodies();
    let client = reqwest::Client::new();
    for options in [&["--line-ends", "crlf"], &["--line-ends", "cr"]] {
        let server = Server::start(options);
        for (number, (name, body)) in bodies.iter().enumerate() {
            let expected = offline(body).1;
            for (client, (_, failed, mut message)) in through_all(&client, server.url(number)).await {
                assert!(!failed, "{name} through {client}, {options:?}");
                // Offsets are of other bytes.
                for (found, expected) in message.anomalies.iter_mut().zip(&expected.anomalies) {
                    found.offset = expected.offset;
                }
                assert_same(name, &message, &expected);
            }
        }
    }
    let server = Server::start(&["--no-done"]);
    for (number, (name, body)) in bodies.iter().enumerate() {
        let body = String::from_utf8(body.clone()).expect("UTF-8").replace("data: [DONE]\n\n", "");
        let expected = offline(body.as_bytes()).1;
        for (client, (_, failed, message)) in through_all(&client, server.url(number)).await {
            assert!(!failed, "{name} through {client}");
            assert_same(name, &message, &expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_streams_at_once_on_a_shared_decoder() {
    use crate::examples::shared_decoder::OfThisThread;

    let bodies = bodies();
    let server = Server::start(&["--piece-size", "64..512", "--jitter", "2"]);
    let client = reqwest::Client::new();
    let tasks: Vec<_> = (0..bodies.len() * 3)
        .map(|i| {
            let (url, client) = (server.url(i % bodies.len()), client.clone());
            tokio::spawn(async move {
                let response = client.post(url).body("{}").send().await.expect("an answer");
                read(response.bytes_stream().chat_with(deltawire::Options::default(), OfThisThread)).await
            })
        })
        .collect();
    for (i, task) in tasks.into_iter().enumerate() {
        let (name, body) = &bodies[i % bodies.len()];
        let (found, failed, message) = task.await.expect("no panic");
        let (digest, completion) = offline(body);
        assert!(!failed, "{name}");
        assert_eq!(found, digest, "{name}");
        assert_same(name, &message, &completion);
    }
}

#[test]
fn every_recording_through_curl_and_the_command() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("NOT RUN: there is no curl here");
        return;
    }
    let bodies = bodies();
    for options in [PIECES[0], PIECES[1]] {
        let server = Server::start(options);
        for (number, (name, body)) in bodies.iter().enumerate() {
            let mut curl = Command::new("curl")
                .args(["-sN", &server.url(number)])
                .stdout(Stdio::piped())
                .spawn()
                .expect("curl starts");
            let mut command = Command::new(env!("CARGO_BIN_EXE_deltawire"))
                .arg("--json")
                .stdin(curl.stdout.take().expect("piped"))
                .stdout(Stdio::piped())
                .spawn()
                .expect("the command starts");
            let mut line = String::new();
            command.stdout.take().expect("piped").read_to_string(&mut line).expect("UTF-8");
            let status = (command.wait().expect("it ends"), curl.wait().expect("it ends"));
            assert!(status.0.success() && status.1.success(), "{name}: {status:?}");
            let mut found: Value =
                serde_json::from_str(&line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"));
            found.as_object_mut().expect("an object").remove("source");
            let expected = serde_json::to_value(offline(body).1).expect("JSON");
            assert_eq!(found, expected, "{name}");
        }
    }
}
