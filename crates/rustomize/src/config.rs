//! Which fields transformers set: kustomize's defaults and what `configurations` add.

use std::sync::{Arc, LazyLock};

use super::field::{FieldSpec, KindFilter};
use super::kustomization::{field_spec, kinds};
use super::problem::{Outcome, of_file};
use super::reader::{Field, decode};
use crate::rules;
use manifest_yaml::Meaning;

/// The fields of every transformer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) name_prefix: Vec<FieldSpec>,
    pub(super) name_suffix: Vec<FieldSpec>,
    pub(super) namespace: Vec<FieldSpec>,
    pub(super) common_labels: Vec<FieldSpec>,
    pub(super) labels: Vec<FieldSpec>,
    pub(super) template_labels: Vec<FieldSpec>,
    pub(super) common_annotations: Vec<FieldSpec>,
    pub(super) images: Vec<FieldSpec>,
    pub(super) replicas: Vec<FieldSpec>,
    pub(super) references: Vec<Reference>,
}

/// The fields that hold the name of an object of some kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) target: KindFilter,
    pub(super) referrers: Vec<FieldSpec>,
}

static DEFAULT: LazyLock<Arc<Config>> =
    LazyLock::new(|| Arc::new(parse(include_str!("data/field-specs.txt"))));

impl Config {
    /// kustomize's own fields.
    pub(super) fn default_fields() -> Arc<Self> {
        Arc::clone(&DEFAULT)
    }

    /// Adds what another configuration says.
    pub(super) fn merge(&mut self, other: &Self) -> Result<(), String> {
        let own = self.lists();
        for (own, (name, other)) in own.into_iter().zip(other.clone().lists_with_names()) {
            merge_specs(own, &other).map_err(|e| format!("`{name}`: {e}"))?;
        }
        for reference in &other.references {
            match self
                .references
                .iter_mut()
                .find(|r| r.target == reference.target)
            {
                Some(found) => merge_specs(&mut found.referrers, &reference.referrers)?,
                None => self.references.push(reference.clone()),
            }
        }
        self.references.sort_by_key(|r| target_rank(&r.target));
        Ok(())
    }

    fn lists(&mut self) -> [&mut Vec<FieldSpec>; 9] {
        [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.images,
            &mut self.replicas,
        ]
    }

    fn lists_with_names(mut self) -> impl Iterator<Item = (&'static str, Vec<FieldSpec>)> {
        let lists = self.lists().map(std::mem::take);
        NAMES.into_iter().zip(lists)
    }
}

/// The lists in configurations, in the order of [`Config::lists`].
const NAMES: [&str; 9] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "images",
    "replicas",
];

/// Adds specs that are not covered yet; the same path may not be made in one and only be found in the other.
pub(super) fn merge_specs(own: &mut Vec<FieldSpec>, other: &[FieldSpec]) -> Result<(), String> {
    for spec in other {
        match own.iter().find(|known| spec.covers(known)) {
            Some(known) if known.create != spec.create => {
                return Err(format!(
                    "conflicting `create` for the field `{}`",
                    spec.path
                ));
            }
            Some(_) => {}
            None => own.push(spec.clone()),
        }
    }
    Ok(())
}

/// The order in which kustomize follows references.
fn target_rank(target: &KindFilter) -> (usize, String) {
    let or = |text: &str, other: &str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text.to_owned()
        }
    };
    let text = format!(
        "{}_{}_{}",
        or(&target.group, "~G"),
        or(&target.version, "~V"),
        or(&target.kind, "~K")
    );
    (super::order::kind_rank(&target.kind), text)
}

fn parse(table: &str) -> Config {
    let mut config = Config::default();
    for line in table.lines().filter(|l| !l.starts_with('#')) {
        let mut columns = line.split('\t');
        let mut column = || columns.next().unwrap_or_default();
        let (list, first, second, third) = (column(), column(), column(), column());
        if list == "nameReference" {
            let spec = FieldSpec::new(kind_filter(second), third, false);
            let target = kind_filter(first);
            match config.references.iter_mut().find(|r| r.target == target) {
                Some(found) => found.referrers.push(spec),
                None => config.references.push(Reference {
                    target,
                    referrers: vec![spec],
                }),
            }
            continue;
        }
        let spec = FieldSpec::new(kind_filter(first), second, third == "create");
        if let Some(at) = NAMES.iter().position(|name| *name == list) {
            config.lists()[at].push(spec);
        }
    }
    config.references.sort_by_key(|r| target_rank(&r.target));
    config
}

/// `group/version/Kind`.
fn kind_filter(text: &str) -> KindFilter {
    let mut parts = text.rsplitn(3, '/').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    let (kind, version, group) = (part(), part(), part());
    KindFilter {
        group,
        version,
        kind,
    }
}

/// Reads a file that `configurations` names.
pub(super) fn read(file: &str, bytes: &[u8]) -> Outcome<Config> {
    decode(file, bytes, config)
}

fn config(root: &Field<'_>) -> Outcome<Config> {
    let mut fields = root.fields()?;
    let mut config = Config::default();
    for (at, name) in NAMES.iter().enumerate() {
        let specs = fields
            .items(name)?
            .iter()
            .map(field_spec)
            .collect::<Outcome<Vec<_>>>()?;
        *config.lists()[at] = specs;
    }
    for entry in fields.items("nameReference")? {
        let mut inner = entry.fields()?;
        let target = kinds(&mut inner)?;
        let referrers = inner
            .items("fieldSpecs")?
            .iter()
            .map(field_spec)
            .collect::<Outcome<_>>()?;
        inner.finish()?;
        config.references.push(Reference { target, referrers });
    }
    if fields
        .take("varReference")
        .is_some_and(|f| matches!(f.value, Meaning::Sequence(items) if !items.is_empty()))
    {
        let message = "`varReference` is not supported, because `vars` are not";
        return Err(of_file(
            &rules::UNSUPPORTED_KUSTOMIZATION,
            root.file,
            message,
        ));
    }
    // kustomize reads configurations leniently.
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        let config = Config::default_fields();
        assert_eq!(
            (
                config.common_labels.len(),
                config.template_labels.len(),
                config.images.len()
            ),
            (32, 10, 4)
        );
        assert_eq!(
            config
                .references
                .iter()
                .map(|r| r.referrers.len())
                .sum::<usize>(),
            167
        );
        assert!(
            config
                .references
                .iter()
                .any(|r| r.target.kind == "ClusterRole" && r.target.group.starts_with("rbac"))
        );
    }
}
