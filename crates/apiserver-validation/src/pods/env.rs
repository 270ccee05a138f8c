//! Environment variables (`ValidateEnv`, `ValidateEnvFrom`).

use super::{CONTAINER_LISTS, PodFacts};
use crate::field::Field;
use crate::list_keys::check_unique_key;
use crate::quantity::Quantity;
use crate::report::{Report, list_names, shorten};
use crate::rules;
use crate::text::TextForm;

/// Fields of a pod that a variable can hold.
const ENV_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Resources of a container that a variable or a file can hold.
const RESOURCE_FIELDS: [&str; 6] = [
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
];

const HUGE_PAGES: [&str; 2] = ["limits.hugepages-", "requests.hugepages-"];

const SOURCES: [&str; 5] = [
    "fieldRef",
    "resourceFieldRef",
    "configMapKeyRef",
    "secretKeyRef",
    "fileKeyRef",
];

/// The form of a variable's name: any printable ASCII from Kubernetes 1.32 on.
fn name_form(report: &Report) -> TextForm {
    if report.since(32) {
        TextForm::EnvVarName
    } else {
        TextForm::StrictEnvVarName
    }
}

/// Checks the variables of a container.
pub(super) fn check_env(env: &Field, report: &mut Report) {
    check_unique_key(env, "name", report);
    for variable in env.items() {
        let form = name_form(report);
        report.required_form(&variable.get("name"), &rules::ENV_NAME, form);
        check_value_from(&variable, report);
    }
}

/// Checks where the value of a variable comes from (`validateEnvVarValueFrom`).
fn check_value_from(variable: &Field, report: &mut Report) {
    let from = variable.get("valueFrom");
    if !from.exists() {
        return;
    }
    if from.get("fieldRef").exists() {
        check_field_ref(&from.get("fieldRef"), &ENV_FIELDS, report);
    }
    if from.get("resourceFieldRef").exists() {
        check_resource_field_ref(&from.get("resourceFieldRef"), report);
    }
    for name in ["configMapKeyRef", "secretKeyRef"] {
        check_key_ref(&from.get(name), report);
    }
    if report.since(35) {
        check_file_key(&from.get("fileKeyRef"), report);
    }
    // Variables from files are dropped before Kubernetes 1.35, where their feature is off.
    let known = if report.since(35) {
        &SOURCES[..]
    } else {
        &SOURCES[..4]
    };
    let sources = known.iter().filter(|name| from.get(name).exists()).count();
    if sources == 0 && from.value().is_object() {
        let message = format!(
            "a source of the value is missing: expected {}",
            list_names(&SOURCES[..4])
        );
        report.invalid(&from, &rules::ENV_SOURCE, message);
    } else if !variable.get("value").is_blank() {
        report.invalid(
            &from,
            &rules::ENV_SOURCE,
            "`valueFrom` beside `value`: expected one",
        );
    } else if sources > 1 {
        report.invalid(
            &from,
            &rules::ENV_SOURCE,
            format!("{sources} sources of one value: expected one"),
        );
    }
}

/// Checks a reference to a key of a ConfigMap or Secret (`validateConfigMapKeySelector`, `validateSecretKeySelector`).
fn check_key_ref(reference: &Field, report: &mut Report) {
    if !reference.exists() {
        return;
    }
    let name = reference.get("name");
    if name.is_blank() {
        report.invalid(
            &name,
            &rules::NAME_SYNTAX,
            "missing: the name of the object is required",
        );
    } else {
        report.form(&name, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
    }
    report.required_form(
        &reference.get("key"),
        &rules::KEY_SYNTAX,
        TextForm::ConfigMapKey,
    );
}

/// Checks a reference to a key of a file (`validateFileKeySelector`).
fn check_file_key(reference: &Field, report: &mut Report) {
    if reference.exists() {
        report.required_form(
            &reference.get("key"),
            &rules::KEY_SYNTAX,
            TextForm::EnvVarName,
        );
        report.required_form(
            &reference.get("volumeName"),
            &rules::NAME_SYNTAX,
            TextForm::DnsLabel,
        );
        let path = reference.get("path");
        if report.present(&path) {
            super::volume_sources::check_no_backsteps(&path, report);
        }
    }
}

/// Checks that variables from files name a volume of type `emptyDir` (`validateFileKeyRefVolumes`).
pub(super) fn check_file_volumes(facts: &PodFacts, report: &mut Report) {
    if !report.since(35) {
        return;
    }
    for list in CONTAINER_LISTS {
        for container in facts.spec.get(list).items() {
            for variable in container.get("env").items() {
                let from = variable.get("valueFrom");
                let reference = from.get("fileKeyRef");
                let volume = reference.get("volumeName");
                if reference.exists() && !volume.is_blank() {
                    check_file_volume(&volume, facts, report);
                }
            }
        }
    }
}

fn check_file_volume(volume: &Field, facts: &PodFacts, report: &mut Report) {
    match facts.volumes.find(volume.text()) {
        None => super::volume_sources::report_unknown_volume(volume, report),
        Some(value) if value.get("emptyDir").is_none_or(serde_json::Value::is_null) => {
            let message = format!(
                "`{}` is another kind of volume: expected an `emptyDir`",
                shorten(volume.text())
            );
            report.invalid(volume, &rules::VOLUME_SOURCE, message);
        }
        Some(_) => {}
    }
}

/// Checks a reference to a field of the pod (`validateObjectFieldSelector`).
pub(super) fn check_field_ref(reference: &Field, fields: &[&str], report: &mut Report) {
    let path = reference.get("fieldPath");
    if !report.present(&path) || !path.value().is_string() {
        return;
    }
    if !matches!(reference.get("apiVersion").text_or("v1"), "v1" | "") {
        let version = reference.get("apiVersion").text();
        report.invalid(
            &path,
            &rules::FIELD_PATH,
            format!("`apiVersion` is `{}`: expected `v1`", shorten(version)),
        );
        return;
    }
    let text = path.text();
    if let Some((map, key)) = split_subscript(text) {
        let form = match map {
            "metadata.annotations" => TextForm::MixedCaseQualifiedName,
            "metadata.labels" => TextForm::QualifiedName,
            _ => {
                let message = format!(
                    "`{}` has a key in brackets: expected it after `metadata.labels` or `metadata.annotations`",
                    shorten(text)
                );
                report.invalid(&path, &rules::FIELD_PATH, message);
                return;
            }
        };
        let whole = reference.get_as("fieldPath", "");
        report.form_of(&whole, key, &rules::FIELD_PATH, form);
    } else if !fields.contains(&text) && text != "spec.host" {
        report.unsupported(&path, text, fields);
    }
}

/// Splits `metadata.labels['key']` (`pkg/fieldpath` `SplitMaybeSubscriptedPath`).
fn split_subscript(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']")?
        .split_once("['")
        .filter(|(map, _)| !map.is_empty())
}

/// Checks a reference to a resource of a container (`validateContainerResourceFieldSelector`).
pub(super) fn check_resource_field_ref(reference: &Field, report: &mut Report) {
    let (resource, divisor) = (reference.get("resource"), reference.get("divisor"));
    let text = resource.text();
    let is_huge_page = HUGE_PAGES.iter().any(|prefix| text.starts_with(prefix));
    if report.present(&resource) && resource.value().is_string() && !is_huge_page {
        report.exactly_one_of(&resource, &RESOURCE_FIELDS);
    }
    super::resources::check_quantity_syntax(&divisor, report);
    let Some(quantity) = Quantity::of(divisor.value()).filter(|q| !q.is_zero()) else {
        return;
    };
    let is_cpu = matches!(text, "limits.cpu" | "requests.cpu");
    let fits = if is_cpu {
        quantity == Quantity::one() || quantity == Quantity::one_milli()
    } else {
        quantity.is_unit() || !(is_huge_page || RESOURCE_FIELDS.contains(&text))
    };
    if !fits {
        let units = if is_cpu {
            "`1` or `1m`"
        } else {
            "`1`, a decimal unit such as `1M` or a binary one such as `1Mi`"
        };
        let message = format!(
            "{} is no divisor of this resource: expected {units}",
            divisor.value()
        );
        report.invalid(&divisor, &rules::DIVISOR, message);
    }
}

/// Checks the sources of which all keys become variables.
pub(super) fn check_env_from(sources: &Field, report: &mut Report) {
    for source in sources.items() {
        let form = name_form(report);
        report.form_if_set(&source.get("prefix"), &rules::ENV_NAME, form);
        let (map, secret) = (source.get("configMapRef"), source.get("secretRef"));
        for reference in [&map, &secret] {
            if reference.exists() {
                report.required_form(
                    &reference.get("name"),
                    &rules::NAME_SYNTAX,
                    TextForm::DnsSubdomain,
                );
            }
        }
        match (map.exists(), secret.exists()) {
            (false, false) if source.value().is_object() => {
                let message = "a source is missing: expected `configMapRef` or `secretRef`";
                report.invalid(&source.unplaced(), &rules::ENV_SOURCE, message);
            }
            (true, true) => {
                let message = "`configMapRef` beside `secretRef` in one entry: expected one";
                report.invalid(&source.unplaced(), &rules::ENV_SOURCE, message);
            }
            _ => {}
        }
    }
}
