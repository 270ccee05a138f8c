//! `check VERSION FILE…`: prints what an API server of a version would say of the objects in YAML files.
//! CustomResourceDefinitions among them count for all of them.

use std::io::Write as _;

use apiserver_schema::{Definitions, Distribution, SchemaSet};
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let version = arguments
        .next()
        .ok_or("usage: check VERSION FILE…")?
        .parse()?;
    let mut objects = Vec::new();
    for path in arguments {
        match read_documents(&path) {
            Ok(documents) => objects.extend(
                documents
                    .into_iter()
                    .map(|document| (path.clone(), document)),
            ),
            Err(error) => writeln!(std::io::stdout(), "{path}: {error}")?,
        }
    }
    let mut schemas = SchemaSet::for_distribution(version, Distribution::OpenShift);
    let definitions = Definitions::import_all(objects.iter().map(|(_, object)| object));
    for error in &definitions.errors {
        writeln!(std::io::stdout(), "definition {error}")?;
    }
    schemas.extend(definitions);
    for (path, object) in &objects {
        for violation in schemas.check(object) {
            let nearest = violation
                .nearest
                .as_deref()
                .map(|name| format!(" (nearest: {name})"))
                .unwrap_or_default();
            writeln!(
                std::io::stdout(),
                "{path}: {}: {:?}: {}{nearest}",
                violation.field,
                violation.kind,
                violation.message
            )?;
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example reads what it is told to"
)]
fn read_documents(path: &str) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
    let documents = manifest_yaml::read_documents(
        &std::fs::read_to_string(path)?,
        &manifest_yaml::ReadLimits::MANIFEST,
    );
    let documents = documents.map_err(|error| error.message)?;
    documents
        .iter()
        .map(|document| document.to_value().map_err(|error| error.message.into()))
        .collect()
}
