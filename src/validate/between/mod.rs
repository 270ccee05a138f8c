//! Relates the final objects of a site to one another: what there is, what is named, and which pods selectors mean.
//!
//! What an object names, and what appears because an object is there, is data of its kind in the [catalogue](crate::catalogue). Nothing
//! here reports: the rules do.

mod label_knowledge;
mod objects;
mod pods;
mod references;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::kinds::{GroupKind, Kinds};
use crate::manifest::Object;
use crate::plan::{Instance, SitePlan};
use kubernetes_vocabulary::ResourceScope;

pub(super) use label_knowledge::SelectorVerdict;
pub(super) use objects::{DataKeys, KnownObjects, ObjectPresence};
pub(super) use pods::{PodPort, SitePodSets};
pub(super) use references::{FoundReference, find_references};

/// A site's final objects, with what is known of their kinds.
#[derive(Clone, Copy)]
pub(super) struct RelatedObjects<'a> {
    pub(super) plan: &'a SitePlan,
    pub(super) rendered: &'a BTreeMap<String, Vec<Object>>,
    pub(super) kinds: &'a Kinds,
    /// The catalogue of each instance, with its app's own entries.
    pub(super) catalogues: &'a BTreeMap<String, Arc<Catalogue>>,
}

impl<'a> RelatedObjects<'a> {
    /// Lists all objects with their instances.
    fn list(&self) -> impl Iterator<Item = (&'a Instance, &'a Object)> + use<'a> {
        let (plan, rendered) = (self.plan, self.rendered);
        plan.instances.iter().flat_map(|instance| {
            let objects = rendered.get(&instance.name).into_iter().flatten();
            objects.map(move |object| (instance, object))
        })
    }

    /// Returns what is known of kinds to an instance.
    fn catalogue_of(&self, instance: &Instance) -> &'a Catalogue {
        let catalogues: &'a BTreeMap<String, Arc<Catalogue>> = self.catalogues;
        match catalogues.get(&instance.name) {
            Some(own) => own,
            None => Catalogue::built_in(),
        }
    }

    /// Tells whether objects of a kind live in a namespace; a kind of which nobody knows it does.
    fn is_namespaced(&self, group: &str, kind: &str) -> bool {
        self.kinds.scope(&GroupKind::new(group, kind)) != Some(ResourceScope::Cluster)
    }

    /// Lists the OLM packages of the site's Subscriptions.
    fn packages(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let subscriptions = self.list().filter(|(_, object)| is_subscription(object));
        subscriptions.filter_map(|(_, object)| object.get("/spec/name")?.as_str())
    }
}

/// Tells whether an object is a Subscription of OLM.
pub(super) fn is_subscription(object: &Object) -> bool {
    object.kind() == "Subscription" && object.group() == "operators.coreos.com"
}
