//! JSON in the bytes of Go's `encoding/json`.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// The white space of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GoLayout {
    /// None at all.
    Compact,
    /// A line for each element, indented by two spaces a level.
    Indented,
}

/// Appends a value. Keys come in the order of their bytes; `<`, `>` and `&` are escaped.
pub(crate) fn write_go_json(out: &mut String, value: &Value, layout: GoLayout) {
    write_value(out, value, layout, 0);
}

fn write_value(out: &mut String, value: &Value, layout: GoLayout, level: usize) {
    match value {
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            for (at, (key, value)) in entries.into_iter().enumerate() {
                out.push(if at == 0 { '{' } else { ',' });
                break_line(out, layout, level + 1);
                write_text(out, key);
                out.push_str(match layout {
                    GoLayout::Compact => ":",
                    GoLayout::Indented => ": ",
                });
                write_value(out, value, layout, level + 1);
            }
            break_line(out, layout, level);
            out.push('}');
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                out.push(if at == 0 { '[' } else { ',' });
                break_line(out, layout, level + 1);
                write_value(out, item, layout, level + 1);
            }
            break_line(out, layout, level);
            out.push(']');
        }
        Value::String(text) => write_text(out, text),
        Value::Number(number) => write_number(out, number),
        other => out.push_str(&other.to_string()),
    }
}

fn break_line(out: &mut String, layout: GoLayout, level: usize) {
    if layout == GoLayout::Indented {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    }
}

/// Appends integers with all digits, and floats in the shortest form that Go writes.
fn write_number(out: &mut String, number: &Number) {
    if !number.is_f64() {
        out.push_str(&number.to_string());
        return;
    }
    let float = number.as_f64().unwrap_or_default();
    let size = float.abs();
    if float == 0.0 || (1e-6..1e21).contains(&size) {
        let written = write!(out, "{float}");
        debug_assert!(written.is_ok());
        return;
    }
    let scientific = format!("{float:e}");
    match scientific.split_once('e') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => {
            let written = write!(out, "{mantissa}e+{exponent}");
            debug_assert!(written.is_ok());
        }
        _ => out.push_str(&scientific),
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1F}' => {
                let written = write!(out, "\\u{:04x}", u32::from(c));
                debug_assert!(written.is_ok());
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_are_those_of_go() {
        let value = serde_json::json!({"b": [1, {"c": "<x>"}], "a": {}, "n": 1.5e30, "i": 12_345_678_901_234_567_u64});
        let mut compact = String::new();
        write_go_json(&mut compact, &value, GoLayout::Compact);
        assert_eq!(
            compact,
            r#"{"a":{},"b":[1,{"c":"\u003cx\u003e"}],"i":12345678901234567,"n":1.5e+30}"#
        );
        let mut indented = String::new();
        write_go_json(
            &mut indented,
            &serde_json::json!({"a": [1], "b": []}),
            GoLayout::Indented,
        );
        assert_eq!(indented, "{\n  \"a\": [\n    1\n  ],\n  \"b\": []\n}");
    }
}
