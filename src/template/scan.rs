//! Finds the expressions in a scalar.

use std::ops::Range;

use super::TemplateError;

/// A part of a scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text that stays.
    Text(String),
    /// The text between `{{` and `}}`; the range has the braces.
    Expression { source: String, range: Range<usize> },
}

/// An expression is not longer than this, in bytes.
const LONGEST: usize = 4096;
/// Each multiplication can repeat a text or list, so that their number bounds the memory that an expression can take.
const MULTIPLICATIONS: usize = 8;

/// Each concatenation copies what is before it, so that their number bounds the time and memory that an expression can take.
const CONCATENATIONS: usize = 32;

/// Checks for a text that can have an expression.
pub(super) fn has_expression(scalar: &str) -> bool {
    scalar.contains("{{") || scalar.contains("{%")
}

/// Splits a scalar into its parts, in order.
pub(super) fn pieces(scalar: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(start) = scalar[at..].find("{{").map(|i| at + i) {
        push_text(&mut pieces, scalar, at..start)?;
        let Some(length) = expression_length(&scalar[start + 2..]) else {
            return Err(refused(
                start..scalar.len(),
                "an expression begins with `{{` but does not end with `}}`",
            ));
        };
        let range = start..start + 2 + length + 2;
        let source = &scalar[start + 2..start + 2 + length];
        check(source, &range)?;
        pieces.push(Piece::Expression {
            source: source.to_owned(),
            range: range.clone(),
        });
        at = range.end;
    }
    push_text(&mut pieces, scalar, at..scalar.len())?;
    Ok(pieces)
}

fn push_text(
    pieces: &mut Vec<Piece>,
    scalar: &str,
    range: Range<usize>,
) -> Result<(), TemplateError> {
    let text = &scalar[range.clone()];
    if let Some(i) = text.find("{%") {
        let start = range.start + i;
        return Err(refused(
            start..start + 2,
            "there are no statements (`{%`) in templates: only `{{ expressions }}`",
        ));
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
    Ok(())
}

/// Measures an expression up to its `}}`: the first one outside of strings, brackets and braces.
fn expression_length(rest: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (i, c) in rest.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '}') if depth == 0 && rest[i..].starts_with("}}") => return Some(i),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn check(source: &str, range: &Range<usize>) -> Result<(), TemplateError> {
    let why = if source.trim().is_empty() {
        "an expression is empty: `{{ }}`"
    } else if source.len() > LONGEST {
        "an expression is longer than 4096 bytes"
    } else if source.starts_with('-')
        || source.ends_with('-')
        || source.starts_with('+')
        || source.ends_with('+')
    {
        "whitespace is not trimmed here: write `{{ x }}`, not `{{- x -}}`"
    } else if source.matches('*').count() > MULTIPLICATIONS {
        "an expression multiplies more than 8 times"
    } else if source.matches(['~', '+']).count() > CONCATENATIONS {
        "an expression joins texts more than 32 times: join a list instead, `[a, b] | join`"
    } else {
        return Ok(());
    };
    Err(refused(range.clone(), why))
}

fn refused(range: Range<usize>, message: &str) -> TemplateError {
    TemplateError {
        range,
        message: message.to_owned(),
    }
}
