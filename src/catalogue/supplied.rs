//! Names the objects that clusters have without a manifest: what the platform brings, and what operators bring with themselves.

use std::sync::LazyLock;

use serde::Deserialize;

use super::reference::TargetKind;
use manifest_yaml as yaml;

const DATA: &str = include_str!("supplied.yaml");

static ALL: LazyLock<Vec<Supplier>> = LazyLock::new(|| {
    read(DATA).unwrap_or_else(|why| panic!("the list of what is supplied is tested: {why}"))
});

/// A platform or an operator, and the objects that are in a cluster because it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Supplier {
    /// The platform or operator.
    pub by: SupplierName,
    /// The objects.
    #[serde(default)]
    pub objects: Vec<SuppliedObject>,
    /// The namespaces.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// The source of the facts.
    pub source: String,
}

/// The platform or operator that brings objects.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SupplierName {
    /// Every Kubernetes.
    Kubernetes,
    /// OpenShift.
    Openshift,
    /// The operators of OLM packages.
    Packages(Vec<String>),
}

/// Objects of one kind that are there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuppliedObject {
    /// The kind, `Kind.group`.
    #[serde(deserialize_with = "read_kind")]
    pub kind: TargetKind,
    /// The namespace; `*` for every one; none for kinds without.
    pub namespace: Option<String>,
    /// The names; a `*` stands for any text.
    pub names: Vec<String>,
    /// The keys, where they are known.
    pub keys: Option<Vec<String>>,
}

fn read_kind<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<TargetKind, D::Error> {
    Ok(TargetKind::parse(&String::deserialize(deserializer)?))
}

fn read(text: &str) -> Result<Vec<Supplier>, String> {
    let documents =
        yaml::read_documents(text, &yaml::ReadLimits::MANIFEST).map_err(|e| e.to_string())?;
    let document = documents.first().ok_or("it is empty")?;
    let value = document.to_value().map_err(|e| e.to_string())?;
    Vec::deserialize(&value).map_err(|e| e.to_string())
}

impl Supplier {
    /// Returns every platform and operator of which it is known what it brings.
    pub fn list_all() -> &'static [Self] {
        &ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supplier_names_its_source_and_something() {
        for supplier in Supplier::list_all() {
            assert!(!supplier.source.is_empty(), "{supplier:?}");
            let things = supplier.objects.len() + supplier.namespaces.len();
            assert!(things > 0, "{supplier:?}");
            assert!(supplier.namespaces.is_sorted(), "{supplier:?}");
        }
    }
}
