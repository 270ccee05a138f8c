//! Definitions that operators publish: all import, and tell examples from mistakes. Runs where `SITEPLAN_CRDS` names a
//! directory of definitions.

use std::path::{Path, PathBuf};

use apiserver_schema::{
    CompactContent, Definition, Definitions, SchemaSet, SchemaVersion, SchemaViolation,
    ViolationKind,
};
use serde_json::{Value, json};

use crate::documents::read_documents;
use crate::example::{ExampleChoices, make_example, make_mutations};

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the directory is an oracle of the tests, and its absence is said"
)]
fn definition_files() -> Option<Vec<PathBuf>> {
    let Some(directory) = std::env::var_os("SITEPLAN_CRDS") else {
        let required = std::env::var_os("REQUIRE_ORACLES").is_some_and(|value| value == "1");
        assert!(
            !required,
            "SITEPLAN_CRDS names no directory, and REQUIRE_ORACLES=1"
        );
        println!("skipped: SITEPLAN_CRDS names no directory of custom resource definitions");
        return None;
    };
    let entries = std::fs::read_dir(Path::new(&directory)).expect("a directory");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    files.sort();
    Some(files)
}

/// What rules ask for and no keyword of a schema tells: kind, pointer, value as JSON.
const HINTS: [(&str, &str, &str); 4] = [
    (
        "ClusterCatalog",
        "/spec/source/image/ref",
        "\"quay.io/a/b:latest\"",
    ),
    (
        "ClusterMonitoring",
        "/spec",
        "{\"userDefined\": {\"mode\": \"Disabled\"}}",
    ),
    ("IstioCSR", "/metadata/name", "\"default\""),
    (
        "IstioCSR",
        "/spec/istioCSRConfig/certManager/issuerRef",
        "{\"name\": \"a\", \"kind\": \"Issuer\", \"group\": \"cert-manager.io\"}",
    ),
];

fn complete(definition: &Definition, mut example: Value, choices: ExampleChoices) -> Value {
    let name = definition
        .schema_json()
        .pointer("/properties/metadata/properties/name");
    let name = name.map_or(json!("cluster"), |schema| make_example(schema, choices));
    example["apiVersion"] = json!(definition.api_version());
    example["kind"] = json!(definition.kind());
    example["metadata"] = json!({"name": name, "labels": {"a": "b"}});
    for (_, pointer, value) in HINTS.iter().filter(|(kind, ..)| *kind == definition.kind()) {
        if let Some(place) = example.pointer_mut(pointer) {
            *place = serde_json::from_str(value).expect("JSON");
        }
    }
    example
}

/// Makes an example that the definition accepts, with as many optional fields as it can.
fn find_example(
    schemas: &SchemaSet,
    definition: &Definition,
) -> Result<Value, Vec<SchemaViolation>> {
    let mut last = Vec::new();
    for optional_depth in [3, 2, 1, 0, 4] {
        for seed in 0..6 {
            let choices = ExampleChoices {
                optional_depth,
                seed,
            };
            let example = complete(
                definition,
                make_example(definition.schema_json(), choices),
                choices,
            );
            let found = schemas.check(&example);
            let broken = found.iter().any(SchemaViolation::is_refusal);
            if !broken {
                return Ok(example);
            }
            last = found;
        }
    }
    Err(last)
}

#[test]
fn published_definitions_tell_examples_from_mistakes() {
    let Some(files) = definition_files() else {
        return;
    };
    let version: SchemaVersion = "1.34".parse().expect("known");
    let (mut kinds, mut problems) = (0, Vec::new());
    for file in &files {
        let definitions = Definitions::import_all(&read_documents(file));
        problems.extend(
            definitions
                .errors
                .iter()
                .map(|error| format!("{}: {error}", file.display())),
        );
        for definition in &definitions.entries {
            kinds += 1;
            let mut schemas = SchemaSet::for_version(version);
            schemas.insert(definition.clone());
            let name = format!("{} {}", definition.api_version(), definition.kind());
            let compact = Definitions::import(&definition.to_compact(CompactContent::All, None));
            if compact.entries.first().map(Definition::schema_json)
                != Some(definition.schema_json())
            {
                problems.push(format!(
                    "{name}: its compact form says something else: {:?}",
                    compact.errors
                ));
            }
            match find_example(&schemas, definition) {
                Ok(example) => problems.extend(
                    check_mutations(&schemas, definition, &example)
                        .into_iter()
                        .map(|what| format!("{name}: {what}")),
                ),
                Err(found) => problems.push(format!(
                    "{name}: no example: {:?}",
                    found
                        .iter()
                        .map(|v| format!("{}: {:?} {}", v.field, v.kind, v.message))
                        .collect::<Vec<_>>()
                )),
            }
        }
    }
    assert!(kinds > 150, "{kinds} kinds of {} files", files.len());
    assert!(
        problems.is_empty(),
        "{} of {kinds}:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

fn check_mutations(schemas: &SchemaSet, definition: &Definition, example: &Value) -> Vec<String> {
    let mutations = make_mutations(definition.schema_json(), example);
    assert!(mutations.len() >= 10);
    let passes = |object: &Value| {
        !schemas
            .check(object)
            .iter()
            .any(|v| v.is_refusal() || v.kind == ViolationKind::NoDefinition)
    };
    mutations
        .into_iter()
        .filter(|mutation| passes(&mutation.object))
        .map(|mutation| format!("passes: {}", mutation.what))
        .collect()
}
