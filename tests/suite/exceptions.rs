//! Exceptions of sites: they add up, `explain` shows them, their ends are told, and no day changes what is compiled.

use crate::repository::{copy_of_small_fleet, edit, siteplan, snapshot, write};

const PROFILE: &str = "\
apiVersion: siteplan.dev/v1alpha1
kind: Profile
metadata: {name: small-disks}
spec:
  exceptions:
  - app: web
    patch: {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: web}, spec: {revisionHistoryLimit: 1}}
    reason: the disk of etcd is small
    until: \"2030-01-31\"
";
const OWN: &str = "  profiles: [small-disks]
  exceptions:
  - app: web
    patch: {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: web}, spec: {minReadySeconds: 20}}
    reason: its cache fills slowly
    until: \"2031-01-31\"
";

/// Makes the small fleet with an exception in a profile and one in its site.
fn fleet() -> tempfile::TempDir {
    let fleet = copy_of_small_fleet();
    let site = fs_err::read_to_string(fleet.path().join("sites/plant.yaml")).unwrap();
    write(fleet.path(), "sites/plant.yaml", &format!("{site}{OWN}"));
    write(fleet.path(), "base/profiles/small-disks.yaml", PROFILE);
    fleet
}

#[test]
fn a_sites_exceptions_are_added_to_those_of_its_profile() {
    let fleet = fleet();
    let listed = siteplan(fleet.path(), &["exceptions"]);
    assert_eq!(listed.stdout.lines().count(), 2, "{}", listed.stdout);
    let rendered = siteplan(fleet.path(), &["render", "plant"]);
    assert_eq!(rendered.code, Some(0), "{}", rendered.stderr);
    for field in ["revisionHistoryLimit: 1", "minReadySeconds: 20"] {
        assert!(rendered.stdout.contains(field), "{field}");
    }
}

#[test]
fn explain_shows_the_line_of_an_exception() {
    let fleet = fleet();
    let explained = siteplan(fleet.path(), &["explain", "plant", "Deployment/web"]);
    assert_eq!(explained.code, Some(0), "{}", explained.stderr);
    for part in [
        "/spec/revisionHistoryLimit   (exception)",
        "from base/profiles/small-disks.yaml:7:5",
        "/spec/minReadySeconds   (exception)",
        "from sites/plant.yaml:18:5",
    ] {
        assert!(
            explained.stdout.contains(part),
            "{part}: {}",
            explained.stdout
        );
    }
}

#[test]
fn the_end_of_an_exception_is_told_thirty_days_before_and_changes_no_byte() {
    let fleet = fleet();
    assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(0));
    let before = snapshot(&fleet.path().join("out"));
    let check = |day: &str| {
        let checked = siteplan(fleet.path(), &["check", "--on", day]);
        (checked.code, checked.stderr)
    };
    assert!(!check("2029-12-31").1.contains("exception-end"));
    let (code, told) = check("2030-01-01");
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("warning[exception-ends]: the exception for `web` ends on 2030-01-31"),
        "{told}"
    );
    assert!(
        told.contains("base/profiles/small-disks.yaml:9:12"),
        "{told}"
    );
    let (code, told) = check("2030-02-01");
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("warning[exception-ended]: the exception for `web` ended on 2030-01-31"),
        "{told}"
    );

    edit(
        fleet.path(),
        "siteplan.yaml",
        "spec:\n",
        "spec:\n  endedExceptions: error\n",
    );
    let (code, told) = check("2030-02-01");
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("error[exception-ended]"), "{told}");
    assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(0));
    assert_eq!(snapshot(&fleet.path().join("out")), before);
}
