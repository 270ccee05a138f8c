//! Tabs where go-yaml takes none and the reader here does: before a key, after the dash of an element, before the text of a block.

use std::ops::Range;

use manifest_yaml::{NodeData, ReadError, ScalarStyle, TextRange, YamlNode};

/// The message of go-yaml's scanner.
const CANNOT_START: &str = "found character that cannot start any token: a tab";
const IN_INDENTATION: &str = "found a tab character where an indentation space is expected, before the first line of a block";
const BELOW_INDENTATION: &str = "found a tab character where an indentation space is expected";

/// Refuses a tab that go-yaml refuses in a document that was read; `text` holds it and may hold more.
pub(crate) fn refuse_misplaced_tab(text: &str, root: &YamlNode) -> Result<(), ReadError> {
    if !text.contains('\t') {
        return Ok(());
    }
    let mut values = Vec::new();
    collect_values(root, &mut values);
    for value in values.iter().filter(|value| value.is_block) {
        if !has_indentation_indicator(text, value.bytes.start) {
            refuse_in_block(text, &value.bytes)?;
            refuse_in_indentation(text, &value.bytes)?;
        }
    }
    let end = find_document_end(text, root.span.bytes().end);
    let mut from = 0;
    for value in &values {
        refuse_between(text, from..value.bytes.start)?;
        from = value.bytes.end.max(from);
    }
    refuse_between(text, from..end)
}

/// Bytes in which a tab is part of a value, or between the brackets of a flow collection.
struct ValueBytes {
    bytes: Range<usize>,
    /// A scalar after `|` or `>`.
    is_block: bool,
}

/// Collects scalars and flow collections in the order of the text.
fn collect_values(node: &YamlNode, values: &mut Vec<ValueBytes>) {
    match &node.data {
        NodeData::Sequence { items, flow: false } => {
            for item in items {
                collect_values(item, values);
            }
        }
        NodeData::Mapping {
            entries,
            flow: false,
        } => {
            for (key, value) in entries {
                collect_values(key, values);
                collect_values(value, values);
            }
        }
        data => values.push(ValueBytes {
            bytes: node.span.bytes(),
            is_block: matches!(
                data,
                NodeData::Scalar {
                    style: ScalarStyle::Literal | ScalarStyle::Folded,
                    ..
                }
            ),
        }),
    }
}

/// Returns the offset of the marker that ends the document whose last value ends at an offset.
fn find_document_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let marker = ["\n---", "\n..."]
        .iter()
        .filter_map(|marker| rest.find(marker))
        .min();
    marker.map_or(text.len(), |at| from + at)
}

/// Refuses tabs in a part of the text without values: indicators, comments and white space.
fn refuse_between(text: &str, part: Range<usize>) -> Result<(), ReadError> {
    let Some(gap) = text.get(part.clone()) else {
        return Ok(());
    };
    let mut start = part.start;
    for line in gap.split_inclusive('\n') {
        let is_line_start = start == 0 || text.as_bytes().get(start - 1) == Some(&b'\n');
        if let Some(at) = find_tab(line, is_line_start) {
            let range = TextRange::new(start + at, start + at + 1);
            return Err(refusal(range, CANNOT_START));
        }
        start += line.len();
    }
    Ok(())
}

/// Returns the place of the tab that starts no token, in the rest of a line behind its last value or in a whole line.
fn find_tab(line: &str, is_line_start: bool) -> Option<usize> {
    let mut before = if is_line_start { None } else { Some(' ') };
    let mut indicator = None;
    for (at, c) in line.char_indices() {
        let follows_blank = before.is_none_or(|b| matches!(b, ' ' | '\t'));
        match c {
            '#' if follows_blank => return None,
            '\t' if before.is_none() && is_line_start => return Some(at),
            '\t' if matches!(indicator, Some('-' | '?')) => return Some(at),
            ' ' if before.is_none() => continue,
            ' ' | '\t' | '\n' | '\r' => {}
            c => indicator = Some(c).filter(|_| follows_blank),
        }
        before = Some(c);
    }
    None
}

/// Checks for a digit in the header of the block whose text starts at an offset.
fn has_indentation_indicator(text: &str, start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default().trim_end();
    let header = before.rsplit('\n').next().unwrap_or_default();
    let header = header.split(" #").next().unwrap_or_default();
    let indicators = header.rsplit(['|', '>']).next().unwrap_or_default();
    indicators.contains(|c: char| c.is_ascii_digit())
}

/// Refuses a block whose text begins with a tab.
fn refuse_in_block(text: &str, bytes: &Range<usize>) -> Result<(), ReadError> {
    if text.as_bytes().get(bytes.start) != Some(&b'\t') {
        return Ok(());
    }
    let range = TextRange::new(bytes.start, bytes.start + 1);
    Err(refusal(range, IN_INDENTATION))
}

/// Refuses a tab before the column of a block's text, on a later line.
fn refuse_in_indentation(text: &str, bytes: &Range<usize>) -> Result<(), ReadError> {
    let before = text.get(..bytes.start).unwrap_or_default();
    // The indentation of the line behind a block belongs to its bytes, a tab there does not.
    let behind = text.get(bytes.end..).unwrap_or_default();
    let end = bytes.end + behind.find('\n').unwrap_or(behind.len());
    let block = text.get(bytes.start..end).unwrap_or_default();
    let indentation = before.rsplit('\n').next().unwrap_or_default();
    let starts_with_text = !block.starts_with([' ', '\t', '\r', '\n']);
    if !starts_with_text || indentation.contains(|c| c != ' ') {
        return Ok(());
    }
    let mut start = bytes.start;
    for line in block.split_inclusive('\n') {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let is_first = start == bytes.start;
        if !is_first && spaces < indentation.len() && line.as_bytes().get(spaces) == Some(&b'\t') {
            let at = start + spaces;
            return Err(refusal(TextRange::new(at, at + 1), BELOW_INDENTATION));
        }
        start += line.len();
    }
    Ok(())
}

fn refusal(range: TextRange, message: &str) -> ReadError {
    ReadError {
        range,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::yaml::read_document;

    fn place(text: &str) -> Option<usize> {
        let refused = read_document(text).err();
        refused.map(|error| error.range.bytes().start)
    }

    #[test]
    fn a_tab_may_not_start_a_token() {
        assert_eq!(place("a:\n- \tb\n"), Some(5));
        assert_eq!(place("a: b\n\t\nc: d\n"), Some(5));
        assert_eq!(place("a: b\n \t# c\n"), Some(6));
        assert_eq!(place("a: |\n  \tx\n"), Some(7));
        assert_eq!(place("a: |\n    x\n\n  \t\nb: c\n"), Some(14));
    }

    #[test]
    fn a_tab_may_stand_elsewhere() {
        for text in [
            "a:\tb\t# c\td\n",
            "a: [b,\tc]\n",
            "a: \"b\n\tc\"\n",
            "a: |\t\n  x\ty\n",
            "a: |2\n  \tx\n",
            "a: |\n  x\n   \tz\n  \t\nb: c\n",
            "a: b\n...\n\tc\n",
            "# \t\na: b #\t-\tc\n",
        ] {
            assert_eq!(place(text), None, "{text:?}");
        }
    }
}
