//! Finds the schema of an object by its `apiVersion` and `kind`, or tells why there is none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::builtin::{KindRow, Library, RetiredVersion, find_retired};
use crate::crd::Definition;
use crate::place::Place;
use crate::schema::StructuralSchema;
use crate::violation::{SchemaViolation, ViolationKind, find_nearest};

/// The kinds among which an object's is looked up.
pub(crate) struct KnownKinds<'a> {
    pub(crate) library: &'a Library,
    pub(crate) custom: &'a BTreeMap<(String, String, String), Definition>,
}

/// The schema of an object, with a remark that does not end the check.
pub(crate) enum Identity<'a> {
    BuiltIn {
        schema: &'a StructuralSchema,
        remark: Option<SchemaViolation>,
    },
    Custom {
        definition: &'a Definition,
        remark: Option<SchemaViolation>,
    },
    /// There is no schema.
    Unknown(SchemaViolation),
}

/// The group, version and kind that an object names.
#[derive(Clone, Copy)]
struct KindName<'o> {
    group: &'o str,
    version: &'o str,
    kind: &'o str,
}

impl<'a> KnownKinds<'a> {
    /// Finds the schema of an object.
    pub(crate) fn identify(&self, object: &Value) -> Identity<'a> {
        let named = match read_names(object) {
            Ok(named) => named,
            Err(violation) => return Identity::Unknown(violation),
        };
        if let Some(definition) = self.find_custom(named) {
            let remark = definition
                .deprecation()
                .map(|warning| at_version(ViolationKind::DeprecatedVersion, warning.to_owned()));
            return Identity::Custom { definition, remark };
        }
        match self.library.kind(named.group, named.version, named.kind) {
            Some(row) => self.identify_built_in(row),
            None => Identity::Unknown(self.explain_unknown(named)),
        }
    }

    fn find_custom(&self, named: KindName<'_>) -> Option<&'a Definition> {
        if self.custom.is_empty() {
            return None;
        }
        let key = (
            named.group.to_owned(),
            named.kind.to_owned(),
            named.version.to_owned(),
        );
        self.custom.get(&key)
    }

    fn identify_built_in(&self, row: &'static KindRow) -> Identity<'a> {
        let Some(schema) = self.library.definition(row.definition) else {
            let message = format!("no definition of kind `{}` is known", row.kind);
            return Identity::Unknown(at_version(ViolationKind::NoDefinition, message));
        };
        let version = self.library.version;
        if row.served & version.bit() == 0 {
            let stable = self.describe_other_versions(row.group, row.kind, row.version);
            let message = format!(
                "Kubernetes {version} serves `{}/{}` only with `--runtime-config`{stable}",
                row.group, row.version
            );
            return Identity::Unknown(at_version(ViolationKind::NotServed, message));
        }
        let remark = find_retired(row.group, row.version, row.kind)
            .filter(|retired| retired.deprecated <= version.minor())
            .map(|retired| self.describe_deprecated(retired));
        Identity::BuiltIn { schema, remark }
    }

    fn describe_deprecated(&self, retired: RetiredVersion) -> SchemaViolation {
        let end = retired
            .removed
            .map_or(String::new(), |minor| format!(", removed in 1.{minor}"));
        let message = format!(
            "`{}` {} is deprecated since 1.{}{end}{}",
            join_api_version(retired.group, retired.version),
            retired.kind,
            retired.deprecated,
            self.describe_replacement(retired)
        );
        at_version(ViolationKind::DeprecatedVersion, message)
    }

    fn describe_replacement(&self, retired: RetiredVersion) -> String {
        if retired.replacement.is_empty() {
            self.describe_other_versions(retired.group, retired.kind, retired.version)
        } else {
            let (version, kind) = retired
                .replacement
                .split_once(' ')
                .unwrap_or((retired.replacement, retired.kind));
            if kind == retired.kind {
                format!("; use `{version}`")
            } else {
                format!("; use `{version}` {kind}")
            }
        }
    }

    /// Returns `; use …` with the newest stable version of a kind.
    fn describe_other_versions(&self, group: &str, kind: &str, except: &str) -> String {
        let bit = self.library.version.bit();
        let same = |row: &&KindRow| {
            row.group == group && row.kind == kind && row.version != except && row.served & bit != 0
        };
        let best = self
            .library
            .kinds()
            .filter(same)
            .max_by_key(|row| !row.version.contains("beta"));
        best.map_or(String::new(), |row| {
            format!("; use `{}`", join_api_version(row.group, row.version))
        })
    }

    fn explain_unknown(&self, named: KindName<'_>) -> SchemaViolation {
        let KindName {
            group,
            version,
            kind,
        } = named;
        let api_version = join_api_version(group, version);
        if let Some(retired) = find_retired(group, version, kind)
            && let Some(removed) = retired
                .removed
                .filter(|minor| *minor <= self.library.version.minor())
        {
            let replacement = self.describe_replacement(retired);
            let message = format!(
                "`{api_version}` {kind} was removed in Kubernetes 1.{removed}{replacement}"
            );
            return at_version(ViolationKind::RemovedVersion, message);
        }
        let all: Vec<KindName<'_>> = self.served_kinds().collect();
        let same_kind = all
            .iter()
            .filter(|known| known.group == group && known.kind == kind);
        let versions: BTreeSet<&str> = same_kind.map(|known| known.version).collect();
        if versions.is_empty() {
            return self.explain_unknown_kind(&all, named);
        }
        let listed = list_names(
            versions
                .iter()
                .map(|version| join_api_version(group, version)),
        );
        let message = format!("{kind} is not served as `{api_version}`, but as {listed}");
        let nearest = find_nearest(version, versions.iter().copied());
        SchemaViolation {
            nearest: nearest.map(|version| join_api_version(group, version)),
            ..at_version(ViolationKind::UnknownVersion, message)
        }
    }

    fn explain_unknown_kind(&self, all: &[KindName<'_>], named: KindName<'_>) -> SchemaViolation {
        let KindName {
            group,
            version,
            kind,
        } = named;
        let api_version = join_api_version(group, version);
        if !all.iter().any(|known| known.group == group) {
            return self.explain_unknown_group(all, named);
        }
        let name = if group.is_empty() {
            "the core group"
        } else {
            group
        };
        let message = format!("no kind `{kind}` in `{api_version}` ({name})");
        let same_name = all.iter().filter(|known| known.kind == kind);
        let elsewhere: BTreeSet<String> = same_name
            .map(|known| join_api_version(known.group, known.version))
            .collect();
        if let Some(other) = elsewhere.first() {
            let message = format!(
                "{message}; {kind} is in {}",
                list_names(elsewhere.iter().cloned())
            );
            let nearest = Some(other.clone());
            return SchemaViolation {
                nearest,
                ..at_version(ViolationKind::UnknownVersion, message)
            };
        }
        let kinds: BTreeSet<&str> = all
            .iter()
            .filter(|known| known.group == group)
            .map(|known| known.kind)
            .collect();
        let nearest = find_nearest(kind, kinds.into_iter());
        let place = Place::ROOT;
        let place = place.field("kind");
        if !self.is_closed(group) && !nearest.is_some_and(|known| is_slip(kind, known)) {
            let message = format!("no definition of `{api_version}` {kind} is known");
            return SchemaViolation::new(&place, ViolationKind::NoDefinition, message);
        }
        SchemaViolation {
            nearest: nearest.map(str::to_owned),
            ..SchemaViolation::new(&place, ViolationKind::UnknownKind, message)
        }
    }

    /// Tells whether all kinds of a group are known: those of the API server itself. Of the kinds of an operator some may be known here
    /// and others not.
    fn is_closed(&self, group: &str) -> bool {
        is_reserved_group(group) || self.library.kinds().any(|row| row.group == group)
    }

    fn explain_unknown_group(&self, all: &[KindName<'_>], named: KindName<'_>) -> SchemaViolation {
        let KindName {
            group,
            version,
            kind,
        } = named;
        let groups: BTreeSet<&str> = all.iter().map(|known| known.group).collect();
        let nearest = find_nearest(group, groups.into_iter().filter(|known| !known.is_empty()));
        let violation = if is_reserved_group(group) {
            let message = format!(
                "Kubernetes {} has no API group `{group}`",
                self.library.version
            );
            at_version(ViolationKind::UnknownVersion, message)
        } else {
            let api_version = join_api_version(group, version);
            let message = format!("no definition of `{api_version}` {kind} is known");
            at_version(ViolationKind::NoDefinition, message)
        };
        SchemaViolation {
            nearest: nearest
                .filter(|known| is_slip(group, known))
                .map(str::to_owned),
            ..violation
        }
    }

    fn served_kinds(&self) -> impl Iterator<Item = KindName<'a>> {
        let bit = self.library.version.bit();
        let custom = self.custom.keys();
        let built_in = self
            .library
            .kinds()
            .filter(move |row| row.served & bit != 0);
        built_in
            .map(|row| KindName {
                group: row.group,
                version: row.version,
                kind: row.kind,
            })
            .chain(custom.map(|(group, kind, version)| KindName {
                group,
                version,
                kind,
            }))
    }
}

fn list_names(names: impl Iterator<Item = String>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Tells whether a name is a slip of a known one, and not the name of a kind beside it, such as `KafkaUser` beside `Kafka`.
fn is_slip(name: &str, known: &str) -> bool {
    let (name, known) = (name.to_lowercase(), known.to_lowercase());
    let distance = strsim::damerau_levenshtein(&name, &known);
    let is_plural = name
        .strip_prefix(&known)
        .is_some_and(|rest| matches!(rest, "s" | "es"));
    let is_longer = name.starts_with(&known) || known.starts_with(&name);
    let is_cut = known.starts_with(&name) && distance == 1;
    is_plural || is_cut || (distance <= 2 && !is_longer)
}

/// Tells whether only Kubernetes itself may define a group: it has no dot.
fn is_reserved_group(group: &str) -> bool {
    !group.contains('.')
}

fn at_version(kind: ViolationKind, message: String) -> SchemaViolation {
    SchemaViolation::new(&Place::ROOT.field("apiVersion"), kind, message)
}

fn join_api_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}

fn read_names(object: &Value) -> Result<KindName<'_>, SchemaViolation> {
    let text = |key: &'static str| match object.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str()),
        Some(Value::String(_) | Value::Null) | None => {
            let place = Place::ROOT;
            Err(SchemaViolation::new(
                &place.field(key),
                ViolationKind::Unidentified,
                format!("`{key}` is missing"),
            ))
        }
        Some(_) => {
            let place = Place::ROOT;
            Err(SchemaViolation::new(
                &place.field(key),
                ViolationKind::Unidentified,
                format!("`{key}` is no string"),
            ))
        }
    };
    let (group, version) = split_api_version(text("apiVersion")?);
    if version.is_empty() || version.contains('/') {
        let message = "`apiVersion` is neither `version` nor `group/version`".to_owned();
        return Err(at_version(ViolationKind::Unidentified, message));
    }
    Ok(KindName {
        group,
        version,
        kind: text("kind")?,
    })
}

/// Splits an `apiVersion` into group and version; the core group is empty.
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}
