//! Rows: data → documents.

use deltawire::{Decoder, Document, Event, RecentShapes};
use serde_json::{Value, json};

use super::dump;

/// What the documents of an event say, one value each.
pub(crate) fn decode(decoder: &mut Decoder, event_type: &[u8], data: &[u8]) -> Vec<Value> {
    let mut recent = RecentShapes::default();
    let mut documents = decoder.documents(Event::new(event_type, data), &mut recent);
    let mut out = Vec::new();
    while let Some(document) = documents.next() {
        out.push(match document {
            Document::Chunk(chunk) => dump::chunk(&chunk),
            Document::Error(error) => json!({"event_error": dump::error(Some(error))}),
            Document::Done => json!("done"),
            Document::Comment(text) => json!({"comment": String::from_utf8_lossy(text)}),
            Document::NotJson(text, error) => {
                json!({"not_json": String::from_utf8_lossy(text), "offset": error.offset()})
            }
            Document::SplitDataLines => json!("split"),
            _ => unreachable!("a new kind of document"),
        });
    }
    out
}

#[track_caller]
fn row(data: &str, expected: Value) {
    assert_eq!(Value::Array(decode(&mut Decoder::new(), b"", data.as_bytes())), expected, "{data}");
}

#[test]
fn documents_of_one_event() {
    row("", json!([]));
    row(" \n\t ", json!([]));
    row("[DONE]", json!(["done"]));
    row("  [DONE] \n", json!(["done"]));
    row("[DONE]x", json!([{"not_json": "[DONE]x", "offset": 1}]));
    row(": keep-alive", json!([{"comment": ": keep-alive"}]));
    row("null", json!([{"is_chunk": false}]));
    row("5 \"a\" [1]", json!([{"is_chunk": false}, {"is_chunk": false}, {"is_chunk": false}]));
    row(r#"{"id":"a"} {"id":"b"}[DONE]"#, json!([{"id": "a"}, {"id": "b"}, "done"]));
    row("{\"id\":\"a\"}\n{\"id\":\"b\"}\n\n[DONE]", json!(["split", {"id": "a"}, {"id": "b"}, "done"]));
    row("{\"id\":\n\"a\"}\n", json!([{"id": "a"}]));
    row("{\"id\":\n\"a\"}\n{\"id\":\"b\"}", json!([{"id": "a"}, {"id": "b"}]));
    row("{\"id\":\"a\"}\n{\"id\":\"b\"", json!([{"id": "a"}, {"not_json": "{\"id\":\"b\"", "offset": 20}]));
    row(":x\n{\"id\":\"a\"}", json!(["split", {"comment": ":x"}, {"id": "a"}]));
}

/// A chunk whose only choice has this delta.
fn delta(delta: &str) -> String {
    format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#)
}

/// What the delta of the only choice says.
#[track_caller]
fn delta_row(value: &str, expected: Value) {
    let data = delta(value);
    let documents = decode(&mut Decoder::new(), b"", data.as_bytes());
    let got = documents[0]["choices"][0].get("delta").cloned().unwrap_or_else(|| json!({}));
    assert_eq!(got, expected, "{data}");
}

#[test]
fn content_is_text_a_number_or_parts() {
    delta_row(r#"{"content":""}"#, json!({"content": ""}));
    delta_row(r#"{"content":null}"#, json!({}));
    delta_row(r#"{"content":0.005}"#, json!({"content": "0.005"}));
    delta_row(r#"{"content":1e999}"#, json!({"content": "1e999"}));
    delta_row(r#"{"content":{"a":1}}"#, json!({}));
    delta_row(r#"{"content":"a","content":"b"}"#, json!({"content": "b"}));
    delta_row(r#"{"content":"a","content":null}"#, json!({}));
    delta_row(r#"{"\u0063ontent":"escaped key"}"#, json!({"content": "escaped key"}));
    let parts = r#"{"content":[{"type":"thinking","thinking":"a"},{"type":"thinking","thinking":[{"type":"text","text":"b"},"c"]},
        {"type":"text","text":"d"},"e",{"text":"f"},{"type":"image","text":"g"},5,{"type":"thinking","thinking":[]}]}"#;
    let expected = json!({"content_parts": [
        ["reasoning", "a", {"type": "thinking", "thinking": "a"}],
        ["reasoning", "b", {"type": "text", "text": "b"}],
        ["reasoning", "c", "c"],
        ["text", "d", {"type": "text", "text": "d"}],
        ["text", "e", "e"],
        ["text", "f", {"text": "f"}],
        ["other", "", {"type": "image", "text": "g"}],
        ["other", "", 5],
    ]});
    delta_row(parts, expected);
}

#[test]
fn text_is_unescaped_and_mended() {
    delta_row(r#"{"content":"\"\\\/\b\f\n\r\t\u0041\u00e9\u6771"}"#, json!({"content": "\"\\/\u{8}\u{c}\n\r\tAé東"}));
    delta_row(r#"{"content":"\ud83d\ude42 🙂"}"#, json!({"content": "🙂 🙂"}));
    delta_row(r#"{"content":"a\ud83d"}"#, json!({"content": {"text": "a\u{fffd}", "closing_high": 0xd83d}}));
    delta_row(r#"{"content":"\ude42b"}"#, json!({"content": {"text": "\u{fffd}b", "opening_low": 0xde42}}));
    delta_row(r#"{"content":"\ud83d"}"#, json!({"content": {"text": "\u{fffd}", "closing_high": 0xd83d}}));
    delta_row(r#"{"content":"\ude42"}"#, json!({"content": {"text": "\u{fffd}", "opening_low": 0xde42}}));
    delta_row(r#"{"content":"a\ude42\ud83db"}"#, json!({"content": {"text": "a\u{fffd}\u{fffd}b", "lone": true}}));
    delta_row(
        r#"{"content":"\ude42\ud83d\ud83d"}"#,
        json!({"content": {"text": "\u{fffd}\u{fffd}\u{fffd}", "opening_low": 0xde42, "lone": true, "closing_high": 0xd83d}}),
    );
    let data = b"{\"choices\":[{\"delta\":{\"content\":\"a\xffb\",\"\xff\":1}}]}";
    let documents = decode(&mut Decoder::new(), b"", data);
    assert_eq!(documents[0]["choices"][0]["delta"]["content"], json!({"text": "a\u{fffd}b", "invalid_utf8": true}));
}

#[test]
fn reasoning_is_the_first_that_is_not_empty() {
    delta_row(r#"{"reasoning":"a"}"#, json!({"reasoning": "a"}));
    delta_row(r#"{"reasoning_text":"a"}"#, json!({"reasoning": "a"}));
    delta_row(r#"{"reasoning":"a","reasoning_content":"b","reasoning_text":"c"}"#, json!({"reasoning": "b"}));
    delta_row(r#"{"reasoning":"a","reasoning_content":"","reasoning_text":"c"}"#, json!({"reasoning": "a"}));
    delta_row(r#"{"reasoning":"","reasoning_content":null,"reasoning_text":5}"#, json!({}));
}

#[test]
fn tool_calls_as_they_come() {
    let call = |call: &str, expected: Value| {
        let data = delta(&format!(r#"{{"tool_calls":[{call}]}}"#));
        let mut got =
            decode(&mut Decoder::new(), b"", data.as_bytes())[0]["choices"][0]["delta"]["tool_calls"][0].take();
        got.as_object_mut().expect("a call").remove("raw");
        assert_eq!(got, expected, "{data}");
    };
    for (index, expected) in [
        ("1", json!(1)),
        ("2.0", json!(2)),
        ("1e1", json!(10)),
        (r#""3""#, json!(3)),
        ("-1", Value::Null),
        ("null", Value::Null),
        ("1.5", Value::Null),
        (r#""x""#, Value::Null),
        (r#""""#, Value::Null),
        ("true", Value::Null),
        ("[1]", Value::Null),
        ("99999999999999999999", Value::Null),
    ] {
        let expected = dump::object([("index", expected), ("id", json!("a"))]);
        call(&format!(r#"{{"index":{index},"id":"a"}}"#), expected);
    }
    call(r#"{"id":7,"type":"","function":null}"#, json!({"id": "7"}));
    call(r#"{"function":{"name":"f","arguments":""}}"#, json!({"name": "f", "arguments": "", "arguments_key": true}));
    call(r#"{"function":{"name":"f","arguments":null}}"#, json!({"name": "f", "arguments_key": true}));
    call(r#"{"function":{"name":""}}"#, json!({}));
    call(r#"{"function":{"arguments":{"a": [1]}}}"#, json!({"arguments": r#"{"a":[1]}"#, "arguments_key": true}));
    call(r#"{"function":{"arguments":true}}"#, json!({"arguments": "true", "arguments_key": true}));
    call(
        r#"{"name":"f","arguments":"{}","x":{"y":1}}"#,
        json!({"name": "f", "arguments": "{}", "arguments_key": true, "unknown": {"x": [{"y": 1}]}}),
    );
    call(r#"{"custom":{}}"#, json!({}));
    call(r#"{"custom":{"name":"c"}}"#, json!({"name": "c", "custom": true}));
    call(r#"{"type":"custom","custom":{"input":"i"}}"#, json!({"type": "custom", "input": "i", "custom": true}));
    let data = delta(r#"{"function_call":{"name":"f","arguments":"a"},"tool_calls":[null,5]}"#);
    let documents = decode(&mut Decoder::new(), b"", data.as_bytes());
    assert_eq!(documents[0]["choices"][0]["delta"], json!({"function_call": [{"name": "f", "arguments": "a"}]}));
}

#[test]
fn message_is_read_where_delta_is_missing_or_empty() {
    let choice =
        |choice: &str, expected: Value| row(&format!(r#"{{"choices":[{choice}]}}"#), json!([{"choices": [expected]}]));
    let message = json!({"is_message": true, "has_message": true, "delta": {"content": "m"}});
    choice(r#"{"message":{"content":"m"}}"#, message.clone());
    choice(r#"{"delta":{},"message":{"content":"m"}}"#, message.clone());
    choice(r#"{"delta":null,"message":{"content":"m"}}"#, message.clone());
    choice(r#"{"delta":"x","message":{"content":"m"}}"#, message);
    let beside = json!({"has_message": true, "delta": {"content": "d"}});
    choice(r#"{"delta":{"content":"d"},"message":{"content":"m"}}"#, beside);
    choice(r#"{"delta":{"content":"d"},"message":{}}"#, json!({"delta": {"content": "d"}}));
    // A later object replaces an earlier one whole.
    choice(r#"{"delta":{"content":"a","role":"r"},"delta":{"content":"b"}}"#, json!({"delta": {"content": "b"}}));
}

#[test]
fn errors_before_choices() {
    for absent in ["null", "\"\"", "false", "0", "0.0", "-0", "{}", "[]", "[ ]"] {
        row(&format!(r#"{{"error":{absent}}}"#), json!([{}]));
        row(&format!(r#"{{"choices":[{{"error":{absent}}}]}}"#), json!([{"choices": [{}]}]));
    }
    let error = |error: &str, expected: Value| {
        let mut documents = decode(&mut Decoder::new(), b"", format!(r#"{{"error":{error}}}"#).as_bytes());
        let mut got = documents[0]["error"].take();
        got.as_object_mut().expect("an error").remove("raw");
        assert_eq!(got, expected, "{error}");
    };
    error(r#"{"message":"m","type":"t","code":"c"}"#, json!({"message": "m", "type": "t", "code": "c"}));
    error(r#"{"message":"m","code":502}"#, json!({"message": "m", "code": "502"}));
    error(r#""plain""#, json!({"message": "plain"}));
    error("true", json!({}));
    error("1", json!({}));
    error("[1]", json!({}));
    row(
        r#"{"object":"error","message":"m","code":400}"#,
        json!([{"object": "error", "error": {"raw": [{"object": "error", "message": "m", "code": 400}], "message": "m", "code": "400"}}]),
    );
}

#[test]
fn an_event_of_type_error_is_an_error() {
    let error = |data: &str, expected: Value| {
        let got = decode(&mut Decoder::new(), b"error", data.as_bytes());
        assert_eq!(Value::Array(got), json!([{"event_error": expected}]), "{data}");
    };
    error("overloaded", json!({"raw": ["overloaded"], "message": "overloaded"}));
    error(" two\nlines ", json!({"raw": ["two\nlines"], "message": "two\nlines"}));
    error(r#""text""#, json!({"raw": ["text"], "message": "text"}));
    error(r#"{"message":"m","code":1}"#, json!({"raw": [{"message": "m", "code": 1}], "message": "m", "code": "1"}));
    error(r#"{"error":{"message":"m"}}"#, json!({"raw": [{"message": "m"}], "message": "m"}));
    error(r#"{"error":"m"}"#, json!({"raw": ["m"], "message": "m"}));
    error(r#"{"error":null}"#, json!({"raw": [{"error": null}]}));
    error(r#"{"a":1} {"b":2}"#, json!({"raw": [r#"{"a":1} {"b":2}"#], "message": r#"{"a":1} {"b":2}"#}));
    error("[DONE]", json!({"raw": ["[DONE]"], "message": "[DONE]"}));
}

#[test]
fn usage_numbers_are_tolerant() {
    let usage = |usage: &str, expected: Value| {
        for wire in [format!(r#"{{"usage":{usage}}}"#), format!(r#"{{"choices":[{{"usage":{usage}}}]}}"#)] {
            let documents = decode(&mut Decoder::new(), b"", wire.as_bytes());
            let mut got =
                documents[0].get("usage").or(documents[0]["choices"][0].get("usage")).cloned().unwrap_or_default();
            if let Some(got) = got.as_object_mut() {
                got.remove("raw");
            }
            assert_eq!(got, expected, "{wire}");
        }
    };
    usage("null", Value::Null);
    usage("{}", Value::Null);
    usage("5", Value::Null);
    usage(r#"{"x":1}"#, json!({}));
    usage(
        r#"{"prompt_tokens":1,"completion_tokens":2.0,"total_tokens":"3"}"#,
        json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}),
    );
    usage(
        r#"{"prompt_tokens":-1,"completion_tokens":1.5,"total_tokens":18446744073709551615}"#,
        json!({"total_tokens": u64::MAX}),
    );
    usage(
        r#"{"cost":1,"prompt_tokens_details":null,"completion_tokens_details":{"reasoning_tokens":4}}"#,
        json!({"cost": 1.0, "reasoning_tokens": 4}),
    );
    usage(r#"{"cost":1e999,"prompt_tokens_details":{"cached_tokens":7}}"#, json!({"cached_tokens": 7}));
    let documents = decode(&mut Decoder::new(), b"", br#"{"x_groq":{"id":"r","usage":{"total_tokens":9}}}"#);
    assert_eq!(documents[0]["groq_usage"]["total_tokens"], json!(9));
}

#[test]
fn unknown_fields_are_reachable() {
    row(
        r#"{"a":1,"b\n":{"c":[]},"a":null}"#,
        json!([{"is_chunk": false, "unknown": {"a": [null], "b\n": [{"c": []}]}}]),
    );
    delta_row(r#"{"audio":{"id":"x"},"content":"a"}"#, json!({"content": "a", "unknown": {"audio": [{"id": "x"}]}}));
}

/// Where this decoder may differ from RFC 8259 (and serde_json), and how: the only places.
const TOLERATED: [(&str, &[u8]); 9] = [
    ("half a surrogate pair in a text", br#"{"id":"\ud83d"}"#),
    ("half a surrogate pair in a skipped string", br#"{"x":"\ude42"}"#),
    ("half a surrogate pair in a key", br#"{"\ud83d":1}"#),
    ("bytes that are not UTF-8 in a text", b"{\"id\":\"\xff\"}"),
    ("bytes that are not UTF-8 in a skipped string", b"{\"x\":\"\xe6\x9d\"}"),
    ("NaN in a value nobody reads", br#"{"x":NaN}"#),
    ("infinity in a value nobody reads", br#"{"x":[Infinity,-Infinity]}"#),
    ("a number beyond f64", br#"{"x":1e999}"#),
    ("a number beyond f64 in a value that is read", br#"{"id":-1e999}"#),
];

#[test]
fn accepted_is_json_or_a_listed_tolerance() {
    let is_json = |data: &[u8]| {
        let documents = decode(&mut Decoder::new(), b"", data);
        documents.len() == 1 && documents[0].get("not_json").is_none()
    };
    for (what, data) in TOLERATED {
        assert!(is_json(data), "{what}");
        assert!(serde_json::from_slice::<Value>(data).is_err(), "{what}: no tolerance at all");
    }
    let values: [&str; 60] = [
        "1",
        "-1",
        "0",
        "-0",
        "01",
        "-01",
        "1.",
        ".1",
        "1.0",
        "1e5",
        "1E+5",
        "1e-5",
        "1e",
        "1e+",
        "-",
        "+1",
        "1.5e3",
        "0.0",
        "00",
        "1a",
        "0x1",
        "true",
        "tru",
        "truex",
        "false",
        "null",
        "nul",
        "NULL",
        "True",
        r#""a""#,
        r#""a"#,
        r#"a""#,
        "'a'",
        r#""\x""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\u1234""#,
        r#""\""#,
        "\"\t\"",
        "\"\u{7f}\"",
        "\"a\u{0}\"",
        "[]",
        "[1]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "]",
        "{}",
        r#"{"a":1}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a" 1}"#,
        r#"{"a":}"#,
        r#"{a:1}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a":1,"b":2}"#,
        "{",
        "}",
        "[{}, [ ] ,\t{\"a\" : [ ]}\r\n]",
    ];
    // In a value that is skipped, in one that is read, in a list that is read, as a key's neighbour, and alone.
    let places = [
        "{\"x\":@}",
        "{\"id\":@}",
        "{\"choices\":[@]}",
        "{\"choices\":[{\"delta\":{\"content\":@}}]}",
        "{\"usage\":@,\"id\":\"a\"}",
        "{ \"x\" : @ , \"id\" : @ }",
        "{\"choices\":[{\"logprobs\":@}]}",
        "[@]",
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":@}}]}}]}",
        "{\"a\":1,@}",
        "{@:1}",
        "{\"error\":@",
    ];
    let mut accepted = 0;
    for place in places {
        for value in values {
            let data = place.replace('@', value);
            let expected = serde_json::from_str::<Value>(&data).is_ok();
            assert_eq!(is_json(data.as_bytes()), expected, "{data}");
            accepted += usize::from(expected);
        }
    }
    assert!(accepted > 200, "{accepted}");
    // NaN is refused where it would be read.
    for data in [
        r#"{"id":NaN}"#,
        r#"{"created":Infinity}"#,
        r#"{"choices":[NaN]}"#,
        r#"{"x":NAN}"#,
        r#"{"x":nan}"#,
        r#"{"x":-NaN}"#,
    ] {
        assert!(!is_json(data.as_bytes()), "{data}");
    }
    for depth in [126, 127, 128, 129, 5000] {
        for (open, close) in [("[", "]"), ("{\"x\":", "}")] {
            let inner = format!("{}1{}", open.repeat(depth - 1), close.repeat(depth - 1));
            assert_eq!(is_json(format!("{{\"x\":{inner}}}").as_bytes()), depth <= 128, "{depth}");
        }
    }
}

/// Faults are where serde_json's reader would stop: at the first byte that cannot be.
#[test]
fn faults_have_offsets() {
    for (data, offset) in [
        ("{", 1),
        (r#"{"a"}"#, 4),
        (r#"{"a":}"#, 5),
        (r#"{"id":tru}"#, 9),
        (r#"{"id":01}"#, 7),
        (r#"{"id":"\x"}"#, 8),
        (r#"{"id":"a"#, 8),
        (r#"{"id":1,}"#, 8),
        (r#"{"choices":[1,]}"#, 14),
        ("{\"id\":\"a\nb\"}", 8),
        ("  xyz", 2),
    ] {
        let documents = decode(&mut Decoder::new(), b"", data.as_bytes());
        assert_eq!(documents.last().expect("one")["offset"], json!(offset), "{data}");
    }
}
