//! What is written reads back as what was given: events through the framer, chat chunks through the whole stream.

use deltawire::{
    ArgumentsState, ChatStream, ChunkWriter, Completion, EncodeError, EndedBy, Event, EventField, EventKind,
    EventWriter, Framer, Outcome, ProviderError, ToolCall, Update, Usage,
};
use proptest::collection::vec;
use proptest::prelude::*;

mod support;

use support::cassette;

/// An item of an event stream, owned.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    kind: EventKind,
    event_type: Vec<u8>,
    id: Vec<u8>,
    data: Vec<u8>,
}

/// All items that a framer finds in a stream.
fn read(stream: &[u8]) -> Vec<Item> {
    let mut framer = Framer::new().comments(true).unknown_lines(true);
    let mut input = stream;
    let mut items = Vec::new();
    while let Some(event) = framer.next(&mut input) {
        let event = event.expect("within the limits");
        items.push(Item {
            kind: event.kind(),
            event_type: event.event_type().to_vec(),
            id: event.last_event_id().to_vec(),
            data: event.data().to_vec(),
        });
    }
    items
}

fn write(items: &[Item]) -> Result<Vec<u8>, EncodeError> {
    let (mut out, mut writer) = (Vec::new(), EventWriter::new());
    for item in items {
        let event = Event::new(&item.event_type, &item.data).with_last_event_id(&item.id);
        if item.kind == EventKind::Comment {
            writer.comment(&mut out, &item.data)?;
        } else {
            writer.event(&mut out, &event)?;
        }
    }
    Ok(out)
}

/// Bytes in which what matters to framing is frequent.
fn field_bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![Just(b' '), Just(b':'), Just(b'\n'), Just(b'\r'), Just(0), Just(0xef), Just(b'd'), any::<u8>()],
        0..12,
    )
}

fn without(bytes: Vec<u8>, forbidden: &[u8]) -> Vec<u8> {
    bytes.into_iter().filter(|byte| !forbidden.contains(byte)).collect()
}

prop_compose! {
    fn event()(event_type in field_bytes(), id in field_bytes(), data in field_bytes()) -> Item {
        Item {
            kind: EventKind::Event,
            event_type: without(event_type, b"\r\n"),
            id: without(id, b"\r\n\0"),
            data: without(data, b"\r"),
        }
    }
}

/// What streams are made of.
const PARTS: &[&[u8]] = &[
    b"data: x\n",
    b"data",
    b":",
    b" ",
    b"\n",
    b"\r",
    b"\r\n",
    b"event: e\n",
    b"id: 1\n",
    b"id\n",
    b"retry: 5\n",
    b"no field\n",
    b"\xef\xbb\xbf",
    b"\xff",
];

proptest! {
    #[test]
    fn events_read_back_as_they_were_written(items in vec(event(), 0..6)) {
        prop_assert_eq!(read(&write(&items).unwrap()), items);
    }

    #[test]
    fn comments_read_back(items in vec(field_bytes().prop_map(|text| without(text, b"\r\n")), 0..6)) {
        let mut id = Vec::new();
        let items: Vec<_> = items.into_iter().map(|data| {
            Item { kind: EventKind::Comment, event_type: Vec::new(), id: std::mem::take(&mut id), data }
        }).collect();
        prop_assert_eq!(read(&write(&items).unwrap()), items);
    }

    /// Whatever is in the fields: it is refused and nothing is written, or it is one event.
    #[test]
    fn no_field_ends_its_line(event_type in field_bytes(), id in field_bytes(), data in field_bytes()) {
        let event = Event::new(&event_type, &data).with_last_event_id(&id);
        let mut out = b"data: before\n\n".to_vec();
        match EventWriter::new().event(&mut out, &event) {
            Ok(()) => prop_assert_eq!(read(&out).len(), 2),
            Err(error) => {
                prop_assert_eq!(out, b"data: before\n\n");
                let field = match error.field() {
                    EventField::Type => &event_type,
                    EventField::Id => &id,
                    EventField::Data => &data,
                    other => panic!("{other:?}"),
                };
                prop_assert!(matches!(field[error.offset()], b'\r' | b'\n' | 0));
            }
        }
    }

    /// A stream that was read and written again is the same stream to a reader.
    #[test]
    fn a_stream_survives_reading_and_writing(stream in vec(prop::sample::select(PARTS), 0..24)) {
        let stream = stream.concat();
        let mut framer = Framer::new().comments(true).unknown_lines(true);
        let (mut out, mut writer, mut input) = (Vec::new(), EventWriter::new(), &stream[..]);
        while let Some(event) = framer.next(&mut input) {
            writer.event(&mut out, &event.unwrap()).unwrap();
        }
        let only_events = |items: Vec<Item>| items.into_iter().map(|item| Item {
            // A comment or an unknown line is written before the id of the event that it stood in.
            id: if item.kind == EventKind::Event { item.id } else { Vec::new() },
            ..item
        }).collect::<Vec<_>>();
        prop_assert_eq!(only_events(read(&out)), only_events(read(&stream)));
    }
}

#[test]
fn fields_that_no_stream_can_say_are_refused() {
    for (event, field, offset) in [
        (Event::new(b"a\nb", b""), EventField::Type, 1),
        (Event::new(b"", b"a\rb"), EventField::Data, 1),
        (Event::new(b"", b"").with_last_event_id(b"12\n"), EventField::Id, 2),
        (Event::new(b"", b"").with_last_event_id(b"1\0"), EventField::Id, 1),
    ] {
        let error = EventWriter::new().event(&mut Vec::new(), &event).unwrap_err();
        assert_eq!((error.field(), error.offset()), (field, offset));
    }
    let error = EventWriter::new().comment(&mut Vec::new(), b"a\n\ndata: forged\n\n").unwrap_err();
    assert_eq!((error.field(), error.offset()), (EventField::Comment, 1));
    assert_eq!(error.to_string(), "what a comment cannot hold, at its byte 1");
}

#[test]
fn the_id_is_written_when_it_changes() {
    let mut out = Vec::new();
    let mut writer = EventWriter::new();
    for id in [&b""[..], b"1", b"1", b"", b"2"] {
        writer.event(&mut out, &Event::new(b"", b"x").with_last_event_id(id)).unwrap();
    }
    writer.retry(&mut out, 1500);
    let expected = "data: x\n\nid: 1\ndata: x\n\ndata: x\n\nid:\ndata: x\n\nid: 2\ndata: x\n\nretry: 1500\n\n";
    assert_eq!(String::from_utf8(out.clone()).unwrap(), expected);
    let mut framer = Framer::new();
    let mut input = &out[..];
    while framer.next(&mut input).is_some() {}
    assert_eq!(framer.retry(), Some(1500));
}

/// What a choice says, piece by piece.
#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Reasoning(String),
    Refusal(String),
}

/// A call and the places where its arguments are cut.
#[derive(Clone, Debug)]
struct Call {
    name: String,
    arguments: String,
    cuts: Vec<prop::sample::Index>,
}

fn piece() -> impl Strategy<Value = Piece> {
    let text = "(?s).{1,8}";
    prop_oneof![text.prop_map(Piece::Text), text.prop_map(Piece::Reasoning), text.prop_map(Piece::Refusal)]
}

fn call() -> impl Strategy<Value = Call> {
    ("[a-z_]{1,12}", "(?s).{0,12}", -5i32..100, vec(any::<prop::sample::Index>(), 0..4)).prop_map(
        |(name, text, number, cuts)| Call {
            name,
            arguments: serde_json::json!({"text": text, "number": number, "nested": {"list": [text, {}]}}).to_string(),
            cuts,
        },
    )
}

fn decode(stream: &[u8]) -> Completion {
    let mut chat = ChatStream::new();
    chat.feed(stream, |_| {}).expect("within the limits");
    chat.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_message_reads_back_as_it_was_written(
        id in "(?s).{1,8}",
        pieces in vec(piece(), 0..8),
        calls in vec(call(), 0..4),
        reason in "[a-z_]{1,8}",
        tokens in (0u64..1 << 53, 0u64..1 << 53),
        cost in 0.0f64..10.0,
    ) {
        let writer = ChunkWriter::new(&id, "model \"m\"", 7).with_field("provider", "p\n");
        let mut out = Vec::new();
        writer.role(&mut out, 0, "assistant");
        let (mut content, mut reasoning, mut refusal) = (String::new(), String::new(), String::new());
        for piece in &pieces {
            match piece {
                Piece::Text(text) => {
                    writer.text(&mut out, 0, text);
                    content += text;
                }
                Piece::Reasoning(text) => {
                    writer.reasoning(&mut out, 0, text);
                    reasoning += text;
                }
                Piece::Refusal(text) => {
                    writer.refusal(&mut out, 0, text);
                    refusal += text;
                }
            }
        }
        for (index, call) in (0..).zip(&calls) {
            writer.tool_call(&mut out, 0, index, &format!("call_{index}"), &call.name);
            let mut cuts: Vec<_> = call.cuts.iter().map(|cut| cut.index(call.arguments.len())).collect();
            cuts.retain(|&cut| call.arguments.is_char_boundary(cut));
            cuts.sort_unstable();
            let mut start = 0;
            for end in cuts.into_iter().chain([call.arguments.len()]) {
                writer.arguments(&mut out, 0, index, &call.arguments[start..end]);
                start = end;
            }
        }
        writer.finish(&mut out, 0, &reason);
        let mut usage = Usage::default();
        usage.prompt_tokens = Some(tokens.0);
        usage.reasoning_tokens = Some(tokens.1);
        usage.cost = Some(cost);
        writer.usage(&mut out, &usage);
        writer.done(&mut out);

        let completion = decode(&out);
        prop_assert_eq!(completion.outcome, Outcome::Complete);
        prop_assert_eq!(completion.id.as_deref(), Some(&id[..]));
        prop_assert_eq!(completion.model.as_deref(), Some("model \"m\""));
        prop_assert_eq!(completion.provider.as_deref(), Some("p\n"));
        prop_assert_eq!(completion.created, Some(7));
        let read = completion.usage.as_ref().unwrap();
        prop_assert_eq!((read.prompt_tokens, read.reasoning_tokens, read.cost), (Some(tokens.0), Some(tokens.1), Some(cost)));
        prop_assert_eq!(completion.choices.len(), 1);
        let choice = &completion.choices[0];
        prop_assert_eq!(choice.finish_reason.as_deref(), Some(&reason[..]));
        prop_assert_eq!(&choice.message.content, &content);
        prop_assert_eq!(&choice.message.reasoning, &reasoning);
        prop_assert_eq!(&choice.message.refusal, &refusal);
        let read: Vec<_> = choice.message.tool_calls.iter().map(|call| (call.id(), call.name(), call.arguments(), call.state())).collect();
        let ids: Vec<_> = (0..calls.len()).map(|index| format!("call_{index}")).collect();
        let written: Vec<_> = calls.iter().zip(&ids).map(|(call, id)| (&id[..], &call.name[..], &call.arguments[..], ArgumentsState::Complete)).collect();
        prop_assert_eq!(read, written);

        // And the completion as a whole, and update by update.
        let mut again = Vec::new();
        ChunkWriter::like(&completion).completion(&mut again, &completion);
        same(&decode(&again), &completion)?;
        let mut relayed = Vec::new();
        let mut relay = ChunkWriter::like(&completion);
        let mut chat = ChatStream::new();
        chat.feed(&out, |update| relay.update(&mut relayed, &update)).unwrap();
        chat.finish_with(|update| relay.update(&mut relayed, &update));
        same(&decode(&relayed), &completion)?;
    }
}

/// That two completions say the same; not how (anomalies, raw texts of errors, part order).
fn same(left: &Completion, right: &Completion) -> Result<(), TestCaseError> {
    prop_assert_eq!(envelope(left), envelope(right));
    prop_assert_eq!((left.outcome, left.ended_by), (right.outcome, right.ended_by));
    prop_assert_eq!(&left.usage, &right.usage);
    let error = |completion: &Completion| {
        completion.error.as_ref().map(|error| (error.message.clone(), error.kind.clone(), error.code.clone()))
    };
    prop_assert_eq!(error(left), error(right));
    prop_assert_eq!(left.choices.len(), right.choices.len());
    for (left, right) in left.choices.iter().zip(&right.choices) {
        prop_assert_eq!(left.index, right.index);
        prop_assert_eq!(&left.finish_reason, &right.finish_reason);
        let (left, right) = (&left.message, &right.message);
        prop_assert_eq!(&left.role, &right.role);
        prop_assert_eq!(&left.content, &right.content);
        prop_assert_eq!(&left.reasoning, &right.reasoning);
        prop_assert_eq!(&left.refusal, &right.refusal);
        let calls = |calls: &[ToolCall]| {
            calls
                .iter()
                .map(|call| {
                    (
                        call.kind(),
                        call.id().to_owned(),
                        call.name().to_owned(),
                        call.arguments().to_owned(),
                        call.state(),
                        call.extras().to_owned(),
                    )
                })
                .collect::<Vec<_>>()
        };
        prop_assert_eq!(calls(&left.tool_calls), calls(&right.tool_calls));
    }
    Ok(())
}

fn envelope(completion: &Completion) -> [Option<String>; 6] {
    [
        completion.id.clone(),
        completion.model.clone(),
        completion.provider.clone(),
        completion.system_fingerprint.clone(),
        completion.service_tier.clone(),
        completion.created.map(|created| created.to_string()),
    ]
}

#[test]
fn recordings_survive_being_written_again() {
    let bodies = cassette::bodies();
    assert!(bodies.len() >= 10);
    for (name, body) in bodies {
        let completion = decode(&body);
        assert_eq!(completion.outcome, Outcome::Complete, "{name}");
        let mut whole = Vec::new();
        ChunkWriter::like(&completion).completion(&mut whole, &completion);
        let again = decode(&whole);
        same(&again, &completion).unwrap_or_else(|error| panic!("{name}: {error}"));
        // A message remembers under which name its reasoning came, and the writer has its own.
        if completion.choices[0].message.reasoning.is_empty() {
            assert_eq!(again.choices, completion.choices, "{name}");
        }
        let choice = |completion: &Completion| {
            completion
                .choices
                .iter()
                .map(|choice| {
                    let message = &choice.message;
                    (
                        message.reasoning_details.clone(),
                        message.extras.clone(),
                        choice.logprobs.clone(),
                        choice.native_finish_reason.clone(),
                    )
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(choice(&again), choice(&completion), "{name}");

        let mut relayed = Vec::new();
        let mut relay = ChunkWriter::like(&completion);
        let mut chat = ChatStream::new();
        chat.feed(&body, |update| relay.update(&mut relayed, &update)).unwrap();
        chat.finish_with(|update| relay.update(&mut relayed, &update));
        same(&decode(&relayed), &completion).unwrap_or_else(|error| panic!("{name}, relayed: {error}"));
    }
}

#[test]
fn errors_and_ends_are_passed_on() {
    let mut error = ProviderError::default();
    error.message = "Overloaded\n\n\"now\"".to_owned();
    error.kind = Some("server_error".to_owned());
    error.code = Some("503".to_owned());
    let writer = ChunkWriter::new("1", "m", 1);
    let mut out = Vec::new();
    writer.text(&mut out, 0, "par");
    writer.error(&mut out, &error);
    let completion = decode(&out);
    assert_eq!(completion.outcome, Outcome::Failed);
    assert_eq!(completion.choices[0].message.content, "par");
    let read = completion.error.unwrap();
    assert_eq!((read.message, read.kind, read.code), (error.message, error.kind, error.code));

    let mut out = Vec::new();
    writer.text(&mut out, 0, "par");
    assert_eq!(decode(&out).outcome, Outcome::Truncated);
    writer.finish(&mut out, 0, "stop");
    assert_eq!(decode(&out).ended_by, EndedBy::Finish);
    let mut comments = Vec::new();
    let mut chat = ChatStream::with_options({
        let mut options = deltawire::Options::default();
        options.comments = true;
        options
    });
    let mut relay = ChunkWriter::new("1", "m", 1);
    chat.feed(b": alive\n\ndata: {\"choices\":[]}\n\n", |update| {
        if let Update::Comment { .. } = update {
            relay.update(&mut comments, &update);
        }
    })
    .unwrap();
    assert_eq!(comments, b": alive\n\n");
}
