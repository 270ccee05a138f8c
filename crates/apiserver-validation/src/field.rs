//! A place in a document: its value and the way to it.

use serde_json::Value;
use std::fmt::Write as _;

static NULL: Value = Value::Null;

/// A field of a document, present or not. Copies nothing: the way to it is a chain of parents on the stack, spelled out
/// only when something is reported.
#[derive(Clone, Copy)]
pub(crate) struct Field<'v, 'p> {
    value: &'v Value,
    parent: Option<&'p Field<'v, 'p>>,
    step: FieldStep<'p>,
}

/// One step of the way. Kubernetes' own paths differ from the document in places; both are kept.
#[derive(Clone, Copy)]
enum FieldStep<'p> {
    /// The root, with the JSON pointer of the whole and Kubernetes' path of it.
    Root { pointer: &'p str, path: &'p str },
    /// A member that both call the same.
    Member(&'p str),
    /// A member that Kubernetes' path calls otherwise; empty: leaves out.
    Alias { member: &'p str, path: &'p str },
    /// An item of a list.
    Item(usize),
    /// An item of a list that Kubernetes' path leaves out.
    HiddenItem(usize),
    /// An item of a list that Kubernetes' path numbers otherwise.
    Renumbered { item: usize, place: usize },
    /// A member of a map, `[key]` in Kubernetes' path.
    Key(&'p str),
    /// The parent itself, under a further name that only Kubernetes' path has.
    Label(&'p str),
}

impl<'v> Field<'v, '_> {
    /// Returns the field at the root of a document.
    pub(crate) fn root<'p>(value: &'v Value, pointer: &'p str, path: &'p str) -> Field<'v, 'p> {
        Field {
            value,
            parent: None,
            step: FieldStep::Root { pointer, path },
        }
    }

    fn child<'b>(&'b self, value: Option<&'v Value>, step: FieldStep<'b>) -> Field<'v, 'b> {
        Field {
            value: value.unwrap_or(&NULL),
            parent: Some(self),
            step,
        }
    }

    /// Returns a member, null when absent.
    pub(crate) fn get<'b>(&'b self, member: &'b str) -> Field<'v, 'b> {
        self.child(self.value.get(member), FieldStep::Member(member))
    }

    /// Returns a member that Kubernetes' paths call `path`; empty: they leave it out.
    pub(crate) fn get_as<'b>(&'b self, member: &'b str, path: &'b str) -> Field<'v, 'b> {
        self.child(self.value.get(member), FieldStep::Alias { member, path })
    }

    /// Returns a member of a map, null when absent.
    pub(crate) fn key<'b>(&'b self, key: &'b str) -> Field<'v, 'b> {
        self.child(self.value.get(key), FieldStep::Key(key))
    }

    /// Returns the same field with a further name in Kubernetes' path.
    pub(crate) fn label<'b>(&'b self, name: &'b str) -> Field<'v, 'b> {
        self.child(Some(self.value), FieldStep::Label(name))
    }

    /// Returns the items of a list; none when it is not a list.
    pub(crate) fn items<'b>(
        &'b self,
    ) -> impl ExactSizeIterator<Item = Field<'v, 'b>> + use<'v, 'b> {
        let list = self.value.as_array().map_or(&[][..], Vec::as_slice);
        list.iter()
            .enumerate()
            .map(move |(i, value)| self.child(Some(value), FieldStep::Item(i)))
    }

    /// Returns the same field with its own name or place left out of Kubernetes' path.
    pub(crate) fn unplaced(mut self) -> Self {
        self.step = match self.step {
            FieldStep::Item(i) => FieldStep::HiddenItem(i),
            FieldStep::Key(member) | FieldStep::Member(member) => {
                FieldStep::Alias { member, path: "" }
            }
            step => step,
        };
        self
    }

    /// Returns the entries of a map as fields with `[key]` in Kubernetes' paths.
    pub(crate) fn entries<'b>(
        &'b self,
    ) -> impl Iterator<Item = (&'v str, Field<'v, 'b>)> + use<'v, 'b>
    where
        'v: 'b,
    {
        let map = self.value.as_object();
        map.into_iter()
            .flatten()
            .map(move |(key, value)| (key.as_str(), self.child(Some(value), FieldStep::Key(key))))
    }

    /// Returns the same entry of a map as a member in Kubernetes' path: `.key` instead of `[key]`.
    pub(crate) fn as_member(mut self) -> Self {
        if let FieldStep::Key(key) = self.step {
            self.step = FieldStep::Member(key);
        }
        self
    }

    /// Returns the same item of a list under another place in Kubernetes' path.
    pub(crate) fn renumbered(mut self, place: usize) -> Self {
        if let FieldStep::Item(i) = self.step {
            self.step = FieldStep::Renumbered { item: i, place };
        }
        self
    }

    /// Returns the value.
    pub(crate) fn value(&self) -> &'v Value {
        self.value
    }

    /// Tells that the field is there and not null.
    pub(crate) fn exists(&self) -> bool {
        !self.value.is_null()
    }

    /// Tells that the field is absent, null or the empty string; a value of the wrong type is not absent.
    pub(crate) fn is_blank(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        }
    }

    /// Tells that the field is absent, null, or an empty list or map; a value of the wrong type is not absent.
    pub(crate) fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        }
    }

    /// Returns the text, empty when the field is absent or no string.
    pub(crate) fn text(&self) -> &'v str {
        self.value.as_str().unwrap_or_default()
    }

    /// Returns the text, or what the API server fills in when it is absent or empty.
    pub(crate) fn text_or(&self, default: &'v str) -> &'v str {
        match self.value {
            Value::Null => default,
            Value::String(text) if text.is_empty() => default,
            _ => self.text(),
        }
    }

    /// Returns the number, none when the field is absent or no integer.
    pub(crate) fn int(&self) -> Option<i64> {
        self.value.as_i64()
    }

    /// Tells that the field is `true`.
    pub(crate) fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    /// Tells that the field is `false`.
    pub(crate) fn is_false(&self) -> bool {
        self.value.as_bool() == Some(false)
    }

    /// Returns the number of items or entries.
    pub(crate) fn count(&self) -> usize {
        match self.value {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            _ => 0,
        }
    }

    /// Returns the JSON pointer of the field.
    pub(crate) fn pointer(&self) -> String {
        let mut out = String::new();
        self.write_pointer(&mut out);
        out
    }

    fn write_pointer(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write_pointer(out);
        }
        match self.step {
            FieldStep::Root { pointer, .. } => out.push_str(pointer),
            FieldStep::Member(name)
            | FieldStep::Alias { member: name, .. }
            | FieldStep::Key(name) => {
                out.push('/');
                out.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            FieldStep::Item(i)
            | FieldStep::HiddenItem(i)
            | FieldStep::Renumbered { item: i, .. } => {
                let _ = write!(out, "/{i}");
            }
            FieldStep::Label(_) => {}
        }
    }

    /// Returns Kubernetes' path of the field.
    pub(crate) fn path(&self) -> String {
        let mut out = String::new();
        self.write_path(&mut out);
        out
    }

    fn write_path(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write_path(out);
        }
        match self.step {
            FieldStep::Root { path, .. } => out.push_str(path),
            FieldStep::Member(name)
            | FieldStep::Alias { path: name, .. }
            | FieldStep::Label(name) => {
                if !name.is_empty() && !out.is_empty() {
                    out.push('.');
                }
                out.push_str(name);
            }
            FieldStep::Item(i) | FieldStep::Renumbered { place: i, .. } => {
                let _ = write!(out, "[{i}]");
            }
            FieldStep::Key(key) => {
                let _ = write!(out, "[{key}]");
            }
            FieldStep::HiddenItem(_) => {}
        }
    }
}
