//! Problems of kustomizations, as diagnostics.

use crate::rules;
use pointer_diagnostics::{Diagnostic, Origin, Pointer, Rule};

/// Builds a problem of a whole file.
pub(crate) fn file_problem(rule: &Rule, file: &str, message: impl Into<String>) -> Diagnostic {
    rule.report(message).primary(Origin::file(file), "")
}

/// Builds a problem of a field of a configuration file.
pub(crate) fn field_problem(
    rule: &Rule,
    file: &str,
    pointer: &Pointer,
    message: impl Into<String>,
) -> Diagnostic {
    rule.report(message)
        .primary(field_origin(file, pointer), "")
}

/// Builds the problem of a field that kustomize has and this crate refuses.
pub(crate) fn refusal(file: &str, pointer: &Pointer, message: &str, help: &str) -> Diagnostic {
    rules::UNSUPPORTED_KUSTOMIZATION
        .report(message)
        .primary_key(field_origin(file, pointer), "")
        .help(help)
}

/// Returns the place of a field.
pub(crate) fn field_origin(file: &str, pointer: &Pointer) -> Origin {
    Origin {
        file: file.into(),
        document: 0,
        pointer: pointer.clone(),
    }
}
