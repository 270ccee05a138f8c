//! The rules over what the API server of a site refuses or warns of, in one table.
//!
//! One line a rule: its code, its weight, its summary, and the findings that are told under it. The explanation is the page
//! `docs/rules/<code>.md`.

use apiserver_schema::ViolationKind as Kind;
use pointer_diagnostics::{Rule, Severity};

use super::refusal::FindingClass::{self, Code, Metadata, OperatorPod, PodSecurity, Schema};

/// A rule over the findings of some classes.
#[derive(Debug)]
pub(super) struct ServerRule {
    pub(super) rule: Rule,
    /// Tells whether a finding of a class is told under the rule.
    pub(super) is_meant: fn(FindingClass) -> bool,
}

/// Declares the table.
macro_rules! server_rules {
    ($($code:literal, $severity:ident, $summary:literal: $classes:pat,)*) => {
        /// Every rule over findings of the API server, sorted by code.
        pub(super) static SERVER_RULES: &[ServerRule] = &[$(
            ServerRule {
                rule: Rule {
                    code: $code,
                    severity: Severity::$severity,
                    summary: $summary,
                    explain: include_str!(concat!("../../docs/rules/", $code, ".md")),
                },
                is_meant: |class| matches!(class, $classes),
            },
        )*];
    };
}

server_rules! {
    "api-version-not-served", Error, "the cluster does not serve the version of a kind":
        Schema(Kind::UnknownKind | Kind::UnknownVersion | Kind::RemovedVersion | Kind::NotServed),
    "deprecated-api-version", Warning, "a later version of the cluster will not serve the version of a kind":
        Schema(Kind::DeprecatedVersion),
    "malformed-metadata", Error, "a name, label or annotation has a form that the API server refuses":
        Metadata,
    "manifest-against-schema", Error, "a manifest does not fit the schema of its kind":
        Schema(
            Kind::WrongType
                | Kind::Required
                | Kind::NotInEnumeration
                | Kind::OutOfRange
                | Kind::WrongSize
                | Kind::PatternMismatch
                | Kind::WrongFormat
                | Kind::Duplicate
                | Kind::Composition
                | Kind::Unidentified
        ),
    "pod-security-refuses", Error, "Pod Security refuses the pods of an object":
        PodSecurity,
    "refused-by-api-server", Error, "the API server refuses an object":
        Code,
    "refused-operator-pod", Error, "the API server refuses the pods that an operator makes of an object":
        OperatorPod,
    "unknown-manifest-field", Error, "a manifest has a field that its kind does not have":
        Schema(Kind::UnknownField),
    "validation-rule-broken", Error, "a custom resource breaks a validation rule of its definition":
        Schema(Kind::Rule),
    "validation-rule-not-evaluated", Warning, "a validation rule of a definition cannot be evaluated here":
        Schema(Kind::RuleNotEvaluated),
}
