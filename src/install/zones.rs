//! Regions, zones and system types of Power Virtual Server, as data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use manifest_yaml::{ReadLimits, read_documents};
use serde::Deserialize as _;

/// System types by zone, by region.
type Regions = BTreeMap<String, BTreeMap<String, Vec<String>>>;

static REGIONS: LazyLock<Regions> = LazyLock::new(|| {
    let documents = read_documents(include_str!("zones.yaml"), &ReadLimits::MANIFEST)
        .expect("zones.yaml is part of the program, and a test reads it");
    let value = documents
        .first()
        .and_then(|document| document.to_value().ok());
    let value = value.expect("zones.yaml is part of the program, and a test reads it");
    Regions::deserialize(value).expect("zones.yaml is part of the program, and a test reads it")
});

/// Returns all regions, sorted.
pub(super) fn list_regions() -> Vec<&'static str> {
    REGIONS.keys().map(String::as_str).collect()
}

/// Returns the zones of a region, sorted. `None` where there is no such region.
pub(super) fn list_zones(region: &str) -> Option<Vec<&'static str>> {
    let zones = REGIONS.get(region)?;
    Some(zones.keys().map(String::as_str).collect())
}

/// Returns the system types of a zone. `None` where there is no such zone.
pub(super) fn list_system_types(region: &str, zone: &str) -> Option<Vec<&'static str>> {
    let types = REGIONS.get(region)?.get(zone)?;
    Some(types.iter().map(String::as_str).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_zones_and_every_zone_system_types() {
        assert!(list_regions().len() > 10);
        for region in list_regions() {
            for zone in list_zones(region).unwrap() {
                assert!(
                    !list_system_types(region, zone).unwrap().is_empty(),
                    "{zone}"
                );
            }
        }
    }
}
