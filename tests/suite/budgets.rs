//! Small files that ask for any amount of work: each is refused by the budget that it exceeds, before the memory is taken.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::repository;

const APP: &str = "base/apps/web/app.yaml";
const KUSTOMIZATION: &str = "base/apps/web/kustomization.yaml";
/// Addresses that a run may have, in KiB. The worst input without a budget takes more within a second.
const ADDRESSES: u32 = 2_000_000;

/// Runs `check` over the small fleet after a change, and returns what it says. It ends with 2, and not because memory ran out.
fn refuse(change: impl FnOnce(&Path)) -> String {
    let fleet = tempfile::tempdir().unwrap();
    for path in repository::list("tests/suite/small-fleet") {
        let below = path.strip_prefix("tests/suite/small-fleet/").unwrap();
        repository::write(fleet.path(), below, &repository::read(&path));
    }
    change(fleet.path());
    let output = Command::new("bash")
        .args([
            "-c",
            &format!("ulimit -v {ADDRESSES} && exec \"$0\" -j 2 check"),
        ])
        .arg(env!("CARGO_BIN_EXE_siteplan"))
        .current_dir(fleet.path())
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(!errors.contains("memory allocation"), "{errors}");
    assert!(errors.len() < 20_000, "{} bytes are printed", errors.len());
    errors
}

/// Appends lines to a file of a fleet.
fn append(fleet: &Path, path: &str, text: &str) {
    let before = fs_err::read_to_string(fleet.join(path)).unwrap();
    repository::write(fleet, path, &format!("{before}{text}"));
}

/// Appends a text a number of times.
fn repeat(times: usize, mut line: impl FnMut(usize) -> String) -> String {
    let mut text = String::new();
    for index in 0..times {
        text.push_str(&line(index));
    }
    text
}

#[test]
fn operations_that_copy_an_object_into_itself() {
    let errors = refuse(|fleet| {
        let copies = repeat(40, |i| {
            format!("    - {{op: copy, from: /spec, path: /spec/x{i}}}\n")
        });
        let patch = format!("patches:\n- target: {{kind: Deployment}}\n  patch: |-\n{copies}");
        append(fleet, KUSTOMIZATION, &patch);
    });
    assert!(errors.contains("error[patch-does-not-apply]"), "{errors}");
    assert!(errors.contains("more than 16777216 bytes"), "{errors}");
}

#[test]
fn replacements_that_copy_an_object_into_itself() {
    let errors = refuse(|fleet| {
        let mut text = "replacements:\n".to_owned();
        for index in 0..30 {
            writeln!(
                text,
                "- source: {{kind: Deployment, fieldPath: spec.template}}\n  targets:\n  - select: {{kind: Deployment}}\n    \
                 fieldPaths: [spec.template.x{index}]\n    options: {{create: true}}"
            )
            .unwrap();
        }
        append(fleet, KUSTOMIZATION, &text);
    });
    assert!(
        errors.contains("error[replacement-does-not-apply]"),
        "{errors}"
    );
    assert!(errors.contains("more than 16777216 bytes"), "{errors}");
}

#[test]
fn bases_that_name_the_next_one_twice() {
    let errors = refuse(|fleet| {
        let levels = 24;
        for level in 0..levels {
            for side in ["a", "b"] {
                let path = format!("base/apps/web/{side}{level}/kustomization.yaml");
                let next = level + 1;
                let text = format!("namePrefix: {side}-\nresources: [../a{next}, ../b{next}]\n");
                repository::write(fleet, &path, &text);
            }
        }
        for side in ["a", "b"] {
            let directory = format!("base/apps/web/{side}{levels}");
            let object = format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {side}, namespace: web}}\n"
            );
            repository::write(
                fleet,
                &format!("{directory}/kustomization.yaml"),
                "resources: [map.yaml]\n",
            );
            repository::write(fleet, &format!("{directory}/map.yaml"), &object);
        }
        append(fleet, KUSTOMIZATION, "- a0\n");
    });
    assert!(
        errors.contains("error[kustomization-too-large]"),
        "{errors}"
    );
    assert!(errors.contains("at most 10000 are possible"), "{errors}");
}

#[test]
fn schemas_whose_references_double() {
    let errors = refuse(|fleet| {
        let levels = repeat(30, |i| {
            let next = format!("{{$ref: \"#/$defs/l{}\"}}", i + 1);
            format!("      l{i}: {{anyOf: [{next}, {next}]}}\n")
        });
        let definitions = format!(
            "    $defs:\n{levels}      l30: {{type: string}}\n    properties:\n      x: {{$ref: \"#/$defs/l0\"}}\n"
        );
        repository::edit(fleet, APP, "    properties:\n", &definitions);
    });
    assert!(errors.contains("error[unusable-schema]"), "{errors}");
    assert!(errors.contains("more than 10000 schemas"), "{errors}");
}

#[test]
fn alternatives_that_lead_back_to_their_schema() {
    let errors = refuse(|fleet| {
        let below = "{properties: {x: {$ref: \"#/$defs/t\"}}}";
        let definitions = format!(
            "    $defs:\n      t: {{anyOf: [{below}, {below}]}}\n    properties:\n      x: {{$ref: \"#/$defs/t\"}}\n"
        );
        repository::edit(fleet, APP, "    properties:\n", &definitions);
    });
    assert!(errors.contains("error[unusable-schema]"), "{errors}");
    assert!(
        errors.contains("evaluated more than 10000 times"),
        "{errors}"
    );
}

#[test]
fn expressions_that_join_texts_without_end() {
    let errors = refuse(|fleet| {
        let joined = vec!["values.replicas"; 200].join(" ~ ");
        append(
            fleet,
            APP,
            &format!(
                "  - {{to: Deployment/web, path: metadata.annotations.x, value: \"{{{{ {joined} }}}}\"}}\n"
            ),
        );
    });
    assert!(
        errors.contains("joins texts more than 32 times"),
        "{errors}"
    );
}

#[test]
fn a_sparse_file_is_not_read() {
    let errors = refuse(|fleet| {
        let file = fs_err::File::create(fleet.join("base/apps/web/notes.bin")).unwrap();
        file.set_len(1 << 30).unwrap();
    });
    assert!(
        errors.contains("it has 1073741824 bytes, more than 8388608"),
        "{errors}"
    );
}

#[test]
fn aliases_that_repeat_each_other() {
    let errors = refuse(|fleet| {
        let mut text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: web}\na0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            writeln!(
                text,
                "a{level}: &a{level} [{}]",
                [alias.as_str(); 9].join(",")
            )
            .unwrap();
        }
        repository::write(fleet, "base/apps/web/map.yaml", &text);
        append(fleet, KUSTOMIZATION, "- map.yaml\n");
    });
    assert!(
        errors.contains("aliases repeat more than a file may hold"),
        "{errors}"
    );
}
