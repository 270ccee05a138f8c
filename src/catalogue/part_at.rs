//! A part of one object: the catalogue's knowledge, with its paths resolved to pointers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Absent, Entry, Field, Part, PartNaming, PodRun};
use crate::manifest::Object;
use pointer_diagnostics::Pointer;

/// A part of one object. One for each list element where the part's place is a list.
#[derive(Debug, Clone)]
pub struct PartAt<'a> {
    /// Facts of the catalogue about it.
    pub part: &'a Part,
    /// The part's place; the root where the part has none of its own.
    pub at: Pointer,
    /// Set if something is written there.
    pub present: bool,
    /// The name of the list element, or the key of the map, where there is one part for each.
    pub element: Option<String>,
    /// The names by which a site or an app can mean it, the most specific first: `Kind/name/part`, `Kind/name`, the object's name
    /// (built-in workloads), the part's name.
    pub names: Vec<String>,
}

/// The parts of an object.
pub(super) fn parts_of<'a>(entry: &'a Entry, object: &Object) -> Vec<PartAt<'a>> {
    let version = object.version();
    let wanted = entry
        .parts
        .iter()
        .filter(|p| p.versions.is_empty() || p.versions.iter().any(|v| v == version));
    wanted.flat_map(|part| instances(part, object)).collect()
}

fn instances<'a>(part: &'a Part, object: &Object) -> Vec<PartAt<'a>> {
    let value = object.value();
    let is_there = |pointer: &Pointer| {
        value
            .pointer(pointer.as_str())
            .is_some_and(|v| !v.is_null())
    };
    let root = Pointer::root();
    if part
        .only_with
        .as_ref()
        .is_some_and(|with| !with.resolve(value, &root).iter().any(is_there))
    {
        return Vec::new();
    }
    let Some(path) = &part.at else {
        return vec![PartAt {
            part,
            at: root,
            present: true,
            element: None,
            names: names(part, object),
        }];
    };
    let places = path.resolve(value, &root).into_iter();
    let wanted = places.filter(|at| match part.absent {
        Absent::Leave => is_there(at),
        Absent::Create => true,
        Absent::Report => !is_there(at),
    });
    wanted
        .map(|at| PartAt {
            part,
            present: is_there(&at),
            element: path.has_several().then(|| element(value, &at)).flatten(),
            at,
            names: names(part, object),
        })
        .collect()
}

fn names(part: &Part, object: &Object) -> Vec<String> {
    let id = object.id();
    let own = (part.naming == PartNaming::ByObject).then(|| id.name.clone());
    [format!("{id}/{}", part.name), id.to_string()]
        .into_iter()
        .chain(own)
        .chain([part.name.clone()])
        .collect()
}

/// The name of the innermost list element on the way to a place, its index where it has no name; the place's own key in a map.
fn element(object: &Value, at: &Pointer) -> Option<String> {
    let mut here = Pointer::root();
    let mut found = None;
    for token in at.tokens() {
        let in_list = object.pointer(here.as_str()).is_some_and(Value::is_array);
        here = here.at(&token);
        if in_list {
            let name = object
                .pointer(here.at("name").as_str())
                .and_then(Value::as_str);
            found = Some(name.map_or(token, str::to_owned));
        }
    }
    found.or_else(|| at.last())
}

impl PartAt<'_> {
    /// Returns the place where a field of the part is, or could be written; the first where there are several.
    pub fn pointer(&self, object: &Object, field: Field) -> Option<Pointer> {
        self.pointers(object, field).into_iter().next()
    }

    /// All places of a field of the part.
    pub fn pointers(&self, object: &Object, field: Field) -> Vec<Pointer> {
        let paths = self.part.places.get(&field).into_iter().flatten();
        paths
            .flat_map(|path| path.resolve(object.value(), &self.at))
            .collect()
    }

    /// Returns the value of a field of the part; the first where there are several.
    pub fn value<'o>(&self, object: &'o Object, field: Field) -> Option<&'o Value> {
        self.values(object, field).next()
    }

    /// Everything that is written in a field of the part.
    pub fn values<'o>(
        &self,
        object: &'o Object,
        field: Field,
    ) -> impl Iterator<Item = &'o Value> + use<'o> {
        let pointers = self.pointers(object, field).into_iter();
        pointers
            .filter_map(|p| object.get(p.as_str()))
            .filter(|v| !v.is_null())
    }

    /// Returns the number of its pods: the sum of what is written, else the default, times the factor. `None` where there is one per
    /// node, or where something else than a number is written.
    pub fn count(&self, object: &Object) -> Option<u64> {
        if self.part.run == PodRun::PerNode {
            return None;
        }
        let mut written = self.values(object, Field::Replicas).map(Value::as_u64);
        let replicas = match written.next() {
            Some(first) => written.try_fold(first?, |sum, n| Some(sum.saturating_add(n?)))?,
            None => u64::from(self.part.default_replicas),
        };
        let by_default = u64::from(self.part.default_multiplier);
        let multiplier = self.value(object, Field::Multiplier);
        let multiplier = multiplier.map_or(Some(by_default), Value::as_u64)?;
        Some(replicas.saturating_mul(multiplier))
    }

    /// The labels of the pods: those in the object, and those that the operator adds.
    pub fn pod_labels(&self, object: &Object) -> BTreeMap<String, String> {
        let written = self
            .value(object, Field::Labels)
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let written =
            written.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        written.chain(self.operator_labels(object)).collect()
    }

    /// The `LabelSelector` that selects the part's pods and no others: the workload's own, else one from the labels. `None` where the
    /// labels are not known.
    pub fn selector(&self, object: &Object) -> Option<Value> {
        if let Some(own) = self.value(object, Field::Selector) {
            return Some(own.clone());
        }
        let by_operator: BTreeMap<_, _> = self.operator_labels(object).collect();
        let labels = if by_operator.is_empty() {
            self.pod_labels(object)
        } else {
            by_operator
        };
        (!labels.is_empty()).then(|| json!({ "matchLabels": labels }))
    }

    fn operator_labels(&self, object: &Object) -> impl Iterator<Item = (String, String)> {
        let element = self.element.clone().unwrap_or_default();
        let name = object.name().to_owned();
        self.part.pod_labels.iter().map(move |(key, value)| {
            (
                key.clone(),
                value
                    .replace("{name}", &name)
                    .replace("{element}", &element),
            )
        })
    }
}
