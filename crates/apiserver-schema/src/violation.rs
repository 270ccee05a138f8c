//! The result of a check: what an API server would refuse, and where.

use crate::place::Place;

/// Something that an API server refuses, warns of, or that could not be told here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaViolation {
    /// The place as a JSON pointer (RFC 6901); it may name a field that is missing from the object.
    pub pointer: String,
    /// The place as Kubernetes prints it, for instance `spec.ports[0].name`.
    pub field: String,
    /// The class of the violation.
    pub kind: ViolationKind,
    /// A lower-case phrase without a full stop: what is, and what was expected.
    pub message: String,
    /// The known name nearest to a misspelt one.
    pub nearest: Option<String>,
}

/// The class of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ViolationKind {
    /// The schema declares no such field.
    UnknownField,
    /// The value has another type, or is a number outside the type's range.
    WrongType,
    /// A required field is missing.
    Required,
    /// The value is none of an enumeration.
    NotInEnumeration,
    /// A number is outside its bounds or no multiple.
    OutOfRange,
    /// A string, list or map is too short or too long.
    WrongSize,
    /// A string does not match its pattern.
    PatternMismatch,
    /// A string does not have its format: quantity, time, base64, …
    WrongFormat,
    /// Two items of a set are equal, or two items of a list have the same keys.
    Duplicate,
    /// `allOf`, `anyOf`, `oneOf` or `not` is not met.
    Composition,
    /// A CEL rule (`x-kubernetes-validations`) says no.
    Rule,
    /// A CEL rule could not be evaluated here, so nothing is known of it.
    RuleNotEvaluated,
    /// `apiVersion` or `kind` is missing or malformed.
    Unidentified,
    /// The group has no such kind.
    UnknownKind,
    /// The group has the kind, but not in this version.
    UnknownVersion,
    /// The version was served by older servers only.
    RemovedVersion,
    /// The server knows the version, and serves it only when told to (`--runtime-config`).
    NotServed,
    /// The version is still served, and announced to go.
    DeprecatedVersion,
    /// No definition of the kind is known here.
    NoDefinition,
}

/// The consequence of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consequence {
    /// The API server refuses the object.
    Refused,
    /// The API server takes the object and warns.
    Warned,
    /// A check of the API server whose result is not known here.
    Unknown,
}

impl ViolationKind {
    /// Returns what the API server does about violations of this class.
    pub fn consequence(self) -> Consequence {
        match self {
            Self::DeprecatedVersion => Consequence::Warned,
            Self::NoDefinition | Self::RuleNotEvaluated => Consequence::Unknown,
            _ => Consequence::Refused,
        }
    }
}

impl SchemaViolation {
    /// Makes a violation at a place.
    pub(crate) fn new(place: &Place<'_>, kind: ViolationKind, message: String) -> Self {
        Self {
            pointer: place.pointer(),
            field: place.path(),
            kind,
            message,
            nearest: None,
        }
    }

    /// Returns whether the API server refuses the object because of this.
    pub fn is_refusal(&self) -> bool {
        self.kind.consequence() == Consequence::Refused
    }
}

/// Returns the known name nearest to a misspelt one, if one is near enough.
pub(crate) fn find_nearest<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    known
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::find_nearest;

    #[test]
    fn nearest_names_are_near() {
        let known = ["replicas", "selector", "template"];
        assert_eq!(
            find_nearest("replcias", known.into_iter()),
            Some("replicas")
        );
        assert_eq!(
            find_nearest("Selector", known.into_iter()),
            Some("selector")
        );
        assert_eq!(find_nearest("volumes", known.into_iter()), None);
    }
}
