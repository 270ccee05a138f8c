//! Reads field paths: kustomize's form (`spec.instances.[name=pginstance].replicas`) and the catalogue's (`spec.instances[*].replicas`).

use serde_json::Value;

use pointer_diagnostics::Pointer;

/// A path to fields of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath {
    steps: Vec<PathStep>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum PathStep {
    /// A key of a map, or an index of a list.
    Key(String),
    /// The elements of a list whose field has a text.
    Where { key: String, value: String },
    /// Every element of a list, or every value of a map.
    Each,
}

/// The error for a text that is not a field path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldPathError {
    /// There is no step.
    #[error("the path is empty")]
    Empty,
    /// A bracket has no end.
    #[error("`[` is not closed in `{0}`")]
    UnclosedBracket(String),
    /// Two dots follow one another.
    #[error("a key is missing before `{0}`")]
    MissingKey(String),
    /// A bracket is empty.
    #[error("`[]` names nothing")]
    EmptyBracket,
}

impl FieldPath {
    /// Reads a path. Dots separate keys; `\.` is a dot in a key; `[a.b]` is one key; `[name=x]` selects list elements; `*`, `[*]` and
    /// `{*}` take all.
    ///
    /// # Errors
    ///
    /// When a bracket is not closed or a key is empty.
    pub fn parse(text: &str) -> Result<Self, FieldPathError> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) = read_step(rest)?;
            steps.push(step);
            rest = after;
        }
        match steps.is_empty() {
            true => Err(FieldPathError::Empty),
            false => Ok(Self { steps }),
        }
    }

    /// Tells whether the path takes all elements of a list or map on its way.
    pub fn has_several(&self) -> bool {
        self.steps.contains(&PathStep::Each)
    }

    /// Returns the rest of the path behind its first key. `None` where it begins otherwise, or has no more.
    pub fn below(&self, key: &str) -> Option<Self> {
        match self.steps.split_first() {
            Some((PathStep::Key(first), rest)) if first == key && !rest.is_empty() => Some(Self {
                steps: rest.to_vec(),
            }),
            _ => None,
        }
    }

    /// Returns the pointers that the path leads to in a value. Keys that are missing in maps are followed (the field may be made there), list
    /// elements that are missing are not.
    pub fn resolve(&self, value: &Value) -> Vec<Pointer> {
        let mut found = vec![(Pointer::root(), Some(value))];
        for step in &self.steps {
            found = found
                .into_iter()
                .flat_map(|(at, value)| step.follow(&at, value))
                .collect();
        }
        found.into_iter().map(|(at, _)| at).collect()
    }
}

impl PathStep {
    /// Returns where one step leads from a place, with the value there.
    fn follow<'a>(
        &self,
        at: &Pointer,
        value: Option<&'a Value>,
    ) -> Vec<(Pointer, Option<&'a Value>)> {
        match (self, value) {
            (Self::Key(key), Some(Value::Array(items))) => match key.parse::<usize>() {
                Ok(index) if index < items.len() => vec![(at.at(index), items.get(index))],
                _ => Vec::new(),
            },
            (Self::Key(key), Some(Value::Object(map))) => vec![(at.at(key), map.get(key))],
            (Self::Key(key), None | Some(Value::Null)) => vec![(at.at(key), None)],
            (Self::Each, Some(Value::Array(items))) => items
                .iter()
                .enumerate()
                .map(|(i, item)| (at.at(i), Some(item)))
                .collect(),
            (Self::Each, Some(Value::Object(map))) => {
                map.iter().map(|(k, v)| (at.at(k), Some(v))).collect()
            }
            (Self::Where { key, value }, Some(Value::Array(items))) => items
                .iter()
                .enumerate()
                .filter(|(_, item)| text_of(item, key).is_some_and(|t| t == *value))
                .map(|(i, item)| (at.at(i), Some(item)))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Returns the text of a list element's field; of the element itself for an empty key.
fn text_of(item: &Value, key: &str) -> Option<String> {
    let field = if key.is_empty() { item } else { item.get(key)? };
    match field {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn read_step(text: &str) -> Result<(PathStep, &str), FieldPathError> {
    if let Some(inner) = text.strip_prefix('[') {
        let end = inner
            .find(']')
            .ok_or_else(|| FieldPathError::UnclosedBracket(text.to_owned()))?;
        return Ok((read_bracket(&inner[..end])?, skip_dot(&inner[end + 1..])));
    }
    if let Some(after) = text.strip_prefix("{*}") {
        return Ok((PathStep::Each, skip_dot(after)));
    }
    let mut key = String::new();
    let mut characters = text.char_indices();
    let mut end = text.len();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => key.extend(characters.next().map(|(_, escaped)| escaped)),
            '.' | '[' | '{' => {
                end = at;
                break;
            }
            _ => key.push(c),
        }
    }
    let step = match key.as_str() {
        "" => return Err(FieldPathError::MissingKey(text.to_owned())),
        "*" => PathStep::Each,
        _ => PathStep::Key(key),
    };
    Ok((step, skip_dot(&text[end..])))
}

fn skip_dot(text: &str) -> &str {
    text.strip_prefix('.').unwrap_or(text)
}

fn read_bracket(inner: &str) -> Result<PathStep, FieldPathError> {
    match inner.split_once('=') {
        Some((key, value)) => Ok(PathStep::Where {
            key: key.to_owned(),
            value: value.to_owned(),
        }),
        None if inner == "*" => Ok(PathStep::Each),
        None if inner.is_empty() => Err(FieldPathError::EmptyBracket),
        None => Ok(PathStep::Key(inner.trim_matches('"').to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::FieldPath;

    fn pointers(path: &str) -> Vec<String> {
        let value = json!({"spec": {
            "instances": [{"name": "a", "n": 1}, {"name": "b"}],
            "map": {"x": {"n": 1}, "y": {}},
            "labels": {"app.kubernetes.io/name": "z"},
        }});
        FieldPath::parse(path)
            .unwrap()
            .resolve(&value)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn paths_lead_to_every_field_they_name() {
        assert_eq!(
            pointers("spec.instances.[name=b].n"),
            ["/spec/instances/1/n"]
        );
        assert_eq!(
            pointers("spec.instances[*].n"),
            ["/spec/instances/0/n", "/spec/instances/1/n"]
        );
        assert_eq!(pointers("spec.instances.0.n"), ["/spec/instances/0/n"]);
        assert_eq!(
            pointers("spec.map{*}.n"),
            ["/spec/map/x/n", "/spec/map/y/n"]
        );
        assert_eq!(
            pointers("spec.labels.app\\.kubernetes\\.io/name"),
            ["/spec/labels/app.kubernetes.io~1name"]
        );
        assert_eq!(
            pointers("spec.labels.[app.kubernetes.io/name]"),
            ["/spec/labels/app.kubernetes.io~1name"]
        );
        assert_eq!(pointers("spec.new.field"), ["/spec/new/field"]);
    }

    #[test]
    fn missing_list_elements_lead_nowhere() {
        assert!(pointers("spec.instances.[name=c].n").is_empty());
        assert!(pointers("spec.instances.7.n").is_empty());
    }

    #[test]
    fn broken_paths_are_refused() {
        for path in ["", "spec.[name=x", "spec..a", "[]"] {
            assert!(FieldPath::parse(path).is_err(), "{path}");
        }
    }
}
