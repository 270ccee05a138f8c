//! The removals that the fleet file and the files in `removals/` approve.

use super::document::document;
use super::{FLEET_FILE, FleetFiles, is_yaml, stem};
use crate::model::{FleetSpec, Removal};
use crate::rules;
use crate::schema::InputKind;
use pointer_diagnostics::{Diagnostics, Origin};

/// The directory of removals, one a file.
pub const REMOVALS: &str = "removals";

/// A removal, and the place where it is approved.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovedRemoval {
    /// The removal.
    pub removal: Removal,
    /// The place.
    pub origin: Origin,
}

/// Reads the removals of the fleet file and of every file in `removals/`.
pub(super) fn load_removals(
    files: &FleetFiles,
    fleet: &FleetSpec,
    found: &mut Diagnostics,
) -> Vec<ApprovedRemoval> {
    let list = Origin::file(FLEET_FILE).at("spec").at("removals");
    let mut approved = Vec::new();
    for (index, removal) in fleet.removals.iter().enumerate() {
        approved.push(ApprovedRemoval {
            removal: removal.clone(),
            origin: list.at(index),
        });
    }
    for path in files.list(REMOVALS, found) {
        if !is_yaml(&path) {
            continue;
        }
        let Some(document) = document(files, &path, InputKind::Removal, found) else {
            continue;
        };
        document.expect_name(stem(&path), "file", found);
        if let Some(removal) = document.spec(found) {
            let origin = Origin::file(&path).at("spec");
            approved.push(ApprovedRemoval { removal, origin });
        }
    }
    for one in &approved {
        if !one.removal.names_something() {
            let report = rules::MISSING_KEY
                .report("a removal names neither a site, an instance nor an object");
            found.push(
                report
                    .primary(one.origin.clone(), "would permit everything")
                    .help("write `site`, `instance` or `object`, as little as may go"),
            );
        }
    }
    approved
}
