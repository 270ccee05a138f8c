//! Functions that neither `cel` nor `kube-cel` has (`type`, `dyn`, `bool`, and the names of types), and those that differ
//! from cel-go: `size` counted bytes and hid the errors of its argument, `matches` compiled its pattern at every call and
//! took `\d` for any digit of Unicode.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kube_cel::cel::extractors::Arguments;
use kube_cel::cel::{Context, ExecutionError, FunctionContext, Value};
use regex::Regex;

use crate::schema::compile_pattern;

/// Compiled patterns are kept up to this number.
const PATTERN_CACHE: usize = 1000;

/// The names of types that expressions compare `type(x)` with.
const TYPES: [&str; 12] = [
    "bool",
    "bytes",
    "double",
    "google.protobuf.Duration",
    "google.protobuf.Timestamp",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
];

/// Adds the functions and names.
pub(super) fn register(context: &mut Context<'_>) {
    context.add_function("type", type_of);
    context.add_function("dyn", identity);
    context.add_function("bool", to_bool);
    context.add_function("size", size_of);
    context.add_function("matches", matches_pattern);
    for name in TYPES.into_iter().filter(|name| !name.contains('.')) {
        context.add_variable_from_value(name, type_value(name));
    }
}

/// Returns the value that stands for a type; the prefix keeps it apart from strings.
fn type_value(name: &str) -> Value {
    Value::String(Arc::new(format!("\u{0}type:{name}")))
}

fn single(arguments: &Arguments) -> Result<Value, ExecutionError> {
    match arguments.0.as_slice() {
        [value] => Ok(value.clone()),
        other => Err(ExecutionError::invalid_argument_count(1, other.len())),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that the evaluator takes"
)]
fn identity(arguments: Arguments) -> Result<Value, ExecutionError> {
    single(&arguments)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that the evaluator takes"
)]
fn type_of(arguments: Arguments) -> Result<Value, ExecutionError> {
    let name = match single(&arguments)? {
        Value::List(_) => "list",
        Value::Map(_) => "map",
        Value::Int(_) => "int",
        Value::UInt(_) => "uint",
        Value::Float(_) => "double",
        Value::String(_) => "string",
        Value::Bytes(_) => "bytes",
        Value::Bool(_) => "bool",
        Value::Duration(_) => "google.protobuf.Duration",
        Value::Timestamp(_) => "google.protobuf.Timestamp",
        Value::Null => "null_type",
        other => return Err(ExecutionError::unsupported_target_type(other)),
    };
    Ok(type_value(name))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that the evaluator takes"
)]
fn to_bool(arguments: Arguments) -> Result<Value, ExecutionError> {
    match single(&arguments)? {
        Value::Bool(value) => Ok(Value::Bool(value)),
        Value::String(text) => match text.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
            _ => Err(ExecutionError::function_error("bool", "no boolean")),
        },
        other => Err(ExecutionError::unsupported_target_type(other)),
    }
}

/// Returns the target of a method, or the first argument of a function, and the arguments that are left.
fn split_target(call: &FunctionContext<'_, '_>) -> Result<(Value, Vec<Value>), ExecutionError> {
    let mut values = call
        .args
        .iter()
        .map(|argument| Value::resolve(argument, call.ptx));
    let target = match &call.this {
        Some(target) => target.clone(),
        None => values
            .next()
            .ok_or(ExecutionError::MissingArgumentOrTarget)??,
    };
    Ok((target, values.collect::<Result<_, _>>()?))
}

fn size_of(call: &FunctionContext<'_, '_>) -> Result<Value, ExecutionError> {
    let size = match split_target(call)?.0 {
        Value::List(items) => items.len(),
        Value::Map(map) => map.map.len(),
        Value::String(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        other => return Err(ExecutionError::unsupported_target_type(other)),
    };
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn matches_pattern(call: &FunctionContext<'_, '_>) -> Result<Value, ExecutionError> {
    static CACHE: Mutex<BTreeMap<String, Option<Regex>>> = Mutex::new(BTreeMap::new());
    let (target, rest) = split_target(call)?;
    let (Value::String(text), [Value::String(pattern)]) = (&target, rest.as_slice()) else {
        return Err(ExecutionError::NoSuchOverload);
    };
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= PATTERN_CACHE && !cache.contains_key(pattern.as_str()) {
        cache.clear();
    }
    let compiled = cache
        .entry(pattern.to_string())
        .or_insert_with(|| compile_pattern(pattern))
        .clone();
    drop(cache);
    match compiled {
        Some(regex) => Ok(Value::Bool(regex.is_match(text))),
        None => Err(ExecutionError::undeclared_reference(&format!(
            "the pattern {pattern}"
        ))),
    }
}
