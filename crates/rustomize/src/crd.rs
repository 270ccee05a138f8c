//! `crds`: OpenAPI definitions that say which fields of custom resources hold names, labels and annotations.

use crate::config::{Config, ReferenceFields};
use crate::field::{FieldSpec, KindFilter};
use crate::problem::file_problem;
use crate::reader::{Field, Reading, decode};
use crate::rules;
use manifest_yaml::Meaning;
use pointer_diagnostics::{Diagnostics, Reported};

/// The deepest nesting of definitions that is followed.
const DEEPEST: usize = 64;

/// Reads a file that `crds` names: definitions by the names of their types.
pub(crate) fn read(
    file: &str,
    bytes: &[u8],
    reading: Reading,
    problems: &mut Diagnostics,
) -> Result<Config, Reported> {
    let config = decode(file, bytes, reading, problems, read_definitions)?;
    config.map_err(|message| {
        problems.report(file_problem(&rules::KUSTOMIZATION_FIELD, file, message))
    })
}

fn read_definitions(root: &Field<'_>, _: &mut Diagnostics) -> Result<Config, String> {
    let mut config = Config::default();
    let Meaning::Mapping(definitions) = root.value else {
        return Err("a map of OpenAPI definitions by their names is expected".to_owned());
    };
    for (name, definition) in definitions {
        if !matches!(definition, Meaning::Mapping(_)) {
            return Err(format!(
                "`{name}` is no OpenAPI definition; `crds` takes definitions by their names, not CustomResourceDefinitions"
            ));
        }
        let is_object = ["kind", "apiVersion", "metadata"]
            .iter()
            .all(|field| properties(definition).any(|(name, _)| name == *field));
        if !is_object {
            continue;
        }
        let kind = name.rsplit('.').next().unwrap_or_default();
        let definitions = Definitions {
            root: root.value,
            kind,
        };
        definitions.collect(definition, &[], &mut config)?;
    }
    Ok(config)
}

/// Returns the properties of a definition.
fn properties<'m>(definition: &'m Meaning<'_>) -> impl Iterator<Item = (&'m str, &'m Meaning<'m>)> {
    let schema = field_in_any_case(definition, "schema");
    let properties = schema.and_then(|schema| schema.get("properties"));
    let map = match properties {
        Some(Meaning::Mapping(map)) => map.as_slice(),
        _ => &[],
    };
    map.iter().map(|(name, property)| (&**name, property))
}

fn field_in_any_case<'m>(map: &'m Meaning<'m>, name: &str) -> Option<&'m Meaning<'m>> {
    let Meaning::Mapping(map) = map else {
        return None;
    };
    let found = map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

/// The definitions of a file while the fields of one kind are collected.
struct Definitions<'d> {
    root: &'d Meaning<'d>,
    kind: &'d str,
}

impl Definitions<'_> {
    fn collect(
        &self,
        definition: &Meaning<'_>,
        path: &[&str],
        config: &mut Config,
    ) -> Result<(), String> {
        if path.len() > DEEPEST {
            return Err(format!("the definition of `{}` contains itself", self.kind));
        }
        for (name, property) in properties(definition) {
            let path: Vec<&str> = path.iter().copied().chain([name]).collect();
            let text = |key: &str| property.get(key).and_then(Meaning::as_str);
            if text("x-kubernetes-annotation").is_some() {
                config.common_annotations.push(self.spec(&path));
            }
            if text("x-kubernetes-label-selector").is_some() {
                config.common_labels.push(self.spec(&path));
            }
            if text("x-kubernetes-identity").is_some() {
                config.name_prefix.push(self.spec(&path));
            }
            if let (Some(version), Some(kind)) = (
                text("x-kubernetes-object-ref-api-version"),
                text("x-kubernetes-object-ref-kind"),
            ) {
                let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
                let path: Vec<&str> = path.iter().copied().chain([key]).collect();
                config.references.push(ReferenceFields {
                    target: KindFilter {
                        version: version.to_owned().into(),
                        kind: kind.to_owned().into(),
                        ..KindFilter::default()
                    },
                    referrers: vec![self.spec(&path)],
                });
            }
            let below = text("$ref").and_then(|reference| self.root.get(reference));
            if let Some(below) = below {
                self.collect(below, &path, config)?;
            }
        }
        Ok(())
    }

    fn spec(&self, path: &[&str]) -> FieldSpec {
        let kinds = KindFilter {
            kind: self.kind.to_owned().into(),
            ..KindFilter::default()
        };
        FieldSpec::new(kinds, path.join("/"), false)
    }
}
