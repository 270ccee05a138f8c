//! Definitions of custom resources: imported by the command, chosen by apps, counted in a fixed order.

use std::path::Path;

use fs_err as fs;
use tempfile::TempDir;

use crate::repository::{Ran, edit, siteplan};

/// Makes the small fleet with a custom resource `Gadget` whose kind nothing defines.
fn fleet_with_gadget() -> TempDir {
    let fleet = tempfile::tempdir().unwrap();
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    for from in ["small-fleet", "rules/kind-without-definition/flagged"] {
        let from = suite.join(from);
        for entry in walkdir::WalkDir::new(&from).min_depth(1) {
            let entry = entry.unwrap();
            let to = fleet.path().join(entry.path().strip_prefix(&from).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir_all(to).unwrap();
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    fleet
}

fn definition(field: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: gadgets.gadgets.example.com}}
spec:
  group: gadgets.example.com
  scope: Namespaced
  names: {{kind: Gadget, plural: gadgets, singular: gadget, listKind: GadgetList}}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {{spec: {{type: object, properties: {{{field}: {{type: integer}}}}}}}}
"
    )
}

fn import(fleet: &TempDir, arguments: &[&str], text: &str) -> Ran {
    let file = fleet.path().join("crd.yaml");
    fs::write(&file, text).unwrap();
    let arguments = [&["schema", "import", file.to_str().unwrap()], arguments].concat();
    siteplan(fleet.path(), &arguments)
}

fn check(fleet: &TempDir) -> String {
    let ran = siteplan(fleet.path(), &["check", "--list"]);
    format!("{}{}", ran.stdout, ran.stderr)
}

#[test]
fn a_kind_without_a_definition_is_a_warning_and_strictly_an_error() {
    let fleet = fleet_with_gadget();
    let lenient = check(&fleet);
    assert!(
        lenient.contains("warning[kind-without-definition]"),
        "{lenient}"
    );
    assert!(lenient.contains("siteplan schema import -"), "{lenient}");
    edit(
        fleet.path(),
        "siteplan.yaml",
        "spec:\n",
        "spec:\n  validation: strict\n",
    );
    let strict = check(&fleet);
    assert!(
        strict.contains("error[kind-without-definition]"),
        "{strict}"
    );
}

#[test]
fn an_imported_definition_counts() {
    let fleet = fleet_with_gadget();
    let ran = import(&fleet, &[], &definition("size"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!check(&fleet).contains("kind-without-definition"));
    let again = import(&fleet, &[], &definition("size"));
    assert!(
        again.stderr.contains("1 the same as before"),
        "{}",
        again.stderr
    );
    let other = import(&fleet, &[], &definition("width"));
    assert_eq!(other.code, Some(2));
    assert!(
        other.stderr.contains("--replace") && other.stderr.contains("--as"),
        "{}",
        other.stderr
    );
    assert!(!check(&fleet).contains("unknown-manifest-field"));
    assert_eq!(
        import(&fleet, &["--replace"], &definition("width")).code,
        Some(0)
    );
    assert!(check(&fleet).contains("error[unknown-manifest-field]"));
}

#[test]
fn an_app_chooses_among_versions_that_stand_side_by_side() {
    let fleet = fleet_with_gadget();
    assert_eq!(import(&fleet, &[], &definition("width")).code, Some(0));
    assert_eq!(
        import(&fleet, &["--as", "gadgets-1.4"], &definition("size")).code,
        Some(0)
    );
    assert!(check(&fleet).contains("error[unknown-manifest-field]"));
    edit(
        fleet.path(),
        "base/apps/web/app.yaml",
        "spec:\n  summary",
        "spec:\n  definitions: [gadgets-1.4]\n  summary",
    );
    assert!(!check(&fleet).contains("unknown-manifest-field"));
}

#[test]
fn what_was_imported_wins_over_facts_that_the_repository_hands_on() {
    let fleet = fleet_with_gadget();
    assert_eq!(import(&fleet, &[], &definition("width")).code, Some(0));
    let name = "gadgets.gadgets.example.com_v1.json";
    fs::rename(
        fleet.path().join("schema/crds").join(name),
        fleet.path().join("schema/compact").join(name),
    )
    .unwrap();
    assert!(check(&fleet).contains("error[unknown-manifest-field]"));
    assert_eq!(import(&fleet, &[], &definition("size")).code, Some(0));
    assert!(!check(&fleet).contains("unknown-manifest-field"));
}

#[test]
fn what_cannot_be_imported_changes_nothing() {
    let fleet = fleet_with_gadget();
    for (arguments, text, told) in [
        (
            &[][..],
            "kind: Gadget\napiVersion: gadgets.example.com/v1\n",
            "holds no CustomResourceDefinition",
        ),
        (&["--as", "../x"][..], "", "is no name for definitions"),
        (
            &["no-such-file.yaml"][..],
            &definition("size"),
            "reading `no-such-file.yaml`",
        ),
    ] {
        let ran = import(&fleet, arguments, text);
        assert_eq!(ran.code, Some(2), "{told}");
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
        assert!(!fleet.path().join("schema/crds").exists(), "{told}");
    }
}

#[test]
fn links_are_not_followed() {
    let fleet = fleet_with_gadget();
    let bundle = tempfile::tempdir().unwrap();
    fs::write(bundle.path().join("crd.yaml"), definition("size")).unwrap();
    fs::os::unix::fs::symlink("crd.yaml", bundle.path().join("link.yaml")).unwrap();
    let ran = siteplan(
        fleet.path(),
        &["schema", "import", bundle.path().to_str().unwrap()],
    );
    assert!(
        ran.code == Some(2) && ran.stderr.contains("links are not followed"),
        "{}",
        ran.stderr
    );
    fs::remove_file(bundle.path().join("link.yaml")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    fs::os::unix::fs::symlink(outside.path(), fleet.path().join("schema/crds")).unwrap();
    let ran = siteplan(
        fleet.path(),
        &["schema", "import", bundle.path().to_str().unwrap()],
    );
    assert!(
        ran.code == Some(2) && ran.stderr.contains("links are not followed"),
        "{}",
        ran.stderr
    );
}
