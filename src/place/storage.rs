//! Storage roles become classes, at every place that the catalogue knows.

use serde_json::{Value, json};

use crate::catalogue::Field;
use crate::manifest::Object;
use crate::model::StorageClassRef;
use crate::patch::{FieldAuthor, Reason};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

use super::edit::{FieldEdit, PlacementChange};
use super::scope::{PlacedPart, PlacementScope};

/// The fields of a class in an object.
struct ClaimPlace {
    /// The object's position.
    object: usize,
    /// The field of the class's name.
    class: Pointer,
    /// The field of the access modes, if this is a claim.
    modes: Option<Pointer>,
}

/// A place that gets a class.
struct StorageClaim<'a> {
    place: ClaimPlace,
    /// The name by which the app speaks of the part, and the role that it asks for.
    part: &'a str,
    role: &'a str,
    storage: &'a StorageClassRef,
}

/// Finds the classes to write, for each object: those of all parts that ask for a role.
pub(super) fn find_storage(
    scope: &PlacementScope<'_>,
    parts: &[PlacedPart<'_>],
    objects: &[Object],
    found: &mut Diagnostics,
) -> Vec<Vec<FieldEdit>> {
    let mut claims = Vec::new();
    for part in parts {
        claims.extend(find_claims(scope, part, objects, found));
    }
    let mut edits: Vec<Vec<FieldEdit>> = vec![Vec::new(); objects.len()];
    for claim in &claims {
        check_modes(scope, claim, &objects[claim.place.object], found);
        edits[claim.place.object].push(to_edit(scope, claim));
    }
    edits
}

fn to_edit(scope: &PlacementScope<'_>, claim: &StorageClaim<'_>) -> FieldEdit {
    FieldEdit {
        change: PlacementChange::Set {
            field: claim.place.class.clone(),
            value: json!(claim.storage.class),
        },
        reason: Reason {
            author: FieldAuthor::StorageRole,
            origins: vec![
                scope.of_part(claim.part, "storage"),
                origin_of_role(scope, claim.role, "class"),
            ],
        },
    }
}

/// Finds the places that a part's role goes to: its own claims, and the claims of this instance that its pods mount.
fn find_claims<'a>(
    scope: &PlacementScope<'a>,
    subject: &PlacedPart<'a>,
    objects: &[Object],
    found: &mut Diagnostics,
) -> Vec<StorageClaim<'a>> {
    let asked = subject
        .spec
        .and_then(|(name, spec)| Some((name, spec.storage.as_deref()?)));
    let Some((part, role)) = asked else {
        return Vec::new();
    };
    // A role that the site does not have is reported when the site is planned.
    let Some(storage) = scope.instance.storage.get(role) else {
        return Vec::new();
    };
    let object = &objects[subject.object];
    let mounted = find_mounted_claims(subject, objects);
    let mut places = find_own_places(subject, object);
    for index in &mounted {
        places.extend(find_places_of_claim(scope, *index, &objects[*index]));
    }
    if places.is_empty() && mounted.is_empty() {
        let says = format!(
            "`{}` asks for the storage role `{role}`, but has no volume claim",
            subject.label(object)
        );
        let directory = &scope.app.directory;
        found.push(
            rules::NO_VOLUME_CLAIM
                .report(says)
                .primary(scope.of_part(part, "storage"), "")
                .help(format!(
                    "write a claim in `{directory}`, or leave `storage` out"
                )),
        );
    }
    places
        .into_iter()
        .map(|place| StorageClaim {
            place,
            part,
            role,
            storage,
        })
        .collect()
}

/// Finds the claims that are written in the object, and fields of their own for a class where the map around them is there.
fn find_own_places(subject: &PlacedPart<'_>, object: &Object) -> Vec<ClaimPlace> {
    let mut places = Vec::new();
    for claim in subject.at.pointers(object, Field::Claims) {
        if is_map(object, &claim) {
            places.push(ClaimPlace::of_claim(subject.object, &claim));
        }
    }
    for class in subject.at.pointers(object, Field::StorageClass) {
        if class.parent().is_some_and(|parent| is_map(object, &parent)) {
            places.push(ClaimPlace {
                object: subject.object,
                class,
                modes: None,
            });
        }
    }
    places
}

impl ClaimPlace {
    /// Returns the fields of a claim's specification.
    fn of_claim(object: usize, claim: &Pointer) -> Self {
        Self {
            object,
            class: claim.at("storageClassName"),
            modes: Some(claim.at("accessModes")),
        }
    }
}

fn is_map(object: &Object, pointer: &Pointer) -> bool {
    object.get(pointer.as_str()).is_some_and(Value::is_object)
}

/// Finds the claims of this instance that the part's pods mount.
fn find_mounted_claims(subject: &PlacedPart<'_>, objects: &[Object]) -> Vec<usize> {
    let object = &objects[subject.object];
    let volumes = subject
        .at
        .values(object, Field::Volumes)
        .filter_map(Value::as_array)
        .flatten();
    let names: Vec<&str> = volumes.filter_map(claim_name).collect();
    let mut mounted = Vec::new();
    for (index, other) in objects.iter().enumerate() {
        let is_claim = matches!(other.kind(), "PersistentVolumeClaim" | "DataVolume");
        let is_named = names.contains(&other.name()) && other.namespace() == object.namespace();
        if is_claim && is_named {
            mounted.push(index);
        }
    }
    mounted
}

/// Finds where a claim of its own gets its class; nowhere if the app gives its role under the claim's own name.
fn find_places_of_claim(
    scope: &PlacementScope<'_>,
    index: usize,
    claim: &Object,
) -> Vec<ClaimPlace> {
    let own = scope.app.spec.parts.get(claim.name());
    if own.is_some_and(|part| part.storage.is_some()) {
        return Vec::new();
    }
    let mut places = Vec::new();
    for part in scope.catalogue.parts(claim) {
        for pointer in part.pointers(claim, Field::Claims) {
            if is_map(claim, &pointer) {
                places.push(ClaimPlace::of_claim(index, &pointer));
            }
        }
    }
    places
}

/// Returns the name of the claim that a volume is, for pods and for virtual machines.
fn claim_name(volume: &Value) -> Option<&str> {
    let claim = volume
        .get("persistentVolumeClaim")
        .and_then(|c| c.get("claimName"));
    claim
        .or_else(|| volume.get("dataVolume")?.get("name"))?
        .as_str()
}

fn check_modes(
    scope: &PlacementScope<'_>,
    claim: &StorageClaim<'_>,
    object: &Object,
    found: &mut Diagnostics,
) {
    if claim.storage.modes.is_empty() {
        return;
    }
    let modes = claim
        .place
        .modes
        .as_ref()
        .and_then(|p| object.get(p.as_str()))
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let offered: Vec<&str> = claim.storage.modes.iter().map(|m| m.name()).collect();
    for mode in modes
        .filter_map(Value::as_str)
        .filter(|mode| !offered.contains(mode))
    {
        found.push(not_offered(scope, claim, object, mode));
    }
}

fn not_offered(
    scope: &PlacementScope<'_>,
    claim: &StorageClaim<'_>,
    object: &Object,
    mode: &str,
) -> Diagnostic {
    let offered: Vec<&str> = claim.storage.modes.iter().map(|m| m.name()).collect();
    let other = scope
        .site
        .storage
        .iter()
        .find(|(_, s)| s.modes.iter().any(|m| m.name() == mode));
    let help = match other {
        Some((role, _)) => {
            format!(
                "map the role to one that offers it: `storage: {{{}: {role}}}` in the instance",
                claim.role
            )
        }
        None => format!("ask for {} in the claim", offered.join(" or ")),
    };
    rules::ACCESS_MODE_NOT_OFFERED
        .report(format!(
            "a claim of `{}` asks for {mode}, which the class `{}` does not offer",
            object.id(),
            claim.storage.class
        ))
        .primary(
            origin_of_role(scope, claim.role, "modes"),
            format!("offers {}", offered.join(", ")),
        )
        .context(
            scope.of_part(claim.part, "storage"),
            format!("`{}` is asked for here", claim.role),
        )
        .help(help)
}

/// Returns the place of a field of the site's role that the app's role is mapped to.
fn origin_of_role(scope: &PlacementScope<'_>, role: &str, field: &str) -> Origin {
    let mapped = scope
        .site
        .site
        .spec
        .apps
        .get(&scope.instance.name)
        .and_then(|a| a.storage.get(role));
    let name = mapped.map_or(role, String::as_str);
    scope
        .site
        .origin(&Pointer::parse("/storage").at(name).at(field))
}
