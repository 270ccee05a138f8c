//! ConfigMaps and Secrets (`pkg/apis/core/validation/validation.go` `ValidateConfigMap`, `ValidateSecret`).

use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::text::TextForm;
use crate::violation::Cause;
use serde_json::Value;

/// The size that all values may have together, in bytes.
const SIZE_MOST: usize = 1024 * 1024;

/// Checks a ConfigMap.
pub(crate) fn check_config_map(object: &Field, report: &mut Report) {
    let (data, binary) = (object.get("data"), object.get("binaryData"));
    let mut size = 0;
    for (key, field) in data.entries() {
        report.form_of(&field, key, &rules::KEY_SYNTAX, TextForm::ConfigMapKey);
        if binary.value().get(key).is_some() {
            report.invalid(
                &field,
                &rules::DUPLICATE_NAME,
                format!("`{}` is a key of `binaryData` too", shorten(key)),
            );
        }
        size += field.text().len();
    }
    for (key, field) in binary.entries() {
        report.form_of(&field, key, &rules::KEY_SYNTAX, TextForm::ConfigMapKey);
        size += decoded_size(field.text());
        check_base64(&field, report);
    }
    if size > SIZE_MOST {
        let message =
            format!("the values have {size} bytes together: expected {SIZE_MOST} at most");
        // Kubernetes' path of the whole object is a pair of brackets.
        report.add(
            &object.get_as("data", "[]"),
            Cause::TooLong,
            &rules::TOO_LONG,
            message,
        );
    }
}

/// Returns the size of a text after base64 is decoded.
fn decoded_size(text: &str) -> usize {
    let digits = text
        .bytes()
        .filter(|b| !matches!(b, b'=' | b'\n' | b'\r'))
        .count();
    digits * 3 / 4
}

/// Refuses a text that is not base64, which the API server cannot decode.
fn check_base64(field: &Field, report: &mut Report) -> bool {
    let Value::String(text) = field.value() else {
        return true;
    };
    let fits = is_base64(text);
    if !fits {
        let message = "the value is not base64: expected it encoded, or plain text in `stringData` or `data` of a ConfigMap";
        report.add(field, Cause::Malformed, &rules::BASE64, message.to_owned());
    }
    fits
}

/// Tells that Go's `base64.StdEncoding` decodes a text: padded, line breaks ignored.
fn is_base64(text: &str) -> bool {
    let digits = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r'));
    let (mut data, mut padding) = (0_usize, 0_usize);
    for b in digits {
        match b {
            b'=' => padding += 1,
            _ if padding == 0 && (b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')) => {
                data += 1;
            }
            _ => return false,
        }
    }
    (data + padding).is_multiple_of(4) && padding <= 2
}

/// Decodes base64 that was checked.
fn decode_base64(text: &str) -> Vec<u8> {
    let value = |b: u8| match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let (mut out, mut bits, mut filled) = (Vec::new(), 0_u32, 0);
    for b in text.bytes().filter(|b| !matches!(b, b'=' | b'\n' | b'\r')) {
        bits = (bits << 6) | u32::from(value(b));
        filled += 6;
        if filled >= 8 {
            filled -= 8;
            out.push((bits >> filled).to_le_bytes()[0]);
        }
    }
    out
}

/// Checks a Secret: keys, sizes and what its type requires.
pub(crate) fn check_secret(object: &Field, report: &mut Report) {
    let (data, plain) = (object.get("data"), object.get("stringData"));
    let mut size = 0;
    for (key, field) in data.entries() {
        report.form_of(&field, key, &rules::KEY_SYNTAX, TextForm::ConfigMapKey);
        check_base64(&field, report);
        if plain.value().get(key).is_none() {
            size += decoded_size(field.text());
        }
    }
    // Kubernetes moves `stringData` into `data` first.
    let moved = object.get_as("stringData", "data");
    for (key, field) in moved.entries() {
        report.form_of(&field, key, &rules::KEY_SYNTAX, TextForm::ConfigMapKey);
        size += field.text().len();
    }
    if size > SIZE_MOST {
        let message =
            format!("the values have {size} bytes together: expected {SIZE_MOST} at most");
        report.add(&data, Cause::TooLong, &rules::TOO_LONG, message);
    }
    check_secret_type(object, report);
}

fn check_secret_type(object: &Field, report: &mut Report) {
    let data = object.get("data");
    let has = |key: &str| {
        ["data", "stringData"]
            .iter()
            .any(|list| object.get(list).value().get(key).is_some())
    };
    let require = |key: &str, report: &mut Report| {
        if !has(key) {
            let message = format!(
                "missing: a Secret of type `{}` needs the key `{key}`",
                object.get("type").text()
            );
            report.required(&data.key(key), message);
        }
    };
    match object.get("type").text() {
        "kubernetes.io/service-account-token" => {
            let metadata = object.get("metadata");
            let annotations = metadata.get("annotations");
            let account = annotations.key("kubernetes.io/service-account.name");
            if account.is_blank() {
                report.required(
                    &account,
                    "missing: the name of the service account is required",
                );
            }
        }
        "kubernetes.io/dockercfg" => check_docker(object, ".dockercfg", require, report),
        "kubernetes.io/dockerconfigjson" => {
            check_docker(object, ".dockerconfigjson", require, report);
        }
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            require("username", report);
            require("password", report);
        }
        "kubernetes.io/ssh-auth" => {
            let blank = ["data", "stringData"]
                .iter()
                .all(|list| object.get(list).get("ssh-privatekey").is_blank());
            if blank {
                report.required(
                    &data.key("ssh-privatekey"),
                    "missing or empty: a private key is required",
                );
            }
        }
        "kubernetes.io/tls" => {
            require("tls.crt", report);
            require("tls.key", report);
        }
        _ => {}
    }
}

/// Requires a key with a JSON object in it.
fn check_docker(
    object: &Field,
    key: &str,
    require: impl Fn(&str, &mut Report),
    report: &mut Report,
) {
    require(key, report);
    let plain = object.get_as("stringData", "data");
    let encoded = object.get("data");
    let (text, field) = match plain.value().get(key) {
        Some(Value::String(text)) => (text.clone().into_bytes(), plain.key(key)),
        _ => match encoded.value().get(key) {
            Some(Value::String(text)) if is_base64(text) => (decode_base64(text), encoded.key(key)),
            _ => return,
        },
    };
    let is_object = serde_json::from_slice::<Value>(&text)
        .is_ok_and(|value| value.is_object() || value.is_null());
    if !is_object {
        report.invalid(
            &field,
            &rules::DOCKER_CONFIG,
            format!("the value of `{key}` is no JSON object"),
        );
    }
}
