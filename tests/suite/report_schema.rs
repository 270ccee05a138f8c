//! `schema/report-v1.json` describes what every command prints as JSON.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use manifest_yaml::{ReadLimits, read_documents};
use serde_json::{Value, json};

use crate::repository::{self, copy_of_fleet, edit, siteplan, write};

const HETERO: &str = "sites/fusion-hetero.yaml";
const PLANT: &str = "sites/acp-plant.yaml";
const CLUSTER: &str = r#"{"items": [{"kind": "Node", "metadata": {"name": "n1", "labels": {"kubernetes.io/arch": "amd64"}}}]}"#;

fn schema() -> Value {
    serde_json::from_str(&repository::read("schema/report-v1.json")).unwrap()
}

/// A copy of our own fleet under git, with a file of nodes, a site that differs from the commit, and an exception that has ended.
fn fleet() -> tempfile::TempDir {
    let fleet = copy_of_fleet();
    write(fleet.path(), "nodes.json", CLUSTER);
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
    for arguments in [
        &["init", "-q"][..],
        &["add", "."],
        &["commit", "-q", "-m", "fleet"],
    ] {
        let status = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(fleet.path())
            .status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    }
    let site = fs_err::read_to_string(fleet.path().join(PLANT)).unwrap();
    let moved = site.replace("example.com", "example.org");
    assert!(moved != site, "{PLANT} has no domain to change");
    write(fleet.path(), PLANT, &moved);
    fleet
}

/// Runs a command that prints JSON. Returns its document and its exit code.
fn run(fleet: &Path, arguments: &[&str]) -> (Value, Option<i32>) {
    let ran = siteplan(fleet, arguments);
    let document = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|why| panic!("{arguments:?}: {why}: {}{}", ran.stdout, ran.stderr));
    (document, ran.code)
}

const RUNS: &[&[&str]] = &[
    &["check", "--format", "json"],
    &["check", "--list", "acp-plant", "--format", "json"],
    &["diff", "-o", "json"],
    &["render", "fusion-hetero/flask-appserver", "-o", "json"],
    &["render", "base/apps/plant-web", "--format", "json"],
    &["resolve", "acp-plant", "-o", "json"],
    &["apps", "-o", "json"],
    &["apps", "plant-web", "--format", "json"],
    &["place", "-o", "json"],
    &["place", "acp-plant", "--without", "acp-1", "-o", "json"],
    &["graph", "-o", "json"],
    &["explain", "unknown-pool", "-o", "json"],
    &["explain", "acp-plant", "Deployment/plant-web", "-o", "json"],
    &["exceptions", "--on", "2999-01-01", "-o", "json"],
    &["rules", "-o", "json"],
    &["rules", "--waived", "-o", "json"],
    &["nodes", "import", "NODES", "-o", "json"],
    &["nodes", "compare", "acp-plant", "NODES", "-o", "json"],
    &["bootstrap", "acp-plant", "-o", "json"],
    &["bootstrap", "acp-plant", "--check", "NODES", "-o", "json"],
    &["build", "--format", "json"],
];

#[test]
fn every_command_prints_what_the_schema_describes() {
    let fleet = fleet();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let nodes = fleet.path().join("nodes.json").display().to_string();
    let mut seen = BTreeSet::new();
    for arguments in RUNS {
        let arguments: Vec<&str> = arguments
            .iter()
            .map(|word| {
                if *word == "NODES" {
                    nodes.as_str()
                } else {
                    word
                }
            })
            .collect();
        let (document, _) = run(fleet.path(), &arguments);
        let problems: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{arguments:?}: {problems:#?}");
        assert_eq!(
            document.get("data").is_some(),
            arguments[0] != "build",
            "{arguments:?}: {document:#}"
        );
        seen.insert(document["command"].clone().to_string());
    }
    let described = schema()["properties"]["command"]["enum"].clone();
    let described: BTreeSet<String> = described
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    assert_eq!(seen, described);
}

#[test]
fn errors_and_failures_are_the_same_document() {
    let fleet = copy_of_fleet();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let (document, code) = run(fleet.path(), &["place", "acp-plnt", "-o", "json"]);
    assert_eq!(code, Some(2));
    assert!(validator.is_valid(&document), "{document:#}");
    assert_eq!(
        document["failure"],
        "there is no site `acp-plnt`: did you mean `acp-plant`?"
    );
    edit(
        fleet.path(),
        HETERO,
        "flask-build: {pool: appserver}",
        "flask-build: {pool: appsrver}",
    );
    for arguments in [
        &["check", "--format", "json"][..],
        &["graph", "-o", "json"],
        &["build", "--format", "json"],
    ] {
        let (document, code) = run(fleet.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(validator.is_valid(&document), "{arguments:?}: {document:#}");
        assert_eq!(document["diagnostics"][0]["code"], "unknown-pool");
        assert!(document.get("data").is_none(), "{arguments:?}");
    }
}

/// A schema that takes everything would describe nothing.
#[test]
fn the_schema_refuses_what_no_command_prints() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let document = json!({"version": 1, "command": "graph", "errors": 0, "warnings": 0, "notes": 0, "diagnostics": [], "data": {"sites": []}});
    assert!(validator.is_valid(&document));
    for (pointer, value) in [
        ("/version", json!(2)),
        ("/command", json!("man")),
        ("/data", json!([])),
        ("/data/sites", json!([{"site": "a"}])),
        ("/diagnostics", json!([{"code": "x"}])),
    ] {
        let mut wrong = document.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&wrong), "{pointer}: {wrong}");
    }
}

#[test]
fn yaml_is_the_same_document() {
    let fleet = copy_of_fleet();
    let (json, _) = run(fleet.path(), &["graph", "-o", "json"]);
    let yaml = siteplan(fleet.path(), &["graph", "-o", "yaml"]).stdout;
    let documents = read_documents(&yaml, &ReadLimits::MANIFEST).unwrap();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].to_value().unwrap(), json);
}

#[test]
fn a_form_that_a_command_cannot_give_is_an_error() {
    let fleet = copy_of_fleet();
    for (arguments, sentence) in [
        (
            &["graph", "--format", "sarif"][..],
            "which SARIF has no place for",
        ),
        (
            &["rules", "--format", "json", "-o", "text"],
            "write `-o json`",
        ),
        (&["man", "--format", "json"], "`man` has nothing to report"),
        (
            &["init", "--format", "github"],
            "`init` has nothing to report",
        ),
        (&["check", "-o", "json"], "unexpected argument '-o'"),
        (&["place", "-o", "mermaid"], "invalid value 'mermaid'"),
    ] {
        let ran = siteplan(fleet.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stdout);
        assert!(
            ran.stderr.contains(sentence),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
}

#[test]
fn data_for_people_and_commands_for_github_are_on_two_streams() {
    let fleet = copy_of_fleet();
    edit(
        fleet.path(),
        HETERO,
        "flask-build: {pool: appserver}",
        "flask-build: {pool: appsrver}",
    );
    let ran = siteplan(fleet.path(), &["graph", "--format", "github"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.starts_with("::error file="), "{}", ran.stderr);
}
