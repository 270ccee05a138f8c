//! Lists whose items are told apart by keys: server-side apply refuses items with the same key, also where the API server
//! accepts them otherwise (`sigs.k8s.io/structured-merge-diff/v6/typed`, by `x-kubernetes-list-map-keys` of the OpenAPI).

use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use serde_json::Value;

/// Refuses items of a list with the same text in a member.
pub(crate) fn check_unique_key(list: &Field, member: &str, report: &mut Report) {
    let mut seen = Seen::new();
    for item in list.items() {
        let key = item.get(member);
        let Value::String(text) = key.value() else {
            continue;
        };
        if !seen.insert(text.as_str()) {
            report_duplicate(&key, text, report);
        }
    }
}

/// Refuses repeated texts in a list.
pub(crate) fn check_unique_texts(list: &Field, report: &mut Report) {
    let mut seen = Seen::new();
    for item in list.items() {
        let Value::String(text) = item.value() else {
            continue;
        };
        if !seen.insert(text.as_str()) {
            report_duplicate(&item, text, report);
        }
    }
}

/// Refuses ports of a container with the same number and protocol.
pub(crate) fn check_unique_ports(ports: &Field, report: &mut Report) {
    let mut seen = Seen::new();
    for port in ports.items() {
        let number = port.get("containerPort");
        let Some(value) = number.int() else { continue };
        let protocol = port.get("protocol").text_or("TCP");
        if !seen.insert((value, protocol)) {
            report_duplicate(&number, &format!("{value}/{protocol}"), report);
        }
    }
}

fn report_duplicate(field: &Field, key: &str, report: &mut Report) {
    let key = shorten(key);
    let message =
        format!("`{key}` is in the list twice, which server-side apply refuses: expected it once");
    report.duplicate(field, &rules::DUPLICATE_KEY, message);
}
