//! A fleet under git: changes of two branches merge, and what a branch deletes is seen.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::repository::{edit, siteplan, write};

/// Runs git in a fleet. Returns what it printed, and whether it succeeded.
fn git(fleet: &Path, arguments: &[&str]) -> (String, bool) {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(["-c", "merge.conflictStyle=merge"])
        .args(arguments)
        .current_dir(fleet)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (text, output.status.success())
}

pub(crate) fn run_git(fleet: &Path, arguments: &[&str]) {
    let (text, is_good) = git(fleet, arguments);
    assert!(is_good, "git {arguments:?}: {text}");
}

pub(crate) fn build_and_commit(fleet: &Path, message: &str) {
    let ran = siteplan(fleet, &["build"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    run_git(fleet, &["add", "-A"]);
    run_git(fleet, &["commit", "-q", "-m", message]);
}

const APPS: [&str; 3] = ["api", "db", "web"];

/// A fleet of two sites with three apps each, built and committed on `main`.
pub(crate) fn committed_fleet() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let fleet = directory.path();
    write(
        fleet,
        "siteplan.yaml",
        "apiVersion: siteplan.dev/v1alpha1\nkind: Fleet\nmetadata: {name: small}\nspec:\n  source: {repoURL: https://git.example.com/small.git}\n  argocd: {version: '3.3', flavour: openshift-gitops}\n",
    );
    for app in APPS {
        write_app(fleet, app);
    }
    for site in ["north", "south"] {
        write(
            fleet,
            &format!("sites/{site}.yaml"),
            &site_file(site, &APPS),
        );
    }
    run_git(fleet, &["init", "-q", "-b", "main"]);
    build_and_commit(fleet, "fleet");
    directory
}

pub(crate) fn write_app(fleet: &Path, app: &str) {
    let base = format!("base/apps/{app}");
    write(
        fleet,
        &format!("{base}/app.yaml"),
        &format!(
            "apiVersion: siteplan.dev/v1alpha1\nkind: App\nmetadata: {{name: {app}}}\nspec:\n  namespace: {app}\n  onRemove: delete\n  images: {{arch: [amd64], source: the image}}\n  values: {{type: object, properties: {{replicas: {{type: integer, default: 1}}}}}}\n  set:\n  - {{to: Deployment/{app}, path: spec.replicas, value: '{{{{ values.replicas }}}}'}}\n"
        ),
    );
    write(
        fleet,
        &format!("{base}/kustomization.yaml"),
        "resources:\n- claim.yaml\n- deployment.yaml\n- service.yaml\n",
    );
    write(
        fleet,
        &format!("{base}/deployment.yaml"),
        &format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {app}, namespace: {app}}}\nspec:\n  replicas: 1\n  selector: {{matchLabels: {{app: {app}}}}}\n  template:\n    metadata: {{labels: {{app: {app}}}}}\n    spec:\n      containers:\n      - name: {app}\n        image: registry.example.com/{app}:1.0\n        resources: {{requests: {{cpu: 100m, memory: 64Mi}}}}\n"
        ),
    );
    write(
        fleet,
        &format!("{base}/service.yaml"),
        &format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {app}, namespace: {app}}}\nspec:\n  selector: {{app: {app}}}\n  ports:\n  - {{port: 80, targetPort: 8080}}\n"
        ),
    );
    write(
        fleet,
        &format!("{base}/claim.yaml"),
        &format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {app}, namespace: {app}}}\nspec:\n  accessModes: [ReadWriteOnce]\n  storageClassName: fast\n  resources: {{requests: {{storage: 10Gi}}}}\n"
        ),
    );
}

fn site_file(site: &str, apps: &[&str]) -> String {
    let mut text = format!(
        "apiVersion: siteplan.dev/v1alpha1\nkind: Site\nmetadata: {{name: {site}}}\nspec:\n  pools:\n    all: {{arch: amd64, nodes: {{n1: {{}}}}}}\n  storage:\n    block: {{class: fast, default: true}}\n  apps:\n"
    );
    for app in apps {
        text.push_str(&format!("    {app}:\n      values: {{replicas: 1}}\n"));
    }
    text
}

/// Builds a change on each of two branches and merges them. The fleet is on the merge, which must have no conflict.
fn merge(one: impl Fn(&Path), other: impl Fn(&Path)) -> TempDir {
    let directory = committed_fleet();
    let fleet = directory.path();
    run_git(fleet, &["switch", "-q", "-c", "other"]);
    other(fleet);
    build_and_commit(fleet, "other");
    run_git(fleet, &["switch", "-q", "main"]);
    one(fleet);
    build_and_commit(fleet, "one");
    let (text, is_clean) = git(fleet, &["merge", "-q", "-m", "merge", "other"]);
    assert!(is_clean, "{text}");
    directory
}

fn assert_up_to_date(fleet: &Path) {
    let ran = siteplan(fleet, &["check"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

pub(crate) fn set_replicas(fleet: &Path, site: &str, app: &str) {
    edit(
        fleet,
        &format!("sites/{site}.yaml"),
        &format!("    {app}:\n      values: {{replicas: 1}}"),
        &format!("    {app}:\n      values: {{replicas: 3}}"),
    );
}

#[test]
fn changes_of_two_files_of_a_base_merge() {
    let merged = merge(
        |fleet| edit(fleet, "base/apps/web/deployment.yaml", "web:1.0", "web:1.1"),
        |fleet| edit(fleet, "base/apps/web/claim.yaml", "10Gi", "20Gi"),
    );
    assert_up_to_date(merged.path());
}

#[test]
fn changes_of_two_instances_of_a_site_merge() {
    let merged = merge(
        |fleet| set_replicas(fleet, "north", "api"),
        |fleet| set_replicas(fleet, "north", "db"),
    );
    assert_up_to_date(merged.path());
}

#[test]
fn changes_of_two_sites_merge() {
    let merged = merge(
        |fleet| set_replicas(fleet, "north", "api"),
        |fleet| set_replicas(fleet, "south", "api"),
    );
    assert_up_to_date(merged.path());
}

#[test]
fn an_app_that_comes_and_one_that_changes_merge() {
    let merged = merge(
        |fleet| {
            write_app(fleet, "aaa");
            edit(
                fleet,
                "sites/north.yaml",
                "    api:\n",
                "    aaa: {}\n    api:\n",
            );
        },
        |fleet| set_replicas(fleet, "north", "web"),
    );
    assert_up_to_date(merged.path());
}

#[test]
fn two_apps_that_come_merge_where_they_are_apart() {
    let merged = merge(
        |fleet| {
            write_app(fleet, "aaa");
            edit(
                fleet,
                "sites/north.yaml",
                "    api:\n",
                "    aaa: {}\n    api:\n",
            );
        },
        |fleet| {
            write_app(fleet, "eee");
            edit(
                fleet,
                "sites/north.yaml",
                "    web:\n",
                "    eee: {}\n    web:\n",
            );
        },
    );
    assert_up_to_date(merged.path());
}

#[test]
fn two_removals_merge() {
    let remove = |fleet: &Path, app: &str| {
        edit(
            fleet,
            "sites/north.yaml",
            &format!("    {app}:\n      values: {{replicas: 1}}\n"),
            "",
        );
        approve(
            fleet,
            &format!("north-{app}"),
            &format!("site: north, instance: {app}"),
        );
    };
    let merged = merge(|fleet| remove(fleet, "api"), |fleet| remove(fleet, "web"));
    assert_up_to_date(merged.path());
}

#[test]
fn a_merge_that_is_stale_says_what_to_build() {
    // Each branch is right alone: one moves the repository, the other adds an app that is synced from where it was.
    let merged = merge(
        |fleet| edit(fleet, "siteplan.yaml", "git.example.com", "git.example.org"),
        |fleet| {
            write_app(fleet, "eee");
            edit(
                fleet,
                "sites/north.yaml",
                "    web:\n",
                "    eee: {}\n    web:\n",
            );
        },
    );
    let ran = siteplan(merged.path(), &["check", "--list"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(
        ran.stdout,
        "changed         out/north/.siteplan\nchanged         out/north/apps/eee.yaml\n"
    );
    assert!(ran.stderr.contains("siteplan build"), "{}", ran.stderr);
    build_and_commit(merged.path(), "built");
    assert_up_to_date(merged.path());
}

#[test]
fn a_conflict_in_a_ledger_is_healed_by_a_build() {
    let directory = committed_fleet();
    let fleet = directory.path();
    let path = "out/north/.siteplan";
    let text = fs_err::read_to_string(fleet.join(path)).unwrap();
    let conflict =
        format!("<<<<<<< ours\nremoving gone\n  namespace gone\n\n=======\n>>>>>>> theirs\n{text}");
    write(fleet, path, &conflict);
    let ran = siteplan(fleet, &["check", "--list"]);
    assert!(
        ran.stderr.contains("conflict markers of a merge"),
        "{}",
        ran.stderr
    );
    assert_eq!(siteplan(fleet, &["build"]).code, Some(0));
    let healed = fs_err::read_to_string(fleet.join(path)).unwrap();
    assert!(!healed.contains("<<<<"), "{healed}");
    assert!(
        healed.contains("removing gone\n"),
        "what is being removed is not forgotten"
    );
}

#[test]
fn a_checkout_with_other_line_ends_is_up_to_date() {
    let directory = committed_fleet();
    let fleet = directory.path();
    run_git(fleet, &["config", "core.autocrlf", "true"]);
    run_git(fleet, &["rm", "-q", "-r", "--cached", "."]);
    run_git(fleet, &["reset", "-q", "--hard"]);
    let file = fs_err::read_to_string(fleet.join("out/north/web/kustomization.yaml")).unwrap();
    assert!(file.contains("\r\n"), "git did not translate");
    assert_up_to_date(fleet);
    let ran = siteplan(fleet, &["build"]);
    assert!(ran.stdout.contains("up to date") || ran.stderr.contains("up to date"));
    assert_eq!(siteplan(fleet, &["diff"]).code, Some(0));
}

fn approve(fleet: &Path, name: &str, what: &str) {
    write(
        fleet,
        &format!("removals/{name}.yaml"),
        &format!(
            "apiVersion: siteplan.dev/v1alpha1\nkind: Removal\nmetadata: {{name: {name}}}\nspec: {{{what}, reason: it left}}\n"
        ),
    );
}

#[test]
fn what_is_deleted_from_out_by_hand_needs_an_approval() {
    let directory = committed_fleet();
    let fleet = directory.path();
    run_git(fleet, &["rm", "-q", "-r", "out/south", "sites/south.yaml"]);
    run_git(fleet, &["commit", "-q", "-m", "gone"]);
    let ran = siteplan(fleet, &["check"]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stderr.contains("site `south` vanishes"),
        "{}",
        ran.stderr
    );
    approve(fleet, "south", "site: south");
    run_git(fleet, &["add", "-A"]);
    run_git(fleet, &["commit", "-q", "--amend", "-m", "gone"]);
    assert_up_to_date(fleet);
}

#[test]
fn on_a_branch_everything_since_it_left_is_seen() {
    let directory = committed_fleet();
    let fleet = directory.path();
    run_git(fleet, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    run_git(fleet, &["switch", "-q", "-c", "change"]);
    run_git(fleet, &["rm", "-q", "-r", "out/south", "sites/south.yaml"]);
    run_git(fleet, &["commit", "-q", "-m", "gone"]);
    run_git(fleet, &["commit", "-q", "--allow-empty", "-m", "later"]);
    let ran = siteplan(fleet, &["check"]);
    assert!(
        ran.stderr.contains("site `south` vanishes"),
        "{}",
        ran.stderr
    );
    assert_eq!(siteplan(fleet, &["check", "north"]).code, Some(0));
}

#[test]
fn where_the_clone_has_one_commit_the_check_says_so() {
    let directory = committed_fleet();
    let clones = tempfile::tempdir().unwrap();
    let source = format!("file://{}", directory.path().display());
    write(directory.path(), "README.md", "a fleet\n");
    run_git(directory.path(), &["add", "-A"]);
    run_git(directory.path(), &["commit", "-q", "-m", "read me"]);
    run_git(
        clones.path(),
        &["clone", "-q", "--depth", "1", &source, "clone"],
    );
    let fleet = clones.path().join("clone");
    run_git(&fleet, &["update-ref", "-d", "refs/remotes/origin/main"]);
    let ran = siteplan(&fleet, &["check"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("fetch-depth: 0"), "{}", ran.stderr);
}

/// The namespaces that the project of a site permits.
fn permitted(fleet: &Path, what: &str) -> bool {
    let project = fs_err::read_to_string(fleet.join("out/north/apps/project.yaml")).unwrap();
    let rights = fs_err::read_to_string(fleet.join("out/north/bootstrap/rights.yaml")).unwrap();
    project.contains(what) || rights.contains(what)
}

#[test]
fn what_is_removed_is_permitted_until_its_approval_goes() {
    let directory = committed_fleet();
    let fleet = directory.path();
    write(
        fleet,
        "base/apps/web/route.yaml",
        "apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: web, namespace: web}\nspec: {to: {kind: Service, name: web}}\n",
    );
    edit(
        fleet,
        "base/apps/web/kustomization.yaml",
        "- service.yaml\n",
        "- route.yaml\n- service.yaml\n",
    );
    build_and_commit(fleet, "route");
    edit(
        fleet,
        "sites/north.yaml",
        "    web:\n      values: {replicas: 1}\n",
        "",
    );
    let refused = siteplan(fleet, &["build"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused
            .stderr
            .contains("site: north, instance: web, reason"),
        "{}",
        refused.stderr
    );
    approve(fleet, "north-web", "site: north, instance: web");
    build_and_commit(fleet, "web left");
    assert!(!fleet.join("out/north/web").exists());
    assert!(permitted(fleet, "namespace: web") && permitted(fleet, "kind: Route"));
    assert!(
        !permitted(fleet, "kind: Secret"),
        "and nothing of other bases"
    );
    assert_up_to_date(fleet);
    run_git(fleet, &["commit", "-q", "--allow-empty", "-m", "later"]);
    let ran = siteplan(fleet, &["check"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stderr.contains("its approval can go"), "{}", ran.stderr);
    fs_err::remove_file(fleet.join("removals/north-web.yaml")).unwrap();
    build_and_commit(fleet, "web is gone");
    assert!(!permitted(fleet, "namespace: web") && !permitted(fleet, "kind: Route"));
    assert_up_to_date(fleet);
}

#[test]
fn what_needs_no_approval_is_permitted_until_it_is_settled() {
    let directory = committed_fleet();
    let fleet = directory.path();
    for app in APPS {
        edit(
            fleet,
            &format!("base/apps/{app}/kustomization.yaml"),
            "- service.yaml\n",
            "",
        );
    }
    build_and_commit(fleet, "no services");
    assert!(permitted(fleet, "kind: Service\n"));
    let ran = siteplan(fleet, &["check"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stderr.contains("siteplan build --settled north"),
        "{}",
        ran.stderr
    );
    assert_eq!(siteplan(fleet, &["build", "--settled"]).code, Some(0));
    assert!(!permitted(fleet, "kind: Service\n"));
    assert_up_to_date(fleet);
}

#[test]
fn data_that_a_base_renames_needs_an_approval() {
    let directory = committed_fleet();
    let fleet = directory.path();
    edit(
        fleet,
        "base/apps/db/claim.yaml",
        "{name: db,",
        "{name: data,",
    );
    let refused = siteplan(fleet, &["build"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("vanishes from 2 sites"),
        "{}",
        refused.stderr
    );
    approve(
        fleet,
        "db",
        "instance: db, object: PersistentVolumeClaim/db",
    );
    assert_eq!(siteplan(fleet, &["build"]).code, Some(0));
}

#[test]
fn a_diff_shows_what_is_applied_by_hand() {
    let directory = committed_fleet();
    let fleet = directory.path();
    write_app(fleet, "vm");
    write(
        fleet,
        "base/apps/vm/route.yaml",
        "apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: vm, namespace: vm}\nspec: {to: {kind: Service, name: vm}}\n",
    );
    edit(
        fleet,
        "base/apps/vm/kustomization.yaml",
        "- service.yaml\n",
        "- route.yaml\n- service.yaml\n",
    );
    edit(
        fleet,
        "sites/north.yaml",
        "    web:\n",
        "    vm: {}\n    web:\n",
    );
    let ran = siteplan(fleet, &["diff"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("ClusterRole.rbac.authorization.k8s.io/siteplan-north"),
        "{}",
        ran.stdout
    );
}
