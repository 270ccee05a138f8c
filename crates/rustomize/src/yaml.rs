//! Reads the first document of a text, also where go-yaml is more lenient than the reader below.

use std::borrow::Cow;

use crate::tab::refuse_misplaced_tab;
use manifest_yaml::{
    ReadError, ReadLimits, TextRange, YamlNode, expand_merge_keys, read_first_document,
};

/// The words of the reader for a quoted scalar that continues too far to the left, or behind a tab, which go-yaml allows.
const SHORT_CONTINUATIONS: [&str; 2] = [
    "invalid indentation in multiline quoted scalar",
    "tab cannot be used as indentation",
];

/// More such lines are not repaired in one text.
const MOST_REPAIRS: usize = 1_000;

/// Deeper than any scalar that is read.
const INDENT: &str = "                                                                                                                                ";

/// Reads the first document of a text, with its merge keys expanded. Places in errors are those of the text.
pub(crate) fn read_document(text: &str) -> Result<Option<YamlNode>, ReadError> {
    let mut node = read_repaired(text)?;
    node.as_mut().map_or(Ok(()), expand_merge_keys)?;
    Ok(node)
}

/// Reads a document; lines that continue a quoted scalar are indented where that is all that is missing: their indentation is no
/// part of the scalar.
fn read_repaired(text: &str) -> Result<Option<YamlNode>, ReadError> {
    let mut repaired = Cow::Borrowed(text);
    let mut lines: Vec<usize> = Vec::new();
    loop {
        let error = match read_first_document(&repaired, &ReadLimits::MANIFEST) {
            Ok(node) => {
                let checked = node.as_ref().map_or(Ok(()), |root| {
                    refuse_misplaced_tab(&repaired, root).map_err(|e| in_original(e, &lines))
                });
                return checked.map(|()| node);
            }
            Err(error) => error,
        };
        let at = error.range.bytes().start.min(repaired.len());
        let before = repaired.get(..at).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |i| i + 1);
        let mut words = SHORT_CONTINUATIONS.iter();
        let is_short = words.any(|words| error.message.contains(words));
        if !is_short || lines.len() >= MOST_REPAIRS || lines.contains(&line) {
            return Err(in_original(error, &lines));
        }
        repaired.to_mut().insert_str(line, INDENT);
        lines.push(line);
    }
}

/// Returns an error whose place does not count the indentation that was added to some lines.
fn in_original(error: ReadError, lines: &[usize]) -> ReadError {
    let range = error.range.bytes();
    let shifted = |at: usize| {
        let added = lines.iter().filter(|line| **line < at).count();
        at.saturating_sub(added * INDENT.len())
    };
    ReadError {
        range: TextRange::new(shifted(range.start), shifted(range.end)),
        ..error
    }
}

#[cfg(test)]
mod tests {
    use super::read_document;

    #[test]
    fn a_quoted_scalar_may_continue_at_the_indentation_of_its_key() {
        let text = "data:\n  a: \"one\n  two\"\n  b: 'x\n\n y\nz'\nc: \"d\n\te\"\n";
        let root = read_document(text).unwrap().unwrap();
        let at = |keys: &[&str]| {
            let node = keys.iter().try_fold(&root, |node, key| node.get(key));
            node.and_then(|n| n.text()).unwrap_or_default().to_owned()
        };
        assert_eq!(at(&["data", "a"]), "one two");
        assert_eq!(at(&["data", "b"]), "x\ny z");
        assert_eq!(at(&["c"]), "d e");
    }

    #[test]
    fn another_mistake_is_told_at_its_place() {
        let error = read_document("a: \"b\nc\"\nd: [\n").unwrap_err();
        assert!((10..=15).contains(&error.range.bytes().start));
    }
}
