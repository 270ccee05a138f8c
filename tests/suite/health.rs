//! The health script of Applications, run by Lua 5.1 with the libraries that Argo CD gives it.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use siteplan::bundle::HEALTH_SCRIPT;

use crate::oracle;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

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

/// Runs the script over every case, without the libraries that Argo CD does not offer.
fn run(lua51: &Path, cases: &[(&str, Value, &str)]) -> Vec<String> {
    let objects: Vec<String> = cases.iter().map(|(_, object, _)| lua(object)).collect();
    let program = format!(
        "local print, setfenv = print, setfenv\nlocal chunk = function()\n{HEALTH_SCRIPT}\nend\n\
         getmetatable('').__index = nil\n\
         for _, object in ipairs({{{}}}) do\n\
         setfenv(chunk, {{ obj = object }})\nlocal health = chunk()\nprint(health.status .. ' ' .. health.message)\nend\n",
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
    let answers = run(&lua51, &cases);
    assert_eq!(answers.len(), cases.len());
    for ((name, _, expected), answer) in cases.iter().zip(&answers) {
        assert_eq!(
            answer.split(' ').next(),
            Some(*expected),
            "{name}: {answer}"
        );
    }
}
