//! Parts of an input that are alike, such as the sites of a fleet: the same mistake is found for many of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{Diagnostic, FieldPart, Pointer};

/// A part of the input for which a diagnostic was found, one of many that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagnosticScope {
    /// The noun of such a part, in the singular: `site`.
    pub noun: &'static str,
    /// Its name.
    pub name: Arc<str>,
    /// The file that describes it.
    pub file: Arc<str>,
}

impl Diagnostic {
    /// Says for which scopes it was found, where its places do not: ``found for the site `a` and 299 more sites``.
    pub fn describe_scopes(&self) -> Option<String> {
        let DiagnosticScope { noun, name, file } = self.scope.as_ref()?;
        let is_told = self.labels.iter().any(|label| label.origin.file == *file);
        match self.more_scopes {
            0 if is_told => None,
            0 => Some(format!("found for the {noun} `{name}`")),
            1 => Some(format!("found for the {noun} `{name}` and 1 more {noun}")),
            n => Some(format!(
                "found for the {noun} `{name}` and {n} more {noun}s"
            )),
        }
    }

    /// Checks that the other one says the same of another scope: at the same place, in the same words, but for names and numbers.
    pub(crate) fn is_found_again_by(&self, other: &Self) -> bool {
        let place = |one: &Self| {
            let label = one.labels.first()?;
            Some((label.origin.clone(), label.part))
        };
        let is_alike = self.message == other.message
            || place(self).is_some() && list_words(&self.message).eq(list_words(&other.message));
        self.code == other.code
            && self.severity == other.severity
            && place(self) == place(other)
            && is_alike
    }
}

/// A diagnostic with the scopes for which it was found.
pub(crate) struct ScopedDiagnostic {
    pub(crate) diagnostic: Diagnostic,
    pub(crate) repetitions: usize,
    scopes: BTreeSet<Arc<str>>,
}

impl ScopedDiagnostic {
    /// Wraps a diagnostic that was found for its own scope alone.
    pub(crate) fn new(diagnostic: Diagnostic) -> Self {
        let scopes = diagnostic.scope.iter().map(|scope| scope.name.clone());
        Self {
            scopes: scopes.collect(),
            diagnostic,
            repetitions: 0,
        }
    }

    /// Checks that it was found for a scope already, or that there is none to speak of.
    pub(crate) fn knows_scope(&self, scope: Option<&DiagnosticScope>) -> bool {
        scope.is_none_or(|scope| self.scopes.contains(&scope.name))
    }

    /// Checks that both were found for scopes, and for none of them both.
    pub(crate) fn has_other_scopes(&self, other: &Self) -> bool {
        !self.scopes.is_empty()
            && !other.scopes.is_empty()
            && self.scopes.is_disjoint(&other.scopes)
    }

    /// Takes the scopes of one that says the same.
    pub(crate) fn absorb_scopes(&mut self, other: Self) {
        self.scopes.extend(other.scopes);
        self.diagnostic.more_scopes = self.scopes.len().saturating_sub(1);
    }

    /// Counts one more scope.
    pub(crate) fn add_scope(&mut self, scope: Option<&DiagnosticScope>) {
        self.scopes.extend(scope.map(|scope| scope.name.clone()));
        self.diagnostic.more_scopes = self.scopes.len().saturating_sub(1);
    }
}

/// The number of scopes from which on the same mistake in the files of all of them is told once.
const MANY_SCOPES: usize = 4;

/// Merges what is said word for word of the same field in the files of many scopes: they were made from one another.
pub(crate) fn merge_copies(found: Vec<ScopedDiagnostic>) -> Vec<ScopedDiagnostic> {
    let mut copies: BTreeMap<CopiedMistake, usize> = BTreeMap::new();
    for one in &found {
        if let Some(mistake) = CopiedMistake::of(&one.diagnostic) {
            *copies.entry(mistake).or_default() += 1;
        }
    }
    copies.retain(|_, count| *count >= MANY_SCOPES);
    let mut kept: Vec<ScopedDiagnostic> = Vec::with_capacity(found.len());
    let mut first: BTreeMap<CopiedMistake, usize> = BTreeMap::new();
    for one in found {
        let mistake = CopiedMistake::of(&one.diagnostic).filter(|m| copies.contains_key(m));
        let Some(mistake) = mistake else {
            kept.push(one);
            continue;
        };
        let known = first.get(&mistake).and_then(|index| kept.get_mut(*index));
        if let Some(copied) = known {
            copied.absorb_scopes(one);
        } else {
            first.insert(mistake, kept.len());
            kept.push(one);
        }
    }
    kept
}

/// A mistake in the file of a scope, without the name of the scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct CopiedMistake {
    code: &'static str,
    message: String,
    pointer: Pointer,
    help: Option<String>,
}

impl CopiedMistake {
    /// Takes what a diagnostic says of a field in its scope's own file; `None` where it points elsewhere.
    fn of(diagnostic: &Diagnostic) -> Option<Self> {
        let scope = diagnostic.scope.as_ref()?;
        let label = diagnostic.labels.first()?;
        let is_own = label.origin.file == scope.file;
        let is_field = !matches!(label.part, FieldPart::Bytes { .. });
        (is_own && is_field).then(|| Self {
            code: diagnostic.code,
            message: diagnostic.message.clone(),
            pointer: label.origin.pointer.clone(),
            help: diagnostic.help.as_ref().map(|help| help.text.clone()),
        })
    }
}

/// Returns the words of a message without what stands in backticks and without numbers.
fn list_words(message: &str) -> impl Iterator<Item = &str> {
    let outside = message.split('`').step_by(2);
    outside.flat_map(|text| {
        text.split(|c: char| !c.is_alphabetic())
            .filter(|word| !word.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::DiagnosticScope;
    use crate::{Diagnostic, Diagnostics, Origin, Rule, Severity};

    const RULE: Rule = Rule {
        code: "a-rule",
        severity: Severity::Error,
        summary: "",
        explain: "",
    };

    /// Reports on a number of sites, each with what `report` makes of its number.
    fn find_on_sites(sites: usize, report: impl Fn(usize) -> Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut found = Diagnostics::new();
        for site in 0..sites {
            let name = format!("p{site:03}");
            let mut own: Diagnostics = report(site).into_iter().collect();
            own.set_scope(&DiagnosticScope {
                noun: "site",
                file: Arc::from(format!("sites/{name}.yaml")),
                name: Arc::from(name),
            });
            found.append(own);
        }
        found.sort(|_| 0);
        found.into_iter().collect()
    }

    fn in_profile(message: String) -> Diagnostic {
        RULE.report(message)
            .primary(Origin::file("profile.yaml"), "here")
    }

    #[test]
    fn one_mistake_in_a_profile_of_three_hundred_sites_is_one_message() {
        let found = find_on_sites(300, |_| vec![in_profile("there is no pool `mian`".into())]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].describe_scopes().as_deref(),
            Some("found for the site `p000` and 299 more sites")
        );
    }

    #[test]
    fn names_and_numbers_of_sites_make_no_other_mistake() {
        let found = find_on_sites(3, |site| {
            vec![in_profile(format!(
                "node `p{site}-0` has {site} CPUs too few"
            ))]
        });
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "node `p0-0` has 0 CPUs too few");
        assert_eq!(found[0].more_scopes, 2);
    }

    #[test]
    fn two_mistakes_of_one_site_stay_two() {
        let found = find_on_sites(4, |_| {
            vec![
                in_profile("there is no pool `a`".into()),
                in_profile("there is no pool `b`".into()),
            ]
        });
        let told: Vec<(&str, usize)> = found
            .iter()
            .map(|d| (d.message.as_str(), d.more_scopes))
            .collect();
        assert_eq!(
            told,
            [("there is no pool `a`", 3), ("there is no pool `b`", 3)]
        );
    }

    #[test]
    fn what_only_one_site_has_more_is_not_hidden_by_what_all_have() {
        let found = find_on_sites(3, |site| {
            let more = (site == 2).then(|| in_profile("there is no pool `b`".into()));
            [in_profile("there is no pool `a`".into())]
                .into_iter()
                .chain(more)
                .collect()
        });
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].more_scopes, 2);
        assert_eq!(
            found[1].describe_scopes().as_deref(),
            Some("found for the site `p002`")
        );
    }

    #[test]
    fn mistakes_at_places_of_the_sites_own_stay_apart_and_need_no_note() {
        let found = find_on_sites(3, |site| {
            let file = Origin::file(&format!("sites/p{site:03}.yaml"));
            vec![RULE.report("there is no pool `a`").primary(file, "")]
        });
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].describe_scopes(), None);
    }

    #[test]
    fn one_mistake_copied_into_many_sites_is_one_message() {
        let at_own = |site: usize, message: &str| {
            let file = Origin::file(&format!("sites/p{site:03}.yaml"));
            RULE.report(message).primary(file.at("spec"), "")
        };
        let found = find_on_sites(30, |site| {
            let own = (site < 2).then(|| at_own(site, "there is no pool `b`"));
            [at_own(site, "there is no pool `a`")]
                .into_iter()
                .chain(own)
                .collect()
        });
        let told: Vec<(&str, usize)> = found
            .iter()
            .map(|d| (d.message.as_str(), d.more_scopes))
            .collect();
        let expected = [
            ("there is no pool `a`", 29),
            ("there is no pool `b`", 0),
            ("there is no pool `b`", 0),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn other_words_at_the_same_place_are_another_mistake() {
        let found = find_on_sites(2, |site| {
            let words = ["has too few CPUs", "has too little memory"];
            vec![in_profile(words[site].into())]
        });
        assert_eq!(found.len(), 2);
    }
}
