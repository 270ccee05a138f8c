//! Storage roles become classes, at every place that the catalogue knows.

use serde_json::{Value, json};

use crate::catalogue::Field;
use crate::manifest::Object;
use crate::model::{AccessMode, StorageClassRef};
use crate::patch::{Editor, Operation, Reason};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Pointer};

use super::ObjectPatch;
use super::scope::{Scope, Subject};

/// A place that gets a class.
struct Claim<'a> {
    object: usize,
    /// Where the name of the class goes.
    class: Pointer,
    /// Where access modes are asked for, if this is a claim.
    modes: Option<Pointer>,
    /// The name by which the app speaks of the part, and the role that it asks for.
    part: &'a str,
    role: &'a str,
    storage: &'a StorageClassRef,
}

/// Writes the classes of all parts that ask for a role; one patch an object.
pub(super) fn write(
    scope: &Scope<'_>,
    subjects: &[Subject<'_>],
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Vec<ObjectPatch> {
    let claims: Vec<Claim<'_>> = subjects
        .iter()
        .flat_map(|s| claims(scope, s, objects, found))
        .collect();
    for claim in &claims {
        check_modes(scope, claim, &objects[claim.object], found);
    }
    let mut patches = Vec::new();
    for (index, object) in objects.iter_mut().enumerate() {
        let own: Vec<&Claim<'_>> = claims.iter().filter(|c| c.object == index).collect();
        let operations = set(scope, &own, object);
        if !operations.is_empty() {
            patches.push(ObjectPatch {
                purpose: "storage",
                target: object.id(),
                operations,
            });
        }
    }
    patches
}

fn set(scope: &Scope<'_>, claims: &[&Claim<'_>], object: &mut Object) -> Vec<Operation> {
    let mut editor = Editor::new(object.value_mut());
    for claim in claims {
        let reason = Reason {
            rule: "storage role",
            origins: vec![
                scope.of_part(claim.part, "storage"),
                of_role(scope, claim.role, "class"),
            ],
        };
        // The place was found in the object, so it can be followed.
        let _ = editor.set(&claim.class, json!(claim.storage.class), &reason);
    }
    editor.finish()
}

/// The places that a part's role goes to: its own claims, and the claims of this instance that its pods mount.
fn claims<'a>(
    scope: &Scope<'a>,
    subject: &Subject<'a>,
    objects: &[Object],
    found: &mut Diagnostics,
) -> Vec<Claim<'a>> {
    let Some((part, role)) = subject
        .spec
        .and_then(|(name, s)| Some((name, s.storage.as_deref()?)))
    else {
        return Vec::new();
    };
    // A role that the site does not have is reported when the site is planned.
    let Some(storage) = scope.instance.storage.get(role) else {
        return Vec::new();
    };
    let object = &objects[subject.object];
    let own = own_places(subject, object)
        .into_iter()
        .map(|(class, modes)| (subject.object, class, modes));
    let mounted = mounted(subject, objects);
    let of_mounted = mounted
        .iter()
        .flat_map(|index| places_of_claim(scope, *index, &objects[*index]));
    let places: Vec<_> = own.chain(of_mounted).collect();
    if places.is_empty() && mounted.is_empty() {
        found.push(
            rules::NO_VOLUME_CLAIM
                .report(format!(
                    "`{}` asks for the storage role `{role}`, but has no volume claim",
                    subject.label(object)
                ))
                .primary(scope.of_part(part, "storage"), "")
                .help(format!(
                    "write a claim in `{}`, or leave `storage` out",
                    scope.app.directory
                )),
        );
    }
    places
        .into_iter()
        .map(|(object, class, modes)| Claim {
            object,
            class,
            modes,
            part,
            role,
            storage,
        })
        .collect()
}

/// Claims that are written in the object, and fields of their own for a class where the map around them is there.
fn own_places(subject: &Subject<'_>, object: &Object) -> Vec<(Pointer, Option<Pointer>)> {
    let is_map = |p: &Pointer| object.get(p.as_str()).is_some_and(Value::is_object);
    let claims = subject
        .part
        .pointers(object, Field::Claims)
        .into_iter()
        .filter(is_map);
    let classes = subject
        .part
        .pointers(object, Field::StorageClass)
        .into_iter();
    let classes = classes.filter(|p| p.parent().is_some_and(|parent| is_map(&parent)));
    claims
        .map(|c| (c.at("storageClassName"), Some(c.at("accessModes"))))
        .chain(classes.map(|c| (c, None)))
        .collect()
}

/// The claims of this instance that the part's pods mount.
fn mounted(subject: &Subject<'_>, objects: &[Object]) -> Vec<usize> {
    let object = &objects[subject.object];
    let volumes = subject
        .part
        .values(object, Field::Volumes)
        .filter_map(Value::as_array)
        .flatten();
    let names: Vec<&str> = volumes.filter_map(claim_name).collect();
    let is_mounted = |other: &Object| {
        let is_claim = matches!(other.kind(), "PersistentVolumeClaim" | "DataVolume");
        is_claim && names.contains(&other.name()) && other.namespace() == object.namespace()
    };
    objects
        .iter()
        .enumerate()
        .filter(|(_, other)| is_mounted(other))
        .map(|(index, _)| index)
        .collect()
}

/// Where a claim of its own gets its class; nowhere if the app says its role under the claim's own name.
fn places_of_claim(
    scope: &Scope<'_>,
    index: usize,
    claim: &Object,
) -> Vec<(usize, Pointer, Option<Pointer>)> {
    if scope
        .app
        .spec
        .parts
        .get(claim.name())
        .is_some_and(|p| p.storage.is_some())
    {
        return Vec::new();
    }
    let parts = scope.catalogue.parts(claim);
    let claims = parts
        .iter()
        .flat_map(|part| part.pointers(claim, Field::Claims));
    let claims = claims.filter(|p| claim.get(p.as_str()).is_some_and(Value::is_object));
    claims
        .map(|c| (index, c.at("storageClassName"), Some(c.at("accessModes"))))
        .collect()
}

/// The claim that a volume is, for pods and for virtual machines.
fn claim_name(volume: &Value) -> Option<&str> {
    let claim = volume
        .get("persistentVolumeClaim")
        .and_then(|c| c.get("claimName"));
    claim
        .or_else(|| volume.get("dataVolume")?.get("name"))?
        .as_str()
}

fn check_modes(scope: &Scope<'_>, claim: &Claim<'_>, object: &Object, found: &mut Diagnostics) {
    if claim.storage.modes.is_empty() {
        return;
    }
    let modes = claim
        .modes
        .as_ref()
        .and_then(|p| object.get(p.as_str()))
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let offered: Vec<&str> = claim.storage.modes.iter().map(|m| mode_name(*m)).collect();
    for mode in modes
        .filter_map(Value::as_str)
        .filter(|mode| !offered.contains(mode))
    {
        found.push(not_offered(scope, claim, object, (mode, &offered)));
    }
}

fn not_offered(
    scope: &Scope<'_>,
    claim: &Claim<'_>,
    object: &Object,
    (mode, offered): (&str, &[&str]),
) -> Diagnostic {
    let other = scope
        .site
        .storage
        .iter()
        .find(|(_, s)| s.modes.iter().any(|m| mode_name(*m) == mode));
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
            of_role(scope, claim.role, "modes"),
            format!("offers {}", offered.join(", ")),
        )
        .context(
            scope.of_part(claim.part, "storage"),
            format!("`{}` is asked for here", claim.role),
        )
        .help(help)
}

/// The place of a field of the site's role that the app's role is mapped to.
fn of_role(scope: &Scope<'_>, role: &str, field: &str) -> pointer_diagnostics::Origin {
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

fn mode_name(mode: AccessMode) -> &'static str {
    match mode {
        AccessMode::ReadWriteOnce => "ReadWriteOnce",
        AccessMode::ReadWriteMany => "ReadWriteMany",
        AccessMode::ReadOnlyMany => "ReadOnlyMany",
        AccessMode::ReadWriteOncePod => "ReadWriteOncePod",
    }
}
