//! Selects the objects that a patch or a replacement is for.

use kubernetes_vocabulary::LabelSelector;
use regex::Regex;

use crate::kustomization::Selector;
use crate::resource::{Resource, ResourceId};

/// A selector, ready to be asked about many objects.
#[derive(Debug)]
pub(crate) struct ObjectFilter {
    id: IdFilter,
    texts: TextFilter,
}

/// Selects ids by regular expressions for their parts.
#[derive(Debug)]
pub(crate) struct IdFilter {
    group: TextPattern,
    version: TextPattern,
    kind: TextPattern,
    name: TextPattern,
    namespace: TextPattern,
}

impl IdFilter {
    pub(crate) fn new(selector: &Selector) -> Result<Self, String> {
        Ok(Self {
            group: TextPattern::new(&selector.kinds.group)?,
            version: TextPattern::new(&selector.kinds.version)?,
            kind: TextPattern::new(&selector.kinds.kind)?,
            name: TextPattern::new(&selector.name)?,
            namespace: TextPattern::new(&selector.namespace)?,
        })
    }

    /// Returns whether every part of an id matches.
    pub(crate) fn accepts(&self, id: &ResourceId) -> bool {
        self.kind.matches(&id.kind)
            && self.group.matches(&id.group)
            && self.version.matches(&id.version)
            && self.name.matches(&id.name)
            && self.namespace.matches(&id.namespace)
    }
}

/// Conditions on labels and annotations.
#[derive(Debug)]
pub(crate) struct TextFilter {
    labels: LabelSelector,
    annotations: LabelSelector,
}

/// A regular expression that must match a whole text.
#[derive(Debug)]
enum TextPattern {
    Any,
    Exactly(String),
    Matches(Regex),
}

impl ObjectFilter {
    pub(crate) fn new(selector: &Selector) -> Result<Self, String> {
        Ok(Self {
            id: IdFilter::new(selector)?,
            texts: TextFilter::new(selector)?,
        })
    }

    /// Returns whether the object is meant: by its present or its original name and namespace.
    pub(crate) fn accepts(&self, resource: &Resource) -> bool {
        let id = &self.id;
        id.kind.matches(resource.kind())
            && id.group.matches(resource.group())
            && id.version.matches(resource.version())
            && self.accepts_name(resource)
            && self.texts.accept(resource)
    }

    fn accepts_name(&self, resource: &Resource) -> bool {
        let id = &self.id;
        let original = resource.history.previous.first();
        let named =
            id.name.matches(resource.name()) || original.is_some_and(|o| id.name.matches(&o.name));
        if !named || matches!(id.namespace, TextPattern::Any) {
            return named;
        }
        let (original, current) = (resource.original_id(), resource.id());
        id.namespace.matches(original.effective_namespace())
            || id.namespace.matches(current.effective_namespace())
    }
}

impl TextPattern {
    fn new(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() {
            return Ok(Self::Any);
        }
        if let Some(text) = literal(pattern) {
            return Ok(Self::Exactly(text));
        }
        let wrong = |_| format!("`{pattern}` is not a regular expression");
        Regex::new(&format!("^(?:{pattern})$"))
            .map(Self::Matches)
            .map_err(wrong)
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(expected) => expected == text,
            Self::Matches(regex) => regex.is_match(text),
        }
    }
}

/// Returns the only text that a pattern matches, where it has no operators.
fn literal(pattern: &str) -> Option<String> {
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(char::is_ascii_punctuation)?),
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '\n' => {
                return None;
            }
            other => text.push(other),
        }
    }
    Some(text)
}

impl TextFilter {
    pub(crate) fn new(selector: &Selector) -> Result<Self, String> {
        Ok(Self {
            labels: parse_selector(&selector.labels)?,
            annotations: parse_selector(&selector.annotations)?,
        })
    }

    /// Returns whether there is no condition at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.requirements.is_empty() && self.annotations.requirements.is_empty()
    }

    pub(crate) fn accept(&self, resource: &Resource) -> bool {
        accepts_texts(&self.labels, resource, "labels")
            && accepts_texts(&self.annotations, resource, "annotations")
    }
}

fn parse_selector(text: &str) -> Result<LabelSelector, String> {
    LabelSelector::parse(text).map_err(|e| e.to_string())
}

/// Returns whether the labels or the annotations of an object satisfy a selector. Of a repeated key the last value counts.
fn accepts_texts(selector: &LabelSelector, resource: &Resource, field: &str) -> bool {
    if selector.requirements.is_empty() {
        return true;
    }
    let texts = resource.texts(field);
    selector.requirements.iter().all(|requirement| {
        let entry = texts.iter().rev().find(|(k, _)| **k == *requirement.key);
        requirement.matches_value(entry.map(|(_, value)| &**value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_escapes_needs_no_regular_expression() {
        assert_eq!(literal("a\\.b-c"), Some("a.b-c".to_owned()));
        assert_eq!(literal("a.b"), None);
        assert!(TextPattern::new("a.*").unwrap().matches("abc"));
        assert!(!TextPattern::new("b").unwrap().matches("abc"));
        assert!(TextPattern::new("(").is_err());
    }
}
