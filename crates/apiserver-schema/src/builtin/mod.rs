//! The kinds that a server has without a CustomResourceDefinition, from the data file in the program.

mod data;
mod retired;

use std::sync::OnceLock;

use serde_json::Value;

pub(crate) use data::{DataFile, KindRow};
pub use retired::RetiredVersion;

use crate::schema::{Child, SchemaOrigin, StructuralSchema, compile_schema};
use crate::version::{Distribution, SchemaVersion};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The built-in kinds and definitions of one version. Definitions are compiled when they are first used.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) version: SchemaVersion,
    pub(crate) distribution: Distribution,
    /// Name, JSON, compiled form; sorted by name.
    definitions: Vec<(&'static str, &'static str, OnceLock<StructuralSchema>)>,
    nothing: StructuralSchema,
}

/// Returns all retired versions, sorted by group, version and kind.
pub fn list_retired_versions() -> impl Iterator<Item = RetiredVersion> {
    DataFile::get().retired().iter().copied()
}

/// Returns the entry of a version of a kind.
pub(crate) fn find_retired(group: &str, version: &str, kind: &str) -> Option<RetiredVersion> {
    let rows = DataFile::get().retired();
    let key = (group, version, kind);
    let found = rows.binary_search_by(|row| (row.group, row.version, row.kind).cmp(&key));
    rows.get(found.ok()?).copied()
}

impl Library {
    /// Makes the library of a version.
    pub(crate) fn new(version: SchemaVersion, distribution: Distribution) -> Self {
        let data = DataFile::get();
        let definitions = data
            .definitions()
            .filter(|row| row.mask & version.bit() != 0)
            .map(|row| (row.name, row.schema, OnceLock::new()))
            .collect();
        let nothing = compile_schema(&Value::Object(serde_json::Map::new()), SchemaOrigin::Custom);
        Self {
            version,
            distribution,
            definitions,
            nothing: nothing.expect("an empty schema compiles"),
        }
    }

    /// Returns the row of a kind.
    pub(crate) fn kind(&self, group: &str, version: &str, kind: &str) -> Option<&'static KindRow> {
        let rows = DataFile::get().kinds();
        let key = (group, version, kind);
        let first = rows.partition_point(|row| (row.group, row.version, row.kind) < key);
        let same = rows.iter().skip(first);
        same.take_while(|row| (row.group, row.version, row.kind) == key)
            .find(|row| self.has(row))
    }

    fn has(&self, row: &KindRow) -> bool {
        let foreign =
            self.distribution == Distribution::Kubernetes && row.group.ends_with(".openshift.io");
        row.mask & self.version.bit() != 0 && !foreign
    }

    /// Returns the rows of all kinds of the version, sorted by group, version and kind.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &'static KindRow> + '_ {
        let rows = DataFile::get().kinds().iter();
        rows.filter(|row| self.has(row))
    }

    /// Returns the schema of a named definition.
    pub(crate) fn definition(&self, name: &str) -> Option<&StructuralSchema> {
        self.number(name).map(|number| self.shared(number))
    }

    /// Returns the schema of `ObjectMeta`, which custom resources share.
    pub(crate) fn object_meta(&self) -> &StructuralSchema {
        self.definition(OBJECT_META).unwrap_or(&self.nothing)
    }

    /// Returns the schema below another.
    pub(crate) fn resolve<'a>(&'a self, child: &'a Child) -> &'a StructuralSchema {
        match child {
            Child::Inline(schema) => schema,
            Child::Shared(number) => self.shared(*number),
        }
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.definitions
            .binary_search_by(|(known, ..)| (*known).cmp(name))
            .ok()
    }

    fn shared(&self, number: usize) -> &StructuralSchema {
        let Some((_, json, compiled)) = self.definitions.get(number) else {
            return &self.nothing;
        };
        compiled.get_or_init(|| {
            let schema: Value = serde_json::from_str(json).expect("the data file holds JSON");
            let origin = SchemaOrigin::BuiltIn(&|name| self.number(name));
            compile_schema(&schema, origin).expect("the definitions of the data file compile")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Library;
    use crate::version::{Distribution, SchemaVersion};

    #[test]
    fn every_definition_of_every_version_compiles() {
        for minor in 25..=35 {
            let version = SchemaVersion::from_minor(minor).expect("known");
            let library = Library::new(version, Distribution::OpenShift);
            assert!(library.definitions.len() > 300, "1.{minor}");
            for number in 0..library.definitions.len() {
                assert!(library.shared(number).value_type != crate::schema::ValueType::Boolean);
            }
            assert!(
                library
                    .kinds()
                    .all(|row| library.definition(row.definition).is_some())
            );
            assert!(
                library
                    .object_meta()
                    .fields()
                    .any(|field| field == "labels")
            );
        }
    }
}
