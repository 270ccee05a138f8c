//! Waivers of the fleet: what they keep back, what they lift, how it is told, and that no day changes what is compiled.

use std::path::Path;

use serde_json::Value;

use crate::repository::{siteplan, write};

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: web}
spec:
  selector: {app.kubernetes.io/name: wbe}
  ports: [{port: 80}]
";
const KUSTOMIZATION: &str = "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [deployment.yaml, service.yaml]
";
const WAIVER: &str = "  waivers:
  - {rule: service-without-pods, severity: \"SEVERITY\", app: web, object: Service/web, reason: its pods come later, until: \"2030-01-31\"}
";

/// Makes the small fleet with a Service that selects no pod, and further lines of the fleet file.
fn fleet_with(lines: &str) -> tempfile::TempDir {
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/small-fleet");
    let fleet = tempfile::tempdir().unwrap();
    let files = [
        "siteplan.yaml",
        "sites/plant.yaml",
        "base/apps/web/app.yaml",
        "base/apps/web/deployment.yaml",
    ];
    for file in files {
        let text = fs_err::read_to_string(small.join(file)).unwrap();
        let lines = if file == "siteplan.yaml" { lines } else { "" };
        write(fleet.path(), file, &format!("{text}{lines}"));
    }
    write(
        fleet.path(),
        "base/apps/web/kustomization.yaml",
        KUSTOMIZATION,
    );
    write(fleet.path(), "base/apps/web/service.yaml", SERVICE);
    fleet
}

fn waived(severity: &str) -> tempfile::TempDir {
    fleet_with(&WAIVER.replace("SEVERITY", severity))
}

#[test]
fn what_is_waived_is_not_told_but_stands_in_reports_for_programs() {
    let fleet = fleet_with("");
    assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(2));

    let fleet = waived("off");
    let built = siteplan(fleet.path(), &["build"]);
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    assert!(
        !built.stderr.contains("service-without-pods"),
        "{}",
        built.stderr
    );

    let day = ["--on", "2029-01-01"];
    let json = siteplan(
        fleet.path(),
        &[&["check", "--format", "json"][..], &day].concat(),
    );
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(report["errors"], 0);
    assert_eq!(
        report["suppressed"][0]["diagnostic"]["code"],
        "service-without-pods"
    );
    let reason = "its pods come later (until 2030-01-31)";
    assert_eq!(report["suppressed"][0]["justification"], reason);

    let sarif = siteplan(
        fleet.path(),
        &[&["check", "--format", "sarif"][..], &day].concat(),
    );
    let log: Value = serde_json::from_str(&sarif.stdout).unwrap();
    let suppression = &log["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppression["kind"], "external");
    assert_eq!(suppression["justification"], reason);
}

#[test]
fn a_rule_becomes_a_warning_or_an_error() {
    let fleet = waived("warn");
    let built = siteplan(fleet.path(), &["build"]);
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    assert!(
        built.stderr.contains("warning[service-without-pods]"),
        "{}",
        built.stderr
    );

    for denied in ["warnings", "service-without-pods"] {
        let check = ["check", "--on", "2029-01-01", "--deny", denied];
        let checked = siteplan(fleet.path(), &check);
        assert_eq!(checked.code, Some(2), "{denied}");
        assert!(
            checked.stderr.contains("error[service-without-pods]"),
            "{}",
            checked.stderr
        );
    }
    let other = ["check", "--on", "2029-01-01", "--deny", "pods-not-spread"];
    assert_eq!(siteplan(fleet.path(), &other).code, Some(0));
    let unknown = siteplan(fleet.path(), &["check", "--deny", "pods-not-spred"]);
    assert!(
        unknown.stderr.contains("did you mean `pods-not-spread`?"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_waiver_of_something_else_waives_nothing() {
    for other in ["Service/other", "Deployment/web"] {
        let fleet = fleet_with(
            &WAIVER
                .replace("SEVERITY", "off")
                .replace("Service/web", other),
        );
        assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(2), "{other}");
    }
}

#[test]
fn the_end_of_a_waiver_is_told_and_changes_no_byte() {
    let fleet = waived("off");
    assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(0));
    let told = |day: &str| {
        let checked = siteplan(fleet.path(), &["check", "--on", day]);
        assert_eq!(checked.code, Some(0), "{day}: {}", checked.stderr);
        checked.stderr.contains(
            "warning[waiver-ended]: the waiver of `service-without-pods` ended on 2030-01-31",
        )
    };
    assert!(!told("2030-01-31"));
    assert!(told("2030-02-01"));
    let denied = ["check", "--on", "2030-02-01", "--deny", "waiver-ended"];
    assert_eq!(siteplan(fleet.path(), &denied).code, Some(2));
}

#[test]
fn waivers_are_listed() {
    let fleet = waived("off");
    let listed = siteplan(fleet.path(), &["rules", "--waived"]);
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    for part in [
        "service-without-pods",
        "off",
        "web Service/web",
        "2030-01-31",
        "its pods come later",
    ] {
        assert!(listed.stdout.contains(part), "{part}: {}", listed.stdout);
    }
}
