//! `removals/*.yaml`, and `removals:` of the fleet: what may disappear from the output.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Permission for a site, an instance or an object to disappear from the output, or for a volume to shrink.
///
/// It names as little as the change needs: an instance without a site may disappear from every site.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Removal {
    /// The site; absent: every site.
    pub site: Option<String>,
    /// A profile: every site that has it.
    pub profile: Option<String>,
    /// The instance; absent: the whole site or, with `object`, every instance.
    pub instance: Option<String>,
    /// The object, as `Kind/name`; `*` at the end stands for anything. Absent: the instance with all of its objects.
    pub object: Option<String>,
    /// The reason for the removal.
    pub reason: String,
}

/// A site, as far as removals ask.
#[derive(Debug, Clone, Copy)]
pub struct SiteToApprove<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its profiles; none where the site is gone.
    pub profiles: &'a [String],
}

impl Removal {
    /// Tells whether it is about a site at all.
    pub fn is_about_site(&self, site: SiteToApprove<'_>) -> bool {
        let has_profile = |profile: &String| site.profiles.contains(profile);
        self.site.as_ref().is_none_or(|name| name == site.name)
            && self.profile.as_ref().is_none_or(has_profile)
    }

    /// Tells whether it names a site, an instance or an object: without any it would permit everything.
    pub fn names_something(&self) -> bool {
        self.site.is_some() || self.instance.is_some() || self.object.is_some()
    }

    /// Tells whether the whole site may disappear.
    pub fn approves_site(&self, site: &str) -> bool {
        self.instance.is_none()
            && self.object.is_none()
            && self.profile.is_none()
            && self.site.as_deref() == Some(site)
    }

    /// Tells whether an instance may disappear with all of its objects.
    pub fn approves_instance(&self, site: SiteToApprove<'_>, instance: &str) -> bool {
        self.object.is_none()
            && self.instance.as_deref() == Some(instance)
            && self.is_about_site(site)
    }

    /// Tells whether an object of an instance, `Kind/name`, may disappear or shrink.
    pub fn approves_object(&self, site: SiteToApprove<'_>, instance: &str, object: &str) -> bool {
        let is_named =
            self.object
                .as_ref()
                .is_some_and(|pattern| match pattern.strip_suffix('*') {
                    Some(start) => object.starts_with(start),
                    None => pattern == object,
                });
        is_named && self.is_about_instance(instance) && self.is_about_site(site)
    }

    /// Tells whether it is about an instance, or about every one.
    pub fn is_about_instance(&self, instance: &str) -> bool {
        self.instance.as_ref().is_none_or(|name| name == instance)
    }
}
