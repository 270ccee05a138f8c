//! The voice of doc comments.

use syn::{Attribute, Expr, Lit, Meta};

/// The grammatical form that a doc comment opens with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocOpening {
    /// A relative or interrogative word: "What …", "Whether …", "Those that …".
    Relative,
    /// A verb in the third person: "Returns …".
    Verb,
    /// Anything else.
    Other,
}

const RELATIVE: &[&str] = &[
    "how", "those", "what", "whatever", "where", "whether", "which", "who", "whom", "whose", "why",
];

/// Words that end in `s` and are no verbs where a doc comment opens with them.
const NO_VERBS: &[&str] = &[
    "always",
    "annotations",
    "arguments",
    "as",
    "bytes",
    "characters",
    "classes",
    "columns",
    "components",
    "contents",
    "controllers",
    "diagnostics",
    "documents",
    "edits",
    "entries",
    "errors",
    "fields",
    "files",
    "findings",
    "images",
    "instances",
    "items",
    "its",
    "keys",
    "kinds",
    "labels",
    "less",
    "letters",
    "lines",
    "mistakes",
    "namespaces",
    "nodes",
    "numbers",
    "objects",
    "operations",
    "operators",
    "options",
    "parts",
    "patches",
    "paths",
    "perhaps",
    "places",
    "pods",
    "pools",
    "problems",
    "quantities",
    "reasons",
    "replicas",
    "requests",
    "resources",
    "rules",
    "sites",
    "steps",
    "strings",
    "taints",
    "terms",
    "this",
    "thus",
    "tolerations",
    "towards",
    "us",
    "values",
    "variables",
    "versions",
    "volumes",
    "waves",
    "words",
    "workloads",
];

/// Nouns and verbs alike: verbs where an object follows.
const AFTER_A_NOUN: &[&str] = &[
    "and", "are", "at", "below", "by", "for", "from", "in", "of", "or", "that", "which", "with",
];

/// Returns the first line of a doc comment, or nothing where there is none.
pub(super) fn summary(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let Meta::NameValue(meta) = &attribute.meta else {
            return None;
        };
        let Expr::Lit(literal) = &meta.value else {
            return None;
        };
        match &literal.lit {
            Lit::Str(text) if meta.path.is_ident("doc") => Some(text.value().trim().to_owned()),
            _ => None,
        }
    })
}

/// Classifies a doc comment by its first two words.
pub(super) fn classify_opening(summary: &str) -> DocOpening {
    let mut words = summary
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '`')))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    if RELATIVE.contains(&first.as_str()) {
        return DocOpening::Relative;
    }
    let is_verb = first.ends_with('s')
        && first.chars().all(char::is_alphabetic)
        && !NO_VERBS.contains(&first.as_str())
        && !AFTER_A_NOUN.contains(&second.as_str());
    if is_verb {
        DocOpening::Verb
    } else {
        DocOpening::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_are_told_apart() {
        assert_eq!(classify_opening("Whether it fits."), DocOpening::Relative);
        assert_eq!(classify_opening("Returns the pods."), DocOpening::Verb);
        assert_eq!(classify_opening("Nodes of a site."), DocOpening::Other);
        assert_eq!(classify_opening("Names of nodes."), DocOpening::Other);
        assert_eq!(classify_opening("Names the nodes."), DocOpening::Verb);
        assert_eq!(classify_opening("The pods."), DocOpening::Other);
        assert_eq!(classify_opening(""), DocOpening::Other);
    }
}
