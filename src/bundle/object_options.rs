//! Sync options that single objects need in their own annotation.

use crate::argocd::{HOOK, SKIP_DRY_RUN, SYNC_OPTIONS};
use crate::catalogue::Catalogue;
use crate::manifest::{Object, ObjectId};
use crate::model::OnRemove;
use crate::plan::{Instance, SitePlan};

use super::dry_run;

/// The options by which Argo CD asks before it deletes an object. Argo CD 2.14 and newer.
const CONFIRM: [&str; 2] = ["Prune=confirm", CONFIRM_DELETION];
/// The option by which Argo CD asks before it deletes an Application that deployed the object. One object that has it holds up all.
pub(super) const CONFIRM_DELETION: &str = "Delete=confirm";

/// An annotation that an object needs in its overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededAnnotation {
    /// The object.
    pub object: ObjectId,
    /// The annotation.
    pub key: &'static str,
    /// Its whole value; what the object has already is in it.
    pub value: String,
}

/// Returns the annotations that an instance's objects need beside what its Application says.
///
/// Objects whose deletion loses something are deleted only after somebody confirmed, unless their base says otherwise. So is all of an
/// instance whose app says `onRemove: confirm`: one object asks for it. Before Argo CD 3.1 custom resources whose definition may be
/// missing also say that their dry run is skipped.
pub fn needed_annotations(
    site: &SitePlan,
    instance: &Instance,
    catalogue: &Catalogue,
    objects: &[Object],
) -> Vec<NeededAnnotation> {
    let asking = (on_remove(instance) == OnRemove::Confirm)
        .then(|| find_asking_object(objects))
        .flatten();
    let needy = if dry_run::for_whole_app(&site.fleet.spec.argocd) {
        Vec::new()
    } else {
        dry_run::without_definition(site, objects)
    };
    let mut needed = Vec::new();
    for object in objects {
        let mut options = written_options(object);
        let before = options.len();
        if catalogue.deletion_loss(object).is_some() {
            add_options(&mut options, &CONFIRM);
        }
        if asking == Some(object.id()) {
            add_options(&mut options, &[CONFIRM_DELETION]);
        }
        let skips = needy.iter().any(|other| other.id() == object.id());
        if skips && !dry_run::skips_dry_run(object) {
            options.push(SKIP_DRY_RUN.to_owned());
        }
        if options.len() > before {
            needed.push(NeededAnnotation {
                object: object.id(),
                key: SYNC_OPTIONS,
                value: options.join(","),
            });
        }
    }
    needed
}

/// Namespaces and nodes outlive whoever wrote them down.
pub(super) fn on_remove(instance: &Instance) -> OnRemove {
    instance
        .app()
        .map_or(OnRemove::Keep, |app| app.spec.on_remove)
}

fn written_options(object: &Object) -> Vec<String> {
    let written = object.annotation(SYNC_OPTIONS).unwrap_or_default();
    let options = written.split(',').filter(|option| !option.is_empty());
    options.map(str::to_owned).collect()
}

/// Returns the object that asks before an instance is deleted: the first that Argo CD deletes with its Application, which are not
/// hooks, CustomResourceDefinitions and what its base keeps.
fn find_asking_object(objects: &[Object]) -> Option<ObjectId> {
    let goes_along = |object: &&Object| {
        let options = written_options(object);
        let says_otherwise = options.iter().any(|own| option_name(own) == "Delete");
        object.annotation(HOOK).is_none()
            && object.kind() != "CustomResourceDefinition"
            && !says_otherwise
    };
    objects.iter().filter(goes_along).map(Object::id).min()
}

fn option_name(option: &str) -> &str {
    option.trim().split('=').next().unwrap_or_default()
}

/// Adds the options whose name is not written with another value.
fn add_options(options: &mut Vec<String>, wanted: &[&str]) {
    for option in wanted {
        let is_written = |own: &String| option_name(own) == option_name(option);
        if !options.iter().any(is_written) {
            options.push((*option).to_owned());
        }
    }
}

/// Tells whether Argo CD waits for somebody before it deletes what an Application with the objects deployed.
pub(super) fn asks_before_deletion(objects: &[Object]) -> bool {
    objects.iter().any(|object| {
        let options = written_options(object);
        options
            .iter()
            .any(|option| option.trim() == CONFIRM_DELETION)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirmed(written: &[&str]) -> Vec<String> {
        let mut options = written.iter().map(|option| (*option).to_owned()).collect();
        add_options(&mut options, &CONFIRM);
        options
    }

    #[test]
    fn deletion_is_confirmed_unless_the_base_says_otherwise() {
        assert_eq!(confirmed(&[]), CONFIRM);
        assert_eq!(
            confirmed(&["Prune=false", "ServerSideApply=true"]),
            ["Prune=false", "ServerSideApply=true", "Delete=confirm"]
        );
    }
}
