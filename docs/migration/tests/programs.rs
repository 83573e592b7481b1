//! Every pair of programs against the replay server: after is as before.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use async_openai::types::chat::ChatCompletionRequestUserMessage;
use deltawire::{ByteStreamExt, Outcome};
use deltawire_migration::{Read, Result, async_openai as openai, eventsource_stream, reqwest_eventsource};
use serde_json::json;

/// `deltawire serve`, which stops with the test.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(options: &[&str]) -> Self {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let mut process = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--features", "cli", "--manifest-path", &format!("{root}/Cargo.toml"), "--", "serve"])
            .arg(format!("{root}/tests/recordings/tool_streaming_kimi-k2.yaml"))
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo runs");
        let mut url = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut url).expect("its address");
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        Self { process, url: url.trim_end().to_owned() }
    }

    /// The response of the first interaction.
    async fn response(&self) -> Result<reqwest::Response> {
        Ok(reqwest::Client::new().post(format!("{}/?interaction=0", self.url)).body("{}").send().await?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take()); // it stops when this closes
        let _ = self.process.wait();
    }
}

fn expected() -> Read {
    Read {
        text: "I'll check the weather in Florence, Italy for you.".into(),
        calls: vec![("weather".into(), r#"{"location": "Florence, Italy"}"#.into())],
    }
}

#[tokio::test]
async fn from_eventsource_stream() -> Result<()> {
    let server = Server::start(&["--piece-size", "1..40"]);
    let before = eventsource_stream::before::events(server.response().await?).await?;
    assert!(before.len() > 10);
    assert_eq!(eventsource_stream::after::events(server.response().await?).await?, before);
    let length = before.iter().map(String::len).sum::<usize>();
    assert_eq!(eventsource_stream::owned(server.response().await?).await?, length);
    assert_eq!(eventsource_stream::chat(server.response().await?).await?, expected());
    Ok(())
}

#[tokio::test]
async fn from_reqwest_eventsource() -> Result<()> {
    let server = Server::start(&["--piece-size", "1..40"]);
    let url = format!("{}/?interaction=0", server.url);
    assert_eq!(reqwest_eventsource::before(&url, &json!({})).await?, expected());
    assert_eq!(reqwest_eventsource::after(&url, &json!({})).await?, expected());
    // A connection that breaks: the error comes once, and what came before it is there.
    let server = Server::start(&["--cut-at", "1500"]);
    let read = reqwest_eventsource::after(&format!("{}/?interaction=0", server.url), &json!({})).await?;
    assert!(!read.text.is_empty() && expected().text.starts_with(&read.text) && read.text != expected().text, "{read:?}");
    Ok(())
}

#[tokio::test]
async fn from_async_openai() -> Result<()> {
    let server = Server::start(&["--piece-size", "1..40"]);
    let client = openai::client(&server.url, "no key");
    let request = || openai::request("kimi-k2", vec![ChatCompletionRequestUserMessage::from("Hi").into()]);
    // Each asks for the first interaction; the second, which is in between, is passed over.
    assert_eq!(openai::before(&client, request()?).await?, expected());
    server.second().await?;
    assert_eq!(openai::own_type(&client, request()?).await?, expected());
    server.second().await?;
    assert_eq!(openai::own_request(&server.url, "no key", &request()?).await?, expected());
    Ok(())
}

#[tokio::test]
async fn a_completion_as_async_openais() -> Result<()> {
    let server = Server::start(&[]);
    let mut updates = server.response().await?.bytes_stream().chat();
    while let Some(update) = updates.next().await {
        update?;
    }
    let completion = updates.into_completion();
    assert_eq!(completion.outcome, Outcome::Complete);
    let response = openai::its_response(&completion)?;
    assert_eq!(response.choices[0].message.content.as_deref(), Some(&*expected().text));
    assert_eq!(response.choices[0].message.tool_calls.as_ref().map(Vec::len), Some(1));
    Ok(())
}

impl Server {
    async fn second(&self) -> Result<()> {
        let response = reqwest::Client::new().post(format!("{}/?interaction=1", self.url)).body("{}").send().await?;
        response.bytes().await?;
        Ok(())
    }
}
