//! The sites that a run is about.

use std::fmt;

use crate::load::Repository;
use crate::nearest::nearest;

/// The sites that a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteSelection {
    /// Every site of the fleet: what `out/` holds of any other site goes.
    All(Vec<String>),
    /// Some sites, sorted by name: nothing of another site is looked at.
    Named(Vec<String>),
}

/// A site that was asked for and that the fleet does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSite {
    name: String,
    nearest: Option<String>,
    /// The directory of site files, as it is shown to people.
    directory: String,
}

impl SiteSelection {
    /// Selects the named sites, or all where none is named.
    ///
    /// # Errors
    ///
    /// When the fleet has no site of a name.
    pub fn resolve(repository: &Repository, wanted: &[String]) -> Result<Self, UnknownSite> {
        let known = &repository.sites;
        if let Some(name) = wanted.iter().find(|name| !known.contains_key(*name)) {
            return Err(UnknownSite {
                name: name.clone(),
                nearest: nearest(name, known.keys().map(String::as_str)).map(str::to_owned),
                directory: repository.files.root().join("sites").display().to_string(),
            });
        }
        if wanted.is_empty() {
            return Ok(Self::All(known.keys().cloned().collect()));
        }
        let named = known.keys().filter(|name| wanted.contains(name));
        Ok(Self::Named(named.cloned().collect()))
    }

    /// Returns the names of the sites, sorted, each once.
    pub fn names(&self) -> &[String] {
        match self {
            Self::All(names) | Self::Named(names) => names,
        }
    }
}

impl fmt::Display for UnknownSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            nearest,
            directory,
        } = self;
        match nearest {
            Some(near) => write!(f, "there is no site `{name}`: did you mean `{near}`?"),
            None => write!(f, "there is no site `{name}` below `{directory}`"),
        }
    }
}

impl std::error::Error for UnknownSite {}
