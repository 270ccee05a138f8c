//! Objects and maps: declared fields, unknown fields, required fields, embedded resources.

use serde_json::{Map, Value};

use super::{Checker, Dialect, Sink};
use crate::place::{Place, Segment};
use crate::schema::{Child, Embedding, StructuralSchema, UnknownFields};
use crate::violation::{ViolationKind, find_nearest};

/// The fields that every object has, declared or not.
const OBJECT_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

impl<'a> Checker<'a> {
    pub(super) fn check_object(
        &mut self,
        schema: &StructuralSchema,
        map: &Map<String, Value>,
        place: &Place<'_>,
    ) {
        if self.is_too_deep(place) {
            return;
        }
        if self.is_quantity(schema) {
            self.report(place, ViolationKind::WrongType, || {
                "a quantity expected, got a map".to_owned()
            });
            return;
        }
        let library = self.library;
        let embedded = schema.embedding == Embedding::Resource;
        for (name, value) in map {
            let common = embedded && OBJECT_FIELDS.contains(&name.as_str());
            if common {
                self.check_object_field(name, value, place);
            }
            if let Some(child) = schema.property(name) {
                self.check_field(schema, child, value, &place.field(name));
            } else if let Some(child) = &schema.additional {
                self.check_child(library.resolve(child), value, place, Segment::Key(name));
            } else if !common && schema.unknown_fields == UnknownFields::Refused {
                self.report_unknown(schema, name, map, place);
            }
        }
        if let Some(problem) = schema
            .bounds
            .as_deref()
            .and_then(|b| b.properties.find_problem(map.len(), "fields"))
        {
            self.report(place, ViolationKind::WrongSize, || problem);
        }
        if self.dialect != Dialect::BuiltInStatus {
            self.check_required(schema, map, place);
        }
        if embedded {
            self.check_embedded(map, place);
        }
    }

    /// Checks a whole custom resource: the schema's fields, and the fields that every object has.
    pub(crate) fn check_custom_resource(&mut self, schema: &StructuralSchema, object: &Value) {
        let Some(map) = object.as_object() else {
            return;
        };
        let library = self.library;
        let place = Place::ROOT;
        for (name, value) in map {
            if OBJECT_FIELDS.contains(&name.as_str()) {
                self.check_object_field(name, value, &place);
            }
            match schema.property(name) {
                Some(child) => {
                    self.check_child(library.resolve(child), value, &place, Segment::Field(name));
                }
                None if OBJECT_FIELDS.contains(&name.as_str()) => {}
                None if schema.unknown_fields == UnknownFields::Refused => {
                    self.report_unknown(schema, name, map, &place);
                }
                None => {}
            }
        }
        self.check_required(schema, map, &place);
        if let Some(composition) = &schema.composition {
            self.check_composition(composition, object, &place);
        }
    }

    /// Checks a declared field. The status of a built-in kind is decoded and dropped, so that its values do not count.
    fn check_field(
        &mut self,
        parent: &StructuralSchema,
        child: &Child,
        value: &Value,
        place: &Place<'_>,
    ) {
        let schema = self.library.resolve(child);
        let named_status = matches!(place.last(), Some(Segment::Field("status")));
        if self.dialect == Dialect::BuiltIn && named_status && parent.property("metadata").is_some()
        {
            self.with_dialect(Dialect::BuiltInStatus, |checker| {
                checker.check_value(schema, value, place);
            });
        } else {
            self.check_value(schema, value, place);
        }
    }

    /// Checks `apiVersion`, `kind` or `metadata` of a custom resource or an embedded one.
    pub(crate) fn check_object_field(&mut self, name: &str, value: &Value, place: &Place<'_>) {
        let library: &'a _ = self.library;
        if name == "metadata" {
            let at = place.field("metadata");
            self.with_dialect(Dialect::BuiltIn, |checker| {
                if value.is_null() || value.is_object() {
                    checker.check_value(library.object_meta(), value, &at);
                } else {
                    checker.report(&at, ViolationKind::WrongType, || {
                        "a map expected".to_owned()
                    });
                }
            });
        } else if !value.is_string() {
            self.report(&place.field(name), ViolationKind::WrongType, || {
                "a string expected".to_owned()
            });
        }
    }

    fn check_embedded(&mut self, map: &Map<String, Value>, place: &Place<'_>) {
        for name in ["apiVersion", "kind"] {
            if map
                .get(name)
                .and_then(Value::as_str)
                .is_none_or(str::is_empty)
            {
                self.report(&place.field(name), ViolationKind::Required, || {
                    format!("`{name}` is required of an embedded object")
                });
            }
        }
    }

    pub(super) fn check_required(
        &mut self,
        schema: &StructuralSchema,
        map: &Map<String, Value>,
        place: &Place<'_>,
    ) {
        for name in &schema.required {
            if self.is_given(schema, map, name) || self.is_misspelt(schema, map, name) {
                continue;
            }
            let empty = map.get(name.as_ref()).is_some_and(|value| !value.is_null());
            let what = if empty {
                "is required and empty"
            } else {
                "is required"
            };
            self.report(
                &place.at(Segment::Field(name)),
                ViolationKind::Required,
                || format!("`{name}` {what}"),
            );
        }
    }

    fn is_given(&self, schema: &StructuralSchema, map: &Map<String, Value>, name: &str) -> bool {
        match map.get(name) {
            None => {
                self.dialect != Dialect::Custom && self.default_of_field(schema, name).is_some()
            }
            Some(Value::Null) => self.dialect == Dialect::Custom,
            Some(Value::String(text)) => !text.is_empty() || self.dialect == Dialect::Custom,
            Some(Value::Array(items)) => !items.is_empty() || self.dialect == Dialect::Custom,
            Some(_) => true,
        }
    }

    /// Tells whether a missing field is there under a misspelt name, which is reported by itself.
    fn is_misspelt(&self, schema: &StructuralSchema, map: &Map<String, Value>, name: &str) -> bool {
        schema.unknown_fields == UnknownFields::Refused
            && schema.additional.is_none()
            && matches!(self.sink, Sink::Collect(_))
            && map.keys().any(|key| {
                schema.property(key).is_none() && nearest_field(schema, key, map) == Some(name)
            })
    }

    /// Reports a field that the schema does not declare.
    pub(crate) fn report_unknown(
        &mut self,
        schema: &StructuralSchema,
        name: &str,
        map: &Map<String, Value>,
        place: &Place<'_>,
    ) {
        self.report(
            &place.at(Segment::Field(name)),
            ViolationKind::UnknownField,
            || format!("unknown field `{name}`"),
        );
        if let Sink::Collect(found) = &mut self.sink
            && let Some(last) = found.last_mut()
        {
            last.nearest = nearest_field(schema, name, map).map(str::to_owned);
        }
    }

    /// Returns the default of a key field of a list's items.
    pub(super) fn default_of<'s>(&self, list: &'s StructuralSchema, key: &str) -> Option<&'s Value>
    where
        'a: 's,
    {
        let items = self.library.resolve(list.items.as_ref()?);
        self.default_of_field(items, key)
    }

    fn default_of_field<'s>(&self, schema: &'s StructuralSchema, name: &str) -> Option<&'s Value>
    where
        'a: 's,
    {
        self.library
            .resolve(schema.property(name)?)
            .default
            .as_ref()
    }
}

/// Returns the declared field nearest to an unknown name, if the object does not have it already.
fn nearest_field<'s>(
    schema: &'s StructuralSchema,
    name: &str,
    map: &Map<String, Value>,
) -> Option<&'s str> {
    find_nearest(
        name,
        schema.fields().filter(|field| !map.contains_key(*field)),
    )
}
