//! The health scripts of Applications and of the catalogue's kinds, run by Lua 5.1 with the libraries that Argo CD gives it.

mod states;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use siteplan::bundle::HEALTH_SCRIPT;
use siteplan::catalogue::{Catalogue, KindHealth};

use crate::oracle;
use states::states;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// A moment before [`NOW`].
const JUST_NOW: &str = "2026-01-01T11:45:00Z";
/// More than half an hour before [`NOW`].
const LONG_AGO: &str = "2026-01-01T11:15:00Z";
/// The time at which the script runs: 2026-01-01T12:00:00Z.
const NOW: u32 = 1_767_268_800;

/// An Application that is all well.
fn application() -> Value {
    let source = json!({"repoURL": "https://git.example.com/fleet.git", "path": "out/plant/web", "targetRevision": "refs/heads/main"});
    json!({
        "spec": {"source": source},
        "status": {
            "health": {"status": "Healthy"},
            "sync": {"status": "Synced", "revision": COMMIT, "comparedTo": {"source": source}},
            "operationState": {"phase": "Succeeded", "syncResult": {"revision": COMMIT}},
        },
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut object = application();
    change(&mut object);
    object
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> Vec<(&'static str, Value, &'static str)> {
    let pinned = |at: &'static str| {
        with(move |o| {
            o["spec"]["source"]["targetRevision"] = json!(COMMIT);
            o["status"]["sync"]["comparedTo"]["source"]["targetRevision"] = json!(COMMIT);
            o["status"]["sync"]["revision"] = json!(at);
        })
    };
    let other = "ffffffffffffffffffffffffffffffffffffffff";
    let long_branch = "refs/heads/a-branch-of-forty-characters-";
    vec![
        ("all is well", application(), "Healthy"),
        (
            "nothing is known",
            json!({"spec": {"source": {}}}),
            "Progressing",
        ),
        (
            "empty status",
            with(|o| o["status"] = json!({})),
            "Progressing",
        ),
        (
            "no health yet",
            with(|o| o["status"]["health"] = json!({})),
            "Progressing",
        ),
        (
            "no sync status yet",
            with(|o| o["status"]["sync"] = json!({})),
            "Progressing",
        ),
        (
            "the status is of an older path",
            with(|o| o["spec"]["source"]["path"] = json!("out/plant/other")),
            "Progressing",
        ),
        (
            "the status is of an older repository",
            with(|o| o["spec"]["source"]["repoURL"] = json!("https://x")),
            "Progressing",
        ),
        (
            "the status is of an older branch",
            with(|o| o["spec"]["source"]["targetRevision"] = json!("v2")),
            "Progressing",
        ),
        (
            "nothing was compared",
            with(|o| o["status"]["sync"]["comparedTo"] = Value::Null),
            "Progressing",
        ),
        (
            "no revision is HEAD",
            with(|o| {
                o["spec"]["source"]["targetRevision"] = Value::Null;
                o["status"]["sync"]["comparedTo"]["source"]["targetRevision"] = json!("HEAD");
            }),
            "Healthy",
        ),
        ("at the pinned commit", pinned(COMMIT), "Healthy"),
        ("not at the pinned commit", pinned(other), "Progressing"),
        (
            "a branch of forty characters is no commit",
            with(|o| {
                assert_eq!(long_branch.len(), 40);
                o["spec"]["source"]["targetRevision"] = json!(long_branch);
                o["status"]["sync"]["comparedTo"]["source"]["targetRevision"] = json!(long_branch);
            }),
            "Healthy",
        ),
        (
            "a sync is asked for",
            with(|o| o["operation"] = json!({"sync": {}})),
            "Progressing",
        ),
        (
            "a sync is running",
            with(|o| o["status"]["operationState"]["phase"] = json!("Running")),
            "Progressing",
        ),
        (
            "never synced",
            with(|o| o["status"]["operationState"] = Value::Null),
            "Healthy",
        ),
        (
            "out of sync",
            with(|o| o["status"]["sync"]["status"] = json!("OutOfSync")),
            "Progressing",
        ),
        (
            "unknown",
            with(|o| o["status"]["sync"]["status"] = json!("Unknown")),
            "Progressing",
        ),
        (
            "missing resources are not healthy",
            with(|o| {
                o["status"]["health"]["status"] = json!("Missing");
                o["status"]["sync"]["status"] = json!("OutOfSync");
            }),
            "Progressing",
        ),
        (
            "degraded",
            with(|o| o["status"]["health"]["status"] = json!("Degraded")),
            "Degraded",
        ),
        (
            "progressing",
            with(|o| o["status"]["health"]["status"] = json!("Progressing")),
            "Progressing",
        ),
        (
            "a hook failed",
            with(|o| o["status"]["operationState"]["phase"] = json!("Failed")),
            "Degraded",
        ),
        (
            "an older sync failed",
            with(|o| {
                o["status"]["operationState"] =
                    json!({"phase": "Failed", "syncResult": {"revision": other}});
            }),
            "Healthy",
        ),
        (
            "a sync failed and will be tried again",
            with(|o| {
                o["operation"] = json!({"sync": {}});
                o["status"]["sync"]["status"] = json!("OutOfSync");
                o["status"]["operationState"] = json!({
                    "phase": "Running", "retryCount": 1, "startedAt": JUST_NOW, "finishedAt": JUST_NOW,
                    "message": "one or more objects failed to apply. Retrying attempt #1 at 3:00PM.",
                });
            }),
            "Degraded",
        ),
        (
            "somebody is asked before something is pruned",
            with(|o| {
                o["operation"] = json!({"sync": {}});
                o["status"]["sync"]["status"] = json!("OutOfSync");
                o["status"]["operationState"] = json!({
                    "phase": "Running", "startedAt": LONG_AGO,
                    "message": "Waiting for pruning confirmation of v1/PersistentVolumeClaim/data",
                });
            }),
            "Healthy",
        ),
        (
            "the next attempt is under way",
            with(|o| {
                o["operation"] = json!({"sync": {}});
                o["status"]["operationState"] =
                    json!({"phase": "Running", "retryCount": 1, "startedAt": JUST_NOW});
            }),
            "Progressing",
        ),
        (
            "a sync has been under way for long",
            with(|o| {
                o["operation"] = json!({"sync": {}});
                o["status"]["operationState"] = json!({"phase": "Running", "startedAt": LONG_AGO});
            }),
            "Degraded",
        ),
        (
            "all attempts failed, and nothing was applied",
            with(|o| {
                o["status"]["sync"]["status"] = json!("OutOfSync");
                o["status"]["operationState"] = json!({"phase": "Error", "finishedAt": JUST_NOW});
            }),
            "Degraded",
        ),
        (
            "an older sync failed, and the newer commit is not synced",
            with(|o| {
                o["status"]["sync"]["status"] = json!("OutOfSync");
                o["status"]["operationState"] =
                    json!({"phase": "Failed", "syncResult": {"revision": other}});
            }),
            "Degraded",
        ),
        (
            "somebody writes back what was synced",
            with(|o| {
                o["status"]["sync"]["status"] = json!("OutOfSync");
                o["status"]["operationState"]["finishedAt"] = json!(LONG_AGO);
                o["status"]["reconciledAt"] = json!(JUST_NOW);
            }),
            "Degraded",
        ),
        (
            "not compared since the sync",
            with(|o| {
                o["status"]["sync"]["status"] = json!("OutOfSync");
                o["status"]["operationState"]["finishedAt"] = json!(JUST_NOW);
                o["status"]["reconciledAt"] = json!(JUST_NOW);
            }),
            "Progressing",
        ),
        (
            "the project does not permit its namespace",
            with(|o| {
                o["status"]["conditions"] =
                    json!([{"type": "InvalidSpecError", "message": "not permitted in project"}]);
            }),
            "Degraded",
        ),
        (
            "its manifests cannot be rendered",
            with(|o| {
                o["status"]["sync"]["status"] = json!("Unknown");
                o["status"]["conditions"] =
                    json!([{"type": "ComparisonError", "message": "app path does not exist"}]);
            }),
            "Degraded",
        ),
        (
            "a warning is no error",
            with(|o| o["status"]["conditions"] = json!([{"type": "OrphanedResourceWarning"}])),
            "Healthy",
        ),
        (
            "progressing since a moment ago",
            with(|o| {
                o["status"]["health"] =
                    json!({"status": "Progressing", "lastTransitionTime": JUST_NOW});
            }),
            "Progressing",
        ),
        (
            "progressing for long",
            with(|o| {
                o["status"]["health"] =
                    json!({"status": "Progressing", "lastTransitionTime": LONG_AGO});
            }),
            "Degraded",
        ),
        (
            "healthy for long",
            with(|o| {
                o["status"]["health"] =
                    json!({"status": "Healthy", "lastTransitionTime": LONG_AGO});
            }),
            "Healthy",
        ),
        (
            "stopped by somebody",
            with(|o| {
                o["status"]["health"] =
                    json!({"status": "Suspended", "lastTransitionTime": LONG_AGO});
            }),
            "Healthy",
        ),
        (
            "a failure that holds up nothing",
            with(|o| {
                o["metadata"]["annotations"] = json!({"siteplan.dev/when-failed": "go-on"});
                o["status"]["operationState"] = json!({
                    "phase": "Running", "retryCount": 3, "startedAt": LONG_AGO, "finishedAt": JUST_NOW, "message": "node is away",
                });
            }),
            "Healthy",
        ),
        (
            "missing in what holds up nothing",
            with(|o| {
                o["metadata"]["annotations"] = json!({"siteplan.dev/when-failed": "go-on"});
                o["status"]["health"]["status"] = json!("Missing");
            }),
            "Healthy",
        ),
        (
            "several sources",
            with(|o| {
                o["spec"] = json!({"sources": [{}]});
                o["status"]["sync"]["comparedTo"] = json!({"sources": [{}]});
            }),
            "Healthy",
        ),
    ]
}

/// A JSON value as a Lua expression.
fn lua(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::Array(items) => format!(
            "{{{}}}",
            items.iter().map(lua).collect::<Vec<_>>().join(",")
        ),
        Value::Object(map) => {
            let fields = map
                .iter()
                .map(|(key, value)| format!("[{key:?}]={}", lua(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}

/// Runs a script over every case, without the libraries that Argo CD does not offer.
fn run(lua51: &Path, script: &str, cases: &[(&str, Value, &str)]) -> Vec<String> {
    let objects: Vec<String> = cases.iter().map(|(_, object, _)| lua(object)).collect();
    let program = format!(
        "local print, setfenv = print, setfenv\nlocal date = os.date\n\
         local function require() return {{ time = function() return {NOW} end, date = date }} end\n\
         local chunk = function()\n{script}\nend\n\
         getmetatable('').__index = nil\n\
         for _, object in ipairs({{{}}}) do\n\
         setfenv(chunk, {{ obj = object, require = require, ipairs = ipairs }})\nlocal health = chunk()\nprint(health.status .. ' ' .. health.message)\nend\n",
        objects.join(",")
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("health.lua");
    fs_err::write(&file, program).unwrap();
    let output = Command::new(lua51).arg(&file).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn an_application_is_healthy_only_when_its_own_revision_is_synced() {
    let Some(lua51) = oracle::find("lua5.1") else {
        return;
    };
    let cases = cases();
    let answers = run(&lua51, HEALTH_SCRIPT, &cases);
    assert_eq!(answers.len(), cases.len());
    for ((name, _, expected), answer) in cases.iter().zip(&answers) {
        assert_eq!(
            answer.split(' ').next(),
            Some(*expected),
            "{name}: {answer}"
        );
    }
}

#[test]
fn every_kind_whose_health_the_catalogue_tells_has_its_states() {
    let Some(lua51) = oracle::find("lua5.1") else {
        return;
    };
    let states = states();
    let mut told = BTreeSet::new();
    for entry in Catalogue::built_in().entries() {
        let Some(script) = entry.health.as_ref().and_then(KindHealth::script) else {
            continue;
        };
        told.insert(entry.kind.as_str());
        let cases: Vec<_> = states
            .iter()
            .filter(|(kind, ..)| *kind == entry.kind)
            .cloned()
            .collect();
        let answers = run(&lua51, &script, &cases);
        assert_eq!(answers.len(), cases.len(), "{}", entry.kind);
        for ((kind, object, expected), answer) in cases.iter().zip(&answers) {
            let health = answer.split(' ').next();
            assert_eq!(health, Some(*expected), "{kind}: {object}: {answer}");
        }
    }
    let tested: BTreeSet<&str> = states.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(told, tested);
}
