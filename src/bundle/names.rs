//! Names of Applications and projects, which must be different in everything that one Argo CD syncs.

use crate::ledger::Digest;
use crate::plan::SitePlan;
use pointer_diagnostics::{Origin, Pointer};

/// The longest name that can be the value of a label, as label tracking of Argo CD needs it.
pub(crate) const MAX_NAME: usize = 63;

/// The name of the Application of an instance.
pub fn application_name(site: &str, instance: &str) -> String {
    shortened(format!("{site}-{instance}"))
}

/// The name of the site's root Application, and of the project of its other Applications.
pub(crate) fn site_name(site: &str) -> String {
    shortened(site.to_owned())
}

/// The name of the project of the site's root.
pub(crate) fn root_project(site: &str) -> String {
    shortened(format!("{site}-root"))
}

/// Kinds of objects with names in Argo CD's namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// An Application.
    Application,
    /// An AppProject.
    AppProject,
}

impl NameKind {
    /// The kind, as Kubernetes writes it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Application => "Application",
            Self::AppProject => "AppProject",
        }
    }
}

/// A name, and what it is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Kind of the object.
    pub kind: NameKind,
    /// The name.
    pub name: String,
    /// Purpose of the object, in words: `the root of site a`.
    pub owner: String,
    /// Place of the input that asks for the object.
    pub origin: Origin,
}

/// All names that a site takes in its Argo CD's namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteNames {
    /// The site.
    pub site: String,
    /// Its names.
    pub names: Vec<Name>,
}

/// All names that a site takes in its Argo CD's namespace.
pub fn names(site: &SitePlan) -> SiteNames {
    let own = Origin::new(site.site.file(), Pointer::parse("/metadata/name"));
    let of_site = |kind, name, what: &str| Name {
        kind,
        name,
        owner: format!("{what} of site `{}`", site.name),
        origin: own.clone(),
    };
    let mut names = vec![
        of_site(NameKind::Application, site_name(&site.name), "the root"),
        of_site(NameKind::AppProject, site_name(&site.name), "the project"),
        of_site(
            NameKind::AppProject,
            root_project(&site.name),
            "the root's project",
        ),
    ];
    names.extend(site.instances.iter().map(|instance| Name {
        kind: NameKind::Application,
        name: application_name(&site.name, &instance.name),
        owner: format!("`{}` of site `{}`", instance.name, site.name),
        origin: instance.origin.clone(),
    }));
    SiteNames {
        site: site.name.clone(),
        names,
    }
}

/// A name as it is, or, where it is too long for a label, its beginning and eight hexadecimal digits of its SHA-256.
fn shortened(name: String) -> String {
    if name.len() <= MAX_NAME {
        return name;
    }
    let hash: String = Digest::of(name.as_bytes())
        .to_string()
        .chars()
        .take(8)
        .collect();
    let mut end = MAX_NAME - hash.len() - 1;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{hash}", name[..end].trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_stay() {
        assert_eq!(application_name("acp-plant", "odf"), "acp-plant-odf");
        let exact = application_name(&"s".repeat(31), &"i".repeat(31));
        assert_eq!(exact.len(), 63);
        assert!(exact.ends_with("ii"));
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let (site, long) = ("s".repeat(40), "i".repeat(40));
        let (a, b) = (
            application_name(&site, &long),
            application_name(&site, &format!("{long}b")),
        );
        assert_eq!((a.len(), b.len()), (63, 63));
        assert_ne!(a, b);
        assert_eq!(a[..54], b[..54]);
        assert!(a[55..].bytes().all(|c| c.is_ascii_hexdigit()));
    }

    #[test]
    fn a_cut_never_leaves_two_dashes() {
        let name = application_name(&"s".repeat(53), "instance-of-something");
        assert!(!name.contains("--"), "{name}");
    }
}
