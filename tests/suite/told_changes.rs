//! The words in which `check` and `build` tell what differs.

use std::path::Path;

use tempfile::TempDir;

use crate::repository::{siteplan, write};
use crate::rule_fixtures::{fixtures, lay};

/// A hub with one site, and a file in a base whose path has capital letters.
fn fleet_with_capital_letters() -> TempDir {
    let fleet = tempfile::tempdir().unwrap();
    lay(&fixtures().with_file_name("small-fleet"), fleet.path());
    write(fleet.path(), "base/apps/web/Docs/README.md", "read me\n");
    fleet
}

fn build(fleet: &Path) -> String {
    let ran = siteplan(fleet, &["build", "-v"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn paths_keep_their_capital_letters() {
    let fleet = fleet_with_capital_letters();
    build(fleet.path());
    write(fleet.path(), "base/apps/web/Docs/README.md", "read it\n");
    let checked = siteplan(fleet.path(), &["check", "--list"]);
    let line = "input      base/apps/web/Docs/README.md changed\n";
    assert!(checked.stdout.contains(line), "{}", checked.stdout);
    write(fleet.path(), "base/apps/web/Docs/ReadMe.txt", "me too\n");
    let checked = siteplan(fleet.path(), &["check", "--list"]);
    let line = "input      base/apps/web/Docs/ReadMe.txt added\n";
    assert!(checked.stdout.contains(line), "{}", checked.stdout);
}

#[test]
fn one_site_and_one_file_are_no_plural() {
    let fleet = fleet_with_capital_letters();
    let first = build(fleet.path());
    assert!(first.contains("\n1 site built: "), "{first}");
    fs_err::remove_file(fleet.path().join("out/plant/apps/project.yaml")).unwrap();
    let second = build(fleet.path());
    assert!(
        second.contains("  added out/plant/apps/project.yaml\n"),
        "{second}"
    );
    assert!(
        second.contains("1 site built: 1 file added, 0 changed, 0 removed in out/"),
        "{second}"
    );
}
