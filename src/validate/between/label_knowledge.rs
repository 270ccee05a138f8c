//! Labels of pods and services as far as they are known, and what a selector means with them.

use std::collections::BTreeSet;

use kubernetes_vocabulary::{LabelRequirement, LabelSelector, Labels};

/// Labels that controllers add to the pods of built-in workloads, each with a value of its own.
const ADDED_BY_CONTROLLERS: &[&str] = &[
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "deployment",
    "deploymentconfig",
    "job-name",
    "openshift.io/build.name",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// The labels of a group of pods, or of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum LabelKnowledge {
    /// These, and those that Kubernetes' own controllers add.
    All(Labels),
    /// These, and others that nobody knows.
    Some(Labels),
}

/// The meaning of a selector for labels, ordered so that of several requirements the last decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum SelectorVerdict {
    /// It selects them.
    Selected,
    /// It may select them.
    Possible,
    /// It does not select them.
    Excluded,
}

impl LabelKnowledge {
    /// Decides what a selector means. `vocabulary` holds the keys that only those carry of which it is known.
    pub(in super::super) fn judge(
        &self,
        selector: &LabelSelector,
        vocabulary: &BTreeSet<String>,
    ) -> SelectorVerdict {
        let judged = selector.requirements.iter();
        let judged = judged.map(|requirement| self.judge_requirement(requirement, vocabulary));
        judged.max().unwrap_or(SelectorVerdict::Selected)
    }

    fn judge_requirement(
        &self,
        requirement: &LabelRequirement,
        vocabulary: &BTreeSet<String>,
    ) -> SelectorVerdict {
        let key = &requirement.key;
        let (labels, is_complete) = match self {
            Self::All(labels) => (labels, !ADDED_BY_CONTROLLERS.contains(&key.as_str())),
            Self::Some(labels) => (labels, is_foreign(key, labels, vocabulary)),
        };
        match labels.contains_key(key) || is_complete {
            true if requirement.matches(labels) => SelectorVerdict::Selected,
            true => SelectorVerdict::Excluded,
            false => SelectorVerdict::Possible,
        }
    }

    /// Returns the labels that are known.
    pub(in super::super) fn known(&self) -> &Labels {
        match self {
            Self::All(labels) | Self::Some(labels) => labels,
        }
    }
}

/// Tells whether only other pods than these carry a label: those of an operator that puts labels of its own domain on its pods, where none
/// of that domain is known here.
fn is_foreign(key: &str, labels: &Labels, vocabulary: &BTreeSet<String>) -> bool {
    let domain = |key: &str| key.split_once('/').map(|(domain, _)| domain.to_owned());
    let own = domain(key);
    vocabulary.contains(key) && !labels.keys().any(|other| domain(other) == own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        let pairs = pairs.iter();
        pairs
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn selector(pairs: &[(&str, &str)]) -> LabelSelector {
        let pairs = pairs.iter();
        LabelSelector {
            requirements: pairs.map(|(k, v)| LabelRequirement::equals(k, v)).collect(),
        }
    }

    #[test]
    fn a_complete_set_of_labels_decides_except_for_what_controllers_add() {
        let known = LabelKnowledge::All(labels(&[("app", "a")]));
        let judge = |pairs| known.judge(&selector(pairs), &BTreeSet::new());
        assert_eq!(judge(&[("app", "a")]), SelectorVerdict::Selected);
        assert_eq!(judge(&[("app", "b")]), SelectorVerdict::Excluded);
        assert_eq!(judge(&[("other", "a")]), SelectorVerdict::Excluded);
        assert_eq!(judge(&[("job-name", "a")]), SelectorVerdict::Possible);
        assert_eq!(judge(&[]), SelectorVerdict::Selected);
    }

    #[test]
    fn a_further_label_of_a_known_domain_is_possible() {
        let known = LabelKnowledge::Some(labels(&[("example.com/cluster", "a")]));
        let vocabulary = BTreeSet::from(["example.com/kind".to_owned()]);
        let kind = selector(&[("example.com/cluster", "a"), ("example.com/kind", "b")]);
        assert_eq!(known.judge(&kind, &vocabulary), SelectorVerdict::Possible);
    }

    #[test]
    fn an_incomplete_set_excludes_by_what_it_holds_and_by_the_vocabulary() {
        let known = LabelKnowledge::Some(labels(&[("cluster.example.com/name", "a")]));
        let vocabulary = BTreeSet::from(["group.example.com/name".to_owned()]);
        let judge = |pairs| known.judge(&selector(pairs), &vocabulary);
        assert_eq!(
            judge(&[("cluster.example.com/name", "b")]),
            SelectorVerdict::Excluded
        );
        assert_eq!(judge(&[("app", "b")]), SelectorVerdict::Possible);
        assert_eq!(
            judge(&[("group.example.com/name", "b")]),
            SelectorVerdict::Excluded
        );
    }
}
