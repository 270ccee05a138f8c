//! Scripts for the health of kinds that the Argo CD does not know by itself: without one, an object counts as healthy as soon as it is
//! there, and the wave behind it does not wait.

use std::collections::BTreeMap;

use crate::catalogue::{Catalogue, Entry};
use crate::model::ArgoCd;

use super::BundleContext;
use super::settings::{HEALTH_KEY, HEALTH_SCRIPT};

/// Returns the settings of Argo CD that tell health, by their keys in argocd-cm: of Applications, and of the kinds of a site.
pub(super) fn site_scripts(context: &BundleContext<'_>) -> BTreeMap<String, String> {
    let argocd = &context.fleet().argocd;
    let mut settings = scripts(argocd, std::iter::empty());
    for instance in &context.site().instances {
        let own = instance.app().map_or(&[][..], |app| &app.spec.catalogue);
        let extended = if own.is_empty() {
            None
        } else {
            Catalogue::with(own).ok()
        };
        let catalogue = extended.as_ref().unwrap_or(Catalogue::built_in());
        let objects = context.objects(instance).iter();
        let entries =
            objects.filter_map(|object| catalogue.entry_of_kind(object.group(), object.kind()));
        settings.extend(scripts(argocd, entries));
    }
    settings
}

/// Returns the settings for every kind of the catalogue: what the sites of a hub use is not known where it is made.
pub(super) fn fleet_scripts(argocd: &ArgoCd) -> BTreeMap<String, String> {
    scripts(argocd, Catalogue::built_in().entries())
}

fn scripts<'a>(
    argocd: &ArgoCd,
    entries: impl Iterator<Item = &'a Entry>,
) -> BTreeMap<String, String> {
    let of_entry = |entry: &Entry| {
        let health = entry.health.as_ref()?;
        if health.is_known_to(argocd.version()) {
            return None;
        }
        let key = format!(
            "resource.customizations.health.{}_{}",
            entry.group, entry.kind
        );
        Some((key, health.script()?))
    };
    let mut scripts: BTreeMap<String, String> = entries.filter_map(of_entry).collect();
    scripts.insert(HEALTH_KEY.to_owned(), HEALTH_SCRIPT.to_owned());
    scripts
}
