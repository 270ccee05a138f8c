//! Sync options that single objects need in their own annotation.

use crate::argocd::{SKIP_DRY_RUN, SYNC_OPTIONS};
use crate::catalogue::Catalogue;
use crate::manifest::{Object, ObjectId};
use crate::plan::SitePlan;

use super::dry_run;

/// The options by which Argo CD asks before it deletes an object. Argo CD 2.14 and newer.
const CONFIRM: [&str; 2] = ["Prune=confirm", "Delete=confirm"];

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
/// Objects whose deletion loses something are deleted only after somebody confirmed, unless their base says otherwise. Before Argo CD
/// 3.1 custom resources whose definition may be missing also say that their dry run is skipped.
pub fn needed_annotations(
    site: &SitePlan,
    catalogue: &Catalogue,
    objects: &[Object],
) -> Vec<NeededAnnotation> {
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
            add_confirmation(&mut options);
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

fn written_options(object: &Object) -> Vec<String> {
    let written = object.annotation(SYNC_OPTIONS).unwrap_or_default();
    let options = written.split(',').filter(|option| !option.is_empty());
    options.map(str::to_owned).collect()
}

/// Adds the options whose name is not written with another value.
fn add_confirmation(options: &mut Vec<String>) {
    for option in CONFIRM {
        let name = option.split('=').next().unwrap_or_default();
        let is_written = |own: &String| own.trim().split('=').next() == Some(name);
        if !options.iter().any(is_written) {
            options.push(option.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirmed(written: &[&str]) -> Vec<String> {
        let mut options = written.iter().map(|option| (*option).to_owned()).collect();
        add_confirmation(&mut options);
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
