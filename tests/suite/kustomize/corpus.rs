//! Recorded builds of the real kustomize 5.6.0 and 5.8.1: what it prints, or why it fails.
//!
//! `tests/kustomize/record-corpus.py` records them. Where the newer one answers differently, its answer is beside the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustomize::{DiskFiles, KustomizeVersion, Renderer};

use super::live::{Agreement, same_again};

/// Builds that kustomize does and siteplan refuses, and why.
const REFUSED: [(&str, &str); 3] = [
    (
        "062-smp-crd-lists-replace",
        "kustomize copies `$patch` into lists that do not merge; certainly a mistake",
    ),
    (
        "068-smp-unsupported-directives",
        "kustomize copies kubectl's directives into the object; certainly a mistake",
    ),
    (
        "114-build-metadata",
        "the output lists the steps of kustomize",
    ),
];

/// Failing builds and the code that says the same here.
const FAILURES: [(&str, &str); 54] = [
    ("025-err-control-char", "unprintable-resource"),
    ("026-err-int-key", "unprintable-resource"),
    ("027-err-duplicate-key", "unprintable-resource"),
    ("032-ns-conflict", "duplicate-resource"),
    ("046-err-label-not-string", "kustomization-field"),
    ("050-err-image-tag-number", "kustomization-field"),
    ("052-err-replicas-no-match", "kustomization-field"),
    ("069-err-smp-no-match", "patch-target-missing"),
    ("070-err-smp-kind-mismatch", "patch-does-not-apply"),
    ("071-err-smp-bad-directive", "patch-does-not-apply"),
    ("072-err-patch-unparsable", "patch-not-readable"),
    ("073-err-patch-empty-file", "patch-not-readable"),
    ("074-err-patch-and-path", "patch-not-readable"),
    ("075-err-panic-delete-then-patch", "patch-does-not-apply"),
    ("081-err-json-remove-missing", "patch-does-not-apply"),
    ("083-err-json-missing-parent", "patch-does-not-apply"),
    ("084-err-json-test-failed", "patch-does-not-apply"),
    ("085-err-json-no-target", "patch-not-readable"),
    ("090-err-component-as-resource", "kustomization-field"),
    ("091-err-kustomization-as-component", "kustomization-field"),
    ("100-err-gen-duplicate-key", "generator-conflict"),
    ("101-err-gen-missing-file", "missing-kustomize-file"),
    ("102-err-gen-exists", "generator-conflict"),
    ("103-err-gen-merge-missing", "generator-conflict"),
    ("104-err-gen-numeric-key", "unprintable-resource"),
    (
        "109-err-replacement-missing-field",
        "replacement-does-not-apply",
    ),
    (
        "110-err-replacement-no-source",
        "replacement-does-not-apply",
    ),
    ("111-err-replacement-type", "unprintable-resource"),
    ("117-err-load-restriction", "outside-kustomize-root"),
    ("118-err-load-restriction-symlink", "outside-kustomize-root"),
    ("119-err-cycle", "kustomize-cycle"),
    ("120-err-missing-resource", "missing-kustomize-file"),
    ("121-err-no-kustomization", "missing-kustomize-file"),
    ("122-err-unknown-field", "kustomization-field"),
    ("123-err-duplicate-id", "duplicate-resource"),
    ("124-err-malformed-yaml", "malformed-resource"),
    ("125-err-missing-name", "malformed-resource"),
    ("126-err-empty-kustomization", "kustomization-field"),
    ("130-err-vars-twice", "kustomization-field"),
    ("135-err-validator-changes", "kustomization-field"),
    ("143-err-subject-without-name", "ambiguous-reference"),
    ("144-err-generated-tab", "unprintable-resource"),
    ("145-err-test-all-annotations", "patch-does-not-apply"),
    ("146-err-configuration-unknown-field", "kustomization-field"),
    ("148-err-plugin", "unsupported-kustomization"),
    ("149-err-four-mistakes", "kustomization-field"),
    ("150-err-validator-patches", "kustomization-field"),
    ("158-err-tab-after-dash", "kustomization-field"),
    ("159-err-tab-begins-block", "malformed-resource"),
    ("160-err-tab-in-empty-line", "malformed-resource"),
    ("164-err-tab-through-json", "unprintable-resource"),
    ("165-err-namespace-map", "ambiguous-reference"),
    ("169-replacement-inside-text", "replacement-does-not-apply"),
    ("172-repeated-key-in-configuration", "kustomization-field"),
];

fn cases() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/kustomize/corpus");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    cases
}

#[test]
fn recorded_builds_of_5_6_are_reproduced_byte_for_byte() {
    assert_reproduced(KustomizeVersion::V5_6);
}

#[test]
fn recorded_builds_of_5_8_are_reproduced_byte_for_byte() {
    assert_reproduced(KustomizeVersion::V5_8);
}

fn assert_reproduced(version: KustomizeVersion) {
    let (mut passed, mut failed) = (0, Vec::new());
    let cases = cases();
    for case in &cases {
        match run(case, version) {
            Ok(()) => passed += 1,
            Err(reason) => failed.push(format!(
                "{}: {reason}",
                case.file_name().unwrap().to_string_lossy()
            )),
        }
    }
    eprintln!(
        "corpus of {version}: {passed} of {} pass, {} of them by refusing on purpose",
        cases.len(),
        REFUSED.len()
    );
    for (case, reason) in REFUSED {
        eprintln!("refused: {case}: {reason}");
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Returns the recorded file of a case with the answer of a version, by its extension.
fn recorded(case: &Path, version: KustomizeVersion, extension: &str) -> Option<String> {
    let own = |ending: &str| case.join(format!("expected-{version}.{ending}"));
    if own("yaml").exists() || own("err").exists() {
        return std::fs::read_to_string(own(extension)).ok();
    }
    std::fs::read_to_string(case.join(format!("expected.{extension}"))).ok()
}

/// Counts the warnings that kustomize prints, too.
fn count_kustomizes_own(warnings: &pointer_diagnostics::Diagnostics) -> usize {
    let own = rustomize::rules::OBJECT_LEFT_OUT.code;
    warnings
        .iter()
        .filter(|warning| warning.code != own)
        .count()
}

fn run(case: &Path, version: KustomizeVersion) -> Result<(), String> {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let target = std::fs::read_to_string(case.join("target")).unwrap();
    let files = DiskFiles::new(&case.join("input")).unwrap();
    let renderer = Renderer::of_version(Arc::new(files), version);
    let build = renderer.build(target.trim());
    let warnings = build
        .as_ref()
        .map_or(0, |build| count_kustomizes_own(&build.warnings));
    let text = build.and_then(|build| build.text());
    let code = |found: &pointer_diagnostics::Diagnostics| {
        found
            .iter()
            .next()
            .map(|d| (d.code, d.message.clone()))
            .unwrap_or_default()
    };
    if REFUSED.iter().any(|(refused, _)| *refused == name) {
        return match text {
            Err(found) if code(&found).0 == "unsupported-kustomization" => Ok(()),
            other => Err(format!("is not refused: {:?}", other.map_err(|e| code(&e)))),
        };
    }
    let Some(expected) = recorded(case, version, "yaml") else {
        let expected = FAILURES
            .iter()
            .find(|(case, _)| *case == name)
            .map_or("", |(_, code)| code);
        return match text {
            Err(found) if code(&found).0 == expected => Ok(()),
            other => Err(format!(
                "`{expected}` expected, found {:?}",
                other.map_err(|e| code(&e))
            )),
        };
    };
    let expected_warnings = recorded(case, version, "stderr").unwrap_or_default();
    match text {
        Ok(text) if text == expected && warnings == expected_warnings.lines().count() => {
            match same_again(&renderer, target.trim()) {
                Agreement::Same => Ok(()),
                other => Err(format!("{other:?}")),
            }
        }
        Ok(text) if text == expected => Err(format!(
            "{warnings} warnings; expected\n{expected_warnings}"
        )),
        Ok(text) => Err(format!("differs\n{}", difference(&text, &expected))),
        Err(found) => Err(format!("{:?}", code(&found))),
    }
}

/// The first lines that differ.
fn difference(found: &str, expected: &str) -> String {
    let pairs = found.lines().zip(expected.lines()).enumerate();
    let differing = pairs.filter(|(_, (f, e))| f != e).take(4);
    let lines: Vec<String> = differing
        .map(|(i, (f, e))| format!("  line {}: found {f:?}, expected {e:?}", i + 1))
        .collect();
    format!(
        "{}\n  ({} lines, expected {})",
        lines.join("\n"),
        found.lines().count(),
        expected.lines().count()
    )
}

#[test]
fn every_mistake_of_a_kustomization_is_told_in_one_run() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/suite/kustomize/corpus/149-err-four-mistakes/input");
    let renderer = Renderer::new(Arc::new(DiskFiles::new(&case).unwrap()));
    let problems = renderer.build("").unwrap_err();
    let places: Vec<String> = problems
        .iter()
        .map(|problem| problem.labels[0].origin.pointer.to_string())
        .collect();
    assert_eq!(
        places,
        [
            "/images/0/newTag",
            "/foo",
            "/configMapGenerator/0/files/0",
            "/patches/0/path"
        ]
    );
}
