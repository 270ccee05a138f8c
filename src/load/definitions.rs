//! Definitions of custom resources: CustomResourceDefinitions and compact definitions below `schema/crds`.

use apiserver_schema::{Definition, Definitions};
use manifest_yaml::{ReadLimits, YamlNode};
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

use super::Files;
use crate::rules;

/// Reads every definition of a directory. Files that hold none, and definitions that cannot be used, are reported.
pub(super) fn load_definitions(
    files: &Files,
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
            Err(message) => found.push(malformed(path, number, message)),
        }
    }
    definitions
}

/// Imports the definitions of one document; the message says why one cannot be used.
fn import_document(document: &YamlNode) -> Result<Vec<Definition>, String> {
    let value = document.to_value().map_err(|error| error.message)?;
    let imported = Definitions::import(&value);
    if let Some(error) = imported.errors.first() {
        return Err(error.to_string());
    }
    if imported.entries.is_empty() {
        return Err("a CustomResourceDefinition that serves a version is expected".to_owned());
    }
    Ok(imported.entries)
}

fn malformed(path: &str, number: usize, message: String) -> Diagnostic {
    let origin = Origin::in_document(&path.into(), number, Pointer::root());
    rules::MALFORMED_DEFINITION
        .report(message)
        .primary(origin, "")
        .help("put the CustomResourceDefinition of the cluster here (`oc get crd NAME -o yaml`), or remove the file")
}
