//! The references that the final objects of a site hold: those of their kinds' entries in the catalogue, and those of every pod that they
//! describe.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::RelatedObjects;
use crate::catalogue::{Catalogue, Field, Reference, TargetKind, WrittenKey, WrittenReference};
use crate::manifest::Object;
use crate::plan::Instance;
use pointer_diagnostics::Pointer;

/// A reference of an object to another.
#[derive(Debug, Clone)]
pub(in super::super) struct FoundReference<'a> {
    pub(in super::super) instance: &'a Instance,
    pub(in super::super) object: &'a Object,
    /// The kind that is named.
    pub(in super::super) target: TargetKind,
    /// The namespace in which it has to be; none for kinds without.
    pub(in super::super) namespace: Option<String>,
    pub(in super::super) name: String,
    /// The field that holds the name.
    pub(in super::super) pointer: Pointer,
    /// The keys that it has to have.
    pub(in super::super) keys: Vec<WrittenKey>,
}

/// The references of a pod, from its template: `metadata` and `spec`.
static OF_TEMPLATE: LazyLock<Vec<Reference>> = LazyLock::new(|| {
    let entry = Catalogue::built_in().entry_of_kind("", "Pod");
    entry
        .map(|entry| entry.references.clone())
        .unwrap_or_default()
});

/// The references of a pod, from its specification.
static OF_POD_SPEC: LazyLock<Vec<Reference>> = LazyLock::new(|| {
    let references = OF_TEMPLATE.iter();
    references.filter_map(|r| r.below("spec")).collect()
});

static STORAGE_CLASS: LazyLock<TargetKind> =
    LazyLock::new(|| TargetKind::parse("StorageClass.storage.k8s.io"));

static PRIORITY_CLASS: LazyLock<TargetKind> =
    LazyLock::new(|| TargetKind::parse("PriorityClass.scheduling.k8s.io"));

/// The kinds whose objects hold other objects' descriptions as examples or schemas.
const NOT_READ: &[&str] = &["CustomResourceDefinition", "Template"];

/// Finds every reference of a site's objects.
pub(in super::super) fn find_references<'a>(
    related: &RelatedObjects<'a>,
) -> Vec<FoundReference<'a>> {
    let mut found = Vec::new();
    for (instance, object) in related.list() {
        if NOT_READ.contains(&object.kind()) {
            continue;
        }
        let mut collector = ReferenceCollector {
            related,
            instance,
            object,
            seen: BTreeSet::new(),
            found: &mut found,
        };
        collector.collect();
    }
    found
}

/// Collects the references of one object.
struct ReferenceCollector<'a, 'f> {
    related: &'f RelatedObjects<'a>,
    instance: &'a Instance,
    object: &'a Object,
    seen: BTreeSet<(Pointer, String)>,
    found: &'f mut Vec<FoundReference<'a>>,
}

impl ReferenceCollector<'_, '_> {
    fn collect(&mut self) {
        let (object, root) = (self.object, Pointer::root());
        let catalogue = self.related.catalogue_of(self.instance);
        if let Some(entry) = catalogue.entry(object) {
            self.add_all(&entry.references, object.value(), &root);
        }
        for pointer in catalogue.storage_pointers(object) {
            self.add_text(&STORAGE_CLASS, pointer);
        }
        for part in catalogue.parts(object) {
            for pointer in part.pointers(object, Field::PriorityClass) {
                self.add_text(&PRIORITY_CLASS, pointer);
            }
        }
        self.descend(object.value(), &mut Vec::new());
    }

    /// Follows a value to every pod, and to every selector of a key in a Secret or ConfigMap.
    fn descend<'v>(&mut self, value: &'v Value, path: &mut Vec<Cow<'v, str>>) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(Cow::Owned(index.to_string()));
                    self.descend(item, path);
                    path.pop();
                }
            }
            Value::Object(map) => {
                if map.get("containers").is_some_and(Value::is_array) {
                    self.add_pod(value, path);
                }
                for (key, inner) in map {
                    path.push(Cow::Borrowed(key));
                    self.add_key_selector(key, inner, path);
                    self.descend(inner, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// Adds the references of a pod's specification, and of the metadata beside it where it is in a template.
    fn add_pod(&mut self, spec: &Value, path: &[Cow<'_, str>]) {
        let at = pointer_to(path);
        self.add_all(&OF_POD_SPEC, spec, &at);
        let in_template = path.split_last().filter(|(last, _)| *last == "spec");
        if let Some((_, above)) = in_template {
            let at = pointer_to(above);
            if let Some(template) = self.object.get(at.as_str()) {
                self.add_all(&OF_TEMPLATE, template, &at);
            }
        }
    }

    /// Adds what `secretKeyRef` and `configMapKeyRef` name: the same in every kind that has them.
    fn add_key_selector(&mut self, key: &str, value: &Value, path: &[Cow<'_, str>]) {
        let kind = match key {
            "secretKeyRef" => "Secret",
            "configMapKeyRef" => "ConfigMap",
            _ => return,
        };
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let is_optional = value.get("optional").and_then(Value::as_bool) == Some(true);
        let (Some(name), false) = (text("name"), is_optional) else {
            return;
        };
        let at = pointer_to(path);
        let keys = text("key").map(|key| WrittenKey {
            key,
            pointer: at.at("key"),
        });
        let target = TargetKind::parse(kind);
        self.add(WrittenReference {
            target: &target,
            namespace: text("namespace"),
            name,
            pointer: at.at("name"),
            keys: keys.into_iter().collect(),
        });
    }

    fn add_text(&mut self, target: &TargetKind, pointer: Pointer) {
        let text = self.object.get(pointer.as_str()).and_then(Value::as_str);
        if let Some(name) = text.map(str::to_owned) {
            self.add(WrittenReference {
                target,
                namespace: None,
                name,
                pointer,
                keys: Vec::new(),
            });
        }
    }

    fn add_all(&mut self, references: &[Reference], value: &Value, at: &Pointer) {
        for written in references.iter().flat_map(|r| r.find_written(value)) {
            let below = |pointer: &Pointer| at.join(pointer);
            let keys = written.keys.iter().map(|key| WrittenKey {
                key: key.key.clone(),
                pointer: below(&key.pointer),
            });
            self.add(WrittenReference {
                pointer: below(&written.pointer),
                keys: keys.collect(),
                ..written.clone()
            });
        }
    }

    /// Adds a reference, unless it is there already, is filled in by others, or leads from an object without a namespace into one that
    /// is not named.
    fn add(&mut self, written: WrittenReference<'_>) {
        let is_filled_in = ["${", "$(", "{{"]
            .iter()
            .any(|mark| written.name.contains(mark));
        if written.name.is_empty() || is_filled_in {
            return;
        }
        let target = written.target;
        let namespace = if self.related.is_namespaced(&target.group, &target.kind) {
            let own = self.object.namespace().map(str::to_owned);
            let Some(namespace) = written.namespace.or(own) else {
                return;
            };
            Some(namespace)
        } else {
            None
        };
        let key = (written.pointer.clone(), written.name.clone());
        if self.seen.insert(key) {
            self.found.push(FoundReference {
                instance: self.instance,
                object: self.object,
                target: target.clone(),
                namespace,
                name: written.name,
                pointer: written.pointer,
                keys: written.keys,
            });
        }
    }
}

fn pointer_to(path: &[Cow<'_, str>]) -> Pointer {
    path.iter()
        .fold(Pointer::root(), |at, token| at.at(token.as_ref()))
}
