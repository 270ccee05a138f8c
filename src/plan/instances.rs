//! The instances of a site: which app each is made from, and whether what it asks for is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::load::{App, Repository, Site};
use crate::model::{AppInstance, StorageClassRef};
use crate::nearest::nearest;
use crate::rules;
use crate::template::Context;
use pointer_diagnostics::{Diagnostics, Pointer};

use super::{ImagePlan, Instance, InstanceSource, NAMESPACES, NODES, SitePlan};

/// The enabled instances with their apps. Unknown apps, pools and storage roles are reported.
pub(super) fn instances(
    site: &Site,
    repository: &Repository,
    found: &mut Diagnostics,
) -> Vec<Instance> {
    let mut instances = Vec::new();
    for (name, spec) in site.spec.apps.iter().filter(|(_, i)| i.enabled) {
        check_pools(site, name, spec, found);
        let Some(app) = app(site, repository, (name, spec), found) else {
            continue;
        };
        instances.push(instance(site, (name, spec), &app, found));
    }
    check_exceptions(site, &mut instances, found);
    check_conflicts(&instances, found);
    instances
}

/// Adds the instances that siteplan makes itself, in front.
pub(super) fn add_built_in(plan: &mut SitePlan) {
    let mut built_in = Vec::new();
    if plan
        .nodes
        .iter()
        .any(|n| !n.unnamed && plan.pools.get(&n.pool).is_some_and(|p| p.manage_labels))
    {
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
        plan.instances.insert(0, empty(name, source, origin));
    }
}

fn empty(name: &str, source: InstanceSource, origin: pointer_diagnostics::Origin) -> Instance {
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
        context: Context::default(),
        exceptions: Vec::new(),
        origin,
    }
}

fn instance(
    site: &Site,
    (name, spec): (&String, &AppInstance),
    app: &Arc<App>,
    found: &mut Diagnostics,
) -> Instance {
    let origin = site.origin(&Pointer::parse("/apps").at(name));
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
        storage: storage(site, (name, spec), app, found),
        images: app.spec.images.as_ref().map(|images| ImagePlan {
            arch: images.arch.clone(),
            names: images.names.clone(),
            origin: app.origin(&Pointer::parse("/images")),
        }),
        ..empty(name, InstanceSource::App(Arc::clone(app)), origin)
    }
}

/// Whether an instance of the site is of an app whose file has errors of its own.
pub(super) fn any_broken(site: &Site, repository: &Repository) -> bool {
    let enabled = site.spec.apps.iter().filter(|(_, spec)| spec.enabled);
    enabled
        .map(|(name, spec)| spec.uses.as_ref().unwrap_or(name))
        .any(|app| repository.is_broken(app))
}

fn app(
    site: &Site,
    repository: &Repository,
    (name, spec): (&String, &AppInstance),
    found: &mut Diagnostics,
) -> Option<Arc<App>> {
    let wanted = spec.uses.as_ref().unwrap_or(name);
    if let Some(app) = repository.apps.get(wanted) {
        return Some(Arc::clone(app));
    }
    if repository.is_broken(wanted) {
        return None;
    }
    let origin = site.origin(&Pointer::parse("/apps").at(name));
    let report = rules::UNKNOWN_APP.report(format!("there is no app `{wanted}` in base/apps"));
    let report = match spec.uses {
        Some(_) => report.primary(origin.at("use"), ""),
        None => report.primary_key(origin, ""),
    };
    found.push(report.help(match nearest(wanted, repository.apps.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add `base/apps/{wanted}/app.yaml`, or name an app with `use:`; `siteplan apps` lists them"),
    }));
    None
}

fn check_pools(site: &Site, name: &str, spec: &AppInstance, found: &mut Diagnostics) {
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
            None => format!("the pools are {}", listed(known())),
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

/// The classes by the app's roles: those that it requires or that its parts use.
fn storage(
    site: &Site,
    (name, spec): (&String, &AppInstance),
    app: &App,
    found: &mut Diagnostics,
) -> BTreeMap<String, StorageClassRef> {
    let parts = app.spec.parts.iter().filter_map(|(part, spec)| {
        Some((
            spec.storage.as_deref()?,
            Pointer::parse("/parts").at(part).at("storage"),
        ))
    });
    let required = app
        .spec
        .requires
        .iter()
        .enumerate()
        .filter_map(|(i, requirement)| match requirement {
            crate::model::Requirement::Storage { storage } => Some((
                storage.as_str(),
                Pointer::parse("/requires").at(i).at("storage"),
            )),
            crate::model::Requirement::App { .. } => None,
        });
    let wanted: BTreeMap<&str, Pointer> = parts.chain(required).collect();
    let mut classes = BTreeMap::new();
    for (role, asked) in wanted {
        let site_role = spec.storage.get(role).map_or(role, String::as_str);
        if let Some(class) = site.spec.storage.get(site_role) {
            classes.insert(role.to_owned(), class.clone());
            continue;
        }
        let known: Vec<&str> = site.spec.storage.keys().map(String::as_str).collect();
        let origin = site.origin(&Pointer::parse("/apps").at(name));
        found.push(
            rules::UNKNOWN_STORAGE_ROLE
                .report(format!("`{name}` needs the storage role `{site_role}`, which this site does not have"))
                .primary_key(origin, "")
                .context(app.origin(&asked), "asked for here")
                .help(format!(
                    "add `{site_role}: {{class: …}}` under `storage:`, or map the role to another one: `storage: {{{role}: <role>}}` \
                     (this site has {})",
                    listed(known)
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
    for instance in instances {
        let Some(app) = instance.app() else { continue };
        for (index, conflict) in app.spec.conflicts.iter().enumerate() {
            let Some(other) = instances
                .iter()
                .find(|i| i.app().is_some_and(|a| a.name == *conflict))
            else {
                continue;
            };
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

/// `a`, `b` and `c`; "none" for nothing.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
