//! The fleet's admission policies, evaluated over the final manifests as the API server of the site does when they are created.

use std::collections::BTreeSet;

use apiserver_schema::{
    AdmissionPolicies, PolicyFinding, SchemaSet, SchemaVersion, ValidationAction,
};
use pointer_diagnostics::{Diagnostics, Pointer};
use serde_json::Value;

use super::api_server::{ApiServers, PolicySurroundings, SiteDefinitions};
use crate::load::PolicyDocument;
use crate::manifest::Object;
use crate::plan::{Instance, SitePlan};
use crate::rules;

const POLICY: &str = "ValidatingAdmissionPolicy";
const BINDING: &str = "ValidatingAdmissionPolicyBinding";

/// The policies of the fleet, compiled once for all sites, and the documents that they are written in.
#[derive(Debug, Default)]
pub struct FleetPolicies {
    compiled: AdmissionPolicies,
    documents: Vec<PolicyDocument>,
}

/// A word of a policy about an object.
pub(super) struct PolicyVerdictAt<'a> {
    pub(super) instance: &'a Instance,
    pub(super) object: &'a Object,
    pub(super) finding: PolicyFinding,
}

impl FleetPolicies {
    /// Compiles the policies; what is wrong with them is reported at their lines.
    pub fn compile(documents: &[PolicyDocument], found: &mut Diagnostics) -> Self {
        let compiled = AdmissionPolicies::import(documents.iter().map(|d| &d.value));
        let policies = Self {
            compiled,
            documents: documents.to_vec(),
        };
        policies.report_errors(found);
        policies.report_unbound(found);
        policies.report_schema(found);
        policies
    }

    /// Returns the document of a policy.
    pub(super) fn document_of(&self, policy: &str) -> Option<&PolicyDocument> {
        self.documents.iter().find(|d| d.is_called(POLICY, policy))
    }

    /// Finds what policies look at beside the object that they judge: their own documents, parameters and namespaces.
    fn find_surroundings<'v>(
        &'v self,
        judged: &[(&Instance, &'v Object)],
    ) -> PolicySurroundings<'v> {
        let kinds: Vec<(&str, &str)> = self
            .documents
            .iter()
            .filter_map(|document| {
                let kind = document.value.pointer("/spec/paramKind")?;
                Some((
                    kind.get("apiVersion")?.as_str()?,
                    kind.get("kind")?.as_str()?,
                ))
            })
            .chain([("v1", "Namespace")])
            .collect();
        let is_seen = |object: &&Object| kinds.contains(&(object.api_version(), object.kind()));
        let of_site = judged.iter().map(|(_, object)| *object).filter(is_seen);
        let own = self.documents.iter().map(|document| &document.value);
        PolicySurroundings::new(own.chain(of_site.map(Object::value)).collect())
    }

    fn report_errors(&self, found: &mut Diagnostics) {
        for error in &self.compiled.errors {
            let mut documents = self.documents.iter();
            let document = documents.find(|d| d.is_called(&error.kind, &error.name));
            // A binding of a policy that could not be read follows from that.
            let policy = document.and_then(|d| d.value.pointer("/spec/policyName")?.as_str());
            if policy.is_some_and(|policy| self.document_of(policy).is_some()) {
                continue;
            }
            let message = format!("`{} {}`: {}", error.kind, error.name, error.message);
            let report = rules::MALFORMED_POLICY.report(message);
            found.push(match document {
                Some(document) => {
                    report.primary(document.origin(Pointer::parse(error.pointer.as_str())), "")
                }
                None => report,
            });
        }
    }

    fn report_unbound(&self, found: &mut Diagnostics) {
        let bound: BTreeSet<&str> = self
            .documents
            .iter()
            .filter(|d| d.value.get("kind").and_then(Value::as_str) == Some(BINDING))
            .filter_map(|d| d.value.pointer("/spec/policyName")?.as_str())
            .collect();
        for document in &self.documents {
            let name = document.value.pointer("/metadata/name");
            let name = name.and_then(Value::as_str).unwrap_or_default();
            if document.is_called(POLICY, name) && !bound.contains(name) {
                let report = rules::POLICY_NOT_BOUND
                    .report(format!("no binding puts the policy `{name}` in force"));
                let at = document.origin(Pointer::parse("/metadata/name"));
                found.push(report.primary(at, "").help(format!(
                    "add a {BINDING} with `policyName: {name}` and its `validationActions`"
                )));
            }
        }
    }

    /// Reports what the API server would not take of the documents themselves.
    fn report_schema(&self, found: &mut Diagnostics) {
        if self.documents.is_empty() {
            return;
        }
        let schemas = SchemaSet::for_version(SchemaVersion::NEWEST);
        for document in &self.documents {
            for violation in schemas.check(&document.value) {
                let message = format!("`{}`: {}", violation.field, violation.message);
                let report = rules::MALFORMED_POLICY.report(message);
                let at = document.origin(Pointer::parse(violation.pointer));
                let report = report.primary_key(at, "");
                found.push(match violation.nearest {
                    Some(nearest) => report.help(format!("did you mean `{nearest}`?")),
                    None => report,
                });
            }
        }
    }
}

/// The site whose objects are judged.
#[derive(Clone, Copy)]
pub(super) struct JudgedSite<'a> {
    pub(super) plan: &'a SitePlan,
    pub(super) servers: &'a ApiServers,
    pub(super) definitions: &'a SiteDefinitions<'a>,
    pub(super) policies: &'a FleetPolicies,
}

/// Evaluates all policies on objects, each with its instance.
pub(super) fn judge_objects<'a>(
    site: JudgedSite<'_>,
    judged: &[(&'a Instance, &'a Object)],
) -> Vec<PolicyVerdictAt<'a>> {
    let mut verdicts = Vec::new();
    let policies = site.policies;
    if policies.compiled.is_empty() {
        return verdicts;
    }
    let surroundings = policies.find_surroundings(judged);
    for (instance, object) in judged {
        let server = site.servers.serve(site.plan, instance, site.definitions);
        let findings = server.judge_policies(&policies.compiled, object.value(), &surroundings);
        verdicts.extend(findings.iter().map(|finding| PolicyVerdictAt {
            instance,
            object,
            finding: finding.clone(),
        }));
    }
    verdicts
}

/// Tells whether the API server refuses a request because of a finding.
pub(super) fn is_refusal(finding: &PolicyFinding) -> bool {
    finding.is_refusal()
}

/// Tells whether the API server takes the request, and warns or writes an audit note.
pub(super) fn is_warning(finding: &PolicyFinding) -> bool {
    use apiserver_schema::PolicyVerdict::{Failed, Violated};
    matches!(finding.verdict, Violated | Failed)
        && !finding.actions.contains(&ValidationAction::Deny)
}

/// Tells whether nobody knows here what the API server says.
pub(super) fn is_not_evaluated(finding: &PolicyFinding) -> bool {
    use apiserver_schema::PolicyVerdict::{FailureIgnored, NotEvaluated};
    matches!(finding.verdict, NotEvaluated | FailureIgnored)
}
