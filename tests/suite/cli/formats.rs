//! Reports in every format.

use super::*;

#[test]
fn json_is_one_document() {
    let ran = siteplan(broken().path(), &["build", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), ""));
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_snapshot!(serde_json::to_string_pretty(&report).unwrap(), @r#"
    {
      "command": "build",
      "diagnostics": [
        {
          "code": "unknown-pool",
          "help": "the pools are `appserver` and `database`",
          "labels": [
            {
              "end": {
                "column": 44,
                "line": 38,
                "offset": 1350
              },
              "file": "sites/fusion-hetero.yaml",
              "pointer": "/spec/apps/flask-build/pool",
              "start": {
                "column": 25,
                "line": 38,
                "offset": 1331
              },
              "text": ""
            },
            {
              "end": {
                "column": 8,
                "line": 12,
                "offset": 394
              },
              "file": "sites/fusion-hetero.yaml",
              "pointer": "/spec/pools",
              "start": {
                "column": 3,
                "line": 12,
                "offset": 389
              },
              "text": "the site's pools"
            }
          ],
          "message": "`flask-build` asks for the pool `app\tserver %0A::`, which this site does not have",
          "scope": {
            "kind": "site",
            "name": "fusion-hetero"
          },
          "severity": "error"
        }
      ],
      "errors": 1,
      "notes": 0,
      "version": 1,
      "warnings": 0
    }
    "#);
}

#[test]
fn json_says_what_differs_in_the_same_document() {
    let fleet = copy_of_fleet();
    fs_err::remove_file(fleet.path().join("out/acp-plant/apps/odf.yaml")).unwrap();
    let ran = siteplan(fleet.path(), &["check", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["errors"], 0);
    assert_eq!(report["data"]["sites"].as_array().unwrap().len(), 1);
    assert_eq!(report["data"]["sites"][0]["site"], "acp-plant");
}

#[test]
fn github_gets_workflow_commands() {
    let ran = siteplan(broken().path(), &["check", "--format", "github"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), ""));
    assert_snapshot!(ran.stdout, @r"::error file=sites/fusion-hetero.yaml,line=38,endLine=38,col=25,endColumn=44,title=unknown-pool::`flask-build` asks for the pool `app\tserver %250A::`, which this site does not have%0Asites/fusion-hetero.yaml:12:3: the site's pools%0Ahelp: the pools are `appserver` and `database`");
}

#[test]
fn sarif_has_what_code_scanning_needs() {
    let ran = siteplan(broken().path(), &["check", "--format", "sarif"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), ""));
    let log: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().contains("sarif"));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["tool"]["driver"]["name"], "siteplan");
    for rule in rules {
        assert!(rule["id"].is_string(), "{rule}");
        assert!(rule["shortDescription"]["text"].is_string(), "{rule}");
        assert!(rule["help"]["text"].is_string(), "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    let result = &results[0];
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(
        (&result["ruleId"], &rules[index]["id"]),
        (&Value::from("unknown-pool"), &Value::from("unknown-pool"))
    );
    assert!(result["message"]["text"].is_string(), "{result}");
    assert!(result["partialFingerprints"].is_object(), "{result}");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], HETERO);
    assert!(place["region"]["startLine"].as_u64().unwrap() > 1);
}

#[test]
fn a_fleet_without_errors_gives_empty_reports() {
    let fleet = copy_of_fleet();
    let json: Value =
        serde_json::from_str(&siteplan(fleet.path(), &["check", "--format", "json"]).stdout)
            .unwrap();
    assert!(
        json["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .all(|d| d["severity"] != "error"),
        "{json}"
    );
    let sarif: Value =
        serde_json::from_str(&siteplan(fleet.path(), &["check", "--format", "sarif"]).stdout)
            .unwrap();
    assert!(sarif["runs"][0]["results"].is_array(), "{sarif}");
}
