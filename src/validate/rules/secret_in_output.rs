//! Secrets do not belong into git: neither as Secret objects with content, nor inside of other texts.

use std::sync::LazyLock;

use regex::RegexSet;
use serde_json::Value;

use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "secret-in-output",
        severity: Severity::Error,
        summary: "a secret would be committed to git",
        explain: include_str!("../../../docs/rules/secret-in-output.md"),
    },
    check,
};

/// Patterns of secrets, with their names. Only forms that nothing else has.
const FORMS: &[(&str, &str)] = &[
    (
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
        "a private key",
    ),
    (r"\bgh[pousr]_[A-Za-z0-9]{36}\b", "a GitHub token"),
    (r"\bgithub_pat_[A-Za-z0-9_]{82}\b", "a GitHub token"),
    (r"\bglpat-[A-Za-z0-9_-]{20}", "a GitLab token"),
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "an AWS access key"),
    (r"\bxox[abprs]-[A-Za-z0-9-]{10,}", "a Slack token"),
    (r"\bsha256~[A-Za-z0-9_-]{43}\b", "an OpenShift token"),
    (
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
        "a JSON web token",
    ),
    (
        r"[a-z][a-z0-9+.-]*://[^/\s:@$({]+:[^/\s:@$({]+@[A-Za-z0-9]",
        "a URL with a password",
    ),
];

static PATTERNS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(FORMS.iter().map(|(form, _)| *form)).expect("the forms above are tested")
});

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        let content = content_of_secret(object);
        if !content.is_empty() {
            let says = format!(
                "{} holds `{}` in plain sight",
                called(object),
                content.join("`, `")
            );
            found.push(
                view.report_object(&RULE.rule, instance, object, says)
                    .help(HELP),
            );
            continue;
        }
        let mut hits = Vec::new();
        search(object.value(), &Pointer::root(), &mut hits);
        for (at, what) in hits {
            let says = format!("{} holds {what} at `{}`", called(object), at.as_str());
            found.push(
                view.report_object(&RULE.rule, instance, object, says)
                    .help(HELP),
            );
        }
    }
    if let Some(what) = looks_like(&view.fleet().source.repo_url) {
        found.push(
            RULE.rule
                .report(format!("the address of the repository is {what}"))
                .primary(view.fleet_origin("/source/repoURL"), "")
                .help(
                    "leave the password out; give Argo CD the credentials in a repository Secret",
                ),
        );
    }
}

const HELP: &str = "let an operator or a vault make the Secret, and list it under `secrets:` of the fleet or `provides.secrets` of the app";

/// The keys of a Secret that have content. A Secret without content, that others fill, is no secret.
fn content_of_secret(object: &Object) -> Vec<String> {
    if object.kind() != "Secret" || !object.group().is_empty() {
        return Vec::new();
    }
    let maps = ["/data", "/stringData"]
        .into_iter()
        .filter_map(|at| object.get(at).and_then(Value::as_object))
        .flatten();
    maps.filter(|(_, value)| value.as_str().is_none_or(|text| !text.is_empty()))
        .map(|(key, _)| key.clone())
        .collect()
}

fn search(value: &Value, at: &Pointer, hits: &mut Vec<(Pointer, &'static str)>) {
    match value {
        Value::String(text) => hits.extend(looks_like(text).map(|what| (at.clone(), what))),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, inner)| search(inner, &at.at(i), hits)),
        Value::Object(map) => map
            .iter()
            .for_each(|(key, inner)| search(inner, &at.at(key), hits)),
        _ => {}
    }
}

fn looks_like(text: &str) -> Option<&'static str> {
    PATTERNS
        .matches(text)
        .iter()
        .next()
        .map(|index| FORMS[index].1)
}

#[cfg(test)]
mod tests {
    use super::looks_like;

    #[test]
    fn secrets_are_recognised_and_ordinary_texts_are_not() {
        let key = format!("-----BEGIN {} KEY-----\nMII", "RSA PRIVATE");
        let token = format!("ghp_{}", "a".repeat(36));
        for secret in [
            key.as_str(),
            &token,
            "postgres://user:hunter2@db:5432/app",
            "sha256~0123456789012345678901234567890123456789012",
        ] {
            assert!(looks_like(secret).is_some(), "{secret}");
        }
        let image = "registry.redhat.io/ubi9/python-311@sha256:0123456789abcdef";
        for plain in [
            image,
            "-----BEGIN CERTIFICATE-----",
            "postgres://$(USER):$(PASSWORD)@db/app",
            "https://git.example.com/a.git",
            "git@github.com:a/b.git",
        ] {
            assert_eq!(looks_like(plain), None, "{plain}");
        }
    }
}
