//! Resolves the instances of a site: the app that each is made from, and the pools, storage and namespace that it asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::load::{App, Repository, Site};
use crate::model::{AppInstance, Requirement, StorageClassRef};
use crate::nearest::nearest;
use crate::rules;
use crate::template::TemplateContext;
use crate::wording::join_names;
use pointer_diagnostics::{Diagnostics, Origin, Pointer};

use super::{ImagePlan, Instance, InstanceSource, NAMESPACES, NODES, NodePlan, SitePlan};

/// An instance as the site file asks for it.
#[derive(Clone, Copy)]
struct WantedInstance<'a> {
    site: &'a Site,
    name: &'a str,
    spec: &'a AppInstance,
}

impl WantedInstance<'_> {
    /// Returns the place that asks for the instance.
    fn origin(&self) -> Origin {
        self.site.origin(&Pointer::parse("/apps").at(self.name))
    }
}

/// Returns the enabled instances with their apps. Unknown apps, pools and storage roles are reported.
pub(super) fn resolve_instances(
    site: &Site,
    repository: &Repository,
    found: &mut Diagnostics,
) -> Vec<Instance> {
    let mut instances = Vec::new();
    for (name, spec) in site.spec.apps.iter().filter(|(_, i)| i.enabled) {
        let wanted = WantedInstance { site, name, spec };
        check_pools(wanted, found);
        if let Some(app) = find_app(wanted, repository, found) {
            instances.push(resolve_instance(wanted, &app, found));
        }
    }
    check_exceptions(site, &mut instances, found);
    check_conflicts(&instances, found);
    instances
}

/// Adds the instances that siteplan makes itself, in front.
pub(super) fn add_built_in(plan: &mut SitePlan) {
    let mut built_in = Vec::new();
    let is_labelled = |node: &NodePlan| {
        let pool = plan.pools.get(&node.pool);
        !node.unnamed && pool.is_some_and(|pool| pool.manage_labels)
    };
    if plan.nodes.iter().any(is_labelled) {
        built_in.push((NODES, InstanceSource::Nodes));
    }
    if !plan.namespaces.is_empty() {
        built_in.push((NAMESPACES, InstanceSource::Namespaces));
    }
    let names: Vec<String> = built_in
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    for instance in &mut plan.instances {
        instance.wave += 1;
        instance.after.extend(names.iter().cloned());
        instance.after.sort();
    }
    for (name, source) in built_in {
        let origin = plan.origin(&Pointer::parse(if name == NODES {
            "/pools"
        } else {
            "/namespaces"
        }));
        plan.instances
            .insert(0, empty_instance(name, source, origin));
    }
}

/// Returns an instance that asks for nothing.
fn empty_instance(name: &str, source: InstanceSource, origin: Origin) -> Instance {
    Instance {
        name: name.to_owned(),
        source,
        namespace: None,
        moved: false,
        wave: 0,
        after: Vec::new(),
        pool: None,
        placement: BTreeMap::new(),
        availability: BTreeMap::new(),
        storage: BTreeMap::new(),
        images: None,
        context: TemplateContext::default(),
        exceptions: Vec::new(),
        origin,
    }
}

fn resolve_instance(
    wanted: WantedInstance<'_>,
    app: &Arc<App>,
    found: &mut Diagnostics,
) -> Instance {
    let WantedInstance { name, spec, .. } = wanted;
    let origin = wanted.origin();
    let namespace = spec
        .namespace
        .clone()
        .or_else(|| app.spec.namespace.clone());
    if spec.namespace.is_some() && app.spec.namespace.is_none() {
        found.push(
            rules::NAMESPACE_NOT_MOVABLE
                .report(format!(
                    "`{name}` asks for a namespace, but the app `{}` has none of its own",
                    app.name
                ))
                .primary(origin.at("namespace"), "")
                .context(app.origin(&Pointer::root()), "no `namespace:` in this spec")
                .help("leave `namespace` out, or give the app one and put all its objects into it"),
        );
    }
    let moved = spec.namespace.is_some() && spec.namespace != app.spec.namespace;
    Instance {
        namespace,
        moved,
        pool: spec.pool.clone(),
        placement: spec.placement.clone(),
        availability: spec.availability.clone(),
        storage: resolve_storage(wanted, app, found),
        images: app.spec.images.as_ref().map(|images| ImagePlan {
            arch: images.arch.clone(),
            names: images.names.clone(),
            origin: app.origin(&Pointer::parse("/images")),
        }),
        ..empty_instance(name, InstanceSource::App(Arc::clone(app)), origin)
    }
}

/// Tells whether an instance of the site is of an app whose file has errors of its own.
pub(super) fn uses_broken_app(site: &Site, repository: &Repository) -> bool {
    let enabled = site.spec.apps.iter().filter(|(_, spec)| spec.enabled);
    enabled
        .map(|(name, spec)| spec.uses.as_ref().unwrap_or(name))
        .any(|app| repository.is_broken(app))
}

/// Finds the app of an instance. `None` where there is none, which is reported, or where its own file has errors.
fn find_app(
    wanted: WantedInstance<'_>,
    repository: &Repository,
    found: &mut Diagnostics,
) -> Option<Arc<App>> {
    let name = wanted.spec.uses.as_deref().unwrap_or(wanted.name);
    if let Some(app) = repository.apps.get(name) {
        return Some(Arc::clone(app));
    }
    if repository.is_broken(name) {
        return None;
    }
    let report = rules::UNKNOWN_APP.report(format!("there is no app `{name}` in base/apps"));
    let report = match wanted.spec.uses {
        Some(_) => report.primary(wanted.origin().at("use"), ""),
        None => report.primary_key(wanted.origin(), ""),
    };
    found.push(report.help(match nearest(name, repository.apps.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add `base/apps/{name}/app.yaml`, or name an app with `use:`; `siteplan apps` lists them"),
    }));
    None
}

fn check_pools(wanted: WantedInstance<'_>, found: &mut Diagnostics) {
    let WantedInstance { site, name, spec } = wanted;
    let origin = Pointer::parse("/apps").at(name);
    let own = spec.pool.iter().map(|pool| (origin.at("pool"), pool));
    let parts = spec.placement.iter().filter_map(|(part, placement)| {
        Some((
            origin.at("placement").at(part).at("pool"),
            placement.pool.as_ref()?,
        ))
    });
    for (pointer, pool) in own
        .chain(parts)
        .filter(|(_, pool)| !site.spec.pools.contains_key(*pool))
    {
        let known = || site.spec.pools.keys().map(String::as_str);
        let help = match nearest(pool, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the pools are {}", list_names(known())),
        };
        found.push(
            rules::UNKNOWN_POOL
                .report(format!(
                    "`{name}` asks for the pool `{pool}`, which this site does not have"
                ))
                .primary(site.origin(&pointer), "")
                .context_key(site.origin(&Pointer::parse("/pools")), "the site's pools")
                .help(help),
        );
    }
}

/// Returns the storage roles that an app asks for, each with the field that asks.
fn asked_roles(app: &App) -> BTreeMap<&str, Pointer> {
    let mut roles = BTreeMap::new();
    for (part, spec) in &app.spec.parts {
        if let Some(role) = &spec.storage {
            roles.insert(
                role.as_str(),
                Pointer::parse("/parts").at(part).at("storage"),
            );
        }
    }
    for (index, requirement) in app.spec.requires.iter().enumerate() {
        if let Requirement::Storage { storage } = requirement {
            let asked = Pointer::parse("/requires").at(index).at("storage");
            roles.insert(storage.as_str(), asked);
        }
    }
    roles
}

/// Returns the classes by the app's roles: those that it requires or that its parts use.
fn resolve_storage(
    wanted: WantedInstance<'_>,
    app: &App,
    found: &mut Diagnostics,
) -> BTreeMap<String, StorageClassRef> {
    let WantedInstance { site, name, spec } = wanted;
    let mut classes = BTreeMap::new();
    for (role, asked) in asked_roles(app) {
        let site_role = spec.storage.get(role).map_or(role, String::as_str);
        if let Some(class) = site.spec.storage.get(site_role) {
            classes.insert(role.to_owned(), class.clone());
            continue;
        }
        let known: Vec<&str> = site.spec.storage.keys().map(String::as_str).collect();
        found.push(
            rules::UNKNOWN_STORAGE_ROLE
                .report(format!("`{name}` needs the storage role `{site_role}`, which this site does not have"))
                .primary_key(wanted.origin(), "")
                .context(app.origin(&asked), "asked for here")
                .help(format!(
                    "add `{site_role}: {{class: …}}` under `storage:`, or map the role to another one: `storage: {{{role}: <role>}}` \
                     (this site has {})",
                    list_names(known)
                )),
        );
    }
    classes
}

fn check_exceptions(site: &Site, instances: &mut [Instance], found: &mut Diagnostics) {
    for (index, exception) in site.spec.exceptions.iter().enumerate() {
        let pointer = Pointer::parse("/exceptions").at(index);
        if !crate::model::is_calendar_day(&exception.until) {
            found.push(
                rules::MALFORMED_VALUE
                    .report(format!("`{}` is not a day", exception.until))
                    .primary(site.origin(&pointer.at("until")), "expected YYYY-MM-DD")
                    .help("write the last day on which the exception is acceptable, in quotes"),
            );
        }
        if let Some(instance) = instances.iter_mut().find(|i| i.name == exception.app) {
            instance.exceptions.push((index, exception.patch.clone()));
            continue;
        }
        let help = match nearest(&exception.app, site.spec.apps.keys().map(String::as_str)) {
            Some(near) if *near != *exception.app => format!("did you mean `{near}`?"),
            _ => "name an instance that is enabled on this site, or take the exception out"
                .to_owned(),
        };
        found.push(
            rules::UNKNOWN_INSTANCE
                .report(format!(
                    "an exception is for `{}`, which does not run on this site",
                    exception.app
                ))
                .primary(site.origin(&pointer.at("app")), "")
                .help(help),
        );
    }
}

fn check_conflicts(instances: &[Instance], found: &mut Diagnostics) {
    // Apps often name each other.
    let mut told = BTreeSet::new();
    for instance in instances {
        let Some(app) = instance.app() else { continue };
        for (index, conflict) in app.spec.conflicts.iter().enumerate() {
            let Some(other) = instances
                .iter()
                .find(|i| i.app().is_some_and(|a| a.name == *conflict))
            else {
                continue;
            };
            let (first, last) = (
                instance.name.as_str().min(&other.name),
                instance.name.as_str().max(&other.name),
            );
            if !told.insert([first, last]) {
                continue;
            }
            found.push(
                rules::CONFLICTING_APPS
                    .report(format!(
                        "`{}` cannot share a site with `{}`",
                        instance.name, other.name
                    ))
                    .primary_key(instance.origin.clone(), "")
                    .context_key(other.origin.clone(), "the other one")
                    .context(
                        app.origin(&Pointer::parse("/conflicts").at(index)),
                        "says so",
                    )
                    .help(format!(
                        "disable one of them: `{}: {{enabled: false}}`",
                        other.name
                    )),
            );
        }
    }
}

/// Returns names as a list in words: `a`, `b` and `c`; "none" for nothing.
fn list_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    join_names(names, "and").unwrap_or_else(|| "none".to_owned())
}

#[cfg(test)]
mod tests {
    use super::list_names;

    #[test]
    fn names_are_listed_in_words() {
        assert_eq!(list_names([]), "none");
        assert_eq!(list_names(["a"]), "`a`");
        assert_eq!(list_names(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
