//! The replay server, asked by a plain socket: what is on the wire, byte for byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use deltawire::{ChatStream, Outcome};
use serde_json::Value;

mod support;

use support::cassette::{self, Interaction};

/// A running server; it is stopped when this is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deltawire"))
            .arg("serve")
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a first line");
        let address = line.trim_end().strip_prefix("http://").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{address}");
        Self { child, address }
    }

    fn post(&self, target: &str, headers: &str, body: &[u8]) -> Response {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        let length = body.len();
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).expect("closed, not reset");
        Response::parse(&raw)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    /// The sizes of the chunks, without the last, which is empty.
    chunks: Vec<usize>,
    body: Vec<u8>,
    /// Whether the last, empty chunk came (or all of the announced length).
    is_whole: bool,
}

impl Response {
    fn parse(raw: &[u8]) -> Self {
        let head_end = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head") + 4;
        let head = std::str::from_utf8(&raw[..head_end]).unwrap();
        let mut lines = head.split_terminator("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut rest = &raw[head_end..];
        let mut response = Self { status, headers, chunks: Vec::new(), body: Vec::new(), is_whole: false };
        if let Some(length) = response.header("content-length") {
            response.is_whole = rest.len() == length.parse::<usize>().unwrap();
            response.body = rest.to_vec();
            return response;
        }
        assert_eq!(response.header("transfer-encoding"), Some("chunked"));
        while let Some(end) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
            rest = &rest[end + 2..];
            if size == 0 {
                response.is_whole = true;
                break;
            }
            response.chunks.push(size);
            response.body.extend_from_slice(&rest[..size]);
            rest = &rest[size + 2..];
        }
        response
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

fn seed_files() -> Vec<String> {
    cassette::seeds().iter().map(|cassette| format!("tests/recordings/{}.yaml", cassette.name)).collect()
}

fn seed_interactions() -> Vec<Interaction> {
    cassette::seeds().into_iter().flat_map(|cassette| cassette.interactions).collect()
}

fn serve_seeds(arguments: &[&str]) -> Server {
    let files = seed_files();
    let arguments: Vec<_> = files.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
    Server::start(&arguments)
}

const DELTAWIRE: &str = env!("CARGO_BIN_EXE_deltawire");
const KIMI: &str = "tests/recordings/tool_streaming_kimi-k2.yaml";

/// What `docs/COMMAND.md` shows to those who test a client.
#[test]
fn the_documents_program_starts_and_stops_a_server() -> Result<(), Box<dyn std::error::Error>> {
    let mut server = Command::new(DELTAWIRE)
        .args(["serve", KIMI, "--piece-size", "7"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut address = String::new();
    BufReader::new(server.stdout.take().expect("piped")).read_line(&mut address)?;
    let url = address.trim_end();
    // Requests to `url` …
    assert!(TcpStream::connect(url.strip_prefix("http://").expect("a URL")).is_ok());
    server.kill()?;
    server.wait()?;
    Ok(())
}

#[test]
fn every_response_comes_as_it_was_recorded_in_order() {
    let server = serve_seeds(&[]);
    let interactions = seed_interactions();
    assert_eq!(interactions.len(), 10);
    for (number, interaction) in interactions.iter().chain(&interactions[..1]).enumerate() {
        let response = server.post("/v1/chat/completions", "", interaction.request.body.as_bytes());
        assert_eq!(response.status, 200);
        assert_eq!(response.header("x-deltawire-interaction").unwrap(), (number % 10).to_string());
        assert_eq!(std::str::from_utf8(&response.body).unwrap(), interaction.response.body, "{number}");
        assert!(response.is_whole);
        let is_stream = interaction.response.body.starts_with("data:") || interaction.response.body.starts_with(':');
        let content_type = if is_stream { "text/event-stream" } else { "application/json" };
        assert_eq!(response.header("content-type"), Some(content_type), "{number}");
        // One chunk of the transfer is one event.
        let events =
            interaction.response.body.matches("data: ").count() + interaction.response.body.matches("\n: ").count();
        let events = events + usize::from(interaction.response.body.starts_with(": "));
        assert_eq!(response.chunks.len(), if is_stream { events } else { 1 }, "{number}");
    }
}

#[test]
fn a_request_can_name_its_response() {
    let server = Server::start(&[KIMI]);
    let interactions =
        cassette::seeds().into_iter().find(|cassette| cassette.name == "tool_streaming_kimi-k2").unwrap().interactions;
    for (target, headers, number) in [
        ("/?interaction=1", "", 1),
        ("/any/path?x=y&interaction=0", "", 0),
        ("/", "x-deltawire-interaction: 1\r\n", 1),
        ("/", "", 0), // the next after the last
    ] {
        let response = server.post(target, headers, b"{}");
        assert_eq!(response.body, interactions[number].response.body.as_bytes(), "{target} {headers}");
    }
    for (target, headers, status) in
        [("/?interaction=2", "", 404), ("/?interaction=x", "", 400), ("/", "x-deltawire-interaction: -1\r\n", 400)]
    {
        let response = server.post(target, headers, b"{}");
        assert_eq!(response.status, status, "{target} {headers}");
        let error: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(error["error"]["code"], status);
    }
}

#[test]
fn a_request_can_be_matched_by_its_body() {
    let server = serve_seeds(&["--match", "body"]);
    for interaction in seed_interactions().iter().rev() {
        // The same JSON in other words: keys in another order.
        let body: Value = serde_json::from_str(&interaction.request.body).unwrap();
        let body = serde_json::to_string_pretty(&body).unwrap();
        let response = server.post("/", "", body.as_bytes());
        assert_eq!(String::from_utf8(response.body).unwrap(), interaction.response.body);
    }
    assert_eq!(server.post("/", "", b"{}").status, 404);
}

#[test]
fn pieces_have_the_sizes_asked_for_and_come_with_pauses() {
    let body = seed_interactions()[0].response.body.clone();
    for (size, range) in [("1", 1..=1), ("7", 7..=7), ("1..40", 1..=40), ("1000000", 1_000_000..=1_000_000)] {
        let server = serve_seeds(&["--piece-size", size]);
        let response = server.post("/", "", b"");
        assert_eq!(response.body, body.as_bytes());
        let (last, others) = response.chunks.split_last().unwrap();
        assert!(others.iter().all(|chunk| range.contains(chunk)), "{size}: {others:?}");
        assert!(last <= range.end());
    }
    // A wait is at least as long as asked for, before each piece; a slow machine makes it longer only.
    let server = serve_seeds(&["--piece-size", "500", "--delay", "20", "--jitter", "2", "--seed", "9"]);
    let start = std::time::Instant::now();
    let response = server.post("/", "", b"");
    assert_eq!(response.body, body.as_bytes());
    let pieces = body.len().div_ceil(500);
    assert!(response.chunks.len() == pieces && pieces >= 5, "{:?}", response.chunks);
    let waited = start.elapsed().as_millis();
    assert!(waited >= pieces as u128 * 20, "{pieces} pieces in {waited} ms");
}

#[test]
fn a_connection_is_cut_at_the_byte_asked_for() {
    let body = seed_interactions()[0].response.body.clone();
    for cut in [0, 1, 5, 700, body.len() - 1, body.len()] {
        for piece_size in [&[][..], &["--piece-size", "3"]] {
            let server = serve_seeds(&[&["--cut-at", &cut.to_string()], piece_size].concat());
            let response = server.post("/", "", b"{}");
            assert_eq!(response.status, 200);
            assert_eq!(response.body, &body.as_bytes()[..cut]);
            assert_eq!(response.is_whole, cut == body.len(), "{cut}");
        }
    }
}

#[test]
fn streams_can_be_made_worse_and_decode_the_same() {
    let interactions = seed_interactions();
    for (arguments, line_end, is_done) in [
        (&["--line-ends", "crlf"][..], "\r\n", true),
        (&["--line-ends", "cr"], "\r", true),
        (&["--line-ends", "lf", "--no-done"], "\n", false),
        (&["--line-ends", "crlf", "--no-done", "--piece-size", "1..9"], "\r\n", false),
    ] {
        let server = serve_seeds(arguments);
        for (number, interaction) in interactions.iter().enumerate() {
            let response = server.post(&format!("/?interaction={number}"), "", b"");
            assert!(response.is_whole);
            let recorded = &interaction.response.body;
            let is_stream = response.header("content-type") == Some("text/event-stream");
            let expected = match is_stream {
                true if is_done => recorded.replace('\n', line_end),
                true => recorded.replace("data: [DONE]\n\n", "").replace('\n', line_end),
                false => recorded.clone(),
            };
            assert_eq!(String::from_utf8(response.body.clone()).unwrap(), expected, "{arguments:?} {number}");
            let mut chat = ChatStream::new();
            chat.feed(&response.body, |_| {}).unwrap();
            let mut plain = ChatStream::new();
            plain.feed(recorded.as_bytes(), |_| {}).unwrap();
            let (completion, plain) = (chat.finish(), plain.finish());
            assert_eq!(completion.outcome, Outcome::Complete, "{arguments:?} {number}");
            assert_eq!(completion.choices[0].message, plain.choices[0].message, "{arguments:?} {number}");
        }
    }
}

#[test]
fn it_stops_when_all_is_sent_once() {
    let mut server = Server::start(&[KIMI, "--once"]);
    assert!(server.post("/", "", b"").is_whole);
    assert!(server.child.try_wait().unwrap().is_none(), "one response is left");
    assert!(server.post("/", "", b"").is_whole);
    assert!(server.child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn it_stops_when_standard_input_is_closed() {
    let mut server = Server::start(&[KIMI, "--delay", "60000"]);
    // Even while a response is being sent.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n").unwrap();
    drop(server.child.stdin.take());
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn what_cannot_be_served_is_said_at_once() {
    let output = Command::new(env!("CARGO_BIN_EXE_deltawire")).args(["serve", "no/such/file"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("deltawire: no/such/file: "));
}

/// What people do: `curl -sN … | deltawire`.
#[test]
fn curl_through_the_command_decodes_as_the_file_does() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("no curl here: not tested with it");
        return;
    }
    let deltawire = || Command::new(env!("CARGO_BIN_EXE_deltawire"));
    let server = serve_seeds(&["--piece-size", "1..60", "--seed", "3"]);
    let lines_of = |out: Vec<u8>| {
        let without_source = |line: &str| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line.as_object_mut().unwrap().remove("source");
            line
        };
        String::from_utf8(out).unwrap().lines().map(without_source).collect::<Vec<_>>()
    };
    let offline = deltawire()
        .arg("--json")
        .args(seed_files())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .unwrap();
    let offline = lines_of(offline.stdout);
    assert_eq!(offline.len(), 10);
    for line in offline {
        let mut curl = Command::new("curl")
            .args(["-sSN", "--data", "{}", &format!("http://{}/v1/chat/completions", server.address)])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = deltawire().arg("--json").stdin(curl.stdout.take().unwrap()).output().unwrap();
        assert!(curl.wait().unwrap().success());
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(lines_of(output.stdout), [line]);
    }
}
