//! The schemas of a cluster: built-in kinds of a version, and the custom resources that were imported.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::builtin::{KindRow, Library};
use crate::cel::check_rules;
use crate::check::{Checker, Dialect};
use crate::crd::{Definition, Definitions};
use crate::default::apply_defaults;
use crate::identity::{Identity, KnownKinds, split_api_version};
use crate::place::Place;
use crate::schema::StructuralSchema;
use crate::version::{Distribution, SchemaVersion};
use crate::violation::SchemaViolation;
use kubernetes_vocabulary::ResourceScope;

/// All kinds that a cluster knows, for checks of objects.
#[derive(Debug)]
pub struct SchemaSet {
    library: Library,
    /// By group, kind and version.
    custom: BTreeMap<(String, String, String), Definition>,
}

/// A kind that a cluster serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServedKind<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The version of the group.
    pub version: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The name of the resource in paths and rules.
    pub plural: &'a str,
    /// Tells whether its objects live in a namespace.
    pub scope: ResourceScope,
}

impl SchemaSet {
    /// Returns the kinds of a version of Kubernetes as published.
    pub fn for_version(version: SchemaVersion) -> Self {
        Self::for_distribution(version, Distribution::Kubernetes)
    }

    /// Returns the kinds of a version of a distribution.
    pub fn for_distribution(version: SchemaVersion, distribution: Distribution) -> Self {
        Self {
            library: Library::new(version, distribution),
            custom: BTreeMap::new(),
        }
    }

    /// Returns the version of the built-in kinds.
    pub fn version(&self) -> SchemaVersion {
        self.library.version
    }

    /// Adds custom resources. A later definition of the same version wins.
    pub fn extend(&mut self, definitions: Definitions) {
        for definition in definitions.entries {
            self.insert(definition);
        }
    }

    /// Adds a custom resource, and returns the definition that it replaces.
    pub fn insert(&mut self, definition: Definition) -> Option<Definition> {
        let key = (
            definition.group().to_owned(),
            definition.kind().to_owned(),
            definition.version().to_owned(),
        );
        self.custom.insert(key, definition)
    }

    /// Returns the definition of a custom resource.
    pub fn definition(&self, api_version: &str, kind: &str) -> Option<&Definition> {
        let (group, version) = split_api_version(api_version);
        self.custom
            .get(&(group.to_owned(), kind.to_owned(), version.to_owned()))
    }

    /// Returns a kind, if the cluster serves it.
    pub fn find_kind(&self, api_version: &str, kind: &str) -> Option<ServedKind<'_>> {
        let (group, version) = split_api_version(api_version);
        if let Some(row) = self.library.kind(group, version, kind) {
            return Some(served_kind(row));
        }
        self.definition(api_version, kind).map(served_custom)
    }

    /// Returns all kinds: the built-in ones in the order of their groups, then custom resources.
    pub fn kinds(&self) -> impl Iterator<Item = ServedKind<'_>> {
        self.library
            .kinds()
            .map(served_kind)
            .chain(self.custom.values().map(served_custom))
    }

    /// Checks an object as a server does that gets it for the first time, with strict validation of fields.
    pub fn check(&self, object: &Value) -> Vec<SchemaViolation> {
        self.check_object(object, None)
    }

    /// Checks an object that replaces an old one: transition rules are evaluated too.
    pub fn check_update(&self, object: &Value, old: &Value) -> Vec<SchemaViolation> {
        self.check_object(object, Some(old))
    }

    fn check_object(&self, object: &Value, old: Option<&Value>) -> Vec<SchemaViolation> {
        let known = KnownKinds {
            library: &self.library,
            custom: &self.custom,
        };
        let (schema, mut found) = match known.identify(object) {
            Identity::BuiltIn { schema, remark } => {
                let mut checker = Checker::new(&self.library, Dialect::BuiltIn);
                checker.check_value(schema, object, &Place::ROOT);
                return remark.into_iter().chain(checker.finish()).collect();
            }
            Identity::Custom { definition, remark } => {
                (definition.schema(), Vec::from_iter(remark))
            }
            Identity::Unknown(violation) => return vec![violation],
        };
        found.extend(self.check_custom(schema, object, old));
        found
    }

    fn check_custom(
        &self,
        schema: &StructuralSchema,
        object: &Value,
        old: Option<&Value>,
    ) -> Vec<SchemaViolation> {
        let defaulted = apply_defaults(schema, object);
        let mut checker = Checker::new(&self.library, Dialect::Custom);
        checker.check_custom_resource(schema, &defaulted);
        let mut found = checker.finish();
        if !found.iter().any(SchemaViolation::is_refusal) {
            let old = old.map(|old| apply_defaults(schema, old));
            found.extend(check_rules(
                schema,
                &defaulted,
                old.as_deref(),
                &self.library,
            ));
        }
        found
    }

    /// Returns a custom resource with the defaults of its schema, as a server stores it.
    pub fn apply_defaults<'v>(&self, object: &'v Value) -> Cow<'v, Value> {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        match self.definition(text("apiVersion"), text("kind")) {
            Some(definition) => apply_defaults(definition.schema(), object),
            None => Cow::Borrowed(object),
        }
    }
}

fn served_kind<'a>(row: &'static KindRow) -> ServedKind<'a> {
    ServedKind {
        group: row.group,
        version: row.version,
        kind: row.kind,
        plural: row.plural,
        scope: row.scope,
    }
}

fn served_custom(definition: &Definition) -> ServedKind<'_> {
    ServedKind {
        group: definition.group(),
        version: definition.version(),
        kind: definition.kind(),
        plural: definition.plural(),
        scope: definition.scope(),
    }
}
