//! What can be wrong with a kustomization, as diagnostics.

use crate::rules;
use pointer_diagnostics::{Diagnostic, Origin, Pointer, Rule};

/// A build stops at the first problem.
pub(super) type Outcome<T> = Result<T, Box<Diagnostic>>;

/// A problem of a whole file.
pub(super) fn of_file(rule: &Rule, file: &str, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(rule.report(message).primary(Origin::file(file), ""))
}

/// A problem of a field of a kustomization.
pub(super) fn of_field(
    rule: &Rule,
    file: &str,
    pointer: &Pointer,
    message: impl Into<String>,
) -> Box<Diagnostic> {
    let origin = Origin {
        file: file.into(),
        document: 0,
        pointer: pointer.clone(),
    };
    Box::new(rule.report(message).primary(origin, ""))
}

/// A field that is kustomize's but not supported here.
pub(super) fn unsupported(
    file: &str,
    pointer: &Pointer,
    message: &str,
    help: &str,
) -> Box<Diagnostic> {
    let origin = Origin {
        file: file.into(),
        document: 0,
        pointer: pointer.clone(),
    };
    Box::new(
        rules::UNSUPPORTED_KUSTOMIZATION
            .report(message)
            .primary_key(origin, "")
            .help(help),
    )
}
