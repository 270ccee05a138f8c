//! Which objects a patch or a replacement is for.

use regex::Regex;

use crate::kustomization::Selector;
use crate::resource::Resource;

/// A selector, ready to be asked about many objects.
#[derive(Debug)]
pub(crate) struct Select {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    texts: Texts,
}

/// Conditions on labels and annotations.
#[derive(Debug)]
pub(crate) struct Texts {
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

/// A regular expression that must match a whole text.
#[derive(Debug)]
enum Pattern {
    Any,
    Exactly(String),
    Matches(Regex),
}

impl Select {
    pub(crate) fn new(selector: &Selector) -> Result<Self, String> {
        Ok(Self {
            group: Pattern::new(&selector.kinds.group)?,
            version: Pattern::new(&selector.kinds.version)?,
            kind: Pattern::new(&selector.kinds.kind)?,
            name: Pattern::new(&selector.name)?,
            namespace: Pattern::new(&selector.namespace)?,
            texts: Texts::new(selector)?,
        })
    }

    /// Whether the object is meant: by its present or its original name and namespace.
    pub(crate) fn accepts(&self, resource: &Resource) -> bool {
        self.kind.matches(resource.kind())
            && self.group.matches(resource.group())
            && self.version.matches(resource.version())
            && self.accepts_name(resource)
            && self.texts.accept(resource)
    }

    fn accepts_name(&self, resource: &Resource) -> bool {
        let original = resource.history.previous.first();
        let named = self.name.matches(resource.name())
            || original.is_some_and(|o| self.name.matches(&o.name));
        if !named || matches!(self.namespace, Pattern::Any) {
            return named;
        }
        let (original, current) = (resource.original_id(), resource.id());
        self.namespace.matches(original.effective_namespace())
            || self.namespace.matches(current.effective_namespace())
    }
}

impl Pattern {
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

/// The only text that a pattern matches, where it has no operators.
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

impl Texts {
    pub(crate) fn new(selector: &Selector) -> Result<Self, String> {
        let labels = requirements(&selector.labels)?;
        Ok(Self {
            labels,
            annotations: requirements(&selector.annotations)?,
        })
    }

    /// Whether there is no condition at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.annotations.is_empty()
    }

    pub(crate) fn accept(&self, resource: &Resource) -> bool {
        let hold = |requirements: &[Requirement], field: &str| {
            if requirements.is_empty() {
                return true;
            }
            let texts = resource.texts(field);
            let value = |key: &str| {
                texts
                    .iter()
                    .rev()
                    .find(|(k, _)| **k == *key)
                    .map(|(_, v)| &**v)
            };
            requirements.iter().all(|r| r.holds(value(&r.key)))
        };
        hold(&self.labels, "labels") && hold(&self.annotations, "annotations")
    }
}

/// One condition of a Kubernetes selector.
#[derive(Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

impl Requirement {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Missing => value.is_none(),
            Test::In(values) => value.is_some_and(|v| values.iter().any(|x| x == v)),
            Test::NotIn(values) => value.is_none_or(|v| !values.iter().any(|x| x == v)),
            Test::Greater(than) => number().is_some_and(|n| n > *than),
            Test::Less(than) => number().is_some_and(|n| n < *than),
        }
    }
}

/// Reads `a=b, c in (d,e), !f`; commas mean "and".
fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = end_of_requirement(rest);
        let one = rest[..end].trim();
        found.push(
            requirement(one)
                .ok_or_else(|| format!("`{one}` is not a condition of a label selector"))?,
        );
        let comma = rest.get(end..end + 1) == Some(",");
        rest = rest.get(end + 1..).unwrap_or_default().trim_start();
        if comma && rest.is_empty() {
            return Err(format!("the selector `{text}` ends in a comma"));
        }
    }
    Ok(found)
}

/// The position of the first comma outside parentheses.
fn end_of_requirement(text: &str) -> usize {
    let mut depth = 0_i32;
    let comma = text.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    comma.unwrap_or(text.len())
}

fn requirement(text: &str) -> Option<Requirement> {
    let is_key = |key: &str| {
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        !key.is_empty() && key.chars().all(word)
    };
    let key = |key: &str| Some(key.trim().to_owned()).filter(|k| is_key(k));
    let value = |value: &str| Some(value.trim().to_owned()).filter(|v| v.is_empty() || is_key(v));
    if let Some(rest) = text.strip_prefix('!') {
        return Some(Requirement {
            key: key(rest)?,
            test: Test::Missing,
        });
    }
    if let Some((left, right)) = text.split_once("!=") {
        return Some(Requirement {
            key: key(left)?,
            test: Test::NotIn(vec![value(right)?]),
        });
    }
    if let Some((left, right)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Some(Requirement {
            key: key(left)?,
            test: Test::In(vec![value(right)?]),
        });
    }
    if let Some((left, right)) = text.split_once('>') {
        return Some(Requirement {
            key: key(left)?,
            test: Test::Greater(right.trim().parse().ok()?),
        });
    }
    if let Some((left, right)) = text.split_once('<') {
        return Some(Requirement {
            key: key(left)?,
            test: Test::Less(right.trim().parse().ok()?),
        });
    }
    if let Some(open) = text.find('(') {
        let values = text[open + 1..].trim_end().strip_suffix(')')?;
        let values = values.split(',').map(value).collect::<Option<Vec<_>>>()?;
        let mut words = text[..open].split_whitespace();
        let (name, operator) = (key(words.next()?)?, words.next()?);
        let test = match operator {
            "in" => Test::In(values),
            "notin" => Test::NotIn(values),
            _ => return None,
        };
        return words
            .next()
            .is_none()
            .then_some(Requirement { key: name, test });
    }
    Some(Requirement {
        key: key(text)?,
        test: Test::Exists,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_escapes_needs_no_regular_expression() {
        assert_eq!(literal("a\\.b-c"), Some("a.b-c".to_owned()));
        assert_eq!(literal("a.b"), None);
        assert!(Pattern::new("a.*").unwrap().matches("abc"));
        assert!(!Pattern::new("b").unwrap().matches("abc"));
        assert!(Pattern::new("(").is_err());
    }

    #[test]
    fn selectors_are_read_as_kubernetes_reads_them() {
        let holds = |selector: &str, value: Option<&str>| {
            requirements(selector)
                .unwrap()
                .iter()
                .all(|r| r.holds(value))
        };
        assert!(holds("a=b", Some("b")) && holds("a == b", Some("b")) && !holds("a=b", None));
        assert!(holds("a!=b", None) && holds("a notin (b, c)", Some("d")) && holds("!a", None));
        assert!(holds("a in (b,c),a", Some("c")) && holds("a>3", Some("4")));
        assert!(requirements("a in b").is_err() && requirements("a=b,").is_err());
    }
}
