//! What the documentation shows is true: consoles are run, files are compiled, fragments are held against the schemas.
//!
//! `BLESS=1` writes what the commands of README.md print.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use manifest_yaml::{ReadLimits, read_documents};
use serde_json::{Value, json};
use siteplan::schema::{InputKind, input_schema};

use crate::repository::{self, copy_of_fleet, siteplan, write};

/// A fenced block: its language, its text, and where the text begins.
struct Block<'a> {
    language: &'a str,
    text: &'a str,
    start: usize,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(at) = page[rest..].find("```").map(|at| rest + at + 3) {
        let start = page[at..].find('\n').map_or(page.len(), |n| at + n + 1);
        let end = page[start..].find("```").map_or(page.len(), |n| start + n);
        found.push(Block {
            language: page[at..start].trim(),
            text: &page[start..end],
            start,
        });
        rest = (end + 3).min(page.len());
    }
    found
}

#[test]
fn consoles_of_the_readme_print_what_it_shows() {
    let readme = repository::read("README.md");
    let mut blessed = readme.clone();
    for block in blocks(&readme)
        .into_iter()
        .filter(|b| b.language == "console")
        .rev()
    {
        blessed.replace_range(
            block.start..block.start + block.text.len(),
            &played(block.text),
        );
    }
    if std::env::var_os("BLESS").is_some() {
        write(repository::root(), "README.md", &blessed);
    }
    assert!(
        blessed == readme,
        "README.md shows something else than what is printed: BLESS=1 writes it"
    );
}

/// Runs the commands of a console in a copy of our own fleet, and gives the console with what they print.
fn played(console: &str) -> String {
    let fleet = copy_of_fleet();
    let mut shown = String::new();
    for command in console.lines().filter_map(|line| line.strip_prefix("$ ")) {
        shown.extend(["$ ", command, "\n", &output(fleet.path(), command)]);
    }
    shown
}

/// What a command prints: the program is the one that is tested, and its tests are these.
fn output(fleet: &Path, command: &str) -> String {
    if command.starts_with("cargo test") {
        return String::new();
    }
    let program = format!("'{}'", env!("CARGO_BIN_EXE_siteplan"));
    let command = command.replacen("cargo run --release --", "siteplan", 1);
    let script = match command.strip_prefix("siteplan ") {
        Some(arguments) => format!("{program} {arguments}"),
        None => command.clone(),
    };
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(fleet)
        .output()
        .unwrap();
    let is_known = matches!(output.status.code(), Some(0..=2));
    assert!(
        is_known,
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    [output.stderr, output.stdout]
        .iter()
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .collect()
}

#[test]
fn the_readmes_site_becomes_the_tree_beside_it() {
    let readme = repository::read("README.md");
    let blocks = blocks(&readme);
    let site = blocks
        .iter()
        .find(|b| b.text.contains("kind: Site"))
        .unwrap()
        .text;
    let fleet = copy_of_fleet();
    write(fleet.path(), "sites/demo.yaml", site);
    let ran = siteplan(fleet.path(), &["build", "demo"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let tree = blocks
        .iter()
        .find(|b| b.text.starts_with("out/demo\n"))
        .unwrap()
        .text;
    let shown = paths_of_tree(tree);
    let made: BTreeSet<String> = repository::snapshot(&fleet.path().join("out/demo"))
        .into_keys()
        .map(|p| p.to_string_lossy().into_owned())
        .collect();
    for path in &made {
        let is_shown = shown
            .iter()
            .any(|s| s == path || (s.ends_with('/') && path.starts_with(s.as_str())));
        assert!(is_shown, "README.md does not show {path}");
    }
    for path in &shown {
        assert!(
            made.iter()
                .any(|m| m == path || (path.ends_with('/') && m.starts_with(path.as_str()))),
            "{path} is not made"
        );
    }
    let patch = blocks
        .iter()
        .find(|b| b.text.starts_with("- op: add\n"))
        .unwrap()
        .text;
    let written = fs_err::read_to_string(
        fleet
            .path()
            .join("out/demo/postgresql/placement.statefulset.postgresql.yaml"),
    );
    assert!(
        written.unwrap().ends_with(patch),
        "README.md shows another patch"
    );
}

/// The files of a drawn tree, and the directories that are drawn closed, with a `/` at the end.
fn paths_of_tree(tree: &str) -> Vec<String> {
    let mut above: Vec<&str> = Vec::new();
    let mut paths = Vec::new();
    for line in tree.lines().skip(1) {
        let Some(at) = line.find("── ") else {
            continue;
        };
        let depth = line[..at].chars().count() / 4;
        let name = line[at + "── ".len()..]
            .split_whitespace()
            .next()
            .unwrap_or_default();
        above.truncate(depth);
        above.push(name);
        let is_directory = !name.contains('.') && !name.ends_with('/');
        if !is_directory {
            paths.push(above.join("/"));
        }
    }
    paths
}

#[test]
fn links_between_pages_lead_somewhere() {
    let pages = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ]
    .map(str::to_owned);
    let pages = pages.into_iter().chain(
        repository::files("docs", "md")
            .into_iter()
            .map(|(path, _)| path),
    );
    let mut broken = Vec::new();
    for page in pages {
        let text = repository::read(&page);
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next())
        {
            let outside = target.is_empty() || target.contains("://");
            let directory = Path::new(&page).parent().unwrap();
            if !outside && !repository::root().join(directory).join(target).exists() {
                broken.push(format!("{page}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// ARCHITECTURE.md is the only map, so that every room has to be on it.
#[test]
fn every_room_is_on_the_map() {
    let map = repository::read("ARCHITECTURE.md");
    let of_rooms = ["src", "crates"].into_iter().flat_map(|folder| {
        let entries = fs_err::read_dir(repository::root().join(folder)).unwrap();
        let rooms = entries.map(Result::unwrap).filter(|e| e.path().is_dir());
        rooms.map(move |e| format!("{folder}/{}", e.file_name().to_str().unwrap()))
    });
    let missing: Vec<String> = of_rooms
        .filter(|room| !map.contains(&format!("]({room})")))
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md lacks {missing:?}");
}

/// The passes are in the table in the order in which `compile` runs them.
#[test]
fn the_table_of_passes_is_in_the_order_of_the_code() {
    let map = repository::read("ARCHITECTURE.md");
    let table = map.split("|---|---|---|").nth(1).unwrap();
    let table = table.split("\n\n").next().unwrap();
    let listed: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| [`")?.split('`').next())
        .collect();
    let code = repository::read("src/compile/mod.rs");
    let attempt = code.split("pub fn attempt").nth(1).unwrap();
    let calls = [
        ("load", "self.repository.load_site("),
        ("plan", "plan(Arc::new("),
        ("overlay", "self.make_overlays("),
        ("rustomize", "self.render("),
        ("bundle", "bundle::bundle("),
        ("validate", "validate::validate("),
        ("fit", "self.prove_fit("),
    ];
    let places: Vec<usize> = calls
        .iter()
        .map(|(_, call)| attempt.find(call).unwrap_or_else(|| panic!("{call}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    let named: Vec<&str> = listed
        .into_iter()
        .filter(|pass| calls.iter().any(|(name, _)| name == pass))
        .collect();
    let expected: Vec<&str> = calls.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, expected);
}

/// Pages whose examples are broken on purpose: they do not read, or have what no input may have.
const BROKEN: &[&str] = &["duplicate-key", "unknown-key", "yaml-syntax"];

#[test]
fn examples_of_rules_are_written_in_the_input_language() {
    let known = keys();
    let mut wrong = Vec::new();
    for (path, page) in repository::pages_of_rules() {
        let code = path.rsplit('/').next().unwrap().trim_end_matches(".md");
        if BROKEN.contains(&code) {
            continue;
        }
        for block in blocks(&page).into_iter().filter(|b| b.language == "yaml") {
            match read_documents(block.text, &ReadLimits::MANIFEST).map(|d| {
                d.iter()
                    .map(manifest_yaml::YamlNode::to_value)
                    .collect::<Vec<_>>()
            }) {
                Err(why) => wrong.push(format!("{path}: {why:?}")),
                Ok(documents) => wrong.extend(
                    documents
                        .iter()
                        .flatten()
                        .flat_map(strangers(&known))
                        .map(|key| format!("{path}: `{key}` is no field of any input")),
                ),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The top keys of a fragment that no input has, where others are an input's: else it is of a manifest or a kustomization.
fn strangers(known: &BTreeSet<String>) -> impl Fn(&Value) -> Vec<String> {
    move |fragment: &Value| {
        let keys: Vec<&String> = fragment
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
            .collect();
        let is_input =
            keys.iter().any(|key| known.contains(*key)) && !keys.iter().any(|key| *key == "kind");
        keys.into_iter()
            .filter(|key| is_input && !known.contains(*key))
            .cloned()
            .collect()
    }
}

/// Every key that is a property somewhere in the inputs' schemas.
fn keys() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for kind in InputKind::ALL {
        collect(&json!(input_schema(kind)), &mut found);
    }
    found
}

fn collect(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get("properties") {
                found.extend(properties.keys().cloned());
            }
            map.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// The workflows that README.md shows are YAML, and run commands that exist.
#[test]
fn workflows_of_the_readme_run_commands_that_exist() {
    let readme = repository::read("README.md");
    let commands: BTreeSet<String> = siteplan::cli::command()
        .get_subcommands()
        .map(|c| c.get_name().to_owned())
        .collect();
    for block in blocks(&readme).into_iter().filter(|b| b.language == "yaml") {
        read_documents(block.text, &ReadLimits::MANIFEST).unwrap();
    }
    for word in readme
        .split("siteplan ")
        .skip(1)
        .filter_map(|rest| rest.split([' ', '\n', '`']).next())
    {
        let is_prose = !word.starts_with(char::is_alphabetic) || PROSE.contains(&word);
        assert!(
            is_prose || commands.contains(word),
            "README.md speaks of `siteplan {word}`"
        );
    }
}

/// Words that follow the program's name in sentences.
const PROSE: &[&str] = &["compiles"];
