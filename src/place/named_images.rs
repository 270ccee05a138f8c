//! The images that a part names, and the architectures that the fleet knows them to exist for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::Field;
use crate::images::KnownImage;
use crate::manifest::Object;
use crate::model::Arch;
use crate::rules;
use kubernetes_vocabulary::labels::ARCH;
use pointer_diagnostics::{Diagnostic, Origin, Pointer};

use super::architecture::{ImageArchitectures, WantedArchitectures, list_architectures};
use super::scope::{PlacedPart, PlacementScope};

/// An image in a part's manifest.
struct NamedImage<'a> {
    name: String,
    pointer: Pointer,
    known: Option<KnownImage<'a>>,
}

fn list_named<'s>(
    scope: &PlacementScope<'s>,
    subject: &PlacedPart<'_>,
    object: &Object,
) -> Vec<NamedImage<'s>> {
    let mut named = Vec::new();
    for pointer in subject.at.pointers(object, Field::Images) {
        let Some(value) = object.get(pointer.as_str()) else {
            continue;
        };
        let text = value.as_str().or_else(|| value.get("name")?.as_str());
        let Some(name) = text.filter(|name| !name.trim().is_empty()) else {
            continue;
        };
        named.push(NamedImage {
            known: scope.site.image_facts.find(name),
            name: name.to_owned(),
            pointer,
        });
    }
    named
}

/// Limits the architectures that an app states by the fleet's facts of the images that the part names; `None` where neither says
/// anything.
pub(super) fn limit_by_facts(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    object: &Object,
    stated: Option<ImageArchitectures>,
) -> Option<ImageArchitectures> {
    let mut limited = stated;
    for named in list_named(scope, subject, object) {
        let Some(known) = named.known else { continue };
        let of_fact: BTreeSet<Arch> = known.fact.arch.iter().copied().collect();
        let images = limited.get_or_insert_with(|| ImageArchitectures {
            arch: Arch::ALL.into(),
            names: Vec::new(),
            origin: known.origin.at("arch"),
        });
        if !images.arch.is_subset(&of_fact) {
            images.arch = images.arch.intersection(&of_fact).copied().collect();
            images.names = vec![named.name];
            images.origin = known.origin.at("arch");
        }
    }
    limited
}

/// Reports images of which nothing says for which architectures they exist: an error where the part's nodes have several.
pub(super) fn find_unknown(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    object: &Object,
    wanted: Option<&WantedArchitectures>,
) -> Option<Diagnostic> {
    let named = list_named(scope, subject, object);
    let mut unknown = named.iter().filter(|image| image.known.is_none());
    let first = unknown.next();
    if (first.is_none() && !named.is_empty()) || says_itself(subject, object) {
        return None;
    }
    let possible: BTreeSet<Arch> = match wanted {
        Some(wanted) => wanted.arch.clone(),
        None => scope.nodes.iter().map(|c| c.node.arch).collect(),
    };
    let what = match (first, unknown.count()) {
        (None, _) => format!("the images that `{}` leads to exist", subject.label(object)),
        (Some(image), 0) => format!("`{}` exists", image.name),
        (Some(image), more) => format!("`{}` and {more} more exist", image.name),
    };
    let message = format!("nothing says for which architectures {what}");
    let report = match possible.len() > 1 {
        true => rules::IMAGE_ARCHITECTURE_NEEDED.report(format!(
            "{message}, and its pods may run on {}",
            list_architectures(&possible)
        )),
        false => rules::IMAGE_ARCHITECTURE_UNKNOWN.report(message),
    };
    let help = match first {
        Some(image) => format!(
            "`skopeo inspect --raw docker://{0} | siteplan images import {0}` prints the entry for base/images.yaml; or write `images: {{arch: […], source: …}}` into app.yaml",
            image.name
        ),
        None => "write `images: {arch: […], source: …}` into app.yaml".to_owned(),
    };
    let place = first.and_then(|image| find_manifest_line(object, &image.pointer));
    let report = match place {
        Some(origin) => report.primary(origin, ""),
        None => report.primary_key(scope.app.origin(&Pointer::root()), "this app brings it"),
    };
    let label = format!("`{}` on this site", scope.instance.name);
    Some(
        report
            .context_key(scope.instance.origin.clone(), label)
            .help(help),
    )
}

fn find_manifest_line(object: &Object, pointer: &Pointer) -> Option<Origin> {
    let origin = object.origin(pointer.clone())?;
    (!origin.file.starts_with("out/")).then_some(origin)
}

/// Tells whether the manifest itself says on which architecture the part runs.
fn says_itself(subject: &PlacedPart<'_>, object: &Object) -> bool {
    let fields = [
        Field::NodeSelector,
        Field::NodeAffinity,
        Field::NodeSelectorTerms,
        Field::Architecture,
    ];
    let mut written = fields
        .iter()
        .flat_map(|field| subject.at.values(object, *field));
    let has_architecture = subject.at.value(object, Field::Architecture).is_some();
    has_architecture || written.any(|value| mentions(value, ARCH))
}

/// Tells whether a value has a text, or a key, somewhere inside.
fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| key == text || mentions(value, text)),
        _ => false,
    }
}
