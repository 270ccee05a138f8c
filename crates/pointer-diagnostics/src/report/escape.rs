//! Makes text that a user wrote safe to print.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Writes control characters, line breaks, characters that change the reading direction and invisible characters as escapes:
/// `\n`, `\u{202e}`.
pub fn escape_text(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_unsafe(c) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Escapes the characters of a JSON document that a terminal obeys or that deceive a reader, as JSON does: `\\u009b`. They stand in texts
/// only, so the document means the same.
pub fn escape_json(document: &str) -> Cow<'_, str> {
    let is_raw = |c: char| is_unsafe(c) && !c.is_ascii_whitespace();
    if !document.chars().any(is_raw) {
        return Cow::Borrowed(document);
    }
    let mut safe = String::with_capacity(document.len() + 64);
    let mut units = [0; 2];
    for c in document.chars() {
        if is_raw(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Escapes each line of a text of several lines, and keeps a line from beginning with what GitHub takes for a workflow command
/// (`::`, also behind spaces, or `##[`).
pub(super) fn escape_lines(text: &str) -> String {
    text.split('\n')
        .map(|line| guard_line(&escape_text(line)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Replaces what would move the cursor or the reading direction by visible characters of the same number of bytes, so that byte ranges
/// stay right. Line breaks and tabs stay.
pub(super) fn replace_hidden(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| is_unsafe(c) && !c.is_ascii();
    if !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .fold(String::with_capacity(text.len()), |mut out, c| {
                match (hidden(c), c.len_utf8()) {
                    (false, _) => out.push(c),
                    (true, 2) => out.push('¿'),
                    (true, 3) => out.push('\u{fffd}'),
                    (true, _) => out.push_str("\u{fffd}?"),
                }
                out
            }),
    )
}

fn guard_line(line: &str) -> String {
    let start = line.trim_start();
    if start.starts_with("::") || start.starts_with("##[") {
        format!("| {line}")
    } else {
        line.to_owned()
    }
}

/// Checks for a character that can disturb a terminal or deceive a reader.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_bidi_characters_become_escapes() {
        assert_eq!(
            escape_text("a\u{1b}[31m\u{202e}b\nc\u{85}"),
            r"a\u{1b}[31m\u{202e}b\nc\u{85}"
        );
        assert_eq!(
            escape_text("plain `naïve` 日本 👩‍🔧"),
            "plain `naïve` 日本 👩‍🔧"
        );
    }

    #[test]
    fn json_means_the_same_without_characters_that_a_terminal_obeys() {
        let value = serde_json::json!({"a\u{9b}": "x\u{7f}\u{202e}\u{e0041}\n", "b": "naïve"});
        let document = format!("{value:#}\n");
        let safe = escape_json(&document);
        assert!(!safe.chars().any(|c| is_unsafe(c) && c != '\n'), "{safe}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&safe).unwrap(),
            value
        );
        assert!(safe.contains("naïve"));
    }

    #[test]
    fn hidden_characters_are_replaced_byte_for_byte() {
        let text = "a\u{85}\u{202e}\u{e0041}\tb\n";
        assert_eq!(replace_hidden(text).len(), text.len());
        assert_eq!(replace_hidden(text), "a¿\u{fffd}\u{fffd}?\tb\n");
    }

    #[test]
    fn no_line_begins_with_a_workflow_command() {
        assert_eq!(
            escape_lines("see\n  ::error::x\n##[group]"),
            "see\n|   ::error::x\n| ##[group]"
        );
    }
}
