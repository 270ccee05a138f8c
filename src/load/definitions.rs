//! Definitions of custom resources: CustomResourceDefinitions and compact definitions below `schema/crds`.

use apiserver_schema::{Definition, Definitions};
use manifest_yaml::{ReadLimits, YamlNode};
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

use super::FleetFiles;
use crate::rules;

/// Reads every definition of a directory. Files that hold none, and definitions that cannot be used, are reported.
pub(super) fn load_definitions(
    files: &FleetFiles,
    directory: &str,
    found: &mut Diagnostics,
) -> Vec<Definition> {
    let mut definitions = Vec::new();
    for path in files.list(directory, found) {
        if let Some(text) = files.read(&path, found) {
            definitions.extend(read_definitions(&path, &text, found));
        }
    }
    definitions
}

fn read_definitions(path: &str, text: &str, found: &mut Diagnostics) -> Vec<Definition> {
    let documents = match manifest_yaml::read_documents(text, &ReadLimits::MANIFEST) {
        Ok(documents) => documents,
        Err(error) => {
            let report = rules::MALFORMED_DEFINITION.report(error.message.clone());
            found.push(report.primary_bytes(path, error.range.bytes(), "reading stopped here"));
            return Vec::new();
        }
    };
    let mut definitions = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        match import_document(document) {
            Ok(imported) => definitions.extend(imported),
            Err(error) => found.push(describe_definition(path, number, &error)),
        }
    }
    definitions
}

/// The error for a document that holds no definition that can be used.
#[derive(Debug, thiserror::Error)]
enum DefinitionError {
    #[error("{0}")]
    Value(String),
    #[error(transparent)]
    Import(#[from] apiserver_schema::ImportError),
    #[error("a CustomResourceDefinition that serves a version is expected")]
    NoVersion,
}

/// Imports the definitions of one document.
fn import_document(document: &YamlNode) -> Result<Vec<Definition>, DefinitionError> {
    let value = document
        .to_value()
        .map_err(|error| DefinitionError::Value(error.message))?;
    let imported = Definitions::import(&value);
    if let Some(error) = imported.errors.into_iter().next() {
        return Err(error.into());
    }
    if imported.entries.is_empty() {
        return Err(DefinitionError::NoVersion);
    }
    Ok(imported.entries)
}

/// Words a document that holds no definition that can be used.
fn describe_definition(path: &str, number: usize, error: &DefinitionError) -> Diagnostic {
    let origin = Origin::in_document(&path.into(), number, Pointer::root());
    rules::MALFORMED_DEFINITION
        .report(error.to_string())
        .primary(origin, "")
        .help("put the CustomResourceDefinition of the cluster here (`oc get crd NAME -o yaml`), or remove the file")
}
