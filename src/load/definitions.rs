//! Definitions of custom resources: CustomResourceDefinitions and compact definitions below `schema/crds` and `schema/compact`.

use std::collections::BTreeMap;
use std::sync::Arc;

use apiserver_schema::{Definition, Definitions};
use manifest_yaml::{ReadLimits, YamlNode};
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

use rayon::prelude::*;
use serde_json::Value;

use super::{App, FleetFiles};
use crate::definitions::IMPORTED;
use crate::nearest::nearest;
use crate::rules;

/// The directory of the definitions that this repository hands on.
const COMPACT: &str = "schema/compact";

/// The definitions of custom resources that a fleet has.
#[derive(Debug, Default)]
pub struct FleetDefinitions {
    /// Facts of published versions, below `schema/compact`: they hold where nothing else says more.
    pub compact: Vec<Definition>,
    /// Definitions that were imported for all apps.
    pub shared: Vec<Definition>,
    /// Definitions that were imported under a name, for the apps that choose it.
    pub sets: BTreeMap<String, Vec<Definition>>,
}

/// Reads the definitions of a fleet. Files that hold none, and definitions that cannot be used, are reported.
pub(super) fn load_definitions(files: &FleetFiles, found: &mut Diagnostics) -> FleetDefinitions {
    let mut paths = files.list(COMPACT, found);
    paths.extend(files.list(IMPORTED, found));
    let read: Vec<(Vec<Definition>, Diagnostics)> = paths
        .par_iter()
        .map(|path| {
            let mut problems = Diagnostics::new();
            let text = files.read(path, &mut problems).unwrap_or_default();
            let definitions = match text.as_str() {
                "" => Vec::new(),
                text => read_definitions(path, text, &mut problems),
            };
            (definitions, problems)
        })
        .collect();
    let mut definitions = FleetDefinitions::default();
    for (path, (of_file, problems)) in paths.iter().zip(read) {
        found.append(problems);
        definitions.place_of(path).extend(of_file);
    }
    definitions
}

impl FleetDefinitions {
    /// Reports every name of a set that an app chooses and that is not there.
    pub(super) fn check_choices<'a>(
        &self,
        apps: impl Iterator<Item = &'a Arc<App>>,
        found: &mut Diagnostics,
    ) {
        for app in apps {
            let chosen = app.spec.definitions.iter().enumerate();
            for (index, set) in chosen.filter(|(_, set)| !self.sets.contains_key(*set)) {
                let origin = app.origin(&Pointer::root().at("definitions").at(index));
                let known = self.sets.keys().map(String::as_str);
                let help = match nearest(set, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("import them with `siteplan schema import --as {set}`"),
                };
                let message = format!("there are no definitions named `{set}` in {IMPORTED}/");
                let report = rules::UNKNOWN_DEFINITION_SET.report(message);
                found.push(report.primary(origin, "").help(help));
            }
        }
    }

    /// Returns the list that the definitions of a file belong to.
    fn place_of(&mut self, path: &str) -> &mut Vec<Definition> {
        let imported = path
            .strip_prefix(IMPORTED)
            .and_then(|rest| rest.strip_prefix('/'));
        match imported.map(|rest| rest.split_once('/')) {
            None => &mut self.compact,
            Some(None) => &mut self.shared,
            Some(Some((set, _))) => self.sets.entry(set.to_owned()).or_default(),
        }
    }
}

fn read_definitions(path: &str, text: &str, found: &mut Diagnostics) -> Vec<Definition> {
    // Definitions are written as JSON. What is not, or holds a mistake, is read with the places of its values.
    if let Some(definitions) = read_json(text) {
        return definitions;
    }
    let documents = match manifest_yaml::read_documents(text, &ReadLimits::MANIFEST) {
        Ok(documents) => documents,
        Err(error) => {
            found.push(rules::MALFORMED_DEFINITION.report_unreadable(path, text, &error));
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

/// Reads a file that is one JSON document whose definitions can all be used.
fn read_json(text: &str) -> Option<Vec<Definition>> {
    let value: Value = serde_json::from_str(text).ok()?;
    import_value(&value).ok()
}

/// Imports the definitions of one document.
fn import_document(document: &YamlNode) -> Result<Vec<Definition>, DefinitionError> {
    let value = document
        .to_value()
        .map_err(|error| DefinitionError::Value(error.message))?;
    import_value(&value)
}

/// Imports the definitions of a value.
fn import_value(value: &Value) -> Result<Vec<Definition>, DefinitionError> {
    let imported = Definitions::import(value);
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
        .help("import the definition again (`oc get crd NAME -o yaml | siteplan schema import --replace -`), or remove the file")
}
