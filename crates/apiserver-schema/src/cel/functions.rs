//! Functions that neither `cel` nor `kube-cel` has: `type`, `dyn` and `bool`, and the names of types.

use std::sync::Arc;

use kube_cel::cel::extractors::Arguments;
use kube_cel::cel::{Context, ExecutionError, Value};

/// The names of types that expressions compare `type(x)` with.
const TYPES: [&str; 12] = [
    "bool", "bytes", "double", "google.protobuf.Duration", "google.protobuf.Timestamp", "int", "list", "map", "null_type", "string",
    "type", "uint",
];

/// Adds the functions and names.
pub(super) fn register(context: &mut Context<'_>) {
    context.add_function("type", type_of);
    context.add_function("dyn", identity);
    context.add_function("bool", to_bool);
    for name in TYPES.into_iter().filter(|name| !name.contains('.')) {
        context.add_variable_from_value(name, type_value(name));
    }
}

/// Returns the value that stands for a type; the prefix keeps it apart from strings.
fn type_value(name: &str) -> Value {
    Value::String(Arc::new(format!("\u{0}type:{name}")))
}

fn single(arguments: Arguments) -> Result<Value, ExecutionError> {
    match arguments.0.as_slice() {
        [value] => Ok(value.clone()),
        other => Err(ExecutionError::invalid_argument_count(1, other.len())),
    }
}

fn identity(arguments: Arguments) -> Result<Value, ExecutionError> {
    single(arguments)
}

fn type_of(arguments: Arguments) -> Result<Value, ExecutionError> {
    let name = match single(arguments)? {
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

fn to_bool(arguments: Arguments) -> Result<Value, ExecutionError> {
    match single(arguments)? {
        Value::Bool(value) => Ok(Value::Bool(value)),
        Value::String(text) => match text.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
            _ => Err(ExecutionError::function_error("bool", "no boolean")),
        },
        other => Err(ExecutionError::unsupported_target_type(other)),
    }
}
