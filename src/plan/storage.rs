//! Checks the storage roles of a site.

use crate::load::Site;
use crate::nearest::nearest;
use crate::rules;
use pointer_diagnostics::{Diagnostics, Pointer};

/// Reports classes from instances that are not there, and a second default.
pub(super) fn check_storage(site: &Site, found: &mut Diagnostics) {
    let roles = Pointer::parse("/storage");
    for (role, class) in &site.spec.storage {
        let Some(from) = &class.from else { continue };
        let instance = site.spec.apps.get(from);
        if instance.is_some_and(|i| i.enabled) {
            continue;
        }
        let help = match nearest(from, site.spec.apps.keys().map(String::as_str)) {
            Some(near) if instance.is_none() => format!("did you mean `{near}`?"),
            _ => "name the instance that provides the class; leave `from` out where the cluster has it already"
                .to_owned(),
        };
        let what = if instance.is_some() {
            "is not enabled"
        } else {
            "does not exist"
        };
        found.push(
            rules::UNKNOWN_INSTANCE
                .report(format!(
                    "the storage role `{role}` comes from `{from}`, which {what} on this site"
                ))
                .primary(site.origin(&roles.at(role).at("from")), "")
                .help(help),
        );
    }
    let mut defaults = site.spec.storage.iter().filter(|(_, c)| c.default);
    if let (Some((first, _)), Some((second, _))) = (defaults.next(), defaults.next()) {
        found.push(
            rules::TWO_DEFAULT_CLASSES
                .report(format!(
                    "the storage roles `{first}` and `{second}` are both the default"
                ))
                .primary(site.origin(&roles.at(second).at("default")), "")
                .context(site.origin(&roles.at(first).at("default")), "the other one")
                .help("a cluster has one default class: take one of them out"),
        );
    }
}
