//! Diagnostics as workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

use super::escape::escape_text;
use crate::sources::Sources;
use crate::{Diagnostic, Diagnostics, Label, Severity};

/// Prints one workflow command a line. `directory` is the fleet's directory in the git repository, empty for its root.
pub fn print_github(diagnostics: &Diagnostics, sources: &Sources, directory: &str) -> String {
    let mut text: String = diagnostics
        .iter()
        .map(|d| print_command(d, sources, directory) + "\n")
        .collect();
    for omitted in diagnostics.omitted() {
        text += &format!(
            "::{} title={}::{}\n",
            github_level(omitted.severity),
            escape_property(omitted.code),
            escape_data(&omitted.describe())
        );
    }
    text
}

fn print_command(diagnostic: &Diagnostic, sources: &Sources, directory: &str) -> String {
    let name = github_level(diagnostic.severity);
    let mut properties = diagnostic
        .labels
        .first()
        .map_or_else(Vec::new, |l| list_place_properties(l, sources, directory));
    properties.push(("title", diagnostic.code.to_owned()));
    let properties: Vec<String> = properties
        .iter()
        .map(|(k, v)| format!("{k}={}", escape_property(v)))
        .collect();
    format!(
        "::{name} {}::{}",
        properties.join(","),
        escape_data(&print_body(diagnostic, sources))
    )
}

fn github_level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

/// Lists file, line and column. GitHub takes columns only where a range is on one line.
fn list_place_properties(
    label: &Label,
    sources: &Sources,
    directory: &str,
) -> Vec<(&'static str, String)> {
    let file = &label.origin.file;
    let mut place = vec![("file", in_repository(directory, file))];
    if sources.text(file).is_none() {
        return place;
    }
    let range = sources.span(label);
    let (start, end) = (
        sources.position(file, range.start),
        sources.position(file, range.end),
    );
    place.push(("line", start.line.to_string()));
    if start.line == end.line {
        place.push(("endLine", end.line.to_string()));
        place.push(("col", start.column.to_string()));
        place.push(("endColumn", end.column.max(start.column + 1).to_string()));
    }
    place
}

/// Returns the path from the root of the git repository.
pub(super) fn in_repository(directory: &str, file: &str) -> String {
    match directory.trim_matches('/') {
        "" | "." => file.to_owned(),
        directory => format!("{directory}/{file}"),
    }
}

/// Prints the message, the text of each label, and the help, in lines.
fn print_body(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut lines = vec![escape_text(&diagnostic.message).into_owned()];
    for (i, label) in diagnostic.labels.iter().enumerate() {
        let text = escape_text(&label.text);
        if i == 0 && !text.is_empty() {
            lines.push(text.into_owned());
        } else if i > 0 {
            let position = sources.position(&label.origin.file, sources.span(label).start);
            lines.push(format!(
                "{}:{}:{}: {text}",
                escape_text(&label.origin.file),
                position.line,
                position.column
            ));
        }
    }
    lines.extend(diagnostic.describe_more_places());
    let scopes = diagnostic.describe_scopes();
    lines.extend(scopes.map(|scopes| escape_text(&scopes).into_owned()));
    if let Some(help) = &diagnostic.help {
        lines.push(format!(
            "help: {}",
            help.text
                .split('\n')
                .map(escape_text)
                .collect::<Vec<_>>()
                .join("\n")
        ));
    }
    lines.join("\n")
}

/// Escapes the text of a command, as the runner's `ActionCommand` reads it.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a command.
fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Origin, Rule};

    const RULE: Rule = Rule {
        code: "cpu-shortage",
        severity: Severity::Error,
        summary: "",
        explain: "",
    };

    #[test]
    fn a_command_is_one_line_with_place_and_help() {
        let mut sources = Sources::new();
        sources.insert("a.yaml", "x: 1\ny: 2\n");
        let d = RULE
            .report("50% of `x`")
            .primary_bytes("a.yaml", 8..9, "too much")
            .help("less\n::error::y");
        let d = Diagnostics::from_iter([d.context(Origin::file("b,c:d.yaml"), "asks")]);
        assert_eq!(
            print_github(&d, &sources, "fleets/emea/"),
            "::error file=fleets/emea/a.yaml,line=2,endLine=2,col=4,endColumn=5,title=cpu-shortage::50%25 of `x`%0Atoo much%0A\
             b,c:d.yaml:1:1: asks%0Ahelp: less%0A::error::y\n"
        );
    }

    #[test]
    fn properties_are_escaped_and_unknown_files_have_no_line() {
        let d = RULE
            .report("m\n::set-output name=x::y")
            .primary(Origin::file("b,c:d.yaml"), "");
        assert_eq!(
            print_github(&Diagnostics::from_iter([d]), &Sources::new(), ""),
            "::error file=b%2Cc%3Ad.yaml,title=cpu-shortage::m\\n::set-output name=x::y\n"
        );
    }
}
