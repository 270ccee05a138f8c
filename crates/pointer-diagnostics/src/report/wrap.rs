//! Measures text in columns of a terminal and breaks it at words.

use unicode_width::UnicodeWidthStr as _;

/// Returns the columns that a text takes on a terminal: two for a wide character, none for a combining one.
pub fn measure_width(text: &str) -> usize {
    text.width()
}

/// Breaks a paragraph into lines of at most `width` columns, where a word is not longer itself. Text in backticks is kept together.
pub fn wrap_text(paragraph: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in split_words(paragraph) {
        let length = measure_width(word);
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Splits a line into words; a pair of backticks holds words together.
fn split_words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (i, c) in text.char_indices() {
        if c == '`' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            words.push(&text[start..i]);
            start = i + c.len_utf8();
        }
    }
    words.push(&text[start..]);
    words.retain(|w| !w.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(measure_width("日本"), 4);
        assert_eq!(measure_width("e\u{301}"), 1);
        assert_eq!(wrap_text("日本 日本 ab", 9), ["日本 日本", "ab"]);
    }

    #[test]
    fn lines_break_at_words_and_never_inside_backticks() {
        assert_eq!(
            wrap_text("run `siteplan build` in  the fleet", 12),
            ["run", "`siteplan build`", "in the fleet"]
        );
        assert_eq!(wrap_text("", 10), Vec::<String>::new());
        assert_eq!(
            wrap_text("incomprehensibilities x", 3),
            ["incomprehensibilities", "x"]
        );
    }
}
