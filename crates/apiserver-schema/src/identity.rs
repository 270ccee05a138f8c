//! Finds the schema of an object by its `apiVersion` and `kind`, or tells why there is none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::builtin::{KindRow, Library, RetiredVersion, find_retired};
use crate::crd::Definition;
use crate::place::Place;
use crate::schema::StructuralSchema;
use crate::set::split_api_version;
use crate::violation::{Violation, ViolationKind, find_nearest};

/// The kinds among which an object's is looked up.
pub(crate) struct KnownKinds<'a> {
    pub(crate) library: &'a Library,
    pub(crate) custom: &'a BTreeMap<(String, String, String), Definition>,
}

/// The schema of an object, with a remark that does not end the check.
pub(crate) enum Identity<'a> {
    BuiltIn { schema: &'a StructuralSchema, remark: Option<Violation> },
    Custom { definition: &'a Definition, remark: Option<Violation> },
    /// There is no schema.
    Unknown(Violation),
}

/// The group, version and kind that an object names.
#[derive(Clone, Copy)]
struct Named<'o> {
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
        let key = (named.group.to_owned(), named.kind.to_owned(), named.version.to_owned());
        if let Some(definition) = self.custom.get(&key) {
            let remark = definition.deprecation().map(|warning| at_version(ViolationKind::DeprecatedVersion, warning.to_owned()));
            return Identity::Custom { definition, remark };
        }
        match self.library.kind(named.group, named.version, named.kind) {
            Some(row) => self.identify_built_in(row),
            None => Identity::Unknown(self.explain_unknown(named)),
        }
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

    fn describe_deprecated(&self, retired: RetiredVersion) -> Violation {
        let end = retired.removed.map_or(String::new(), |minor| format!(", removed in 1.{minor}"));
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
            let (version, kind) = retired.replacement.split_once(' ').unwrap_or((retired.replacement, retired.kind));
            if kind == retired.kind { format!("; use `{version}`") } else { format!("; use `{version}` {kind}") }
        }
    }

    /// Returns `; use …` with the newest stable version of a kind.
    fn describe_other_versions(&self, group: &str, kind: &str, except: &str) -> String {
        let bit = self.library.version.bit();
        let same = |row: &&KindRow| row.group == group && row.kind == kind && row.version != except && row.served & bit != 0;
        let best = self.library.kinds().filter(same).max_by_key(|row| !row.version.contains("beta"));
        best.map_or(String::new(), |row| format!("; use `{}`", join_api_version(row.group, row.version)))
    }

    fn explain_unknown(&self, named: Named<'_>) -> Violation {
        let Named { group, version, kind } = named;
        let api_version = join_api_version(group, version);
        if let Some(retired) = find_retired(group, version, kind)
            && let Some(removed) = retired.removed.filter(|minor| *minor <= self.library.version.minor())
        {
            let replacement = self.describe_replacement(retired);
            let message = format!("`{api_version}` {kind} was removed in Kubernetes 1.{removed}{replacement}");
            return at_version(ViolationKind::RemovedVersion, message);
        }
        let all: Vec<(&str, &str, &str)> = self.all_kinds().collect();
        let versions: BTreeSet<&str> = all.iter().filter(|row| row.0 == group && row.2 == kind).map(|row| row.1).collect();
        if !versions.is_empty() {
            let listed: Vec<String> = versions.iter().map(|v| format!("`{}`", join_api_version(group, v))).collect();
            let message = format!("{kind} is not served as `{api_version}`, but as {}", listed.join(", "));
            let mut violation = at_version(ViolationKind::UnknownVersion, message);
            violation.nearest = find_nearest(version, versions.iter().copied()).map(|v| join_api_version(group, v));
            return violation;
        }
        self.explain_unknown_kind(&all, named)
    }

    fn explain_unknown_kind(&self, all: &[(&str, &str, &str)], named: Named<'_>) -> Violation {
        let Named { group, version, kind } = named;
        let api_version = join_api_version(group, version);
        let groups: BTreeSet<&str> = all.iter().map(|row| row.0).collect();
        let elsewhere: BTreeSet<String> =
            all.iter().filter(|row| row.2 == kind).map(|row| join_api_version(row.0, row.1)).collect();
        if groups.contains(group) {
            let kinds: BTreeSet<&str> = all.iter().filter(|row| row.0 == group).map(|row| row.2).collect();
            let hint = if elsewhere.is_empty() {
                String::new()
            } else {
                format!("; {kind} is in {}", elsewhere.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", "))
            };
            let place = Place::ROOT;
            let name = if group.is_empty() { "the core group" } else { group };
            let message = format!("no kind `{kind}` in `{api_version}` ({name}){hint}");
            if let Some(other) = elsewhere.first() {
                let nearest = Some(other.clone());
                return Violation { nearest, ..at_version(ViolationKind::UnknownVersion, message) };
            }
            let mut violation = Violation::new(&place.field("kind"), ViolationKind::UnknownKind, message);
            violation.nearest = find_nearest(kind, kinds.into_iter()).map(str::to_owned);
            return violation;
        }
        let message = format!("no definition of `{api_version}` {kind} is known");
        let mut violation = at_version(ViolationKind::NoDefinition, message);
        violation.nearest = find_nearest(group, groups.into_iter().filter(|group| !group.is_empty())).map(str::to_owned);
        if is_reserved_group(group) {
            violation.kind = ViolationKind::UnknownVersion;
            violation.message = format!("Kubernetes {} has no API group `{group}`", self.library.version);
        }
        violation
    }

    fn all_kinds(&self) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        let bit = self.library.version.bit();
        let custom = self.custom.keys().map(|(group, kind, version)| (group.as_str(), version.as_str(), kind.as_str()));
        self.library.kinds().filter(move |row| row.served & bit != 0).map(|row| (row.group, row.version, row.kind)).chain(custom)
    }
}

/// Tells whether only Kubernetes itself may define a group: it has no dot.
fn is_reserved_group(group: &str) -> bool {
    !group.contains('.')
}

fn at_version(kind: ViolationKind, message: String) -> Violation {
    Violation::new(&Place::ROOT.field("apiVersion"), kind, message)
}

fn join_api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn read_names(object: &Value) -> Result<Named<'_>, Violation> {
    let text = |key: &'static str| match object.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str()),
        Some(Value::String(_) | Value::Null) | None => {
            let place = Place::ROOT;
            Err(Violation::new(&place.field(key), ViolationKind::Unidentified, format!("`{key}` is missing")))
        }
        Some(_) => {
            let place = Place::ROOT;
            Err(Violation::new(&place.field(key), ViolationKind::Unidentified, format!("`{key}` is no string")))
        }
    };
    let (group, version) = split_api_version(text("apiVersion")?);
    if version.is_empty() || version.contains('/') {
        let message = "`apiVersion` is neither `version` nor `group/version`".to_owned();
        return Err(at_version(ViolationKind::Unidentified, message));
    }
    Ok(Named { group, version, kind: text("kind")? })
}
