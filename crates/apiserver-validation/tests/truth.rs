//! Replays what a real API server answered: it refused these objects, and accepted those.
//!
//! `tests/truth/record.py` recorded the answers from the cases in `tests/truth/cases`, with Kubernetes 1.34.4.
#![allow(
    clippy::disallowed_methods,
    reason = "the recorded answers lie beside the test"
)]

use apiserver_validation::{
    Context, KubernetesVersion, PodSecurityLevel, PodSecurityPlatform, PodSecurityPolicy,
    Violation, check_object, check_pod_security, check_update,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::Path;

/// A file of recorded answers: what it begins with, and the answers.
struct Recording {
    name: String,
    head: Value,
    answers: Vec<Value>,
}

fn read_recordings(wanted: impl Fn(&str) -> bool) -> Vec<Recording> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth/recorded");
    let mut names: Vec<String> = std::fs::read_dir(&directory)
        .expect("the directory of recordings is there")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .filter(|name| wanted(name))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no recordings");
    names
        .into_iter()
        .map(|name| read_recording(&directory, name))
        .collect()
}

fn read_recording(directory: &Path, name: String) -> Recording {
    let text = std::fs::read_to_string(directory.join(&name)).expect("readable");
    let mut lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"));
    let head = lines.next().expect("a recording has a head");
    Recording {
        name,
        head,
        answers: lines.collect(),
    }
}

/// Applies the changes of a case to its base, as `record.py` does.
fn change(base: &Value, changes: &Map<String, Value>) -> Value {
    let mut out = base.clone();
    for (pointer, value) in changes {
        let parts: Vec<String> = pointer
            .split('/')
            .skip(1)
            .map(|p| p.replace("~1", "/").replace("~0", "~"))
            .collect();
        let (last, parents) = parts.split_last().expect("a pointer below the root");
        let mut here = &mut out;
        for part in parents {
            here = match here {
                Value::Array(list) => &mut list[part.parse::<usize>().expect("a place")],
                Value::Object(map) => map
                    .entry(part.clone())
                    .or_insert_with(|| Value::Object(Map::new())),
                _ => panic!("{pointer} leads through a scalar"),
            };
        }
        let delete = value == "<delete>";
        match here {
            Value::Array(list) if last == "-" => list.push(value.clone()),
            Value::Array(list) if delete => {
                list.remove(last.parse().expect("a place"));
            }
            Value::Array(list) => list[last.parse::<usize>().expect("a place")] = value.clone(),
            Value::Object(map) if delete => {
                map.remove(last);
            }
            Value::Object(map) => {
                map.insert(last.clone(), value.clone());
            }
            _ => panic!("{pointer} leads to a scalar"),
        }
    }
    expand(&out)
}

/// Turns `<repeat x 300>` into 300 times x.
fn expand(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(expand_text(text)),
        Value::Array(list) => list.iter().map(expand).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| (expand_text(k), expand(v)))
            .collect(),
        other => other.clone(),
    }
}

fn expand_text(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<repeat ") else {
        return text.to_owned();
    };
    let (inside, after) = rest.split_once('>').expect("closed");
    let (unit, times) = inside.rsplit_once(' ').expect("a number");
    format!(
        "{before}{}{after}",
        unit.repeat(times.parse().expect("a number"))
    )
}

/// Tells that what was found is in a field that the API server names; answers without fields name none.
fn at_right_field(found: &[Violation], answer: &Value) -> bool {
    let causes = answer["causes"].as_array().expect("causes");
    let fields: BTreeSet<&str> = causes
        .iter()
        .filter_map(|cause| cause[1].as_str())
        .collect();
    !found.is_empty()
        && (fields.is_empty() || found.iter().any(|v| fields.contains(v.field.as_str())))
}

fn describe(found: &[Violation]) -> String {
    found
        .iter()
        .map(|violation| format!("\n    {violation}"))
        .collect()
}

/// Compares all answers of the recordings, and returns how many there were of refusals and of acceptances.
fn compare(recordings: &[Recording]) -> [usize; 2] {
    let (mut counts, mut wrong) = ([0, 0], Vec::new());
    for recording in recordings {
        let base = &recording.head["base"];
        let is_update = recording.head["update"] == true;
        for answer in &recording.answers {
            let object = change(base, answer["set"].as_object().expect("changes"));
            let context = Context::default();
            let found = if is_update {
                check_update(&expand(base), &object, &context)
            } else {
                check_object(&object, &context)
            };
            let refused = answer["refused"] == true;
            counts[usize::from(!refused)] += 1;
            let right = if refused {
                at_right_field(&found, answer)
            } else {
                found.is_empty()
            };
            if !right {
                wrong.push(format!(
                    "\n{}: {} {}{}",
                    recording.name,
                    answer["set"],
                    answer["causes"],
                    describe(&found)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    counts
}

fn is_object_recording(name: &str) -> bool {
    !name.starts_with("update-")
        && !name.starts_with("pod-security")
        && !name.starts_with("mutations")
}

#[test]
fn objects_are_refused_in_the_fields_that_the_api_server_names_and_no_others() {
    let [refused, accepted] = compare(&read_recordings(is_object_recording));
    assert!(
        refused > 900 && accepted > 200,
        "{refused} refused, {accepted} accepted"
    );
}

#[test]
fn updates_are_refused_in_the_fields_that_the_api_server_names_and_no_others() {
    let [refused, accepted] = compare(&read_recordings(|name| name.starts_with("update-")));
    assert!(
        refused > 90 && accepted > 90,
        "{refused} refused, {accepted} accepted"
    );
}

/// Tells that an answer differs for a reason that `truth/differences.md` gives.
fn is_known_difference(found: &[Violation], answer: &Value) -> bool {
    let causes = answer["causes"].as_array().map_or(&[][..], Vec::as_slice);
    let fields: Vec<&str> = causes
        .iter()
        .filter_map(|cause| cause[1].as_str())
        .collect();
    let expressions = |field: &&str| field.ends_with("xpression");
    let not_compiled = found.is_empty() && !fields.is_empty() && fields.iter().all(expressions);
    let not_in_dry_runs =
        answer["refused"] == false && found.iter().all(|violation| violation.rule == "node-port");
    let outside_network = fields == ["spec.clusterIPs"];
    not_compiled || not_in_dry_runs || outside_network
}

#[test]
fn random_mutations_are_refused_as_the_api_server_refuses_them() {
    let recording = &read_recordings(|name| name == "mutations.jsonl")[0];
    let (mut wrong, mut known) = (Vec::new(), 0);
    for answer in &recording.answers {
        let base = &recording.head["bases"][answer["case"].as_str().expect("a case")];
        let object = change(base, answer["set"].as_object().expect("changes"));
        let found = check_object(&object, &Context::default());
        let refused = answer["refused"] == true;
        if (refused && at_right_field(&found, answer)) || (!refused && found.is_empty()) {
            continue;
        }
        if is_known_difference(&found, answer) {
            known += 1;
        } else {
            wrong.push(format!(
                "\n{} {}: {}{}",
                answer["case"],
                answer["set"],
                answer["causes"],
                describe(&found)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    let all = recording.answers.len();
    assert!(
        all >= 1000 && known * 100 < all,
        "{known} known differences of {all}"
    );
}

/// The rules of Pod Security, and the reasons that the API server gives for them.
const REASONS: [(&str, &[&str]); 16] = [
    (
        "pod-security-apparmor",
        &["forbidden AppArmor profile", "forbidden AppArmor profiles"],
    ),
    (
        "pod-security-capabilities",
        &["unrestricted capabilities", "non-default capabilities"],
    ),
    (
        "pod-security-escalation",
        &["allowPrivilegeEscalation != false"],
    ),
    ("pod-security-host-namespaces", &["host namespaces"]),
    ("pod-security-host-path", &["hostPath volumes"]),
    ("pod-security-host-ports", &["hostPort"]),
    ("pod-security-host-process", &["hostProcess"]),
    ("pod-security-non-root", &["runAsNonRoot != true"]),
    ("pod-security-privileged", &["privileged"]),
    ("pod-security-probe-host", &["probe or lifecycle host"]),
    ("pod-security-proc-mount", &["procMount"]),
    ("pod-security-run-as-user", &["runAsUser=0"]),
    ("pod-security-seccomp", &["seccompProfile"]),
    ("pod-security-selinux", &["seLinuxOptions"]),
    ("pod-security-sysctls", &["forbidden sysctls"]),
    ("pod-security-volume-types", &["restricted volume types"]),
];

fn read_policy(text: &str) -> PodSecurityPolicy {
    let (level, version) = text.split_once(':').expect("level and version");
    let minor = version
        .strip_prefix("v1.")
        .map_or(34, |minor| minor.parse().expect("a number"));
    PodSecurityPolicy {
        level: PodSecurityLevel::from_label(level).expect("a level"),
        version: KubernetesVersion::new(1, minor),
        platform: PodSecurityPlatform::Kubernetes,
    }
}

#[test]
fn pods_break_the_rules_of_pod_security_that_the_api_server_names_and_no_others() {
    let recordings = read_recordings(|name| name.starts_with("pod-security"));
    let (mut compared, mut wrong) = (0, Vec::new());
    for answer in &recordings[0].answers {
        let pod = change(
            &recordings[0].head["base"],
            answer["set"].as_object().expect("changes"),
        );
        let found = check_pod_security(
            &pod,
            read_policy(answer["policy"].as_str().expect("a policy")),
        );
        let rules: BTreeSet<&str> = found.iter().map(|violation| violation.rule).collect();
        let reasons: Vec<&str> = answer["reasons"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let expected: BTreeSet<&str> = REASONS
            .iter()
            .filter(|(_, names)| names.iter().any(|name| reasons.contains(name)))
            .map(|(rule, _)| *rule)
            .collect();
        compared += 1;
        if rules != expected {
            wrong.push(format!(
                "\n{} {}: {expected:?}{}",
                answer["policy"],
                answer["set"],
                describe(&found)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    assert!(compared > 250);
}

#[test]
fn values_of_any_type_anywhere_do_no_harm() {
    let kinds = [
        Value::Null,
        true.into(),
        (-7).into(),
        "".into(),
        "é/%".into(),
        Value::Array(vec![Value::Null]),
        Value::Object(Map::new()),
    ];
    for recording in read_recordings(is_object_recording) {
        let base = expand(&recording.head["base"]);
        for pointer in pointers(&base, String::new()) {
            for kind in &kinds {
                let mut object = base.clone();
                *object
                    .pointer_mut(&pointer)
                    .expect("the pointer was listed") = kind.clone();
                let found = check_object(&object, &Context::default());
                assert!(
                    found
                        .iter()
                        .all(|violation| violation.message.chars().count() < 400)
                );
                check_update(&base, &object, &Context::default());
                check_pod_security(&object, read_policy("restricted:latest"));
            }
        }
    }
}

/// Lists the JSON pointers of all values below the root.
fn pointers(value: &Value, at: String) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(i, v)| (format!("{at}/{i}"), v))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| {
                (
                    format!("{at}/{}", k.replace('~', "~0").replace('/', "~1")),
                    v,
                )
            })
            .collect(),
        _ => Vec::new(),
    };
    let mut out: Vec<String> = below
        .into_iter()
        .flat_map(|(pointer, v)| pointers(v, pointer))
        .collect();
    if !at.is_empty() {
        out.push(at);
    }
    out
}

#[test]
fn the_table_of_coverage_names_every_kind_that_is_covered() {
    let table = include_str!("../COVERAGE.md");
    let missing: Vec<_> = apiserver_validation::covered_kinds()
        .filter(|kind| !table.contains(kind.kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn rules_have_identifiers_of_their_own() {
    let ids: BTreeSet<&str> = apiserver_validation::RULES
        .iter()
        .map(|rule| rule.id)
        .collect();
    assert_eq!(ids.len(), apiserver_validation::RULES.len());
    let kebab = |id: &&str| {
        id.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    assert!(ids.iter().all(kebab), "{ids:?}");
}
