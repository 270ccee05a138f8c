//! What is placed: an instance, its parts, and what site and app say about each.

use std::collections::BTreeMap;

use crate::catalogue::{Catalogue, PartAt};
use crate::load::App;
use crate::manifest::Object;
use crate::model::{PartSpec, Placement};
use crate::plan::{Instance, SitePlan};
use pointer_diagnostics::{Origin, Pointer};

use super::candidate::{Candidate, candidates};

/// The instance that is placed.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) site: &'a SitePlan,
    pub(super) instance: &'a Instance,
    pub(super) app: &'a App,
    pub(super) catalogue: &'a Catalogue,
    pub(super) nodes: Vec<Candidate<'a>>,
}

/// A part of one object, with what site and app say about it.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    /// The object's position.
    pub(super) object: usize,
    pub(super) part: PartAt<'a>,
    /// What the app says, with the name by which it says it.
    pub(super) spec: Option<(&'a str, &'a PartSpec)>,
    /// Where the site wants it, with the name by which it says so.
    pub(super) placement: Option<(&'a str, &'a Placement)>,
}

impl<'a> Scope<'a> {
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

    /// All parts of all objects.
    pub(super) fn subjects(&self, objects: &[Object]) -> Vec<Subject<'a>> {
        let (app, instance, catalogue) = (self.app, self.instance, self.catalogue);
        let parts = objects.iter().enumerate().flat_map(|(index, object)| {
            catalogue
                .parts(object)
                .into_iter()
                .map(move |part| (index, part))
        });
        parts
            .map(|(object, part)| Subject {
                object,
                spec: said(&app.spec.parts, &part.names),
                placement: said(&instance.placement, &part.names),
                part,
            })
            .collect()
    }

    /// The place of a field of the instance in the site's files.
    pub(super) fn of_instance(&self, field: &str) -> Origin {
        self.site
            .origin(&Pointer::parse("/apps").at(&self.instance.name).at(field))
    }

    /// The place of a field below the site's `spec`.
    pub(super) fn of_site(&self, pointer: &str) -> Origin {
        self.site.origin(&Pointer::parse(pointer))
    }

    /// The place of a pool's field.
    pub(super) fn of_pool(&self, pool: &str, field: &str) -> Origin {
        self.site
            .origin(&Pointer::parse("/pools").at(pool).at(field))
    }

    /// The place of a field of what the site says about a part's placement.
    pub(super) fn of_placement(&self, part: &str, field: &str) -> Origin {
        self.site.origin(
            &Pointer::parse("/apps")
                .at(&self.instance.name)
                .at("placement")
                .at(part)
                .at(field),
        )
    }

    /// The place of a field of what the app says about a part.
    pub(super) fn of_part(&self, part: &str, field: &str) -> Origin {
        self.app
            .origin(&Pointer::parse("/parts").at(part).at(field))
    }
}

impl Subject<'_> {
    /// The pool that it runs on.
    pub(super) fn pool<'s>(&'s self, scope: &'s Scope<'_>) -> Option<&'s str> {
        let own = self.placement.and_then(|(_, p)| p.pool.as_deref());
        own.or(scope.instance.pool.as_deref())
    }

    /// How it is called in messages: the object, and the part where the object has several.
    pub(super) fn label(&self, object: &Object) -> String {
        match self.part.part.named_by_object {
            true => format!("{}", object.id()),
            false => format!("{}/{}", object.id(), self.part.part.name),
        }
    }
}

/// What is said about a part, by its most specific name.
pub(super) fn said<'m, T>(
    map: &'m BTreeMap<String, T>,
    names: &[String],
) -> Option<(&'m str, &'m T)> {
    names
        .iter()
        .find_map(|name| map.get_key_value(name))
        .map(|(name, value)| (name.as_str(), value))
}
