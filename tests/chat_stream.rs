//! The contract of the whole path: pulling, stopping, ending, starting anew, and responses that are no event stream.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use deltawire::{
    ChatState, ChatStream, Completion, Decoder, EndedBy, ErrorKind, LimitKind, Limits, Options, Outcome, Update,
};

const STREAM: &[u8] =
    b"data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"One\"}}]}\n\n\
    data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" two\"}}]}\n\n\
    data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" three\"}}]}\n\n\
    data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: [DONE]\n\n";

fn decode(body: &[u8]) -> Completion {
    let mut chat = ChatStream::new();
    chat.feed(body, |_| {}).expect("within the limits");
    chat.finish()
}

fn text_of(update: Update<'_>) -> Option<String> {
    match update {
        Update::Text { text, .. } => Some(text.to_owned()),
        _ => None,
    }
}

fn kind_of(completion: &Completion) -> &str {
    completion.error.as_ref().and_then(|error| error.kind.as_deref()).unwrap_or("")
}

#[test]
fn a_broken_feed_goes_on_where_it_stood() {
    let mut chat = ChatStream::new();
    let mut input = STREAM;
    let mut texts = Vec::new();
    let broken = chat
        .try_feed(&mut input, |update| match text_of(update) {
            Some(text) => ControlFlow::Break(text),
            None => ControlFlow::Continue(()),
        })
        .expect("within the limits");
    assert_eq!(broken, ControlFlow::Break("One".to_owned()));
    let first_event = STREAM.windows(2).position(|two| two == b"\n\n").expect("an event") + 2;
    assert_eq!(input, &STREAM[first_event..], "the slice stands behind the event that brought the update");
    assert_eq!(chat.completion().choices[0].message.content, "One");
    assert_eq!(chat.completion().outcome, Outcome::Truncated);

    let all = chat
        .try_feed(&mut input, |update| {
            texts.extend(text_of(update));
            ControlFlow::<()>::Continue(())
        })
        .expect("within the limits");
    assert_eq!(all, ControlFlow::Continue(()));
    assert_eq!(texts, [" two", " three"]);
    assert!(input.is_empty());
    assert!(chat.is_done());
    let completion = chat.finish();
    assert_eq!((completion.outcome, completion.ended_by), (Outcome::Complete, EndedBy::Done));
}

#[test]
fn a_panicking_callback_loses_only_its_update() {
    for panicking in 0..3 {
        let mut chat = ChatStream::new();
        let mut texts = Vec::new();
        let mut seen = 0;
        let mut show = |update: Update<'_>| {
            if let Some(text) = text_of(update) {
                seen += 1;
                assert!(seen != panicking + 1, "as asked");
                texts.push(text);
            }
        };
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let unwound = catch_unwind(AssertUnwindSafe(|| chat.feed(STREAM, &mut show)));
        std::panic::set_hook(hook);
        assert!(unwound.is_err());
        let completion = chat.finish_with(&mut show);
        let mut expected = vec!["One", " two", " three"];
        expected.remove(panicking);
        assert_eq!(texts, expected);
        assert_eq!(completion.choices[0].message.content, "One two three");
        assert_eq!(completion.outcome, Outcome::Complete);
    }
}

#[test]
fn input_after_the_end_is_misuse() {
    let mut chat = ChatStream::new();
    chat.feed(STREAM, |_| {}).expect("within the limits");
    chat.end();
    chat.end();
    for _ in 0..2 {
        let error = chat.feed(b"data: x\n\n", |_| {}).expect_err("after the end");
        assert_eq!(error.kind(), ErrorKind::FedAfterEnd);
        assert_eq!(error.offset(), STREAM.len() as u64);
        assert!(error.is_misuse());
    }
    chat.feed(b"", |_| {}).expect("nothing was fed");
    assert_eq!(chat.into_completion().choices[0].message.content, "One two three");
}

#[test]
fn reset_forgets_the_stream() {
    let mut chat = ChatStream::new();
    chat.feed(&STREAM[..150], |_| {}).expect("within the limits");
    chat.reset();
    let mut texts = String::new();
    chat.feed(STREAM, |update| texts.extend(text_of(update))).expect("within the limits");
    assert_eq!(texts, "One two three");
    chat.end();
    chat.reset();
    chat.feed(STREAM, |_| {}).expect("a new stream");
    assert_eq!(chat.finish(), decode(STREAM));
}

#[test]
fn states_share_a_decoder() {
    let mut decoder = Decoder::new();
    let mut states: Vec<ChatState> = (0..3).map(|_| ChatState::new()).collect();
    for piece in STREAM.chunks(7) {
        for state in &mut states {
            let mut input = piece;
            while let Some(update) = state.next(&mut decoder, &mut input) {
                update.expect("within the limits");
            }
        }
    }
    for mut state in states {
        state.end(&mut decoder);
        assert_eq!(state.into_completion(), decode(STREAM));
    }
}

#[test]
fn an_unterminated_last_event_counts() {
    let open = STREAM.strip_suffix(b"\n\n").expect("closed");
    assert_eq!(decode(open), decode(STREAM));
    assert_eq!(decode(&STREAM[..STREAM.len() - 1]), decode(STREAM));
}

#[test]
fn without_done_a_finished_stream_is_complete_by_its_finish() {
    let completion = decode(STREAM.strip_suffix(b"data: [DONE]\n\n").expect("done"));
    assert_eq!((completion.outcome, completion.ended_by), (Outcome::Complete, EndedBy::Finish));
}

#[test]
fn a_json_body_is_a_completion() {
    let document =
        br#"{"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}"#;
    for before in ["", "\n \n\n", "\u{feff}", ": PROCESSING\n\n", "\r\n\t"] {
        let body = [before.as_bytes(), document].concat();
        let whole = decode(&body);
        assert_eq!((whole.outcome, whole.ended_by), (Outcome::Complete, EndedBy::Finish), "{before:?}");
        assert_eq!(whole.choices[0].message.content, "Hi");
        for cut in 0..body.len() {
            let mut chat = ChatStream::new();
            chat.feed(&body[..cut], |_| {}).expect("within the limits");
            assert_ne!(chat.clone_finish().outcome, Outcome::Complete, "{before:?} ending at {cut}");
            chat.feed(&body[cut..], |_| {}).expect("within the limits");
            assert_eq!(chat.finish(), whole, "{before:?} cut at {cut}");
        }
    }
}

/// Finishing a copy.
trait CloneFinish {
    fn clone_finish(&self) -> Completion;
}

impl CloneFinish for ChatStream {
    fn clone_finish(&self) -> Completion {
        let mut copy = self.state().clone();
        let mut decoder = Decoder::new();
        copy.end(&mut decoder);
        copy.into_completion()
    }
}

#[test]
fn other_responses_say_what_they_were() {
    // body, outcome, kind of the error, part of its message
    let rows: &[(&[u8], Outcome, &str, &str)] = &[
        (b"<html><body>502 Bad Gateway</body></html>\n", Outcome::Failed, "not_an_event_stream", "502 Bad Gateway"),
        (b"upstream connect error", Outcome::Failed, "not_an_event_stream", "upstream"),
        (b"{\"detail\":\"Not Found\"}", Outcome::Failed, "not_a_chunk", "Not Found"),
        (b"{nonsense}", Outcome::Failed, "not_json", "nonsense"),
        (
            b"{\"error\":{\"message\":\"overloaded\",\"type\":\"busy\",\"code\":429}}",
            Outcome::Failed,
            "busy",
            "overloaded",
        ),
        (b"[{\"error\":{\"message\":\"quota\",\"type\":\"limit\"}}]", Outcome::Failed, "limit", "quota"),
        (b"{\"choices\":[{\"message\":{\"content\":\"cu", Outcome::Truncated, "", ""),
        (b"", Outcome::Truncated, "", ""),
        (b"\n\n", Outcome::Truncated, "", ""),
        (b": PROCESSING\n\n", Outcome::Truncated, "", ""),
        (b"da", Outcome::Truncated, "", ""),
        (b"event: ping\n\n", Outcome::Truncated, "", ""),
    ];
    for &(body, outcome, kind, message) in rows {
        let at = String::from_utf8_lossy(body);
        let completion = decode(body);
        assert_eq!(completion.outcome, outcome, "{at}");
        assert_eq!(kind_of(&completion), kind, "{at}");
        let said = completion.error.as_ref().map_or("", |error| &error.message);
        assert!(said.contains(message), "{at}: {said}");
    }
}

#[test]
fn documents_after_the_first_of_a_body_are_decoded_in_order() {
    let lines = b"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\
        {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" you\"},\"finish_reason\":\"stop\"}]}\n";
    let completion = decode(lines);
    assert_eq!(completion.choices[0].message.content, "Hi you");
    assert_eq!((completion.outcome, completion.ended_by), (Outcome::Complete, EndedBy::Finish));
    assert_eq!(completion.anomalies, []);
    let followed = [lines, &b"rubbish"[..]].concat();
    let completion = decode(&followed);
    assert_eq!(completion.choices[0].message.content, "Hi you");
    assert_eq!(completion.anomalies[0].code.as_str(), "not_json");
}

#[test]
fn a_bare_json_error_amid_the_stream_is_the_error() {
    let first = &STREAM[..STREAM.windows(2).position(|two| two == b"\n\n").expect("an event") + 2];
    let one_line = b"{\"error\":{\"message\":\"overloaded\",\"code\":502}}\n\n".to_vec();
    let printed = b"{\n  \"error\": {\n    \"message\": \"overloaded\",\n    \"code\": 502\n  }\n}\n".to_vec();
    let unindented = b"{\n\"error\": {\n\"message\": \"overloaded\",\n\"code\": 502\n}\n}\n".to_vec();
    for line in [one_line, printed, unindented] {
        let body = [first, &line, b"data: [DONE]\n\n"].concat();
        let completion = decode(&body);
        let at = String::from_utf8_lossy(&line);
        assert_eq!(completion.outcome, Outcome::Failed, "{at}");
        let error = completion.error.expect("an error");
        assert_eq!((error.message.as_str(), error.code.as_deref()), ("overloaded", Some("502")), "{at}");
        assert_eq!(completion.choices[0].message.content, "One", "{at}");
        let codes: Vec<_> = completion.anomalies.iter().map(|anomaly| anomaly.code.as_str()).collect();
        assert_eq!(codes, ["bare_json_line"], "{at}");
    }
    // A document that is no error is what the standard calls it: a line to ignore.
    let body = [first, b"{\"x\":1}\n{\"open\"\n\n", &STREAM[first.len()..]].concat();
    assert_eq!(decode(&body), decode(STREAM));
}

#[test]
fn a_body_over_its_limit_is_an_error_and_stays_one() {
    let mut limits = Limits::default();
    limits.body = 10;
    let mut options = Options::default();
    options.limits = limits;
    let mut chat = ChatStream::with_options(options);
    chat.feed(b"  {\"a\":1234", |_| {}).expect("ten bytes of body are too few to refuse");
    for _ in 0..2 {
        let error = chat.feed(b"567}", |_| {}).expect_err("over the limit");
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Limit(LimitKind::Body), 12));
    }
    assert_eq!(chat.finish().outcome, Outcome::Truncated);
}

#[test]
fn an_oversized_event_is_damage_and_the_stream_goes_on() {
    let mut options = Options::default();
    options.limits.event_data = 200;
    let mut chat = ChatStream::with_options(options);
    let large = format!("data: {{\"choices\":[],\"padding\":\"{}\"}}\n\n", "x".repeat(300));
    let mut anomalies = Vec::new();
    for part in [large.as_bytes(), STREAM] {
        chat.feed(part, |update| {
            if let Update::Anomaly { anomaly, .. } = update {
                anomalies.push((anomaly.code.as_str(), anomaly.dropped, anomaly.offset));
            }
        })
        .expect("damage is an update");
    }
    assert_eq!(anomalies, [("oversized_event", large.len() as u64, 0)]);
    let completion = chat.finish();
    assert_eq!(completion.outcome, Outcome::Complete);
    assert_eq!(completion.choices[0].message.content, "One two three");
}
