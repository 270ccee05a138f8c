//! Diagnostics as pictures of the source, as rustc prints them.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use super::Look;
use super::escape::{escape_lines, escape_text, replace_hidden};
use super::wrap::{measure_width, wrap_text};
use crate::sources::{Sources, find_position};
use crate::{Diagnostic, Diagnostics, Edit, Label, Severity};

/// Prints all diagnostics with the lines that they are about, an empty line behind each. [`super::print_summary`] counts them.
pub fn print_human(diagnostics: &Diagnostics, sources: &Sources, look: Look) -> String {
    let renderer = make_renderer(look);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&draw_diagnostic(diagnostic, sources, look)));
        text.push_str("\n\n");
    }
    for omitted in diagnostics.omitted() {
        let note = Group::with_title(Level::NOTE.primary_title(omitted.describe()));
        text.push_str(&renderer.render(&[note]));
        text.push_str("\n\n");
    }
    text
}

fn make_renderer(look: Look) -> Renderer {
    let renderer = if look.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(look.width.unwrap_or(WIDEST).max(NARROWEST))
}

/// Without a terminal a line is shown whole, as long as a person may still want to read it.
const WIDEST: usize = 1000;
/// Below this width a picture is of no use.
const NARROWEST: usize = 30;

fn draw_diagnostic<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
    look: Look,
) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut main = Group::with_title(
        level
            .primary_title(escape_text(&diagnostic.message))
            .id(diagnostic.code),
    );
    for file in list_files(&diagnostic.labels) {
        main = draw_file(main, diagnostic, file, sources);
    }
    if let Some(more) = diagnostic.describe_more_places() {
        main = main.element(Level::NOTE.message(more));
    }
    if let Some(scopes) = diagnostic.describe_scopes() {
        main = main.element(Level::NOTE.message(escape_text(&scopes).into_owned()));
    }
    let Some(help) = &diagnostic.help else {
        return vec![main];
    };
    match help.edit.as_ref().and_then(|edit| draw_edit(edit, sources)) {
        Some(snippet) => {
            let title = Level::HELP.secondary_title(escape_lines(&help.text));
            vec![main, Group::with_title(title).element(snippet)]
        }
        None => vec![main.element(Level::HELP.message(wrap_help(&help.text, look)))],
    }
}

/// Lists the files of the labels, the primary's first, each once.
fn list_files(labels: &[Label]) -> Vec<&str> {
    let mut files: Vec<&str> = Vec::new();
    for label in labels {
        if !files.contains(&label.origin.file.as_ref()) {
            files.push(&label.origin.file);
        }
    }
    files
}

/// Adds the lines of one file with all labels in it. Of a file that was not read only the name is known.
fn draw_file<'a>(
    group: Group<'a>,
    diagnostic: &'a Diagnostic,
    file: &'a str,
    sources: &'a Sources,
) -> Group<'a> {
    let labels = diagnostic
        .labels
        .iter()
        .enumerate()
        .filter(|(_, l)| l.origin.file.as_ref() == file);
    let Some(text) = sources.text(file) else {
        let notes = labels
            .filter(|(_, l)| !l.text.is_empty())
            .map(|(_, l)| Level::NOTE.message(escape_text(&l.text)));
        return group
            .element(Origin::path(escape_text(file)))
            .elements(notes);
    };
    let marks: Vec<(usize, &Label, Range<usize>)> = labels
        .map(|(i, l)| (i, l, cut_to_first_line(text, sources.span(l))))
        .collect();
    let from = marks
        .iter()
        .map(|(.., range)| range.start)
        .min()
        .unwrap_or(0);
    let to = marks.iter().map(|(.., range)| range.end).max().unwrap_or(0);
    let window = SourceWindow::around(text, from..to);
    let annotations = marks.into_iter().map(|(i, label, range)| {
        let kind = if i == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let annotation = kind.span(window.inside(&range));
        if label.text.is_empty() {
            annotation
        } else {
            annotation.label(escape_text(&label.text))
        }
    });
    group.element(window.snippet(file).annotations(annotations))
}

fn draw_edit<'a>(edit: &'a Edit, sources: &'a Sources) -> Option<Snippet<'a, Patch<'a>>> {
    let text = sources.text(&edit.origin.file)?;
    let range = sources.bytes(&edit.origin, edit.part);
    let window = SourceWindow::around(text, range.clone());
    let replacement = replace_hidden(&edit.replacement);
    let patch = Patch::new(window.inside(&range), replacement);
    Some(window.snippet(&edit.origin.file).patch(patch))
}

/// The whole lines of a file that a picture needs, so that a long file costs nothing.
struct SourceWindow<'a> {
    text: &'a str,
    start: usize,
    line: usize,
}

impl<'a> SourceWindow<'a> {
    fn around(text: &'a str, range: Range<usize>) -> Self {
        let start = text[..range.start].rfind('\n').map_or(0, |i| i + 1);
        let end = text[range.end..]
            .find('\n')
            .map_or(text.len(), |i| range.end + i + 1);
        Self {
            text: &text[start..end],
            start,
            line: find_position(text, start).line,
        }
    }

    fn inside(&self, range: &Range<usize>) -> Range<usize> {
        range.start - self.start..range.end - self.start
    }

    fn snippet<T: Clone>(&self, file: &str) -> Snippet<'a, T> {
        Snippet::source(replace_hidden(self.text))
            .path(escape_text(file).into_owned())
            .line_start(self.line)
    }
}

/// Cuts a range to its first line: a mark under many lines would hide the message.
fn cut_to_first_line(text: &str, range: Range<usize>) -> Range<usize> {
    let line = text[range.clone()].split('\n').next().unwrap_or_default();
    range.start..range.start + line.trim_end().len()
}

/// Wraps help to the width of the terminal; the words that stand before each line (`  = help: `) are counted.
fn wrap_help(text: &str, look: Look) -> String {
    const BEFORE: usize = 14;
    let Some(width) = look.width else {
        return escape_lines(text);
    };
    let width = width.max(NARROWEST) - BEFORE;
    let lines = text.split('\n').flat_map(|line| {
        let fits = measure_width(line) <= width || line.starts_with(' ');
        if fits {
            vec![line.to_owned()]
        } else {
            wrap_text(line, width)
        }
    });
    escape_lines(&lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::{FieldPart, Origin, Rule};

    const RULE: Rule = Rule {
        code: "cpu-shortage",
        severity: Severity::Error,
        summary: "",
        explain: "",
    };
    const SITE: &str = "kind: Site\npools:\n  acp:\n    cpus: 2\n";
    const APP: &str = "kind: App\nneeds:\n  cpus: 4\n";

    fn bytes(file: &str, text: &str, needle: &str, says: &str) -> Label {
        let start = text.find(needle).expect("the test's text has it");
        let part = FieldPart::Bytes {
            start,
            end: start + needle.len(),
        };
        Label {
            origin: Origin::file(file),
            part,
            text: says.to_owned(),
        }
    }

    fn sources() -> Sources {
        let mut sources = Sources::new();
        sources.insert("sites/plant-07.yaml", SITE);
        sources.insert("base/apps/postgres/app.yaml", APP);
        sources
    }

    fn two_files() -> Diagnostics {
        let mut d = RULE
            .report("workload `postgres` needs 4 CPUs but node `acp-01` has 2")
            .help("lower the request, or place the workload on a larger node");
        d.labels = vec![
            bytes("base/apps/postgres/app.yaml", APP, "4", "asks for 4"),
            bytes("sites/plant-07.yaml", SITE, "2", "only 2 here"),
        ];
        [d].into_iter().collect()
    }

    #[test]
    fn the_primary_file_comes_first_and_the_others_follow() {
        assert_snapshot!(print_human(&two_files(), &sources(), Look::default()), @r"
        error[cpu-shortage]: workload `postgres` needs 4 CPUs but node `acp-01` has 2
         --> base/apps/postgres/app.yaml:3:9
          |
        3 |   cpus: 4
          |         ^ asks for 4
          |
         ::: sites/plant-07.yaml:4:11
          |
        4 |     cpus: 2
          |           - only 2 here
          |
          = help: lower the request, or place the workload on a larger node
        ");
    }

    #[test]
    fn help_is_wrapped_in_a_narrow_terminal() {
        assert_snapshot!(print_human(&two_files(), &sources(), Look { color: false, width: Some(40) }), @r"
        error[cpu-shortage]: workload `postgres` needs 4 CPUs but node `acp-01` has 2
         --> base/apps/postgres/app.yaml:3:9
          |
        3 |   cpus: 4
          |         ^ asks for 4
          |
         ::: sites/plant-07.yaml:4:11
          |
        4 |     cpus: 2
          |           - only 2 here
          |
          = help: lower the request, or
                  place the workload on a
                  larger node
        ");
    }

    #[test]
    fn an_edit_is_shown_as_a_diff() {
        let label = bytes("sites/plant-07.yaml", SITE, "cpus", "not a key of a pool");
        let edit = Edit {
            origin: label.origin.clone(),
            part: label.part,
            replacement: "capacity".to_owned(),
        };
        let mut d = RULE
            .report("unknown key `cpus`")
            .help_edit("did you mean `capacity`?", edit);
        d.labels = vec![label];
        assert_snapshot!(print_human(&[d].into_iter().collect(), &sources(), Look::default()), @r"
        error[cpu-shortage]: unknown key `cpus`
         --> sites/plant-07.yaml:4:5
          |
        4 |     cpus: 2
          |     ^^^^ not a key of a pool
          |
        help: did you mean `capacity`?
          |
        4 -     cpus: 2
        4 +     capacity: 2
          |
        ");
    }

    #[test]
    fn a_file_that_was_not_read_is_only_named() {
        let d = RULE
            .report("no such file")
            .primary(Origin::file("sites/gone.yaml"), "named in `profiles`")
            .help("add it");
        assert_snapshot!(print_human(&[d].into_iter().collect(), &sources(), Look::default()), @r"
        error[cpu-shortage]: no such file
        --> sites/gone.yaml
         = note: named in `profiles`
         = help: add it
        ");
    }

    #[test]
    fn a_long_line_is_cut_to_the_terminal() {
        let text = format!("{}: {}\n", "k".repeat(300), "v".repeat(300));
        let mut sources = Sources::new();
        sources.insert("a.yaml", text.as_str());
        let mut d = RULE.report("too long");
        d.labels = vec![bytes("a.yaml", &text, "k: v", "here")];
        let shown = print_human(
            &[d].into_iter().collect(),
            &sources,
            Look {
                color: false,
                width: Some(60),
            },
        );
        assert!(shown.lines().all(|l| l.chars().count() <= 70), "{shown}");
        assert!(shown.contains("here"), "{shown}");
    }

    #[test]
    fn user_text_cannot_reach_the_terminal_raw() {
        let text = "a: \u{1b}[2Jx\u{202e}\u{9b}y\u{2028}\n";
        let mut sources = Sources::new();
        sources.insert("a\u{1b}.yaml", text);
        let mut d = RULE
            .report("`\u{1b}]0;x\u{7}` is not a name\n::error::x")
            .help("say\n::warning::x");
        d.labels = vec![bytes("a\u{1b}.yaml", text, "x", "\u{202e}label\n")];
        for color in [false, true] {
            let shown = print_human(
                &[d.clone()].into_iter().collect(),
                &sources,
                Look { color, width: None },
            );
            let plain = anstream::adapter::strip_str(&shown).to_string();
            assert!(
                !plain.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}', '\u{2028}']),
                "{plain:?}"
            );
            assert!(
                plain.lines().all(|l| !l.trim_start().starts_with("::")),
                "{plain}"
            );
        }
    }

    #[test]
    fn any_range_and_any_width_can_be_drawn() {
        let text = "ä: 1\n\tb: \u{200d}\r\n日本: x\r\n\n";
        let mut sources = Sources::new();
        sources.insert("a.yaml", text);
        for start in 0..=text.len() + 2 {
            for end in 0..=text.len() + 2 {
                let part = FieldPart::Bytes { start, end };
                let edit = Edit {
                    origin: Origin::file("a.yaml"),
                    part,
                    replacement: "n\nm".to_owned(),
                };
                let mut d = RULE.report("m").help_edit("h", edit);
                d.labels = vec![Label {
                    origin: Origin::file("a.yaml"),
                    part,
                    text: "l".to_owned(),
                }];
                for width in [Some(0), Some(31), None] {
                    print_human(
                        &[d.clone()].into_iter().collect(),
                        &sources,
                        Look {
                            color: false,
                            width,
                        },
                    );
                }
            }
        }
    }
}
