//! The one door for templates: scalars with `{{ expressions }}` in documents that are parsed already, so a value never becomes structure.
//!
//! A scalar that is one expression becomes the expression's value with its type; text around expressions makes a string. Keys are never
//! evaluated. Expressions are minijinja's, strict: what is not defined is an error, wherever it is used. There are no statements, no
//! includes and no files; steps, text and memory are bounded.

mod environment;
mod filter;
mod scan;
mod undefined;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use minijinja::ErrorKind;
use serde_json::{Map, Value};

use environment::ENVIRONMENT;
use pointer_diagnostics::Pointer;
use scan::Piece;

/// A scalar, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// A problem of a scalar, and the bytes in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The bytes of the scalar's value that are meant.
    pub range: Range<usize>,
    /// A lower-case phrase without a full stop.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TemplateError {}

/// The names that expressions see, and their values. Cheap to clone, and to add to: values are shared.
#[derive(Debug, Clone)]
pub struct TemplateContext {
    names: minijinja::Value,
}

/// A value as expressions see it, for many contexts.
#[derive(Debug, Clone)]
pub struct SharedNames(minijinja::Value);

impl TemplateContext {
    /// Takes a map of names to values.
    pub fn new(names: &Value) -> Self {
        Self {
            names: value::from_json(names),
        }
    }

    /// The context with more names; where a name is there already, the new value counts.
    #[must_use]
    pub fn with<'a>(&self, more: impl IntoIterator<Item = (&'a str, SharedNames)>) -> Self {
        let mut names: BTreeMap<String, minijinja::Value> = BTreeMap::new();
        for key in self.names.try_iter().into_iter().flatten() {
            if let (Some(name), Ok(value)) = (key.as_str(), self.names.get_item(&key)) {
                names.insert(name.to_owned(), value);
            }
        }
        names.extend(
            more.into_iter()
                .map(|(name, value)| (name.to_owned(), value.0)),
        );
        Self {
            names: minijinja::Value::from_pairs(names),
        }
    }

    /// The value that has the name.
    pub fn get(&self, name: &str) -> Option<SharedNames> {
        self.names
            .get_attr(name)
            .ok()
            .filter(|value| !value.is_undefined())
            .map(SharedNames)
    }

    /// The items of the list that has the name; none where it is no list.
    pub fn items(&self, name: &str) -> Vec<SharedNames> {
        let list = self
            .names
            .get_attr(name)
            .ok()
            .filter(|list| list.kind() == minijinja::value::ValueKind::Seq);
        list.iter()
            .filter_map(|list| list.try_iter().ok())
            .flatten()
            .map(SharedNames)
            .collect()
    }
}

impl Default for TemplateContext {
    fn default() -> Self {
        Self::new(&Value::Object(Map::new()))
    }
}

impl SharedNames {
    /// Takes a value.
    pub fn new(value: &Value) -> Self {
        Self(value::from_json(value))
    }

    /// A list of values that are shared.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self(
            items
                .into_iter()
                .map(|item| item.0)
                .collect::<Vec<_>>()
                .into(),
        )
    }
}

impl Template {
    /// Parses a scalar and compiles its expressions.
    pub fn parse(scalar: &str) -> Result<Self, TemplateError> {
        let pieces = scan::pieces(scalar)?;
        for piece in &pieces {
            if let Piece::Expression { source, range } = piece {
                ENVIRONMENT
                    .compile_expression(source)
                    .map_err(|why| said(&why, source, range, None))?;
            }
        }
        Ok(Self { pieces })
    }

    /// The scalar's value in a context.
    pub fn evaluate(&self, context: &TemplateContext) -> Result<Value, TemplateError> {
        if let [Piece::Expression { source, range }] = self.pieces.as_slice() {
            let result = eval(source, range, context)?;
            return value::json(&result).map_err(|why| {
                let missing = match why {
                    value::ResultError::UndefinedWithin => undefined::error(source, range, context),
                    _ => None,
                };
                missing.unwrap_or_else(|| wrong(source, range, why))
            });
        }
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Expression { source, range } => {
                    let result = eval(source, range, context)?;
                    text.push_str(&value::text(&result).map_err(|why| wrong(source, range, why))?);
                    if text.len() > value::LONGEST_TEXT {
                        let why = "makes too much text with what stands before it";
                        return Err(wrong(source, range, why));
                    }
                }
            }
        }
        Ok(Value::String(text))
    }
}

/// The value of a scalar.
pub fn evaluate(scalar: &str, context: &TemplateContext) -> Result<Value, TemplateError> {
    Template::parse(scalar)?.evaluate(context)
}

/// The texts that a document's expressions make have no more bytes than this together.
const LARGEST_DOCUMENT: usize = 16 << 20;

/// Returns a document with the values of all its scalars; or everything that is wrong with them.
pub fn expand(
    tree: &Value,
    context: &TemplateContext,
) -> Result<Value, Vec<(Pointer, TemplateError)>> {
    let mut found = Vec::new();
    let mut left = LARGEST_DOCUMENT;
    let expanded = map_scalars(
        tree,
        &Pointer::root(),
        &mut |scalar, at| match expand_scalar(scalar, context, &mut left) {
            Ok(value) => value,
            Err(why) => {
                found.push((at.clone(), why));
                Value::Null
            }
        },
    );
    if found.is_empty() {
        Ok(expanded)
    } else {
        Err(found)
    }
}

/// Returns the value of a scalar, and takes its size from what is left for the document.
fn expand_scalar(
    scalar: &str,
    context: &TemplateContext,
    left: &mut usize,
) -> Result<Value, TemplateError> {
    let whole = |message: &str| TemplateError {
        range: 0..scalar.len(),
        message: message.to_owned(),
    };
    if *left == 0 {
        return Err(whole("the document has too much text before this"));
    }
    let value = Template::parse(scalar)?.evaluate(context)?;
    *left = left.saturating_sub(text_size(&value));
    if *left == 0 {
        return Err(whole("with this, the document has too much text"));
    }
    Ok(value)
}

/// Returns the bytes of all texts in a value, and one for each value.
fn text_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 1,
        Value::Array(items) => 1 + items.iter().map(text_size).sum::<usize>(),
        Value::Object(fields) => {
            let entries = fields
                .iter()
                .map(|(key, value)| key.len() + text_size(value));
            1 + entries.sum::<usize>()
        }
        _ => 1,
    }
}

/// Lists the problems that the scalars of a document have whatever the context.
pub fn check(tree: &Value) -> Vec<(Pointer, TemplateError)> {
    let mut found = Vec::new();
    map_scalars(tree, &Pointer::root(), &mut |scalar, at| {
        found.extend(Template::parse(scalar).err().map(|why| (at.clone(), why)));
        Value::Null
    });
    found
}

/// Replaces each text that has an expression. Keys stay as they are.
fn map_scalars(
    tree: &Value,
    at: &Pointer,
    replace: &mut dyn FnMut(&str, &Pointer) -> Value,
) -> Value {
    match tree {
        Value::String(text) if scan::has_expression(text) => replace(text, at),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| map_scalars(item, &at.at(i), replace))
            .collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| (key.clone(), map_scalars(value, &at.at(key), replace)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn eval(
    source: &str,
    range: &Range<usize>,
    context: &TemplateContext,
) -> Result<minijinja::Value, TemplateError> {
    let expression = ENVIRONMENT
        .compile_expression(source)
        .map_err(|why| said(&why, source, range, None))?;
    let result = expression
        .eval(context.names.clone())
        .map_err(|why| said(&why, source, range, Some(context)))?;
    if result.is_undefined() {
        return Err(undefined::error(source, range, context)
            .unwrap_or_else(|| wrong(source, range, "has no value here")));
    }
    Ok(result)
}

fn wrong(source: &str, range: &Range<usize>, why: impl fmt::Display) -> TemplateError {
    TemplateError {
        range: range.clone(),
        message: format!("`{}` {why}", source.trim()),
    }
}

/// Words minijinja's error about an expression. Its own text names no values, only names.
fn said(
    why: &minijinja::Error,
    source: &str,
    range: &Range<usize>,
    context: Option<&TemplateContext>,
) -> TemplateError {
    let undefined = why.kind() == ErrorKind::UndefinedError
        || why.detail().is_some_and(|d| d.contains("undefined"));
    match (why.kind(), context) {
        (_, Some(context)) if undefined => {
            undefined::error(source, range, context).unwrap_or_else(|| {
                wrong(
                    source,
                    range,
                    why.detail().map_or("has no value here".to_owned(), |d| {
                        format!("cannot be evaluated: {d}")
                    }),
                )
            })
        }
        (ErrorKind::OutOfFuel, _) => wrong(source, range, "takes too many steps"),
        (kind, _) => wrong(
            source,
            range,
            format!(
                "cannot be evaluated: {}",
                why.detail().unwrap_or(&kind.to_string())
            ),
        ),
    }
}

#[cfg(test)]
mod tests;
