//! One mistake that many sites meet is one message, and what is stale is told where it was made.

use std::path::Path;

use serde_json::Value;

use crate::repository::{copy_of_small_fleet, edit, siteplan, write};

const PROFILE: &str = "base/profiles/std.yaml";
const SITES: usize = 30;

/// Makes a fleet whose sites have everything but their nodes from one profile.
fn fleet_of_copies() -> tempfile::TempDir {
    let fleet = copy_of_small_fleet();
    fs_err::remove_file(fleet.path().join("sites/plant.yaml")).unwrap();
    let head = "apiVersion: siteplan.dev/v1alpha1\n";
    write(
        fleet.path(),
        PROFILE,
        &format!(
            "{head}kind: Profile\nmetadata: {{name: std}}\nspec:\n  cluster: {{platform: kubernetes}}\n  pools:\n    main:\n      \
             arch: amd64\n      roles: [control-plane, worker]\n      capacity: {{cpu: \"8\", memory: 32Gi, pods: 110}}\n  apps:\n    \
             web: {{pool: main}}\n"
        ),
    );
    for site in 0..SITES {
        let name = format!("p{site:02}");
        write(
            fleet.path(),
            &format!("sites/{name}.yaml"),
            &format!(
                "{head}kind: Site\nmetadata: {{name: {name}}}\nspec:\n  profiles: [std]\n  pools: {{main: {{nodes: {{{name}-0: {{}}}}}}}}\n"
            ),
        );
    }
    fleet
}

/// Returns the messages of a check, each with the number of further sites.
fn check(fleet: &Path) -> Vec<(String, u64)> {
    let checked = siteplan(fleet, &["check", "--list", "--format", "json"]);
    assert_eq!(checked.code, Some(2), "{}", checked.stderr);
    let report: Value = serde_json::from_str(&checked.stdout).unwrap();
    let told = report["diagnostics"].as_array().unwrap().iter();
    told.map(|one| {
        let more = one["moreScopes"].as_u64().unwrap_or_default();
        (one["code"].as_str().unwrap().to_owned(), more)
    })
    .collect()
}

/// Makes one edit and expects one message that counts all other sites.
fn assert_told_once(file: &str, edits: [&str; 2], code: &str) {
    let fleet = fleet_of_copies();
    edit(fleet.path(), file, edits[0], edits[1]);
    let others = u64::try_from(SITES).unwrap() - 1;
    assert_eq!(check(fleet.path()), [(code.to_owned(), others)], "{code}");
}

#[test]
fn a_mistake_in_a_profile_or_a_base_is_one_message() {
    assert_told_once(PROFILE, ["pool: main", "pool: mian"], "unknown-pool");
    assert_told_once(
        PROFILE,
        ["arch: amd64", "arch: ppc64le"],
        "no-common-architecture",
    );
    assert_told_once(
        PROFILE,
        ["memory: 32Gi", "memory: 32Mi"],
        "no-place-for-pods",
    );
    assert_told_once(PROFILE, ["    main:\n", "    mian:\n"], "missing-key");
    assert_told_once(
        "base/apps/web/deployment.yaml",
        ["readinessProbe", "readynessProbe"],
        "unknown-manifest-field",
    );
}

#[test]
fn people_read_how_many_sites_have_it() {
    let fleet = fleet_of_copies();
    edit(fleet.path(), PROFILE, "pool: main", "pool: mian");
    let checked = siteplan(fleet.path(), &["check", "--list"]);
    let note = "= note: found for the site `p00` and 29 more sites";
    assert!(checked.stderr.contains(note), "{}", checked.stderr);
    assert!(checked.stderr.lines().count() < 30, "{}", checked.stderr);
}

#[test]
fn a_stale_output_is_an_error_at_the_site_for_programs() {
    let fleet = fleet_of_copies();
    assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(0));
    let github = || siteplan(fleet.path(), &["check", "--list", "--format", "github"]);
    assert!(!github().stdout.contains("::error"), "{}", github().stdout);
    let site = [
        "sites/p03.yaml",
        "profiles: [std]\n",
        "profiles: [std]\n  apps: {web: {namespace: other}}\n",
    ];
    edit(fleet.path(), site[0], site[1], site[2]);
    let told = github();
    assert_eq!(told.code, Some(1), "{}", told.stdout);
    let line = told
        .stdout
        .lines()
        .find(|line| line.contains("title=stale-output"));
    let line = line.unwrap_or_else(|| panic!("{}", told.stdout));
    assert!(
        line.starts_with("::error file=sites/p03.yaml,line=2"),
        "{line}"
    );

    edit(fleet.path(), site[0], site[2], site[1]);
    edit(
        fleet.path(),
        "base/apps/web/app.yaml",
        "default: 1",
        "default: 2",
    );
    let told = github();
    let lines = told
        .stdout
        .lines()
        .filter(|line| line.contains("title=stale-output"));
    assert_eq!(lines.count(), 1, "{}", told.stdout);
    assert!(told.stdout.contains("and 29 more sites"), "{}", told.stdout);
}

#[test]
fn what_compiles_is_shown_beside_the_errors() {
    let fleet = fleet_of_copies();
    edit(fleet.path(), PROFILE, "memory: 32Gi", "memory: 32Mi");
    for command in [["render", "p00"], ["place", "p00"]] {
        let shown = siteplan(fleet.path(), &command);
        assert_eq!(shown.code, Some(2), "{command:?}");
        assert!(
            shown.stdout.contains("web"),
            "{command:?}: {}",
            shown.stdout
        );
        assert!(
            shown.stderr.contains("error[no-place-for-pods]"),
            "{command:?}"
        );
    }
}
