//! Control characters of a stream made visible, so that they cannot steer a terminal.

use std::fmt::{self, Write};

/// Text whose control characters (C0, DEL, C1) are shown escaped as in Rust, line feeds and tabs apart.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
            f.write_str(&rest[..at])?;
            let mut chars = rest[at..].chars();
            if let Some(c) = chars.next() {
                write!(f, "{}", c.escape_default())?;
            }
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}

/// As [`Visible`], in one line.
pub(crate) struct VisibleLine<'a>(pub(crate) &'a str);

impl fmt::Display for VisibleLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, line) in self.0.split('\n').enumerate() {
            if number > 0 {
                f.write_str("\\n")?;
            }
            Visible(line).fmt(f)?;
        }
        Ok(())
    }
}

/// JSON whose DEL and C1 characters are escaped (serde_json escapes only C0). They can only stand inside strings.
pub(crate) fn escape_json(json: String) -> String {
    let is_escaped = |c: char| matches!(c, '\u{7f}'..='\u{9f}');
    if !json.contains(is_escaped) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_escaped(c) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c)); // writing to a String cannot fail
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_shown() {
        for (text, visible, line) in [
            ("plain °C 😀", "plain °C 😀", "plain °C 😀"),
            ("a\nb\tc", "a\nb\tc", "a\\nb\tc"),
            ("\u{1b}[31mred\u{7}", "\\u{1b}[31mred\\u{7}", "\\u{1b}[31mred\\u{7}"),
            (
                "over\rwritten\u{9b}2J\u{7f}\0",
                "over\\rwritten\\u{9b}2J\\u{7f}\\u{0}",
                "over\\rwritten\\u{9b}2J\\u{7f}\\u{0}",
            ),
        ] {
            assert_eq!(Visible(text).to_string(), visible);
            assert_eq!(VisibleLine(text).to_string(), line);
        }
    }

    #[test]
    fn escaped_json_says_the_same() {
        let text = "\u{9b}2J\u{7f}\u{1b}\u{a0}°\"\\";
        let json = escape_json(serde_json::to_string(text).unwrap());
        assert!(!json.contains(char::is_control), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
