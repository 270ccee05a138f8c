//! Places in an object: a linked list on the stack while a check descends, text only when something is reported.

use std::fmt::Write as _;

/// One step from a value to a value inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Segment<'a> {
    /// A declared field of an object.
    Field(&'a str),
    /// A key of a map.
    Key(&'a str),
    /// An item of a list.
    Index(usize),
}

/// A place in an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    segment: Option<Segment<'a>>,
}

impl<'a> Place<'a> {
    /// The object itself.
    pub(crate) const ROOT: Place<'static> = Place {
        parent: None,
        segment: None,
    };

    /// Returns the place one step further down.
    pub(crate) fn at(&'a self, segment: Segment<'a>) -> Place<'a> {
        Place {
            parent: Some(self),
            segment: Some(segment),
        }
    }

    /// Returns the place of a declared field.
    pub(crate) fn field(&'a self, name: &'a str) -> Place<'a> {
        self.at(Segment::Field(name))
    }

    /// Returns the last step.
    pub(crate) fn last(&self) -> Option<Segment<'a>> {
        self.segment
    }

    /// Returns the number of steps from the object.
    pub(crate) fn depth(&self) -> usize {
        let mut depth = 0;
        let mut place = self;
        while let Some(parent) = place.parent {
            depth += 1;
            place = parent;
        }
        depth
    }

    fn segments(&self) -> Vec<Segment<'a>> {
        let mut found = Vec::new();
        let mut place = Some(self);
        while let Some(Place { parent, segment }) = place {
            found.extend(*segment);
            place = *parent;
        }
        found.reverse();
        found
    }

    /// Returns the JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self) -> String {
        let mut text = String::new();
        for segment in self.segments() {
            text.push('/');
            match segment {
                Segment::Field(name) | Segment::Key(name) => {
                    text.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
                Segment::Index(index) => _ = write!(text, "{index}"),
            }
        }
        text
    }

    /// Returns the path as Kubernetes writes it: `spec.ports[0].name`, `metadata.labels[app]`.
    pub(crate) fn path(&self) -> String {
        let mut text = String::new();
        for segment in self.segments() {
            match segment {
                Segment::Field(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Segment::Key(key) => _ = write!(text, "[{key}]"),
                Segment::Index(index) => _ = write!(text, "[{index}]"),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Segment};

    #[test]
    fn places_print_as_pointer_and_as_path() {
        let labels = Place::ROOT.field("metadata");
        let labels = labels.field("labels");
        let app = labels.at(Segment::Key("a/b~c"));
        assert_eq!(
            (app.pointer().as_str(), app.path().as_str()),
            ("/metadata/labels/a~1b~0c", "metadata.labels[a/b~c]")
        );
        let item = labels.at(Segment::Index(3));
        assert_eq!(
            (item.pointer().as_str(), item.path().as_str()),
            ("/metadata/labels/3", "metadata.labels[3]")
        );
    }
}
