//! The program from outside: exit codes, streams, formats, help.

mod formats;
mod scaffold;

use std::fmt::Write as _;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use crate::repository::{copy_of_fleet, edit, list, siteplan, snapshot, write};

const HETERO: &str = "sites/fusion-hetero.yaml";

/// A misspelt pool, with a name that no format may print as it is.
fn broken() -> tempfile::TempDir {
    let fleet = copy_of_fleet();
    edit(
        fleet.path(),
        HETERO,
        "flask-build: {pool: appserver}",
        "flask-build: {pool: \"app\\tserver %0A::\"}",
    );
    fleet
}

#[test]
fn help_of_every_command() {
    let mut text = String::new();
    let directory = tempfile::tempdir().unwrap();
    for path in paths(&siteplan::cli::command(), &[]) {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let ran = siteplan(directory.path(), &[&words[..], &["--help"]].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{words:?}");
        let command = [&["siteplan"], &words[..]].concat().join(" ");
        let help = if words.is_empty() {
            ran.stdout
        } else {
            without_global_options(&ran.stdout)
        };
        let _ = writeln!(text, "$ {command} --help\n{help}");
    }
    assert_snapshot!(
        "help",
        text.lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect::<String>()
    );
}

/// The options that every command takes are in the snapshot once.
fn without_global_options(help: &str) -> String {
    let (before, rest) = help.split_once("Global options:\n").unwrap_or((help, ""));
    let own = rest
        .lines()
        .skip_while(|line| line.is_empty() || line.starts_with(' '));
    before.to_owned() + &own.map(|line| format!("{line}\n")).collect::<String>()
}

/// The words of every command, the program itself first.
fn paths(command: &clap::Command, above: &[String]) -> Vec<Vec<String>> {
    let mut paths = vec![above.to_vec()];
    for command in command.get_subcommands().filter(|c| c.get_name() != "help") {
        paths.extend(paths_below(command, above));
    }
    paths
}

fn paths_below(command: &clap::Command, above: &[String]) -> Vec<Vec<String>> {
    paths(command, &[above, &[command.get_name().to_owned()]].concat())
}

#[test]
fn build_then_check_then_nothing_differs() {
    let fleet = copy_of_fleet();
    fs_err::remove_dir_all(fleet.path().join("out")).unwrap();
    let checked = siteplan(fleet.path(), &["check", "--list"]);
    assert_eq!(checked.code, Some(1));
    assert!(
        checked
            .stdout
            .lines()
            .all(|line| line.starts_with("added ")),
        "{}",
        checked.stdout
    );
    let built = siteplan(fleet.path(), &["build"]);
    assert_eq!(
        (built.code, built.stdout.as_str()),
        (Some(0), ""),
        "{}",
        built.stderr
    );
    assert_eq!(siteplan(fleet.path(), &["check"]).code, Some(0));
}

#[test]
fn check_shows_what_was_edited_by_hand() {
    let fleet = copy_of_fleet();
    let path = list("out/acp-plant/apps")
        .into_iter()
        .find(|p| p.ends_with("/odf.yaml"))
        .unwrap();
    let text = fs_err::read_to_string(fleet.path().join(&path)).unwrap();
    write(
        fleet.path(),
        &path,
        &text.replace("kind: Application\n", "kind: Applicaton\n"),
    );
    let ran = siteplan(fleet.path(), &["check"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stdout
            .contains("-kind: Applicaton\n+kind: Application\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains(&format!("edited by hand  {path}")),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("edited-by-hand"), "{}", ran.stderr);
}

#[test]
fn building_one_site_leaves_the_others_alone() {
    let fleet = broken();
    fs_err::remove_dir_all(fleet.path().join("out/acp-plant")).unwrap();
    let other = snapshot(&fleet.path().join("out/fusion-hetero"));
    let ran = siteplan(fleet.path(), &["build", "acp-plant"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        fleet
            .path()
            .join("out/acp-plant/apps/kustomization.yaml")
            .is_file()
    );
    assert!(snapshot(&fleet.path().join("out/fusion-hetero")) == other);
}

#[test]
fn an_unknown_site_has_a_suggestion() {
    let ran = siteplan(copy_of_fleet().path(), &["build", "acp-plnt"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(ran.stderr, @"error: there is no site `acp-plnt`: did you mean `acp-plant`?");
}

#[test]
fn a_directory_without_a_fleet_says_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    let ran = siteplan(empty.path(), &["build"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(ran.stderr, @"
    error[missing-fleet-file]: there is no `siteplan.yaml` in `FLEET`, nor above it
     |
     = help: run `siteplan init` to begin a fleet here, or choose its directory with `-C DIR`

    1 error
    ");
    assert!(snapshot(empty.path()).is_empty());
}

#[test]
fn the_fleet_is_found_from_a_directory_below_it_and_offered_above_it() {
    let fleet = copy_of_fleet();
    let ran = siteplan(&fleet.path().join("base/apps"), &["check"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let above = tempfile::tempdir().unwrap();

    write(above.path(), "fleets/emea/siteplan.yaml", "");
    let ran = siteplan(above.path(), &["check"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr
            .contains("help: choose the fleet below it with `-C"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("fleets/emea`"), "{}", ran.stderr);
}

#[test]
fn an_unknown_flag_is_an_error() {
    let ran = siteplan(Path::new("."), &["build", "--jbos", "3"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
}

#[test]
fn resolve_says_where_each_line_comes_from() {
    let fleet = copy_of_fleet();
    let ran = siteplan(fleet.path(), &["resolve", "acp-plant"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(
        ran.stdout.contains("# base/profiles/acp-ha.yaml:")
            && ran.stdout.contains("# sites/acp-plant.yaml:")
    );
    assert!(ran.stdout.contains("mode: three-node"), "{}", ran.stdout);
    let json = siteplan(fleet.path(), &["resolve", "acp-plant", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["data"]["spec"]["ha"]["mode"], "three-node");
}

#[test]
fn apps_lists_all_and_shows_every_default_of_one() {
    let fleet = copy_of_fleet();
    let all = siteplan(fleet.path(), &["apps"]);
    assert_eq!(all.code, Some(0));
    assert_eq!(
        all.stdout.lines().count(),
        list("base/apps")
            .iter()
            .filter(|p| p.ends_with("/app.yaml"))
            .count()
    );
    let one = siteplan(fleet.path(), &["apps", "plant-web"]);
    assert!(one.stdout.contains("onRemove: delete"), "{}", one.stdout);
    assert!(one.stdout.contains("conflicts: []"), "{}", one.stdout);
    assert_eq!(siteplan(fleet.path(), &["apps", "plant-wbe"]).code, Some(2));
}

#[test]
fn graph_shows_the_waves() {
    let fleet = copy_of_fleet();
    assert_snapshot!(siteplan(fleet.path(), &["graph", "fusion-hetero"]).stdout, @"
    fusion-hetero
      wave 0
        namespaces
        nodes
      wave 1
        crunchy-operator  after namespaces, nodes
        image-registry    after namespaces, nodes
      wave 2
        database          after crunchy-operator
        flask-build       after image-registry
      wave 3
        flask-appserver   after flask-build
      wave 4
        hetero-verify     after flask-appserver
    ");
    let mermaid = siteplan(fleet.path(), &["graph", "fusion-hetero", "-o", "mermaid"]);
    assert!(
        mermaid.stdout.starts_with("flowchart LR\n"),
        "{}",
        mermaid.stdout
    );
    let dot = siteplan(fleet.path(), &["graph", "fusion-hetero", "-o", "dot"]);
    assert!(dot.stdout.starts_with("digraph "), "{}", dot.stdout);
    assert!(dot.stdout.ends_with("}\n"), "{}", dot.stdout);
}

#[test]
fn explain_knows_every_code_and_every_field() {
    let fleet = copy_of_fleet();
    for rule in siteplan::rulebook::all_rules() {
        let ran = siteplan(fleet.path(), &["explain", rule.code]);
        assert!(ran.code == Some(0), "{}", rule.code);
        assert!(ran.stdout.contains(rule.code), "{}", rule.code);
    }
    assert_snapshot!(siteplan(fleet.path(), &["explain", "unknown-pol"]).stderr, @"error: there is no diagnostic `unknown-pol`: did you mean `unknown-pool`?");
    assert_snapshot!(siteplan(fleet.path(), &["explain", "fusion-hetero", "Deployment/flask-appserver", "affinity"]).stdout, @"
    Deployment/flask-appserver (flask-appserver on fusion-hetero)

      /spec/template/spec/affinity   (placement)
          nodeAffinity:
            requiredDuringSchedulingIgnoredDuringExecution:
              nodeSelectorTerms:
              - matchExpressions:
                - key: kubernetes.io/arch
                  operator: In
                  values:
                  - ppc64le
                - key: workload-type
                  operator: In
                  values:
                  - appserver
          from sites/fusion-hetero.yaml:39:23
          from sites/fusion-hetero.yaml:22:7
          from base/apps/flask-appserver/app.yaml:10:3
    ");
}

#[test]
fn render_prints_what_kustomize_would() {
    let fleet = copy_of_fleet();
    let of_site = siteplan(fleet.path(), &["render", "fusion-hetero/flask-appserver"]);
    assert_eq!((of_site.code, of_site.stderr.as_str()), (Some(0), ""));
    let of_directory = siteplan(
        fleet.path(),
        &["render", "out/fusion-hetero/flask-appserver"],
    );
    assert_eq!(of_site.stdout, of_directory.stdout);
    let of_nothing = siteplan(fleet.path(), &["render", "fusion-hetero/flask"]);
    assert_eq!((of_nothing.code, of_nothing.stdout.as_str()), (Some(2), ""));
}

/// Writes a kustomization that 5.6 and 5.8 build differently into a fleet.
fn write_kustomization_that_versions_differ_in(fleet: &Path) {
    let directory = fleet.join("deployments");
    std::fs::create_dir(&directory).unwrap();
    let kustomization = "resources: [r.yaml]\nimages: [{name: a, newTag: '1'}]\n";
    std::fs::write(directory.join("kustomization.yaml"), kustomization).unwrap();
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: a}], volumes: null}\n";
    std::fs::write(directory.join("r.yaml"), pod).unwrap();
}

#[test]
fn render_makes_the_bytes_of_the_kustomize_that_the_fleet_chooses() {
    let fleet = copy_of_fleet();
    write_kustomization_that_versions_differ_in(fleet.path());
    let render = |more: &[&str]| {
        let arguments = [&["render", "deployments"], more].concat();
        siteplan(fleet.path(), &arguments).stdout
    };
    assert!(render(&[]).contains("volumes: null"));
    assert!(render(&["--kustomize", "5.8"]).contains("volumes: []"));
    let file = fleet.path().join("siteplan.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let chosen = text.replacen("  argocd:\n", "  argocd:\n    kustomize: \"5.8\"\n", 1);
    assert_ne!(chosen, text);
    std::fs::write(&file, chosen).unwrap();
    assert!(render(&[]).contains("volumes: []"));
    assert!(render(&["--kustomize", "5.4"]).contains("volumes: null"));
    let unclear = siteplan(
        fleet.path(),
        &["render", "deployments", "--kustomize", "5.9"],
    );
    assert_eq!(unclear.code, Some(2));
}

#[test]
fn images_are_listed_and_their_facts_imported() {
    let fleet = copy_of_fleet();
    let listed = siteplan(fleet.path(), &["images", "list", "acp-plant"]);
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    let images: Vec<&str> = listed.stdout.lines().collect();
    assert!(
        images.contains(&"registry.redhat.io/rhceph/rhceph-8-rhel9"),
        "{images:?}"
    );
    write(
        fleet.path(),
        "index.json",
        r#"{"manifests": [{"platform": {"architecture": "arm64"}}]}"#,
    );
    let file = fleet.path().join("index.json").display().to_string();
    let imported = siteplan(fleet.path(), &["images", "import", "quay.io/a/b", &file]);
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    assert!(
        imported
            .stdout
            .starts_with("quay.io/a/b:\n  arch:\n  - arm64\n"),
        "{}",
        imported.stdout
    );
}

#[test]
fn schemas_completions_and_manual_are_printed() {
    let nowhere = tempfile::tempdir().unwrap();
    for kind in ["fleet", "site", "profile", "app"] {
        let schema: Value =
            serde_json::from_str(&siteplan(nowhere.path(), &["schema", "print", kind]).stdout)
                .unwrap();
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = siteplan(nowhere.path(), &["completions", shell]);
        assert!(ran.code == Some(0), "{shell}");
        assert!(ran.stdout.contains("siteplan"), "{shell}");
    }
    for words in [&["man"][..], &["man", "build"]] {
        assert!(
            siteplan(nowhere.path(), words)
                .stdout
                .contains(".TH siteplan"),
            "{words:?}"
        );
    }
}

#[test]
fn a_reader_that_goes_early_is_no_error() {
    let fleet = copy_of_fleet();
    let script = format!(
        "'{}' -C '{}' render acp-plant | head -n 1; echo ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_siteplan"),
        fleet.path().display()
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("\n0\n"));
}

#[test]
fn colour_is_for_terminals_or_on_demand() {
    let fleet = broken();
    assert!(!siteplan(fleet.path(), &["check"]).stderr.contains('\u{1b}'));
    assert!(
        siteplan(fleet.path(), &["check", "--color", "always"])
            .stderr
            .contains("\u{1b}[")
    );
}

#[test]
fn quiet_prints_errors_only() {
    let fleet = copy_of_fleet();
    let ran = siteplan(fleet.path(), &["build", "-q"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "", "")
    );
}

#[test]
fn paths_are_printed_as_they_are_written() {
    let fleet = copy_of_fleet();
    fs_err::remove_file(fleet.path().join("out/acp-plant/apps/odf.yaml")).unwrap();
    let ran = siteplan(fleet.path(), &["check", "--list"]);
    let line = "removed by hand out/acp-plant/apps/odf.yaml\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
    let ran = siteplan(fleet.path(), &["build", "-v"]);
    let added = ran.stderr.contains("  added out/acp-plant/apps/odf.yaml\n");
    assert!(added, "{}", ran.stderr);
}

#[test]
fn what_is_counted_is_counted_right() {
    let fleet = copy_of_fleet();
    fs_err::remove_file(fleet.path().join("out/acp-plant/apps/odf.yaml")).unwrap();
    let ran = siteplan(fleet.path(), &["build", "acp-plant"]);
    let last = ran.stderr.lines().last();
    assert_eq!(
        last,
        Some("1 site built: 1 file added, 0 changed, 0 removed in out/")
    );
    let ran = siteplan(fleet.path(), &["build"]);
    assert_snapshot!(ran.stderr, @"13 sites built: out/ is up to date");
}

#[test]
fn place_shows_all_sites_where_none_is_named() {
    let fleet = copy_of_fleet();
    let ran = siteplan(fleet.path(), &["place"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for site in ["acp-plant", "fusion-hetero"] {
        let one = siteplan(fleet.path(), &["place", site]);
        assert!(ran.stdout.contains(&one.stdout), "{}", ran.stdout);
    }
    let ran = siteplan(fleet.path(), &["place", "--without", "acp-1"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(ran.stderr, @"error: `--without` and `--add` are about the nodes of one site: name it");
}

#[test]
fn explain_suggests_an_object() {
    let fleet = copy_of_fleet();
    let ran = siteplan(
        fleet.path(),
        &["explain", "acp-plant", "Deployment/plant-wbe"],
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(ran.stderr, @"error: there is no object `Deployment/plant-wbe` on `acp-plant`: did you mean `Deployment/plant-web`?");
}
