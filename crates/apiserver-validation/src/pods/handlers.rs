//! Probes and lifecycle hooks (`validateProbe`, `validateLifecycle`, `validateHandler`).

use super::PodFacts;
use super::ports::check_port_or_name;
use crate::field::Field;
use crate::report::{Report, list_names};
use crate::rules;
use crate::text::TextForm;

/// Numbers of a probe that may not be negative.
const PROBE_NUMBERS: [&str; 5] = [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
];

const PROBE_HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];
const LIFECYCLE_HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "sleep"];

/// Checks the probes of a container.
pub(super) fn check_probes(container: &Field, facts: &PodFacts, report: &mut Report) {
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = container.get(name);
        if !probe.exists() {
            continue;
        }
        check_handler(&probe, &PROBE_HANDLERS, facts, report);
        for number in PROBE_NUMBERS {
            report.nonnegative(&probe.get(number));
        }
        let (successes, grace) = (
            probe.get("successThreshold"),
            probe.get("terminationGracePeriodSeconds"),
        );
        report.in_range(&grace, 1, i64::MAX);
        if name == "readinessProbe" {
            if grace.exists() {
                let message =
                    "a grace period of a readiness probe, which stops nothing: expected none";
                report.invalid(&grace, &rules::PROBE, message);
            }
        } else if successes.int().is_some_and(|number| number > 1) {
            let number = successes.int().unwrap_or_default();
            report.invalid(
                &successes,
                &rules::PROBE,
                format!("{number} in a `{name}`: expected 1"),
            );
        }
    }
}

/// Checks the hooks of a container.
pub(super) fn check_lifecycle(container: &Field, facts: &PodFacts, report: &mut Report) {
    let lifecycle = container.get("lifecycle");
    for name in ["postStart", "preStop"] {
        let hook = lifecycle.get(name);
        if hook.exists() {
            check_handler(&hook, &LIFECYCLE_HANDLERS, facts, report);
        }
    }
}

/// Checks that there is one handler, and checks it.
fn check_handler(owner: &Field, kinds: &[&str], facts: &PodFacts, report: &mut Report) {
    let mut first = "";
    for kind in kinds {
        let handler = owner.get(kind);
        if !handler.exists() {
            continue;
        }
        if first.is_empty() {
            first = kind;
            check_action(&handler, kind, facts, report);
        } else {
            report.forbidden(
                &handler,
                &rules::HANDLER,
                format!("`{kind}` beside `{first}`: expected one handler"),
            );
        }
    }
    if first.is_empty() && owner.value().is_object() {
        report.required(
            owner,
            format!("a handler is missing: expected {}", list_names(kinds)),
        );
    }
}

fn check_action(handler: &Field, kind: &str, facts: &PodFacts, report: &mut Report) {
    match kind {
        "exec" => {
            report.present(&handler.get("command"));
        }
        "httpGet" => {
            check_port_or_name(&handler.get("port"), report);
            report.one_of(&handler.get("scheme"), &["HTTP", "HTTPS"]);
            for header in handler.get("httpHeaders").items() {
                let header = header.unplaced();
                let name = header.get_as("name", "");
                if name.is_blank() {
                    report.invalid(
                        &name,
                        &rules::HTTP_HEADER,
                        "missing: the name of a header is required",
                    );
                } else {
                    report.form(&name, &rules::HTTP_HEADER, TextForm::HttpHeaderName);
                }
            }
        }
        "sleep" => check_sleep(handler, facts, report),
        _ => check_port_or_name(&handler.get("port"), report),
    }
}

/// Checks a pause before a container stops (`validateSleepAction`); 0 is allowed from Kubernetes 1.33 on.
fn check_sleep(handler: &Field, facts: &PodFacts, report: &mut Report) {
    let least = i64::from(!report.since(33));
    let seconds = handler.get("seconds").int().unwrap_or_default();
    if seconds < least || seconds > facts.grace_seconds {
        let most = facts.grace_seconds;
        let message = format!(
            "{seconds} seconds: expected {least} to {most}, the pod's `terminationGracePeriodSeconds`"
        );
        report.invalid(handler, &rules::HANDLER, message);
    }
}
