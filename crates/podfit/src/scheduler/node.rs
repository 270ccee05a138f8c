//! Nodes and namespaces, as far as the filters look at them.

use std::collections::BTreeMap;

use kubernetes_vocabulary::labels::NAMESPACE_NAME;
use kubernetes_vocabulary::{Labels, Quantity, Taint};

/// A node, as far as the filters look at it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeInfo {
    /// Its name.
    pub name: String,
    /// Its labels, `kubernetes.io/arch` and `kubernetes.io/hostname` among them.
    pub labels: Labels,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// True if it is cordoned.
    pub unschedulable: bool,
    /// The capacity for pods, by resource, `pods` among them; `None`: unknown, and taken for enough.
    pub allocatable: Option<BTreeMap<String, Quantity>>,
}

/// The labels of namespaces, by name. Every namespace has the label `kubernetes.io/metadata.name`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Namespaces(BTreeMap<String, Labels>);

impl Namespaces {
    /// Adds a namespace with its labels.
    pub fn insert(&mut self, name: &str, labels: &Labels) {
        let entry = self.0.entry(name.to_owned()).or_default();
        entry.extend(labels.clone());
        entry.insert(NAMESPACE_NAME.to_owned(), name.to_owned());
    }

    /// Returns the labels of a namespace.
    pub fn labels(&self, name: &str) -> Labels {
        let implied = || BTreeMap::from([(NAMESPACE_NAME.to_owned(), name.to_owned())]);
        self.0.get(name).cloned().unwrap_or_else(implied)
    }
}
