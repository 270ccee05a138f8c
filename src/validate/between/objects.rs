//! Every object that a site has: its manifests', those that controllers make for them, those of the platform and of operators, and those
//! that the fleet, its apps and the site say are there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{RelatedObjects, is_subscription};
use crate::catalogue::{AppearsIn, Supplier, SupplierName, TargetKind};
use crate::kinds::is_platform_namespace;
use crate::manifest::Object;
use crate::model::Platform;
use crate::nearest::nearest;
use crate::plan::{Instance, SitePlan};

/// The annotations and labels with which others add keys to a ConfigMap or Secret.
const KEYS_ADDED: &[&str] = &[
    "/metadata/annotations/service.beta.openshift.io~1inject-cabundle",
    "/metadata/annotations/service.alpha.openshift.io~1inject-cabundle",
    "/metadata/labels/config.openshift.io~1inject-trusted-cabundle",
    "/metadata/annotations/cert-manager.io~1allow-direct-injection",
    "/metadata/annotations/reflector.v1.k8s.emberstack.com~1reflects",
];

/// The keys of a Secret or ConfigMap, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum DataKeys {
    /// These and no others.
    All(BTreeSet<String>),
    /// Nobody knows.
    Unknown,
}

/// The answer to a reference.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum ObjectPresence<'s> {
    /// It is there.
    Here(&'s DataKeys),
    /// It may be there: not everything in its namespace is known.
    Unknown,
    /// Nothing makes it.
    Absent,
}

/// Every object that a site is known to have, by kind.
#[derive(Debug, Default)]
pub(in super::super) struct KnownObjects {
    kinds: BTreeMap<TargetKind, KindObjects>,
    /// The namespaces whose owners put objects there that nobody lists.
    open: BTreeSet<String>,
    /// The namespaces in which OLM installs an operator, with accounts that only its bundle names.
    of_operators: BTreeSet<String>,
    platform: Platform,
}

/// The objects of one kind.
#[derive(Debug, Default)]
struct KindObjects {
    /// By namespace (none: the kind has none, or the object is in all), then name.
    named: BTreeMap<Option<String>, BTreeMap<String, DataKeys>>,
    /// Names with a `*`, by namespace.
    patterns: Vec<NamePattern>,
}

#[derive(Debug)]
struct NamePattern {
    namespace: Option<String>,
    text: String,
}

impl KnownObjects {
    /// Collects everything that there is.
    pub(in super::super) fn collect(related: &RelatedObjects<'_>) -> Self {
        let mut objects = Self {
            platform: related.plan.site.spec.cluster.platform,
            ..Self::default()
        };
        objects.add_supplied(related);
        objects.add_declared(related.plan);
        for (instance, object) in related.list() {
            objects.add_object(related, instance, object);
        }
        objects
    }

    /// Answers whether an object is there. `asker` is the namespace of the object that refers to it.
    pub(in super::super) fn find(
        &self,
        target: &TargetKind,
        namespace: Option<&str>,
        name: &str,
        asker: Option<&str>,
    ) -> ObjectPresence<'_> {
        if let Some(known) = self.kinds.get(target) {
            let places = [namespace, None];
            let named = places.iter().find_map(|place| {
                let names = known.named.get(&place.map(str::to_owned))?;
                names.get(name)
            });
            if let Some(keys) = named {
                return ObjectPresence::Here(keys);
            }
            if known.matches_pattern(namespace, name) {
                return ObjectPresence::Here(&DataKeys::Unknown);
            }
        }
        let Some(namespace) = namespace else {
            return ObjectPresence::Absent;
        };
        let is_account = target.kind == "ServiceAccount" && target.group.is_empty();
        match is_account && self.of_operators.contains(namespace) || self.is_open(namespace, asker)
        {
            true => ObjectPresence::Unknown,
            false => ObjectPresence::Absent,
        }
    }

    /// Returns the name in the same place that is nearest to one that is not there.
    pub(in super::super) fn nearest_name(
        &self,
        target: &TargetKind,
        namespace: Option<&str>,
        name: &str,
    ) -> Option<&str> {
        let named = &self.kinds.get(target)?.named;
        let here = named.get(&namespace.map(str::to_owned));
        nearest(name, here?.keys().map(String::as_str))
    }

    /// Returns another namespace that has an object of the name.
    pub(in super::super) fn namespace_with(&self, target: &TargetKind, name: &str) -> Option<&str> {
        let named = &self.kinds.get(target)?.named;
        let holder = named
            .iter()
            .find(|(namespace, names)| namespace.is_some() && names.contains_key(name));
        holder?.0.as_deref()
    }

    /// Tells whether objects that nobody lists may be in a namespace: the platform's own, and those of operators as seen from others.
    fn is_open(&self, namespace: &str, asker: Option<&str>) -> bool {
        let platforms =
            is_platform_namespace(self.platform, namespace) && namespace != "openshift-config";
        let of_operator = self.open.contains(namespace) && asker != Some(namespace);
        platforms || of_operator
    }

    fn add_supplied(&mut self, related: &RelatedObjects<'_>) {
        let packages: BTreeSet<&str> = related.packages().collect();
        for supplier in Supplier::list_all() {
            let is_here = match &supplier.by {
                SupplierName::Kubernetes => true,
                SupplierName::Openshift => self.platform == Platform::Openshift,
                SupplierName::Packages(names) => {
                    names.iter().any(|name| packages.contains(name.as_str()))
                }
            };
            if !is_here {
                continue;
            }
            self.open.extend(supplier.namespaces.iter().cloned());
            for supplied in &supplier.objects {
                let namespace = supplied.namespace.clone().filter(|n| n != "*");
                let keys = DataKeys::of_list(supplied.keys.as_ref());
                for name in &supplied.names {
                    self.add(&supplied.kind, namespace.clone(), name, keys.clone());
                }
            }
        }
    }

    /// Adds what the fleet, the apps and the site say is there.
    fn add_declared(&mut self, plan: &SitePlan) {
        let core = TargetKind::parse;
        for secret in &plan.fleet.spec.secrets {
            let namespace = Some(secret.namespace.clone());
            self.add(&core("Secret"), namespace, &secret.name, DataKeys::Unknown);
        }
        for object in &plan.fleet.spec.objects {
            let kind = TargetKind::parse(&object.kind);
            self.add(
                &kind,
                object.namespace.clone(),
                &object.name,
                DataKeys::Unknown,
            );
        }
        let class = core("StorageClass.storage.k8s.io");
        for role in plan.storage.values().filter(|role| role.from.is_none()) {
            self.add(&class, None, &role.class, DataKeys::Unknown);
        }
        for node in &plan.nodes {
            self.add(&core("Node"), None, &node.name, DataKeys::Unknown);
        }
        for instance in &plan.instances {
            self.add_provided(instance);
        }
    }

    fn add_provided(&mut self, instance: &Instance) {
        let Some(app) = instance.app() else { return };
        let provides = &app.spec.provides;
        self.open.extend(provides.namespaces.iter().cloned());
        let lists = [
            ("Secret", &provides.secrets),
            ("Service", &provides.services),
        ];
        for (kind, names) in lists {
            for name in names {
                let kind = TargetKind::parse(kind);
                self.add(&kind, instance.namespace.clone(), name, DataKeys::Unknown);
            }
        }
        for name in &provides.storage_classes {
            let kind = TargetKind::parse("StorageClass.storage.k8s.io");
            self.add(&kind, None, name, DataKeys::Unknown);
        }
        for object in &provides.objects {
            let kind = TargetKind::parse(&object.kind);
            let namespace = object.namespace.clone();
            let namespace = namespace.or_else(|| instance.namespace.clone());
            // A kind without namespaces is looked up without one, and a namespaced one in its own: both are entered.
            self.add(&kind, namespace, &object.name, DataKeys::Unknown);
            if object.namespace.is_none() {
                self.add(&kind, None, &object.name, DataKeys::Unknown);
            }
        }
    }

    /// Adds an object and what appears because it is there.
    fn add_object(&mut self, related: &RelatedObjects<'_>, instance: &Instance, object: &Object) {
        let own = TargetKind {
            group: object.group().to_owned(),
            kind: object.kind().to_owned(),
        };
        let namespaced = related.is_namespaced(&own.group, &own.kind);
        let namespace = object.namespace().map(str::to_owned);
        if own != TargetKind::parse("Node") {
            let place = namespace.clone().filter(|_| namespaced);
            self.add(&own, place, object.name(), read_keys(object));
        }
        if is_subscription(object) {
            self.of_operators.extend(namespace.clone());
        }
        let Some(entry) = related.catalogue_of(instance).entry(object) else {
            return;
        };
        for made in &entry.makes {
            let namespaced = related.is_namespaced(&made.kind.group, &made.kind.kind);
            for appearing in made.find_made(object) {
                let place = match appearing.namespace {
                    AppearsIn::Same => namespace.clone(),
                    AppearsIn::Named(name) => Some(name),
                    AppearsIn::Anywhere => None,
                };
                let keys = DataKeys::of_list(appearing.keys.as_ref());
                let place = place.filter(|_| namespaced);
                self.add(&made.kind, place, &appearing.name, keys);
            }
        }
    }

    fn add(&mut self, kind: &TargetKind, namespace: Option<String>, name: &str, keys: DataKeys) {
        let known = match self.kinds.get_mut(kind) {
            Some(known) => known,
            None => self.kinds.entry(kind.clone()).or_default(),
        };
        if name.contains('*') {
            let text = name.to_owned();
            known.patterns.push(NamePattern { namespace, text });
            return;
        }
        let names = known.named.entry(namespace).or_default();
        match names.get_mut(name) {
            Some(before) => before.join(keys),
            None => {
                names.insert(name.to_owned(), keys);
            }
        }
    }
}

impl KindObjects {
    fn matches_pattern(&self, namespace: Option<&str>, name: &str) -> bool {
        self.patterns.iter().any(|pattern| {
            let place = pattern.namespace.as_deref();
            (place.is_none() || place == namespace) && matches_star(&pattern.text, name)
        })
    }
}

impl DataKeys {
    fn of_list(keys: Option<&Vec<String>>) -> Self {
        match keys {
            Some(keys) => Self::All(keys.iter().cloned().collect()),
            None => Self::Unknown,
        }
    }

    /// Adds the keys that another maker of the same object gives it.
    fn join(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::All(own), Self::All(more)) => own.extend(more),
            _ => *self = Self::Unknown,
        }
    }
}

/// Returns the keys of a ConfigMap or Secret; unknown where others add some.
fn read_keys(object: &Object) -> DataKeys {
    let fields: &[&str] = match (object.group(), object.kind()) {
        ("", "ConfigMap") => &["/data", "/binaryData"],
        ("", "Secret") => &["/data", "/stringData"],
        _ => return DataKeys::Unknown,
    };
    let is_token =
        object.get("/type").and_then(Value::as_str) == Some("kubernetes.io/service-account-token");
    if is_token || KEYS_ADDED.iter().any(|at| object.get(at).is_some()) {
        return DataKeys::Unknown;
    }
    let maps = fields.iter().filter_map(|at| object.get(at)?.as_object());
    DataKeys::All(maps.flat_map(|map| map.keys().cloned()).collect())
}

/// Matches a name with a text in which each `*` stands for any text.
fn matches_star(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches_star;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches_star("u1.*", "u1.medium"));
        assert!(matches_star("*", ""));
        assert!(matches_star("a*b*c", "axxbyyc"));
        assert!(!matches_star("u1.*", "u2.medium"));
        assert!(!matches_star("a*b*c", "axxbyy"));
        assert!(!matches_star("ab*ba", "aba"));
    }
}
