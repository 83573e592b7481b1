//! The scanner by rows, in every cut.

use super::*;
use alloc::format;

fn whole(text: &str) -> Scanner {
    let mut scanner = Scanner::default();
    scanner.scan(text.as_bytes());
    scanner
}

#[test]
fn grammar_and_structure() {
    // text, offset of the fault, offset of the close, whole
    let rows: &[(&str, Option<usize>, Option<usize>, bool)] = &[
        ("", None, None, false),
        (" \t\r\n", None, None, false),
        ("{}", None, Some(2), true),
        (" { }", None, Some(4), true),
        (r#"{"a":1}"#, None, Some(7), true),
        (r#"{"a":[1,-2.5e+3,"x\"}",true,false,null,{}]} "#, None, Some(43), true),
        (r#"{"a":1"#, None, None, false),
        (r#"{"a":Paris}"#, Some(5), Some(11), false),
        (r#"{"a" 1}"#, Some(5), Some(7), false),
        (r#"{"a":01}"#, Some(6), Some(8), false),
        (r#"{"a":1.}"#, Some(7), Some(8), false),
        (r#"{"a":1,}"#, Some(7), Some(8), false),
        (r#"{a:1}"#, Some(1), Some(5), false),
        ("[1,]", Some(3), Some(4), false),
        ("[1}", Some(2), Some(3), false),
        ("{\"a\":\"x\ny\"}", Some(7), Some(11), false),
        (r#"{"a":"\x"}"#, Some(7), Some(10), false),
        (r#"{"a":"\u12g4"}"#, Some(10), Some(14), false),
        (r#"{"a":"\ud83d\ude00"}"#, None, Some(20), true),
        ("\"abc\"", None, Some(5), true),
        ("\"a\\\"c", None, None, false),
        ("12", None, None, true),
        ("-", None, None, false),
        ("12 ", None, None, true),
        ("12 x", Some(3), None, false),
        ("null", None, None, true),
        ("nul", None, None, false),
        ("nulx", Some(3), None, false),
        ("Paris {}", Some(0), None, false),
        ("}", Some(0), None, false),
    ];
    for &(text, fault, end, is_whole) in rows {
        for cut in 0..=text.len() {
            let mut scanner = Scanner::default();
            scanner.scan(&text.as_bytes()[..cut]);
            scanner.scan(&text.as_bytes()[cut..]);
            assert_eq!((scanner.fault(), scanner.end(), scanner.is_whole()), (fault, end, is_whole), "{text} {cut}");
        }
        if fault.is_none() {
            assert_eq!(serde_json::from_str::<serde_json::Value>(text).is_ok(), is_whole, "{text}");
        }
    }
}

#[test]
fn every_prefix_shows_as_valid_json() {
    let text = r#"{"a":"x\n\ud83d\ude00yé","b":[1,2.5,{"c":null,"d":[]}],"e":{},"f":true,"g\"":"\\"}"#;
    for cut in 0..=text.len() {
        let Some((keep, suffix)) = whole_bytes(&text.as_bytes()[..cut]).partial() else {
            assert_eq!(cut, 0);
            continue;
        };
        assert!(keep <= cut);
        // A cut inside a character is the caller's to avoid; the scanner sees bytes.
        if text.is_char_boundary(keep) {
            let shown = format!("{}{suffix}", &text[..keep]);
            serde_json::from_str::<serde_json::Value>(&shown).unwrap_or_else(|error| panic!("{shown}: {error}"));
        }
    }
}

fn whole_bytes(bytes: &[u8]) -> Scanner {
    let mut scanner = Scanner::default();
    scanner.scan(bytes);
    scanner
}

#[test]
fn partial_leaves_halves_out() {
    for (text, expected) in [
        ("{", "{}"),
        (r#"{"a"#, "{}"),
        (r#"{"a":"#, "{}"),
        (r#"{"a":tr"#, "{}"),
        (r#"{"a":12"#, "{}"),
        (r#"{"a":12,"#, r#"{"a":12}"#),
        (r#"{"a":"x"#, r#"{"a":"x"}"#),
        (r#"{"a":"x\"#, r#"{"a":"x"}"#),
        (r#"{"a":"x\u00"#, r#"{"a":"x"}"#),
        (r#"{"a":"x\ud83d"#, r#"{"a":"x"}"#),
        (r#"{"a":"x\ud83d\ude"#, r#"{"a":"x"}"#),
        (r#"{"a":[{"b":1},"#, r#"{"a":[{"b":1}]}"#),
    ] {
        let (keep, suffix) = whole(text).partial().unwrap();
        assert_eq!(format!("{}{suffix}", &text[..keep]), expected, "{text}");
    }
}

#[test]
fn deep_nesting_is_a_fault_at_the_limit() {
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(whole(&deep(128)).is_whole());
    let over = whole(&deep(129));
    assert_eq!((over.fault(), over.end()), (Some(128), Some(258)));
    let mut wide = Scanner::new(usize::MAX);
    wide.scan(deep(1_000_000).as_bytes());
    assert!(wide.is_whole());
    let mut half = Scanner::new(usize::MAX);
    half.scan("[".repeat(1000).as_bytes());
    assert_eq!(half.partial(), Some((1000, "]".repeat(1000))));
}

#[test]
fn bare_objects() {
    for (text, bare) in [("{}", true), ("{ \n}", true), ("[]", false), (r#"{"a":1}"#, false), ("{", false)] {
        assert_eq!(whole(text).is_bare(), bare, "{}", text);
    }
}
