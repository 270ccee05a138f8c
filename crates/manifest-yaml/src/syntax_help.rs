//! The usual causes of YAML that cannot be read, in words for people: merge conflicts, tabs, indentation, colons, dashes, and characters
//! that have to stand in quotes.

use super::node::{ReadError, TextRange};

/// The likely cause of a syntax error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxHelp {
    /// The mistake, in a lower-case phrase.
    pub message: String,
    /// The bytes that have to change.
    pub range: TextRange,
    /// The action that mends it.
    pub action: String,
    /// The edit that mends it, where there is only one.
    pub edit: Option<SyntaxEdit>,
}

/// A replacement of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxEdit {
    /// The bytes that are replaced.
    pub range: TextRange,
    /// The new text.
    pub replacement: String,
}

/// Finds the likely cause of a syntax error in a text; `None` where the error says all that is known.
pub fn explain_syntax_error(text: &str, error: &ReadError) -> Option<SyntaxHelp> {
    let at = error.range.bytes().start.min(text.len());
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at))?;
    let lines = SourceLines { text };
    let line = lines.find_line(at);
    let above = lines.lines_above(line);
    let failure = ReadFailure {
        line,
        above: &above,
        at,
        error: &error.message,
    };
    explain_conflict(&lines)
        .or_else(|| explain_tab(&failure))
        .or_else(|| explain_open_end(&failure))
        .or_else(|| explain_first_character(&failure))
        .or_else(|| explain_second_colon(&failure))
        .or_else(|| explain_missing_space(&failure))
        .or_else(|| explain_indentation(&failure))
}

/// A line of a text.
#[derive(Clone, Copy)]
struct SourceLine<'t> {
    /// Its first byte in the text.
    start: usize,
    /// Its text without the line break.
    text: &'t str,
}

impl<'t> SourceLine<'t> {
    /// Returns the blanks and tabs at its beginning.
    fn indentation(self) -> &'t str {
        let content = self.text.trim_start_matches([' ', '\t']);
        &self.text[..self.text.len() - content.len()]
    }

    fn content(self) -> &'t str {
        self.text.trim()
    }

    /// Returns the range of a part of the line.
    fn range(self, part: &str) -> TextRange {
        let offset = self.text.find(part).unwrap_or(0);
        TextRange::new(self.start + offset, self.start + offset + part.len())
    }

    /// Tells whether the line is empty or a comment.
    fn says_nothing(self) -> bool {
        self.content().is_empty() || self.content().starts_with('#')
    }
}

struct SourceLines<'t> {
    text: &'t str,
}

impl<'t> SourceLines<'t> {
    fn iter(&self) -> impl Iterator<Item = SourceLine<'t>> + use<'t> {
        let mut start = 0;
        self.text.split('\n').map(move |text| {
            let line = SourceLine {
                start,
                text: text.strip_suffix('\r').unwrap_or(text),
            };
            start += text.len() + 1;
            line
        })
    }

    /// Returns the line of a byte; at the end of a line without content the last line above that says something.
    fn find_line(&self, at: usize) -> SourceLine<'t> {
        let until = self.iter().take_while(|line| line.start <= at);
        until.last().unwrap_or(SourceLine { start: 0, text: "" })
    }

    /// Returns the lines above that say something, the nearest first.
    fn lines_above(&self, line: SourceLine<'t>) -> Vec<SourceLine<'t>> {
        let before = self.iter().take_while(|one| one.start < line.start);
        let mut above: Vec<_> = before.filter(|one| !one.says_nothing()).collect();
        above.reverse();
        above
    }
}

/// A place where reading stopped.
struct ReadFailure<'t> {
    line: SourceLine<'t>,
    /// The lines above, the nearest first.
    above: &'t [SourceLine<'t>],
    /// The byte.
    at: usize,
    error: &'t str,
}

impl ReadFailure<'_> {
    /// Returns the character at which reading stopped.
    fn character(&self) -> Option<char> {
        let rest = self.line.text.get(self.at - self.line.start..)?;
        rest.chars().next()
    }
}

/// Explains the marks that git leaves where it cannot merge.
fn explain_conflict(lines: &SourceLines<'_>) -> Option<SyntaxHelp> {
    let is_mark = |line: &SourceLine<'_>, mark: &str| {
        let rest = line.text.strip_prefix(mark);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let first = lines.iter().find(|line| is_mark(line, "<<<<<<<"))?;
    let ends = |line: &SourceLine<'_>| line.start > first.start && is_mark(line, ">>>>>>>");
    lines.iter().find(ends)?;
    Some(SyntaxHelp {
        message: "a merge left a conflict here that nobody has resolved".to_owned(),
        range: first.range(first.content()),
        action: "keep what is right of the lines between the marks `<<<<<<<`, `=======` and `>>>>>>>`, and remove the marks"
            .to_owned(),
        edit: None,
    })
}

/// Explains a tab in the indentation of the line, or of the one above it.
fn explain_tab(failure: &ReadFailure<'_>) -> Option<SyntaxHelp> {
    let mut near = [failure.line]
        .into_iter()
        .chain(failure.above.first().copied());
    let line = near.find(|line| line.indentation().contains('\t'))?;
    Some(SyntaxHelp {
        message: "a line is indented with a tab, which YAML does not allow".to_owned(),
        range: line.range(line.indentation()),
        action: "indent it with spaces".to_owned(),
        edit: None,
    })
}

/// Explains a bracket or quote that is never closed.
fn explain_open_end(failure: &ReadFailure<'_>) -> Option<SyntaxHelp> {
    if failure.error == "invalid indentation in multiline quoted scalar" {
        return explain_open_quote(failure);
    }
    let closing = match (failure.error, failure.character()?) {
        ("unclosed bracket '{'", _) => "`}`",
        ("unclosed bracket '['", _) => "`]`",
        ("unclosed quote", '"') => "`\"`",
        ("unclosed quote", '\'') => "`'`",
        _ => return None,
    };
    Some(describe_open_end(failure.at, closing))
}

/// Explains a quote that is open at the end of the line above, where the text goes on beside the quoted one's indentation.
fn explain_open_quote(failure: &ReadFailure<'_>) -> Option<SyntaxHelp> {
    let line = failure.above.first()?;
    let (quote, closing) = [('"', "`\"`"), ('\'', "`'`")]
        .into_iter()
        .find(|(quote, _)| line.text.matches(*quote).count() % 2 == 1)?;
    let opening = line.start + line.text.rfind(quote)?;
    Some(describe_open_end(opening, closing))
}

fn describe_open_end(opening: usize, closing: &str) -> SyntaxHelp {
    SyntaxHelp {
        message: format!("what is opened here is never closed: {closing} is missing"),
        range: TextRange::new(opening, opening + 1),
        action: format!("add {closing} where it ends"),
        edit: None,
    }
}

/// Explains a value that begins with a character that YAML keeps for itself.
fn explain_first_character(failure: &ReadFailure<'_>) -> Option<SyntaxHelp> {
    let first = failure.character()?;
    let is_kept = failure.error.starts_with("unexpected character") && "@`%".contains(first)
        || failure.error.contains("unknown anchor") && first == '*';
    if !is_kept {
        return None;
    }
    let rest = failure.line.text.get(failure.at - failure.line.start..)?;
    let value = rest.split(" #").next().unwrap_or(rest).trim_end();
    let is_whole = !value.contains(['"', '\\', ',', '[', ']', '{', '}']) && !value.contains(": ");
    let range = TextRange::new(failure.at, failure.at + value.len());
    Some(SyntaxHelp {
        message: format!("a value cannot begin with `{first}` unless it is in quotes"),
        range,
        action: "put the value in quotes".to_owned(),
        edit: is_whole.then(|| SyntaxEdit {
            range,
            replacement: format!("\"{value}\""),
        }),
    })
}

/// Explains `a: b: c`.
fn explain_second_colon(failure: &ReadFailure<'_>) -> Option<SyntaxHelp> {
    let before = failure.line.text.get(..failure.at - failure.line.start)?;
    let is_at_colon = failure.character() == Some(':') || before.ends_with(':');
    let opened = before.rfind(['{', ',', '[']).map_or(0, |at| at + 1);
    let entry = before.get(opened..)?;
    let (key, value) = entry.split_once(": ")?;
    if !is_at_colon || value.trim().is_empty() {
        return None;
    }
    let key = key.trim().trim_start_matches("- ");
    let value = value.trim().trim_end_matches(':');
    Some(SyntaxHelp {
        message: format!("`{key}: {value}: …` is two keys on one line"),
        range: TextRange::new(failure.at, failure.at + 1),
        action: format!(
            "put what follows `{key}: ` in quotes if it is text; if it is a map, begin a new line with `{value}:`, indented below `{key}:`"
        ),
        edit: None,
    })
}

/// Explains `-item` and `key:value`, where a space is missing.
fn explain_missing_space(failure: &ReadFailure<'_>) -> Option<SyntaxHelp> {
    let near = [failure.line]
        .into_iter()
        .chain(failure.above.first().copied());
    for line in near {
        let content = line.content();
        let Some((mark, rest)) = split_behind_mark(content) else {
            continue;
        };
        let range = line.range(content);
        return Some(SyntaxHelp {
            message: format!("`{content}` is text: behind the `{mark}` a space is missing"),
            range,
            action: "add the space".to_owned(),
            edit: Some(SyntaxEdit {
                range,
                replacement: format!("{} {rest}", content.strip_suffix(rest).unwrap_or_default()),
            }),
        });
    }
    None
}

/// Finds a dash or colon without a space behind it in a line that has no key otherwise. Returns the mark and the text behind it.
fn split_behind_mark(content: &str) -> Option<(char, &str)> {
    let is_word = |text: &str| {
        let mut bytes = text.bytes();
        !text.is_empty() && bytes.all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
    };
    if content.contains(": ") || content.ends_with(':') {
        return None;
    }
    if let Some(item) = content.strip_prefix('-') {
        return is_word(item)
            .then_some(('-', item))
            .filter(|(_, item)| !item.starts_with('-'));
    }
    let (key, value) = content.split_once(':')?;
    let is_url = value.starts_with("//");
    (is_word(key) && !is_url && !value.contains(':')).then_some((':', value))
}

/// Explains a line that stands at no level of the lines above.
fn explain_indentation(failure: &ReadFailure<'_>) -> Option<SyntaxHelp> {
    let line = failure.line;
    let own = line.indentation().len();
    let levels = list_levels(failure.above, own);
    let is_item = line.content().starts_with("- ");
    if levels.iter().any(|level| level.indent == own) || line.says_nothing() {
        return None;
    }
    let is_key = line.content().contains(": ") || line.content().ends_with(':');
    if !is_key && !is_item || !is_of_blocks(failure.error) {
        return None;
    }
    let choices: Vec<String> = levels
        .iter()
        .map(|level| format!("by {} to stand beside `{}`", level.indent, level.name))
        .collect();
    let [first, ..] = choices.as_slice() else {
        return None;
    };
    let range = if own == 0 {
        line.range(line.content())
    } else {
        line.range(line.indentation())
    };
    let action = choices.get(1).map_or_else(
        || format!("indent it {first}"),
        |second| format!("indent it {first}, or {second}"),
    );
    Some(SyntaxHelp {
        message: format!(
            "this line is indented by {own}, and no line above it that it could belong to is"
        ),
        range,
        action,
        edit: None,
    })
}

/// Tells whether an error is about the structure that indentation makes.
fn is_of_blocks(error: &str) -> bool {
    error.contains("did not find expected key")
        || error.contains("mapping values are not allowed")
        || error.contains("did not find expected '-' indicator")
        || error.contains("expected ':'")
}

/// A level of indentation, and the key that stands at it.
struct IndentationLevel<'t> {
    indent: usize,
    name: &'t str,
}

/// Lists the levels nearest to an indentation: the deepest one of the lines above, and the one around it.
fn list_levels<'t>(above: &[SourceLine<'t>], own: usize) -> Vec<IndentationLevel<'t>> {
    let mut levels: Vec<IndentationLevel<'t>> = Vec::new();
    for line in above {
        let indent = line.indentation().len();
        let content = line.content();
        let inner = content.trim_start_matches("- ");
        let name = inner.split(':').next().unwrap_or(inner);
        let inside = indent + content.len() - inner.len();
        for indent in [inside, indent] {
            if levels.last().is_none_or(|level| indent < level.indent) {
                levels.push(IndentationLevel { indent, name });
            }
        }
    }
    levels.sort_by_key(|level| level.indent.abs_diff(own));
    levels.truncate(if levels.iter().any(|level| level.indent == own) {
        1
    } else {
        2
    });
    levels
}

#[cfg(test)]
mod tests {
    use crate::{ReadLimits, parse_documents};

    use super::*;

    fn explain(text: &str) -> SyntaxHelp {
        let error = parse_documents(text, &ReadLimits::INPUT).unwrap_err();
        explain_syntax_error(text, &error).unwrap_or_else(|| panic!("{error:?} of {text:?}"))
    }

    /// Returns the bytes that the help is about, and the text after its edit.
    fn mend(text: &str) -> String {
        let edit = explain(text).edit.unwrap();
        let mut mended = text.to_owned();
        mended.replace_range(edit.range.bytes(), &edit.replacement);
        mended
    }

    #[test]
    fn a_conflict_is_named_at_its_first_mark() {
        let text = "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\n";
        let help = explain(text);
        assert_eq!(&text[help.range.bytes()], "<<<<<<< HEAD");
        assert!(help.message.contains("conflict"), "{help:?}");
    }

    #[test]
    fn a_tab_is_shown_where_it_indents() {
        let text = "a:\n\tb: 1\n";
        let help = explain(text);
        assert_eq!(&text[help.range.bytes()], "\t");
        assert_eq!(help.action, "indent it with spaces");
    }

    #[test]
    fn an_indentation_that_fits_nowhere_names_its_neighbours() {
        let text = "a:\n  b:\n    c: 1\n   d: 2\n";
        let help = explain(text);
        assert_eq!(
            help.action,
            "indent it by 4 to stand beside `c`, or by 2 to stand beside `b`"
        );
        let text = "a:\n  b: 1\n   c: 2\n";
        assert!(
            explain(text)
                .action
                .starts_with("indent it by 2 to stand beside `b`")
        );
        let list = "a:\n- b: 1\n c: 2\n";
        assert!(
            explain(list).action.contains("by 2 to stand beside `b`"),
            "{:?}",
            explain(list)
        );
    }

    #[test]
    fn two_keys_on_one_line_are_told_apart() {
        let help = explain("pools: main: nodes\n");
        assert!(help.message.starts_with("`pools: main: …`"), "{help:?}");
        let help = explain("a: {b: c: d}\n");
        assert!(help.message.starts_with("`b: c: …`"), "{help:?}");
        let help = explain("note: the reason: none\n");
        assert!(help.action.contains("in quotes"), "{help:?}");
    }

    #[test]
    fn missing_spaces_are_added() {
        assert_eq!(
            mend("a:\n  arch:amd64\n  b: 1\n"),
            "a:\n  arch: amd64\n  b: 1\n"
        );
        assert_eq!(mend("a:\n  -worker\n  b: 1\n"), "a:\n  - worker\n  b: 1\n");
    }

    #[test]
    fn what_cannot_begin_a_value_is_quoted() {
        assert_eq!(mend("a: @b # why\n"), "a: \"@b\" # why\n");
        assert_eq!(mend("a: *.apps\n"), "a: \"*.apps\"\n");
        assert_eq!(mend("a: %b\n"), "a: \"%b\"\n");
        assert_eq!(mend("a: `b`\n"), "a: \"`b`\"\n");
    }

    #[test]
    fn what_is_opened_and_not_closed_says_so() {
        assert!(explain("a: {b: [1\n").message.contains("`]` is missing"));
        assert!(explain("a: \"b\n").message.contains("`\"` is missing"));
    }

    #[test]
    fn any_text_and_place_can_be_explained() {
        let text = "ä: [\r\n\t- b: c: d\n <<<<<<< x\n\n@";
        for start in 0..=text.len() + 1 {
            for message in [
                "unexpected character",
                "did not find expected key",
                "unclosed quote",
            ] {
                let error = ReadError::new(TextRange::new(start, start), message);
                if let Some(help) = explain_syntax_error(text, &error) {
                    assert!(text.get(help.range.bytes()).is_some(), "{help:?}");
                }
            }
        }
    }
}
