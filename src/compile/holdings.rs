//! Finds the kinds, namespaces and data that each instance brings to the cluster, and those that are still being removed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SiteCompiler;
use crate::bundle::instance_namespace;
use crate::catalogue::{Catalogue, Field};
use crate::kinds::{GroupKind, Kinds};
use crate::ledger::{HeldKind, HeldObject, Holding, Ledger, Leftover};
use crate::manifest::Object;
use crate::plan::{Instance, SitePlan};
use kubernetes_vocabulary::{Quantity, ResourceScope};

impl SiteCompiler<'_> {
    /// Returns what each instance brings to the cluster. Namespaces and nodes are never removed from it.
    pub(super) fn find_holdings(
        &self,
        plan: &SitePlan,
        rendered: &BTreeMap<String, Vec<Object>>,
        kinds: &Kinds,
    ) -> BTreeMap<String, Holding> {
        let mut holdings = BTreeMap::new();
        for instance in &plan.instances {
            let (Some(app), Some(objects)) = (instance.app(), rendered.get(&instance.name)) else {
                continue;
            };
            if let Some(catalogue) = self.bases.catalogue(Some(app)) {
                let holding = find_holding(instance, objects, kinds, &catalogue);
                holdings.insert(instance.name.clone(), holding);
            }
        }
        holdings
    }
}

/// Returns what an instance brings to the cluster.
fn find_holding(
    instance: &Instance,
    objects: &[Object],
    kinds: &Kinds,
    catalogue: &Catalogue,
) -> Holding {
    let mut holding = Holding::default();
    let namespace = instance_namespace(instance, objects, kinds);
    holding.namespaces.insert(namespace.to_owned());
    for object in objects {
        let kind = GroupKind::of(object);
        let scope = kinds.scope_of(object);
        let own = object
            .namespace()
            .filter(|_| scope == ResourceScope::Namespaced);
        holding.namespaces.extend(own.map(str::to_owned));
        if catalogue.deletion_loss(object).is_some() {
            let held = HeldObject {
                group: kind.group.clone(),
                kind: kind.kind.clone(),
                namespace: own.unwrap_or_default().to_owned(),
                name: object.name().to_owned(),
            };
            holding.data.insert(held, find_sizes(object, catalogue));
        }
        holding.kinds.insert(HeldKind {
            resource: kinds.resource(&kind),
            group: kind.group,
            kind: kind.kind,
            scope,
        });
    }
    holding
}

/// Returns the sizes of an object's volumes: those of its claims, and those beside the names of storage classes. Elements of lists are
/// called by their names where they have one, so that a change of their order is none of size.
fn find_sizes(object: &Object, catalogue: &Catalogue) -> BTreeMap<String, String> {
    let mut sizes = BTreeMap::new();
    for part in catalogue.parts(object) {
        let claims = part.pointers(object, Field::Claims).into_iter();
        let of_claims = claims.map(|claim| claim.at("resources").at("requests").at("storage"));
        let classes = part.pointers(object, Field::StorageClass).into_iter();
        let beside_classes = classes.filter_map(|class| Some(class.parent()?.at("size")));
        for pointer in of_claims.chain(beside_classes) {
            let size = match object.get(pointer.as_str()) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                _ => continue,
            };
            if size.parse::<Quantity>().is_ok() {
                sizes.insert(name_pointer(object, &pointer), size);
            }
        }
    }
    sizes
}

/// Returns a pointer with the names of list elements in place of their positions.
fn name_pointer(object: &Object, pointer: &pointer_diagnostics::Pointer) -> String {
    let mut here = pointer_diagnostics::Pointer::root();
    let mut named = pointer_diagnostics::Pointer::root();
    for token in pointer.tokens() {
        let in_list = object.get(here.as_str()).is_some_and(Value::is_array);
        here = here.at(&token);
        let element = object.get(here.as_str()).filter(|_| in_list);
        let name = element.and_then(|e| {
            let name = e.get("name").or_else(|| e.pointer("/metadata/name"));
            name?.as_str()
        });
        named = named.at(name.unwrap_or(&token));
    }
    named.as_str().replace(' ', "~2")
}

/// The former state of a site, and the facts that decide how long a removal lasts.
pub(super) struct PriorState<'a> {
    /// The committed ledger.
    pub(super) ledger: &'a Ledger,
    /// Tells whether something of an instance may disappear.
    pub(super) is_approved: &'a dyn Fn(&str) -> bool,
    /// The treatment of leftovers that nobody had to approve.
    pub(super) unguarded: UnguardedLeftovers,
}

/// The treatment of leftovers that nobody had to approve: kinds and namespaces that an instance has no more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnguardedLeftovers {
    /// The project permits them still.
    #[default]
    Keep,
    /// Argo CD has removed them.
    Drop,
}

/// Returns what is still being removed from the cluster: what instances had by the committed ledger and have no more, and what was being
/// removed before, unless it was approved and is no more. What the site needs is not among it. From its own result it makes the same.
pub(super) fn find_leftovers(
    prior: &PriorState<'_>,
    now: &BTreeMap<String, Holding>,
    needed: &Holding,
) -> BTreeMap<String, Leftover> {
    let mut leftovers: BTreeMap<String, Leftover> = BTreeMap::new();
    for (instance, old) in &prior.ledger.removing {
        let approved = (prior.is_approved)(instance);
        let is_over = old.approved && !approved;
        let is_dropped = !approved && prior.unguarded == UnguardedLeftovers::Drop;
        if !is_over && !is_dropped {
            leftovers.insert(instance.clone(), old.clone());
        }
    }
    for (instance, old) in &prior.ledger.instances {
        let gone = match now.get(instance) {
            Some(kept) => old.without(kept),
            None => old.without(&Holding::default()),
        };
        leftovers
            .entry(instance.clone())
            .or_default()
            .holding
            .add(&gone);
    }
    for (instance, leftover) in &mut leftovers {
        leftover.holding = leftover.holding.without(needed);
        leftover.approved = (prior.is_approved)(instance);
    }
    leftovers.retain(|_, leftover| !leftover.holding.is_empty());
    leftovers
}

/// Returns the kinds and namespaces that a site needs.
pub(super) fn find_needed(
    plan: &SitePlan,
    rendered: &BTreeMap<String, Vec<Object>>,
    kinds: &Kinds,
) -> Holding {
    let mut needed = Holding::default();
    for instance in &plan.instances {
        let objects = rendered.get(&instance.name).map_or(&[][..], Vec::as_slice);
        needed.add(&find_holding(
            instance,
            objects,
            kinds,
            Catalogue::built_in(),
        ));
    }
    needed.namespaces.extend(plan.namespaces.keys().cloned());
    needed
}
