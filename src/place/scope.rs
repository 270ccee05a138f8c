//! Scope of a placement: an instance, its parts, and what site and app say about each.

use std::collections::BTreeMap;

use crate::catalogue::{Catalogue, PartAt, PartNaming};
use crate::load::App;
use crate::manifest::Object;
use crate::model::{PartSpec, Placement};
use crate::plan::{Instance, SitePlan};
use pointer_diagnostics::{Origin, Pointer};

use super::candidate::{CandidateNode, candidates};

/// The instance that is placed.
#[derive(Debug)]
pub(super) struct PlacementScope<'a> {
    pub(super) site: &'a SitePlan,
    pub(super) instance: &'a Instance,
    pub(super) app: &'a App,
    pub(super) catalogue: &'a Catalogue,
    pub(super) nodes: Vec<CandidateNode<'a>>,
}

/// A part of one object, with what site and app say about it.
#[derive(Debug)]
pub(super) struct PlacedPart<'a> {
    /// The object's position.
    pub(super) object: usize,
    /// The part, with its places in the object.
    pub(super) at: PartAt<'a>,
    /// The app's entry about it, with the name that the entry has.
    pub(super) spec: Option<(&'a str, &'a PartSpec)>,
    /// The site's placement of it, with the name that the entry has.
    pub(super) placement: Option<(&'a str, &'a Placement)>,
}

impl<'a> PlacementScope<'a> {
    /// `None` for built-in instances: they have no pods.
    pub(super) fn new(
        site: &'a SitePlan,
        instance: &'a Instance,
        catalogue: &'a Catalogue,
    ) -> Option<Self> {
        let app = instance.app()?;
        Some(Self {
            site,
            instance,
            app,
            catalogue,
            nodes: candidates(site),
        })
    }

    /// Returns all parts of all objects.
    pub(super) fn parts(&self, objects: &[Object]) -> Vec<PlacedPart<'a>> {
        let (app, instance, catalogue) = (self.app, self.instance, self.catalogue);
        let parts = objects.iter().enumerate().flat_map(|(index, object)| {
            catalogue
                .parts(object)
                .into_iter()
                .map(move |part| (index, part))
        });
        parts
            .map(|(object, part)| PlacedPart {
                object,
                spec: find_by_name(&app.spec.parts, &part.names),
                placement: find_by_name(&instance.placement, &part.names),
                at: part,
            })
            .collect()
    }

    /// Returns the place of a field of the instance in the site's files.
    pub(super) fn of_instance(&self, field: &str) -> Origin {
        self.site
            .origin(&Pointer::parse("/apps").at(&self.instance.name).at(field))
    }

    /// Returns the place of a field below the site's `spec`.
    pub(super) fn of_site(&self, pointer: &str) -> Origin {
        self.site.origin(&Pointer::parse(pointer))
    }

    /// Returns the place of a pool's field.
    pub(super) fn of_pool(&self, pool: &str, field: &str) -> Origin {
        self.site
            .origin(&Pointer::parse("/pools").at(pool).at(field))
    }

    /// Returns the place of a field of what the site says about a part's placement.
    pub(super) fn of_placement(&self, part: &str, field: &str) -> Origin {
        self.site.origin(
            &Pointer::parse("/apps")
                .at(&self.instance.name)
                .at("placement")
                .at(part)
                .at(field),
        )
    }

    /// Returns the place of a field of what the app says about a part.
    pub(super) fn of_part(&self, part: &str, field: &str) -> Origin {
        self.app
            .origin(&Pointer::parse("/parts").at(part).at(field))
    }
}

impl PlacedPart<'_> {
    /// Returns the pool that it runs on.
    pub(super) fn pool<'s>(&'s self, scope: &'s PlacementScope<'_>) -> Option<&'s str> {
        let own = self.placement.and_then(|(_, p)| p.pool.as_deref());
        own.or(scope.instance.pool.as_deref())
    }

    /// Returns where the app writes the number of pods.
    pub(super) fn explicit_replicas(&self, scope: &PlacementScope<'_>) -> Option<Origin> {
        let (name, _) = self.spec.filter(|(_, spec)| spec.replicas.is_some())?;
        Some(scope.of_part(name, "replicas"))
    }

    /// Returns its name in messages: the object, and the part where the object has several.
    pub(super) fn label(&self, object: &Object) -> String {
        match self.at.part.naming {
            PartNaming::ByObject => format!("{}", object.id()),
            PartNaming::ByPart => format!("{}/{}", object.id(), self.at.part.name),
        }
    }
}

/// Finds the entry about a part by its most specific name.
pub(super) fn find_by_name<'m, T>(
    map: &'m BTreeMap<String, T>,
    names: &[String],
) -> Option<(&'m str, &'m T)> {
    names
        .iter()
        .find_map(|name| map.get_key_value(name))
        .map(|(name, value)| (name.as_str(), value))
}
