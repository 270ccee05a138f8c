//! Roles and their bindings (`pkg/apis/rbac/validation/validation.go`).

use crate::field::Field;
use crate::report::{Report, list_names};
use crate::rules;
use crate::selector::check_label_selector;
use crate::text::TextForm;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Checks a Role (`ValidateRole`).
pub(crate) fn check_role(object: &Field, report: &mut Report) {
    for rule in object.get("rules").items() {
        let urls = rule.get("nonResourceURLs");
        if urls.count() > 0 {
            let message = "URLs in a Role, which holds in a namespace only: expected a ClusterRole";
            report.invalid(&urls, &rules::ROLE_RULE, message);
        }
        check_rule(&rule, report);
    }
}

/// Checks a ClusterRole (`ValidateClusterRole`).
pub(crate) fn check_cluster_role(object: &Field, report: &mut Report) {
    for rule in object.get("rules").items() {
        check_rule(&rule, report);
    }
    let aggregation = object.get("aggregationRule");
    if aggregation.exists() {
        let selectors = aggregation.get("clusterRoleSelectors");
        report.present(&selectors);
        for selector in selectors.items() {
            check_label_selector(&selector, report);
        }
    }
}

/// Checks a rule of a role (`ValidatePolicyRule`).
fn check_rule(rule: &Field, report: &mut Report) {
    report.present(&rule.get("verbs"));
    let urls = rule.get("nonResourceURLs");
    if urls.count() > 0 {
        if ["apiGroups", "resources", "resourceNames"]
            .iter()
            .any(|name| rule.get(name).count() > 0)
        {
            report.invalid(
                &urls,
                &rules::ROLE_RULE,
                "URLs and resources in one rule: expected two rules",
            );
        }
        return;
    }
    report.present(&rule.get("apiGroups"));
    report.present(&rule.get("resources"));
}

/// Checks a RoleBinding (`ValidateRoleBinding`).
pub(crate) fn check_role_binding(object: &Field, report: &mut Report) {
    check_role_ref(object, &["Role", "ClusterRole"], report);
    for subject in object.get("subjects").items() {
        check_subject(&subject, report);
    }
}

/// Checks a ClusterRoleBinding (`ValidateClusterRoleBinding`).
pub(crate) fn check_cluster_role_binding(object: &Field, report: &mut Report) {
    check_role_ref(object, &["ClusterRole"], report);
    for subject in object.get("subjects").items() {
        check_subject(&subject, report);
        if subject.get("kind").text() == "ServiceAccount" {
            report.present(&subject.get("namespace"));
        }
    }
}

fn check_role_ref(object: &Field, kinds: &[&str], report: &mut Report) {
    let reference = object.get("roleRef");
    let (group, kind) = (reference.get("apiGroup"), reference.get("kind"));
    // The API server fills in the group.
    report.one_of(&group, &[GROUP]);
    if kind.is_blank() {
        report.unsupported(&kind, "", kinds);
    } else {
        report.exactly_one_of(&kind, kinds);
    }
    report.required_form(
        &reference.get("name"),
        &rules::NAME_SYNTAX,
        TextForm::PathSegment,
    );
}

/// Checks who is bound (`ValidateRoleBindingSubject`).
fn check_subject(subject: &Field, report: &mut Report) {
    let (name, group, kind) = (
        subject.get("name"),
        subject.get("apiGroup"),
        subject.get("kind"),
    );
    report.present(&name);
    let kinds = ["ServiceAccount", "User", "Group"];
    match kind.text() {
        "ServiceAccount" => {
            report.form_if_set(&name, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
            if !group.is_blank() {
                report.unsupported(&group, group.text(), &[""]);
            }
        }
        // The API server fills in the group.
        "User" | "Group" => {
            report.one_of(&group, &[GROUP]);
        }
        text if kind.is_blank() || kind.value().is_string() => {
            let message = format!(
                "`{text}` is no kind of subject: expected {}",
                list_names(&kinds)
            );
            report.add(
                &kind,
                crate::violation::Cause::NotSupported,
                &rules::UNSUPPORTED_VALUE,
                message,
            );
        }
        _ => {}
    }
}
