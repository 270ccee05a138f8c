//! Finds the architectures of a part: those that the site wants and its images exist for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::Field;
use crate::manifest::Object;
use crate::model::Arch;
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Reported};

use super::scope::{PlacedPart, PlacementScope};

/// The architectures that the images of a part exist for.
#[derive(Debug, Clone)]
pub(super) struct ImageArchitectures {
    pub(super) arch: BTreeSet<Arch>,
    /// The images that somebody else than the base chooses.
    pub(super) names: Vec<String>,
    pub(super) origin: Origin,
}

/// The architectures that the site wants, and the line that says so.
#[derive(Debug, Clone)]
pub(super) struct WantedArchitectures {
    pub(super) arch: BTreeSet<Arch>,
    pub(super) origin: Origin,
    /// Tells whether they are a pool's.
    pool: Option<String>,
}

/// Returns the architectures that the app states for the part's images; `None` where it states none.
pub(super) fn find_stated_images(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
) -> Option<ImageArchitectures> {
    if let Some((name, own)) = subject
        .spec
        .and_then(|(name, spec)| Some((name, spec.images.as_ref()?)))
    {
        let built = own.built_by.as_ref().map(|app| built_by(scope, app));
        let written: BTreeSet<Arch> = own.arch.iter().copied().collect();
        let arch = match built {
            Some(built) if written.is_empty() => built,
            Some(built) => built.intersection(&written).copied().collect(),
            None => written,
        };
        return Some(ImageArchitectures {
            arch,
            names: own.names.clone(),
            origin: scope.of_part(name, "images").at("arch"),
        });
    }
    let images = scope.instance.images.as_ref()?;
    let origin = images.origin.at("arch");
    Some(ImageArchitectures {
        arch: images.arch.iter().copied().collect(),
        names: images.names.clone(),
        origin,
    })
}

/// Finds the architectures that the site wants for the part; `None` where it names none.
pub(super) fn find_wanted_architectures(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    found: &mut Diagnostics,
) -> Result<Option<WantedArchitectures>, Reported> {
    let pool = subject
        .pool(scope)
        .and_then(|name| scope.site.pools.get(name));
    let own = subject.placement.filter(|(_, p)| !p.arch.is_empty());
    let of_pool = pool.map(|p| WantedArchitectures {
        arch: BTreeSet::from([p.arch]),
        origin: scope.of_pool(&p.name, "arch"),
        pool: Some(p.name.clone()),
    });
    let Some((name, placement)) = own else {
        return Ok(of_pool);
    };
    let asked = WantedArchitectures {
        arch: placement.arch.iter().copied().collect(),
        origin: scope.of_placement(name, "arch"),
        pool: None,
    };
    match of_pool {
        Some(pool) if asked.arch.is_disjoint(&pool.arch) => {
            Err(found.report(describe_foreign_pool(scope, &asked, &pool)))
        }
        Some(pool) => Ok(Some(WantedArchitectures {
            arch: pool.arch.intersection(&asked.arch).copied().collect(),
            ..pool
        })),
        None => Ok(Some(asked)),
    }
}

/// Words images that do not exist for what the site wants. It names the image and shows both lines.
pub(super) fn describe_missing_image(
    scope: &PlacementScope<'_>,
    images: &ImageArchitectures,
    wanted: &WantedArchitectures,
    objects: &[Object],
) -> Diagnostic {
    let named: Vec<String> = if images.names.is_empty() {
        list_images(scope, objects)
    } else {
        images.names.clone()
    };
    let exist = list_architectures(&images.arch);
    let image = match named.as_slice() {
        [] => "its images".to_owned(),
        [one] => format!("`{one}`"),
        [first, rest @ ..] => format!("`{first}` and {} more", rest.len()),
    };
    let place = wanted.pool.as_ref().map_or_else(
        || "that the site wants".to_owned(),
        |p| format!("of the pool `{p}`"),
    );
    let fitting = scope
        .site
        .pools
        .values()
        .find(|p| images.arch.contains(&p.arch));
    let help = match fitting {
        Some(pool) => format!(
            "place `{}` in the pool `{}`, or use an app whose images exist for {}",
            scope.instance.name,
            pool.name,
            list_architectures(&wanted.arch)
        ),
        None => format!(
            "use an app whose images exist for {}",
            list_architectures(&wanted.arch)
        ),
    };
    rules::NO_COMMON_ARCHITECTURE
        .report(format!(
            "`{}` has no image for {}, the architecture {place}: {image} {} for {exist}",
            scope.instance.name,
            list_architectures(&wanted.arch),
            if named.len() > 1 || named.is_empty() {
                "exist"
            } else {
                "exists"
            }
        ))
        .primary(
            wanted.origin.clone(),
            format!("{} is wanted here", list_architectures(&wanted.arch)),
        )
        .context(
            images.origin.clone(),
            format!("the images exist for {exist}"),
        )
        .help(help)
}

/// Words architectures for a sentence.
pub(super) fn list_architectures(arch: &BTreeSet<Arch>) -> String {
    let names: Vec<&str> = arch.iter().map(|a| a.label()).collect();
    match names.as_slice() {
        [] => "no architecture".to_owned(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Returns the architectures of an image that is built on the site: those that its builder runs on.
fn built_by(scope: &PlacementScope<'_>, app: &str) -> BTreeSet<Arch> {
    let builders = scope
        .site
        .instances
        .iter()
        .filter(|i| i.app().is_some_and(|a| a.name == app));
    let nodes = builders.flat_map(|builder| {
        let supported = builder.images.as_ref().map(|i| i.arch.clone());
        let nodes = scope.site.nodes_of(builder.pool.as_deref()).map(|n| n.arch);
        nodes.filter(move |arch| supported.as_ref().is_none_or(|s| s.contains(arch)))
    });
    nodes.collect()
}

/// Returns the images that the objects name.
fn list_images(scope: &PlacementScope<'_>, objects: &[Object]) -> Vec<String> {
    let mut images: Vec<String> = Vec::new();
    for object in objects {
        for part in scope.catalogue.parts(object) {
            images.extend(part.values(object, Field::Images).filter_map(image_name));
        }
    }
    images.sort();
    images.dedup();
    images
}

fn image_name(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("name")?.as_str())?;
    Some(text.to_owned())
}

/// Words architectures that the pool of the part does not have.
fn describe_foreign_pool(
    scope: &PlacementScope<'_>,
    asked: &WantedArchitectures,
    pool: &WantedArchitectures,
) -> Diagnostic {
    let name = pool.pool.as_deref().unwrap_or_default();
    rules::NO_COMMON_ARCHITECTURE
        .report(format!(
            "`{}` asks for {} in the pool `{name}`, whose nodes are {}",
            scope.instance.name,
            list_architectures(&asked.arch),
            list_architectures(&pool.arch)
        ))
        .primary(asked.origin.clone(), "asked for here")
        .context(
            pool.origin.clone(),
            format!("the pool `{name}` is {}", list_architectures(&pool.arch)),
        )
        .help("name another pool, or leave `arch` out")
}
