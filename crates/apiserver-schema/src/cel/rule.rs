//! One entry of `x-kubernetes-validations`.

use std::sync::OnceLock;

use serde_json::Value;

use super::Expression;

/// A rule, compiled when it is first evaluated.
#[derive(Debug)]
pub(crate) struct CelRule {
    pub(crate) source: String,
    pub(crate) message: Option<String>,
    message_source: Option<String>,
    pub(crate) reason: RuleReason,
    /// A path below the place of the rule, such as `.spec.replicas`.
    pub(crate) field_path: Option<String>,
    pub(crate) old_self: OldSelf,
    compiled: OnceLock<Result<Expression, String>>,
    message_compiled: OnceLock<Option<Result<Expression, String>>>,
}

/// `reason`: the class of error that the API server returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleReason {
    Invalid,
    Forbidden,
    Required,
    Duplicate,
}

/// `optionalOldSelf`: tells whether a transition rule is evaluated without an old object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OldSelf {
    Required,
    Optional,
}

impl CelRule {
    /// Reads the rules of a schema. Entries without a rule are dropped, as they cannot be told apart from nothing.
    pub(crate) fn read_all(rules: Option<&Value>) -> Box<[Self]> {
        rules
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Self::read)
            .collect()
    }

    fn read(entry: &Value) -> Option<Self> {
        let text = |key: &str| {
            entry
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let reason = match text("reason").as_deref() {
            Some("FieldValueForbidden") => RuleReason::Forbidden,
            Some("FieldValueRequired") => RuleReason::Required,
            Some("FieldValueDuplicate") => RuleReason::Duplicate,
            _ => RuleReason::Invalid,
        };
        let optional = entry.get("optionalOldSelf").and_then(Value::as_bool) == Some(true);
        Some(Self {
            source: text("rule")?,
            message: text("message"),
            message_source: text("messageExpression"),
            reason,
            field_path: text("fieldPath"),
            old_self: if optional {
                OldSelf::Optional
            } else {
                OldSelf::Required
            },
            compiled: OnceLock::new(),
            message_compiled: OnceLock::new(),
        })
    }

    /// Returns the compiled rule, or why it does not compile here.
    pub(crate) fn expression(&self) -> Result<&Expression, &str> {
        self.compiled
            .get_or_init(|| Expression::compile(&self.source))
            .as_ref()
            .map_err(String::as_str)
    }

    /// Returns the compiled `messageExpression`, if there is one that compiles.
    pub(crate) fn message_expression(&self) -> Option<&Expression> {
        let compile = || self.message_source.as_deref().map(Expression::compile);
        self.message_compiled
            .get_or_init(compile)
            .as_ref()?
            .as_ref()
            .ok()
    }
}
