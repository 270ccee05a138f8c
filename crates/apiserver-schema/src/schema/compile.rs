//! From the JSON of an OpenAPI schema to a structural schema.

use std::fmt;

use serde_json::{Map, Value};

use super::{
    Bounds, Child, Composition, Embedding, Format, ListType, Nulls, Presence, StructuralSchema,
    UnknownFields, ValueType,
};
use crate::cel::CelRule;

/// Schemas nested deeper than this are refused.
const MAX_DEPTH: usize = 100;

/// The origin of a schema, which decides how it is read.
#[derive(Clone, Copy)]
pub(crate) enum SchemaOrigin<'a> {
    /// A definition of the data file; references are resolved to the numbers of other definitions.
    BuiltIn(&'a dyn Fn(&str) -> Option<usize>),
    /// A CustomResourceDefinition.
    Custom,
}

/// A schema that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// The place in the schema, as the names on the way to it.
    pub place: String,
    /// A lower-case phrase without a full stop.
    pub message: String,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for CompileError {}

/// Compiles a schema.
pub(crate) fn compile_schema(
    schema: &Value,
    origin: SchemaOrigin<'_>,
) -> Result<StructuralSchema, CompileError> {
    Compiler {
        origin,
        place: vec!["schema".to_owned()],
    }
    .compile(schema, SchemaRole::Structure)
}

/// The two roles of a schema: it declares fields, or (below `anyOf` and its like) only restricts values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SchemaRole {
    Structure,
    ValueValidation,
}

struct Compiler<'a> {
    origin: SchemaOrigin<'a>,
    place: Vec<String>,
}

impl Compiler<'_> {
    fn error<T>(&self, message: impl Into<String>) -> Result<T, CompileError> {
        Err(CompileError {
            place: self.place.join("."),
            message: message.into(),
        })
    }

    fn compile(
        &mut self,
        schema: &Value,
        role: SchemaRole,
    ) -> Result<StructuralSchema, CompileError> {
        let Some(map) = schema.as_object() else {
            return self.error("a map expected");
        };
        if self.place.len() > MAX_DEPTH {
            return self.error(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        let flag = |key: &str| map.get(key).and_then(Value::as_bool).unwrap_or(false);
        let value_type = self.read_type(map)?;
        let properties = self.read_properties(map, role)?;
        let (additional, open) = self.read_additional(map, role)?;
        let items = self.read_child(map, "items", role)?;
        let composition = self.read_composition(map)?;
        let default = map.get("default").cloned();
        let rules = CelRule::read_all(map.get("x-kubernetes-validations"));
        let preserved = flag("x-kubernetes-preserve-unknown-fields")
            || open
            || role == SchemaRole::ValueValidation
            || value_type == ValueType::Any;
        let named = properties.iter().map(|(_, child)| child);
        let children: Vec<&Child> = named.chain(&additional).chain(&items).collect();
        let below = |question: fn(&StructuralSchema) -> Presence| {
            children.iter().any(|child| child.has(question))
        };
        let defaults = Presence::of(default.is_some() || below(|schema| schema.defaults));
        let rules_below = Presence::of(!rules.is_empty() || below(|schema| schema.rules_below));
        let enumeration = map
            .get("enum")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        Ok(StructuralSchema {
            value_type,
            nulls: if flag("nullable") {
                Nulls::Allowed
            } else {
                Nulls::Refused
            },
            unknown_fields: UnknownFields::of(preserved),
            embedding: Embedding::of(flag("x-kubernetes-embedded-resource")),
            list: read_list_type(map),
            required: read_names(map.get("required")),
            format: self.read_format(map),
            enumeration: enumeration.into(),
            bounds: Bounds::read(schema),
            properties: properties.into(),
            additional,
            items,
            composition,
            default,
            defaults,
            rules_below,
            rules,
        })
    }

    fn read_type(&self, map: &Map<String, Value>) -> Result<ValueType, CompileError> {
        if map
            .get("x-kubernetes-int-or-string")
            .and_then(Value::as_bool)
            == Some(true)
        {
            return Ok(ValueType::IntOrString);
        }
        match map.get("type").and_then(Value::as_str).unwrap_or_default() {
            "" => Ok(ValueType::Any),
            "object" => Ok(ValueType::Object),
            "array" => Ok(ValueType::Array),
            "string" => Ok(ValueType::String),
            "integer" => Ok(ValueType::Integer),
            "number" => Ok(ValueType::Number),
            "boolean" => Ok(ValueType::Boolean),
            other => self.error(format!("unknown type `{other}`")),
        }
    }

    fn read_format(&self, map: &Map<String, Value>) -> Option<Format> {
        let name = map.get("format").and_then(Value::as_str)?;
        match self.origin {
            SchemaOrigin::BuiltIn(_) => Format::of_built_in(name),
            SchemaOrigin::Custom => Format::of_custom(name),
        }
    }

    fn read_properties(
        &mut self,
        map: &Map<String, Value>,
        role: SchemaRole,
    ) -> Result<Vec<(Box<str>, Child)>, CompileError> {
        let Some(properties) = map.get("properties").and_then(Value::as_object) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::with_capacity(properties.len());
        let resource = self.is_resource(map);
        for (name, schema) in properties {
            // The fields of metadata are those of `ObjectMeta`; a schema can only restrict them.
            let role = if resource && name == "metadata" {
                SchemaRole::ValueValidation
            } else {
                role
            };
            found.push((
                name.as_str().into(),
                self.compile_child(name, schema, role)?,
            ));
        }
        found.sort_unstable_by(|(a, _), (b, _): &(Box<str>, Child)| a.cmp(b));
        Ok(found)
    }

    /// Tells whether a schema describes a custom resource: the root, or an embedded one.
    fn is_resource(&self, map: &Map<String, Value>) -> bool {
        let embedded = map
            .get("x-kubernetes-embedded-resource")
            .and_then(Value::as_bool)
            == Some(true);
        matches!(self.origin, SchemaOrigin::Custom) && (self.place.len() == 1 || embedded)
    }

    /// Returns the schema of a map's values, and whether any value is allowed (`additionalProperties: true`).
    fn read_additional(
        &mut self,
        map: &Map<String, Value>,
        role: SchemaRole,
    ) -> Result<(Option<Child>, bool), CompileError> {
        match map.get("additionalProperties") {
            Some(Value::Bool(open)) => Ok((None, *open)),
            Some(Value::Object(_)) => {
                Ok((self.read_child(map, "additionalProperties", role)?, false))
            }
            _ => Ok((None, false)),
        }
    }

    fn read_child(
        &mut self,
        map: &Map<String, Value>,
        key: &str,
        role: SchemaRole,
    ) -> Result<Option<Child>, CompileError> {
        map.get(key)
            .map(|schema| self.compile_child(key, schema, role))
            .transpose()
    }

    fn compile_child(
        &mut self,
        name: &str,
        schema: &Value,
        role: SchemaRole,
    ) -> Result<Child, CompileError> {
        self.place.push(name.to_owned());
        let child = match (schema.get("$ref").and_then(Value::as_str), self.origin) {
            (Some(target), SchemaOrigin::BuiltIn(resolve)) => match resolve(target) {
                Some(number) => Child::Shared(number),
                None => return self.error(format!("no definition `{target}`")),
            },
            (Some(_), SchemaOrigin::Custom) => {
                return self.error("`$ref` is not allowed in a structural schema");
            }
            (None, _) => Child::Inline(Box::new(self.compile(schema, role)?)),
        };
        self.place.pop();
        Ok(child)
    }

    fn read_composition(
        &mut self,
        map: &Map<String, Value>,
    ) -> Result<Option<Box<Composition>>, CompileError> {
        let not = match map.get("not") {
            Some(schema) => {
                self.place.push("not".to_owned());
                let compiled = self.compile(schema, SchemaRole::ValueValidation)?;
                self.place.pop();
                Some(compiled)
            }
            None => None,
        };
        let composition = Composition {
            all_of: self.read_alternatives(map, "allOf")?,
            any_of: self.read_alternatives(map, "anyOf")?,
            one_of: self.read_alternatives(map, "oneOf")?,
            not,
        };
        let Composition {
            all_of,
            any_of,
            one_of,
            not,
        } = &composition;
        let open = all_of.is_empty() && any_of.is_empty() && one_of.is_empty() && not.is_none();
        Ok((!open).then(|| Box::new(composition)))
    }

    fn read_alternatives(
        &mut self,
        map: &Map<String, Value>,
        key: &str,
    ) -> Result<Vec<StructuralSchema>, CompileError> {
        let Some(schemas) = map.get(key).and_then(Value::as_array) else {
            return Ok(Vec::new());
        };
        self.place.push(key.to_owned());
        let compiled = schemas
            .iter()
            .map(|schema| self.compile(schema, SchemaRole::ValueValidation))
            .collect();
        self.place.pop();
        compiled
    }
}

impl Child {
    /// Asks an inline schema; shared definitions have neither defaults nor rules that matter here.
    fn has(&self, question: impl Fn(&StructuralSchema) -> Presence) -> bool {
        matches!(self, Self::Inline(schema) if question(schema) == Presence::Present)
    }
}

fn read_names(names: Option<&Value>) -> Box<[Box<str>]> {
    names
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(Box::from)
        .collect()
}

fn read_list_type(map: &Map<String, Value>) -> ListType {
    match map.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => ListType::Set,
        Some("map") => ListType::Map(read_names(map.get("x-kubernetes-list-map-keys"))),
        _ => ListType::Atomic,
    }
}
