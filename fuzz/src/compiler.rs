//! Targets of the compiler: whatever else of a repository, of a cluster or of git is read.

#![no_main]

mod target;

use libfuzzer_sys::fuzz_target;
use manifest_yaml::{ReadLimits, read_documents};
use pointer_diagnostics::{Diagnostics, Origin, Pointer};
use serde_json::{Value, json};
use siteplan::catalogue::Catalogue;
use siteplan::manifest::Object;
use siteplan::schema::ValuesSchema;
use siteplan::template::{self, TemplateContext};
use siteplan::{cluster, load, revision};

use target::{Target, run_target};

const TARGETS: &[Target] = &[
    ("inputs", read_input),
    ("templates", evaluate_template),
    ("schemas", compile_schema),
    ("catalogue", extend_catalogue),
    ("cluster-json", read_cluster),
    ("git-objects", read_listing),
];

fuzz_target!(|input: &[u8]| run_target(TARGETS, input));

/// Reads the documents of a text as values.
fn read_values(text: &str) -> Vec<Value> {
    let documents = read_documents(text, &ReadLimits::MANIFEST).unwrap_or_default();
    documents.iter().filter_map(|d| d.to_value().ok()).collect()
}

/// Reads an input file.
fn read_input(text: &str) {
    let mut found = Diagnostics::new();
    let input = load::read_input("sites/a.yaml", text, &mut found);
    assert!(
        input.is_some() || found.has_errors(),
        "nothing is read, and nothing is told"
    );
}

/// Evaluates the expressions of a scalar; an error's place is in it.
fn evaluate_template(text: &str) {
    let context = TemplateContext::new(&json!({
        "values": {"name": "web", "replicas": 3, "list": [1, 2], "map": {"a": "b"}, "on": true},
        "site": {"name": "plant"},
    }));
    match template::evaluate(text, &context) {
        Ok(value) => assert!(value.to_string().len() < 16 << 20),
        Err(why) => assert!(text.get(why.range.clone()).is_some(), "{why:?}"),
    }
}

/// Compiles the first document as a schema of values, and checks the second one with it.
fn compile_schema(text: &str) {
    let values = read_values(text);
    let Some(schema) = values.first() else { return };
    let origin = Origin::file("base/apps/web/app.yaml");
    let mut found = Diagnostics::new();
    let Ok(compiled) = ValuesSchema::compile(schema, &origin, &mut found) else {
        assert!(found.has_errors());
        return;
    };
    let written = values.get(1).cloned().unwrap_or_else(|| json!({}));
    let place = |at: &Pointer| Origin::new(&origin.file, at.clone());
    let values = compiled.complete(&written, &place, &mut found);
    let _ = compiled.unique_values(&values);
}

/// Takes the first document as an entry of the catalogue, and asks it about the second one.
fn extend_catalogue(text: &str) {
    let values = read_values(text);
    let Some(entry) = values.first() else { return };
    let Ok(catalogue) = Catalogue::with(std::slice::from_ref(entry)) else {
        return;
    };
    for value in values.iter().skip(1).filter(|value| value.is_object()) {
        let object = Object::new(value.clone());
        let _ = catalogue.parts(&object);
        let _ = catalogue.image_pointers(&object);
        let _ = catalogue.storage_pointers(&object);
    }
}

/// Reads what a cluster says of its nodes and its bootstrap.
fn read_cluster(text: &str) {
    let _ = cluster::read_nodes(text);
    let _ = cluster::read_bootstrap(text);
}

/// Reads the list of a revision's files.
fn read_listing(text: &str) {
    let paths = revision::list_paths(text.as_bytes(), &["base", "out", "siteplan.yaml"]);
    for path in paths.unwrap_or_default() {
        assert!(!path.starts_with('/'), "{path}");
        assert!(
            path.split('/').all(|part| !matches!(part, "" | "." | "..")),
            "{path}"
        );
    }
}
