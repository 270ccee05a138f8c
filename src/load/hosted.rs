//! Sites whose control planes run on other sites.

use std::collections::BTreeMap;

use pointer_diagnostics::Diagnostics;

use super::{Repository, Site};

/// The key that says it.
const HOSTED_ON: &str = "hostedOn";

impl Repository {
    /// Returns the sites whose control planes a site hosts, sorted by name. One with errors of its own is left out: it tells them itself.
    pub fn hosted_sites(&self, host: &str) -> Vec<Site> {
        let index = self.hosted.get_or_init(|| self.index_hosted_sites());
        let names = index.get(host).into_iter().flatten();
        names
            .filter_map(|name| self.load_site(name, &mut Diagnostics::new()))
            .collect()
    }

    /// Reads the sites that may be hosted ones: those that say so, and all of them where a profile does.
    fn index_hosted_sites(&self) -> BTreeMap<String, Vec<String>> {
        let pointer = format!("/spec/cluster/{HOSTED_ON}");
        let mut profiles = self.profiles.values();
        let is_by_profile = profiles.any(|profile| profile.value.pointer(&pointer).is_some());
        let mut index: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, path) in &self.sites {
            let text = self.files.read(path, &mut Diagnostics::new());
            if !is_by_profile && !text.is_some_and(|text| text.contains(HOSTED_ON)) {
                continue;
            }
            let host = self
                .load_site(name, &mut Diagnostics::new())
                .and_then(|site| site.spec.cluster.hosted_on);
            if let Some(host) = host {
                index.entry(host).or_default().push(name.clone());
            }
        }
        index
    }
}
