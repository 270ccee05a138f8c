//! What reviewers read: changes of a fleet as groups and risks.

use serde_json::Value;

use crate::history::{committed_fleet, set_replicas};
use crate::repository::{edit, siteplan};

fn review(fleet: &std::path::Path) -> Value {
    let ran = siteplan(fleet, &["diff", "-o", "json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    document["data"]["review"].clone()
}

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().unwrap();
    items.iter().filter_map(Value::as_str).collect()
}

#[test]
fn a_change_of_a_base_is_one_group_over_all_its_sites() {
    let fleet = committed_fleet();
    edit(
        fleet.path(),
        "base/apps/web/deployment.yaml",
        "web:1.0",
        "web:1.1",
    );
    let review = review(fleet.path());
    assert_eq!(review["ways"], 1);
    let groups = review["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{groups:#?}");
    assert_eq!(texts(&groups[0]["sites"]), ["north", "south"]);
    assert_eq!(groups[0]["example"], "north");
    assert_eq!(groups[0]["differences"]["counts"]["fields"], 1);
    let codes: Vec<&Value> = review["risks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|risk| &risk["code"])
        .collect();
    assert_eq!(codes, ["pods-restart", "image-changed"]);
}

#[test]
fn a_change_of_one_site_leaves_the_other_unchanged() {
    let fleet = committed_fleet();
    set_replicas(fleet.path(), "south", "api");
    let review = review(fleet.path());
    assert_eq!(texts(&review["differing"]), ["south"]);
    assert_eq!(texts(&review["unchanged"]), ["north"]);
}

#[test]
fn a_site_that_differs_in_more_is_another_way() {
    let fleet = committed_fleet();
    edit(
        fleet.path(),
        "base/apps/web/deployment.yaml",
        "web:1.0",
        "web:1.1",
    );
    set_replicas(fleet.path(), "south", "api");
    let review = review(fleet.path());
    assert_eq!(review["ways"], 2);
    let sites: Vec<Vec<&str>> = review["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| texts(&group["sites"]))
        .collect();
    assert_eq!(sites, [vec!["north", "south"], vec!["south"]]);
}

#[test]
fn an_app_that_goes_is_a_deletion_before_all_else() {
    let fleet = committed_fleet();
    edit(
        fleet.path(),
        "base/apps/web/kustomization.yaml",
        "- service.yaml\n",
        "",
    );
    let ran = siteplan(fleet.path(), &["diff"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let risks = ran.stdout.split("\nrisks\n").nth(1).unwrap_or_default();
    assert!(
        risks.starts_with("  object-deleted        Service/web in web (north and south)\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("2 sites, north and south, shown for north: "),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_comment_is_empty_where_nothing_differs_and_marked_where_something_does() {
    let fleet = committed_fleet();
    let same = siteplan(fleet.path(), &["diff", "-o", "markdown"]);
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), ""));
    edit(
        fleet.path(),
        "base/apps/web/deployment.yaml",
        "web:1.0",
        "web:1.1",
    );
    let differs = siteplan(fleet.path(), &["diff", "-o", "markdown"]);
    assert_eq!(differs.code, Some(1), "{}", differs.stderr);
    assert!(
        differs
            .stdout
            .starts_with("<!-- siteplan diff -->\n**2 of 2 sites change in 1 way; "),
        "{}",
        differs.stdout
    );
    assert!(
        differs.stdout.contains("| `pods-restart` |"),
        "{}",
        differs.stdout
    );
}
