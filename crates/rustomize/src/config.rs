//! The fields that transformers set: kustomize's defaults and the additions of `configurations`.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use crate::field::{FieldSpec, KindFilter};
use crate::kustomization::{read_field_spec, read_field_specs, read_kind_filter};
use crate::order::kind_rank;
use crate::reader::{Field, Reading, decode};
use crate::version::KustomizeVersion;
use pointer_diagnostics::{Diagnostics, Reported};

/// The fields of every transformer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
    pub(crate) var_reference: Vec<FieldSpec>,
    pub(crate) references: Vec<ReferenceFields>,
}

/// The fields that hold the name of an object of some kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReferenceFields {
    pub(crate) target: KindFilter,
    pub(crate) referrers: Vec<FieldSpec>,
}

static DEFAULT: LazyLock<Arc<Config>> =
    LazyLock::new(|| Arc::new(parse(include_str!("data/field-specs.txt"))));

/// The fields of kustomize 5.8, which also knows volumes that are images.
static DEFAULT_5_8: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let mut config = Config::clone(&DEFAULT);
    for path in [
        "spec/volumes[]/image/reference",
        "spec/template/spec/volumes[]/image/reference",
    ] {
        let spec = FieldSpec::new(KindFilter::default(), path, true);
        config.images.push(spec);
    }
    Arc::new(config)
});

impl Config {
    /// Returns kustomize's own fields.
    pub(crate) fn default_fields(version: KustomizeVersion) -> Arc<Self> {
        match version {
            KustomizeVersion::V5_8 => Arc::clone(&DEFAULT_5_8),
            _ => Arc::clone(&DEFAULT),
        }
    }

    /// Returns whether these are kustomize's own fields and no others.
    pub(crate) fn is_default(self: &Arc<Self>) -> bool {
        Arc::ptr_eq(self, &DEFAULT) || Arc::ptr_eq(self, &DEFAULT_5_8)
    }

    /// Adds the fields of another configuration.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), String> {
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
        self.sort();
        Ok(())
    }

    /// Sorts as kustomize does after each merge: which field covers another depends on the order.
    fn sort(&mut self) {
        for list in self.lists() {
            list.sort_by_cached_key(|spec| target_rank(&spec.kinds));
        }
        self.references
            .sort_by_cached_key(|r| target_rank(&r.target));
    }

    fn lists(&mut self) -> [&mut Vec<FieldSpec>; 10] {
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
            &mut self.var_reference,
        ]
    }

    fn lists_with_names(mut self) -> impl Iterator<Item = (&'static str, Vec<FieldSpec>)> {
        let lists = self.lists().map(std::mem::take);
        NAMES.into_iter().zip(lists)
    }
}

/// The lists in configurations, in the order of [`Config::lists`].
const NAMES: [&str; 10] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "images",
    "replicas",
    "varReference",
];

/// Adds specs that are not covered yet; the same path may not be made in one and only be found in the other.
pub(crate) fn merge_specs(own: &mut Vec<FieldSpec>, other: &[FieldSpec]) -> Result<(), String> {
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

/// Returns the sort key of references, which kustomize follows in this order.
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
    (kind_rank(&target.kind), text)
}

/// Reads the table of the default fields, whose lines are sorted.
fn parse(table: &'static str) -> Config {
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
                None => config.references.push(ReferenceFields {
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
    config
}

/// Takes `group/version/Kind` apart.
fn kind_filter(text: &'static str) -> KindFilter {
    let mut parts = text.rsplitn(3, '/').map(Cow::Borrowed);
    let mut part = || parts.next().unwrap_or_default();
    let (kind, version, group) = (part(), part(), part());
    KindFilter {
        group,
        version,
        kind,
    }
}

/// Reads a file that `configurations` names.
pub(crate) fn read(
    file: &str,
    bytes: &[u8],
    reading: Reading,
    problems: &mut Diagnostics,
) -> Result<Config, Reported> {
    decode(file, bytes, reading, problems, read_config)
}

fn read_config(root: &Field<'_>, problems: &mut Diagnostics) -> Config {
    let mut fields = root.fields(problems);
    let mut config = Config::default();
    for (at, name) in NAMES.iter().enumerate() {
        for spec in fields.items(name, problems) {
            config.lists()[at].push(read_field_spec(&spec, problems));
        }
    }
    for entry in fields.items("nameReference", problems) {
        let mut inner = entry.fields(problems);
        let target = read_kind_filter(&mut inner, problems);
        let referrers = read_field_specs(&mut inner, problems).unwrap_or_default();
        inner.finish(problems);
        config
            .references
            .push(ReferenceFields { target, referrers });
    }
    fields.finish(problems);
    config.sort();
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        let read = Config::clone(&Config::default_fields(KustomizeVersion::default()));
        let mut sorted = read.clone();
        sorted.sort();
        assert_eq!(read, sorted);
    }

    #[test]
    fn the_table_is_read_whole() {
        let config = Config::default_fields(KustomizeVersion::default());
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
