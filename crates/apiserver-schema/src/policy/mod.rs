//! ValidatingAdmissionPolicy and ValidatingAdmissionPolicyBinding, evaluated over manifests.
//!
//! Source of the rules: `k8s.io/apiserver/pkg/admission/plugin/policy`. What needs a live cluster (`authorizer`, the sender
//! of a request) is reported as not evaluated.

mod evaluate;
mod matching;
mod params;
mod read;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::cel::Expression;
use crate::set::SchemaSet;

/// The policies of a cluster and their bindings.
#[derive(Debug, Default)]
pub struct AdmissionPolicies {
    policies: Vec<Policy>,
    bindings: Vec<Binding>,
    /// Policies and bindings that cannot be used, with the reason.
    pub errors: Vec<PolicyError>,
}

/// A policy or binding that cannot be used, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The kind of the object.
    pub kind: String,
    /// The name of the object.
    pub name: String,
    /// The place in the object as a JSON pointer.
    pub pointer: String,
    /// A lower-case phrase without a full stop.
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} `{}` at `{}`: {}",
            self.kind, self.name, self.pointer, self.message
        )
    }
}

impl std::error::Error for PolicyError {}

/// The operation of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdmissionOperation {
    /// The object is new.
    Create,
    /// The object replaces an old one.
    Update,
    /// The object goes.
    Delete,
}

impl AdmissionOperation {
    /// Returns the name in rules and in `request.operation`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// A request that policies judge.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionRequest<'a> {
    /// The object that is sent; on deletion the one that goes.
    pub object: &'a Value,
    /// The object that is replaced.
    pub old_object: Option<&'a Value>,
    /// The operation on the object.
    pub operation: AdmissionOperation,
}

/// The cluster that policies look at: its kinds, and the objects among which parameters and namespaces are found.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionContext<'a> {
    /// The kinds of the cluster.
    pub schemas: &'a SchemaSet,
    /// Objects that may be parameters or namespaces.
    pub objects: &'a [&'a Value],
}

/// Action on a violation (`validationActions` of a binding).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValidationAction {
    /// The request is refused.
    Deny,
    /// The client gets a warning.
    Warn,
    /// The audit log gets a note.
    Audit,
}

/// The verdict of one validation of a policy on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyVerdict {
    /// The expression says no.
    Violated,
    /// The expression fails, or a parameter is missing, and the policy's `failurePolicy` is `Fail`.
    Failed,
    /// The expression fails, and the policy's `failurePolicy` is `Ignore`.
    FailureIgnored,
    /// The expression uses something that is not known here.
    NotEvaluated,
}

/// Something that a policy says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFinding {
    /// The name of the policy.
    pub policy: String,
    /// The name of the binding.
    pub binding: String,
    /// Actions on the violation; sorted.
    pub actions: Vec<ValidationAction>,
    /// The verdict.
    pub verdict: PolicyVerdict,
    /// The place of the expression in the policy as a JSON pointer.
    pub pointer: String,
    /// The message of the policy, or what is wrong with its evaluation.
    pub message: String,
    /// `reason` of the validation, `Invalid` where none is given.
    pub reason: String,
    /// The parameter that was used, as `namespace/name` or `name`.
    pub parameter: Option<String>,
}

impl PolicyFinding {
    /// Returns whether the API server refuses the request because of this.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.verdict,
            PolicyVerdict::Violated | PolicyVerdict::Failed
        ) && self.actions.contains(&ValidationAction::Deny)
    }
}

/// Results of all policies for one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyReport {
    /// In the order of policies, bindings, parameters and validations.
    pub findings: Vec<PolicyFinding>,
    /// The values of `auditAnnotations`, by `policy/key`.
    pub audit_annotations: BTreeMap<String, String>,
}

/// An expression with its place in the policy.
#[derive(Debug)]
struct PlacedExpression {
    pointer: String,
    compiled: Expression,
}

#[derive(Debug)]
struct Policy {
    name: String,
    failure: FailurePolicy,
    parameter_kind: Option<(String, String)>,
    constraints: MatchResources,
    conditions: Vec<PlacedExpression>,
    variables: Vec<(String, PlacedExpression)>,
    validations: Vec<Validation>,
    annotations: Vec<(String, PlacedExpression)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailurePolicy {
    Fail,
    Ignore,
}

#[derive(Debug)]
struct Validation {
    source: String,
    expression: PlacedExpression,
    message: Option<String>,
    message_expression: Option<PlacedExpression>,
    reason: String,
}

#[derive(Debug)]
struct Binding {
    name: String,
    policy: String,
    actions: Vec<ValidationAction>,
    parameter: Option<ParameterReference>,
    resources: MatchResources,
}

/// `paramRef` of a binding.
#[derive(Debug)]
struct ParameterReference {
    name: Option<String>,
    namespace: Option<String>,
    selector: Option<Value>,
    missing: MissingParameter,
}

/// `parameterNotFoundAction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MissingParameter {
    Allow,
    Deny,
}

/// `matchConstraints` of a policy, `matchResources` of a binding.
#[derive(Debug, Default)]
struct MatchResources {
    /// `None` matches every resource.
    rules: Option<Vec<ResourceRule>>,
    exclusions: Vec<ResourceRule>,
    namespaces: Option<Value>,
    objects: Option<Value>,
    policy: MatchPolicy,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum MatchPolicy {
    Exact,
    #[default]
    Equivalent,
}

#[derive(Debug, Default)]
struct ResourceRule {
    groups: Vec<String>,
    versions: Vec<String>,
    resources: Vec<String>,
    operations: Vec<String>,
    names: Vec<String>,
    scope: String,
}
