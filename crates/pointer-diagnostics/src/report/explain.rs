//! The long form of a diagnostic for a terminal.

use anstyle::{AnsiColor, Style};

use super::Look;
use super::wrap::wrap_text;
use crate::Rule;

const HEADING: Style = Style::new().bold();
const CODE: Style = AnsiColor::Cyan.on_default();
/// A page is not wider than this, however wide the terminal.
const WIDEST: usize = 100;

/// Prints the page of a rule: what it finds, why it matters, an example, how to fix it.
pub fn print_rule_page(rule: &Rule, look: Look) -> String {
    let title = format!("{}[{}]: {}", rule.severity.word(), rule.code, rule.summary);
    let mut page = print_styled(&title, HEADING, look) + "\n";
    for block in parse_blocks(rule.explain)
        .into_iter()
        .skip_while(|b| matches!(b, PageBlock::Title))
    {
        page.push('\n');
        page.push_str(&block.render(look));
    }
    page
}

/// The few things that a page of Markdown is made of.
#[derive(Debug, PartialEq, Eq)]
enum PageBlock<'a> {
    Title,
    Heading(&'a str),
    Paragraph(String),
    Item(String),
    Code(Vec<&'a str>),
}

fn parse_blocks(markdown: &str) -> Vec<PageBlock<'_>> {
    let mut blocks = Vec::new();
    let mut fence: Option<Vec<&str>> = None;
    let mut paragraph = ParagraphState::Closed;
    for line in markdown.lines() {
        match (&mut fence, line.trim_end()) {
            (Some(lines), "```") => {
                blocks.push(PageBlock::Code(std::mem::take(lines)));
                (fence, paragraph) = (None, ParagraphState::Closed);
            }
            (Some(lines), line) => lines.push(line),
            (None, line) if line.starts_with("```") => fence = Some(Vec::new()),
            (None, line) => paragraph = add_line(&mut blocks, line, paragraph),
        }
    }
    blocks.extend(fence.map(PageBlock::Code));
    blocks
}

/// The state of the last block: the next line of text continues an open one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ParagraphState {
    Open,
    Closed,
}

/// Adds a line of text; returns the state of the block that it ends in.
fn add_line<'a>(
    blocks: &mut Vec<PageBlock<'a>>,
    line: &'a str,
    paragraph: ParagraphState,
) -> ParagraphState {
    let started = if let Some(heading) = line.strip_prefix("## ") {
        PageBlock::Heading(heading)
    } else if line.starts_with("# ") {
        PageBlock::Title
    } else if let Some(item) = line.strip_prefix("- ") {
        PageBlock::Item(item.to_owned())
    } else if line.is_empty() {
        return ParagraphState::Closed;
    } else {
        if let (ParagraphState::Open, Some(PageBlock::Paragraph(text) | PageBlock::Item(text))) =
            (paragraph, blocks.last_mut())
        {
            text.push(' ');
            text.push_str(line.trim_start());
            return ParagraphState::Open;
        }
        PageBlock::Paragraph(line.to_owned())
    };
    let state = match started {
        PageBlock::Paragraph(_) | PageBlock::Item(_) => ParagraphState::Open,
        _ => ParagraphState::Closed,
    };
    blocks.push(started);
    state
}

impl PageBlock<'_> {
    fn render(&self, look: Look) -> String {
        let width = look.width.unwrap_or(WIDEST).clamp(20, WIDEST) - 4;
        match self {
            Self::Title => String::new(),
            Self::Heading(text) => print_styled(text, HEADING, look) + "\n",
            Self::Paragraph(text) => print_lines(&wrap_text(text, width), ["  ", "  "], look),
            Self::Item(text) => print_lines(&wrap_text(text, width), ["  - ", "    "], look),
            Self::Code(code) => code
                .iter()
                .flat_map(|l| {
                    [
                        "    ".to_owned(),
                        print_styled(l, CODE, look),
                        "\n".to_owned(),
                    ]
                })
                .collect(),
        }
    }
}

/// Prints lines behind a first and a further indentation, with text in backticks coloured.
fn print_lines(lines: &[String], [first, further]: [&str; 2], look: Look) -> String {
    let indent = |i| if i == 0 { first } else { further };
    lines
        .iter()
        .enumerate()
        .flat_map(|(i, line)| {
            [
                indent(i).to_owned(),
                print_inline(line, look),
                "\n".to_owned(),
            ]
        })
        .collect()
}

fn print_inline(line: &str, look: Look) -> String {
    if !look.color || line.matches('`').count() % 2 == 1 {
        return line.to_owned();
    }
    let parts = line.split('`').enumerate();
    parts
        .map(|(i, part)| {
            if i % 2 == 1 {
                print_styled(part, CODE, look)
            } else {
                part.to_owned()
            }
        })
        .collect()
}

fn print_styled(text: &str, style: Style, look: Look) -> String {
    if look.color {
        format!("{style}{text}{style:#}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::Severity;

    const YAML_SYNTAX: Rule = Rule {
        code: "yaml-syntax",
        severity: Severity::Error,
        summary: "a file is not well-formed YAML",
        explain: r"# yaml-syntax

## What it finds

A file that no YAML parser can read.

## Why it matters

Nothing can be compiled from a file that cannot be read, and guessing what was meant
could move a workload to the wrong node.

## Example

```yaml
spec:
  pools: {acp: {arch: amd64}
```

## How to fix

Close the bracket or quote that the message points at. The reported place is where
reading stopped; the cause is often the line above.
",
    };

    #[test]
    fn a_page_is_wrapped_to_the_terminal() {
        let look = Look {
            color: false,
            width: Some(60),
        };
        assert_snapshot!(print_rule_page(&YAML_SYNTAX, look), @r"
        error[yaml-syntax]: a file is not well-formed YAML

        What it finds

          A file that no YAML parser can read.

        Why it matters

          Nothing can be compiled from a file that cannot be read,
          and guessing what was meant could move a workload to the
          wrong node.

        Example

            spec:
              pools: {acp: {arch: amd64}

        How to fix

          Close the bracket or quote that the message points at.
          The reported place is where reading stopped; the cause
          is often the line above.
        ");
    }

    #[test]
    fn colour_adds_nothing_but_colour() {
        {
            let rule = &YAML_SYNTAX;
            let plain = print_rule_page(
                rule,
                Look {
                    color: false,
                    width: None,
                },
            );
            let coloured = print_rule_page(
                rule,
                Look {
                    color: true,
                    width: None,
                },
            );
            let stripped = anstream::adapter::strip_str(&coloured).to_string();
            assert_eq!(stripped.replace('`', ""), plain.replace('`', ""));
        }
    }
}
