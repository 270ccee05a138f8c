//! Checks objects from standard input, one JSON document a line, and prints what is found as JSON, one line each.
//!
//! A line is an object, or `{"old": …, "new": …}` for an update.

use apiserver_validation::{Context, Violation, check_object, check_update};
use serde_json::{Value, json};
use std::io::{BufRead as _, Write as _};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let document: Value = serde_json::from_str(&line?)?;
        let context = Context::default();
        let found = match (document.get("old"), document.get("new")) {
            (Some(old), Some(new)) => check_update(old, new, &context),
            _ => check_object(&document, &context),
        };
        let found: Vec<Value> = found.iter().map(describe).collect();
        writeln!(out, "{}", Value::Array(found))?;
    }
    Ok(())
}

fn describe(violation: &Violation) -> Value {
    json!({
        "pointer": violation.pointer,
        "field": violation.field,
        "rule": violation.rule,
        "cause": format!("{:?}", violation.cause),
        "message": violation.message,
    })
}
