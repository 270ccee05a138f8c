//! Expectations of fixtures: marks above the lines that they are about.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::files;

/// Something that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) file: String,
    line: usize,
    severity: String,
    pub(super) code: String,
    /// The message, and what the primary label says.
    texts: [String; 2],
}

/// Something that a fixture expects.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) file: String,
    line: Option<usize>,
    severity: String,
    pub(super) code: String,
    text: String,
}

impl Seen {
    /// Takes one from a JSON report.
    pub(super) fn new(diagnostic: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let label = &diagnostic["labels"][0];
        Self {
            file: text(&label["file"]),
            line: label["start"]["line"]
                .as_u64()
                .and_then(|line| usize::try_from(line).ok())
                .unwrap_or_default(),
            severity: text(&diagnostic["severity"]),
            code: text(&diagnostic["code"]),
            texts: [text(&diagnostic["message"]), text(&label["text"])],
        }
    }
}

impl Mark {
    pub(super) fn fits(&self, seen: &Seen) -> bool {
        self.file == seen.file
            && self.line.is_none_or(|line| line == seen.line)
            && (&self.severity, &self.code) == (&seen.severity, &seen.code)
            && seen.texts.iter().any(|text| text.contains(&self.text))
    }

    /// Reads `error[code]: text`.
    fn parse(mark: &str, file: &str, line: Option<usize>) -> Option<Self> {
        let (severity, rest) = mark.split_once('[')?;
        let (code, text) = rest.split_once("]:")?;
        let known = ["error", "warning", "note"].contains(&severity);
        let own = |text: &str| text.trim().to_owned();
        known.then(|| Self {
            file: own(file),
            line,
            severity: own(severity),
            code: own(code),
            text: own(text),
        })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map_or(String::new(), |line| format!(":{line}"));
        write!(
            f,
            "{}{line} {}[{}]: {}",
            self.file, self.severity, self.code, self.text
        )
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [message, label] = &self.texts;
        write!(
            f,
            "{}:{} {}[{}]: {message} ({label})",
            self.file, self.line, self.severity, self.code
        )
    }
}

/// Reads what a fixture expects from all its files.
pub(super) fn read_marks(directory: &Path) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (path, content) in files(directory) {
        let text = String::from_utf8_lossy(&content);
        if path == "marks.txt" {
            marks.extend(
                text.lines()
                    .map(|line| placed_mark(line).unwrap_or_else(|| panic!("not a mark: {line}"))),
            );
            continue;
        }
        let is_mark = |line: &&str| {
            line.trim_start()
                .strip_prefix("# ")
                .is_some_and(|m| Mark::parse(m, "", None).is_some())
        };
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| is_mark(line)) {
            let next = lines[index..]
                .iter()
                .take_while(|line| is_mark(line))
                .count();
            let mark = line.trim_start().trim_start_matches("# ");
            marks.extend(Mark::parse(mark, &path, Some(index + next + 1)));
        }
    }
    marks
}

/// Reads `path:line error[code]: text`.
fn placed_mark(line: &str) -> Option<Mark> {
    let (place, mark) = line.split_once(' ')?;
    let (file, number) = place.split_once(':').unwrap_or((place, ""));
    Mark::parse(mark, file, number.parse().ok())
}
