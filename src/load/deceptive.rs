//! Characters that show a reviewer something else than what programs read ("Trojan Source", CVE-2021-42574).

use pointer_diagnostics::{Diagnostics, Origin};

use crate::rules;

/// A byte order mark, which may begin a file.
const MARK: char = '\u{feff}';

/// Reports the characters of a text that order it in another direction or have no width: the first of each line.
pub fn report_deceptive_characters(file: &str, text: &str, found: &mut Diagnostics) {
    // All of them are longer than a byte, and begin with one of these four.
    if !text
        .bytes()
        .any(|byte| matches!(byte, 0xD8 | 0xE1 | 0xE2 | 0xEF | 0xF3))
    {
        return;
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((at, character)) = find_deceptive(line, start == 0) {
            let bytes = start + at..start + at + character.len_utf8();
            let code = u32::from(character);
            let message = format!(
                "the file contains the character U+{code:04X}, {}",
                describe(character)
            );
            let origin = Origin::file(file);
            let problem = rules::DECEPTIVE_CHARACTER.report(message);
            found.push(problem.primary_bytes(&origin.file, bytes, "").help(format!(
                "remove it; in a double-quoted string it can be written as `{}`",
                escape(code)
            )));
        }
        start += line.len();
    }
}

/// Returns the first such character of a line, and where it is.
fn find_deceptive(line: &str, is_first: bool) -> Option<(usize, char)> {
    let mut before = None;
    for (at, character) in line.char_indices() {
        let is_mark = character == MARK && at == 0 && is_first;
        let is_within_emoji = character == '\u{200d}' && before.is_some_and(is_pictograph);
        if is_deceptive(character) && !is_mark && !is_within_emoji {
            return Some((at, character));
        }
        before = Some(character);
    }
    None
}

fn is_deceptive(character: char) -> bool {
    is_directional(character)
        || matches!(character,
            '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | MARK | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

fn is_directional(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Returns whether a zero-width joiner after the character joins pictures.
fn is_pictograph(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27bf}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

fn describe(character: char) -> &'static str {
    if is_directional(character) {
        "which turns the direction of the text around it"
    } else {
        "which cannot be seen"
    }
}

fn escape(code: u32) -> String {
    if code > 0xffff {
        format!("\\U{code:08X}")
    } else {
        format!("\\u{code:04X}")
    }
}

#[cfg(test)]
mod tests {
    use pointer_diagnostics::Diagnostics;

    use super::report_deceptive_characters;

    fn messages(text: &str) -> Vec<String> {
        let mut found = Diagnostics::new();
        report_deceptive_characters("a.yaml", text, &mut found);
        found.iter().map(|d| d.message.clone()).collect()
    }

    #[test]
    fn directions_and_invisible_characters_are_told_with_their_code_once_a_line() {
        let told = messages("a: x\u{202e}y\u{202c}\nb: admin\u{200b}\nc: ok\n");
        assert_eq!(told.len(), 2);
        assert!(
            told[0].contains("U+202E, which turns the direction"),
            "{}",
            told[0]
        );
        assert!(
            told[1].contains("U+200B, which cannot be seen"),
            "{}",
            told[1]
        );
        assert_eq!(messages("a: \u{e0041}\n").len(), 1);
    }

    #[test]
    fn texts_of_all_scripts_pass() {
        for text in [
            "größe",
            "日本語",
            "العربية",
            "עברית",
            "🚀 👩\u{200d}💻 ❤️\u{200d}🔥",
            "\u{feff}a: b",
            "a…b – c",
        ] {
            assert_eq!(messages(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(messages("a: b\u{feff}c").len(), 1);
    }
}
