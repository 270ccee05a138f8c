//! An object of a build: its tree, what it was called before, and how it came into being.

pub(crate) mod alias;
mod id;
pub(crate) mod scope;
mod shared;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::kustomization::GeneratedHash;
use crate::meaning::{Unprintable, extend_last_block, printable};
use crate::problem::file_problem;
use crate::rules;
use crate::tree::{Mapping, Node, Scalar};
use manifest_yaml::{ScalarStyle, append_as_kustomize};
use pointer_diagnostics::{Diagnostic, Pointer};
use shared::SharedObject;

use id::effective_namespace;
pub(crate) use id::{ResourceId, or};
pub(crate) use scope::is_cluster_scoped;
pub(crate) use shared::{NameTracking, PatchId, PatchKey};

/// Place at which an object was written: a file and the number of the document in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The path of the file.
    pub file: Arc<str>,
    /// The document's number in the file, from 0.
    pub document: usize,
}

/// Request of a generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generated {
    pub(crate) behavior: Behavior,
    pub(crate) hash: GeneratedHash,
}

/// Action of a generator when the object is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behavior {
    Create,
    Replace,
    Merge,
}

/// The origin that kustomize would write into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ObjectOrigin {
    /// The file that it was read from.
    File,
    /// The plugin that made it, or that ran when the record of its origin was lost.
    Plugin(Arc<PluginOrigin>),
    /// A transformer that runs just now has removed all annotations, the record among them.
    Lost,
}

/// A plugin, as the annotation of the origin names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PluginOrigin {
    /// The file that configures it.
    pub(crate) file: Arc<str>,
    pub(crate) kind: String,
    /// Empty where a field of a kustomization stands for the plugin.
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl PluginOrigin {
    /// Returns the plugin that a field of a kustomization stands for.
    pub(crate) fn of_field(file: &Arc<str>, kind: &str) -> Self {
        Self {
            file: Arc::clone(file),
            kind: kind.to_owned(),
            name: String::new(),
            namespace: String::new(),
        }
    }

    /// Returns the plugin that an object configures.
    pub(crate) fn of_object(plugin: &Resource) -> Self {
        Self {
            file: Arc::clone(&plugin.source.file),
            kind: plugin.kind().to_owned(),
            name: plugin.name().to_owned(),
            namespace: plugin.namespace().to_owned(),
        }
    }
}

/// Text behind the last value of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentEnd {
    Bare,
    Comment,
}

/// Former names of an object, and the prefixes and suffixes that it got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// The oldest first; the namespace is the effective one.
    pub(crate) previous: Vec<Previous>,
    pub(crate) prefixes: Vec<Arc<str>>,
    pub(crate) suffixes: Vec<Arc<str>>,
}

/// A former name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

/// An object of a build. Cheap to clone; copies share everything until one of them changes.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    root: Node,
    pub(crate) history: Arc<History>,
    pub(crate) generated: Option<Generated>,
    pub(crate) source: Source,
    /// The names of the `vars` that take their values from the object.
    pub(crate) variables: Arc<Vec<String>>,
    /// Number of values that stand in several places at once.
    aliases: u32,
    pub(crate) origin: ObjectOrigin,
    /// End of its document; through JSON, comments are lost.
    pub(crate) end: DocumentEnd,
    /// Set if the annotation of the origin is printed.
    pub(crate) keeps_origin: bool,
    /// Set if a replacement takes its value from the object.
    pub(crate) is_replacement_source: bool,
    /// The object as it was in the last base that it came through.
    shared: Option<Arc<SharedObject>>,
}

impl Resource {
    pub(crate) fn new(root: Node, source: Source) -> Self {
        Self {
            root,
            history: Arc::default(),
            generated: None,
            source,
            variables: Arc::default(),
            aliases: 0,
            origin: ObjectOrigin::File,
            end: DocumentEnd::Bare,
            keeps_origin: false,
            is_replacement_source: false,
            shared: None,
        }
    }

    /// From here on, copies share what is computed from the object as it is now.
    pub(crate) fn share(&mut self) {
        if self.unchanged().is_none() {
            self.shared = Some(Arc::new(SharedObject::new(&self.root)));
        }
    }

    /// Returns the parts that copies share, as long as nobody changed this one.
    pub(crate) fn unchanged(&self) -> Option<&Arc<SharedObject>> {
        self.shared
            .as_ref()
            .filter(|shared| shared.is_of(&self.root))
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// Puts another tree in place. Values that share a place with a changed one change with it.
    pub(crate) fn set_root(&mut self, root: Node) {
        let followed = if self.aliases > 0 {
            alias::follow(&self.root, &root)
        } else {
            None
        };
        self.root = followed.unwrap_or(root);
    }

    /// The number of a value that is about to be set in several places at once.
    pub(crate) fn next_alias(&mut self) -> u32 {
        self.aliases += 1;
        self.aliases
    }

    /// The value that is printed.
    pub(crate) fn printed(&self) -> Result<Arc<Value>, Unprintable> {
        let value = || {
            printable(&self.written_root(), self.keeps_origin, &|_, _| None)
                .map(|value| Arc::new(value.into()))
        };
        match self.unchanged() {
            Some(shared) => shared.printed.get_or_init(value).clone(),
            None => value(),
        }
    }

    /// Appends the text that is printed.
    pub(crate) fn print(&self, out: &mut String) -> Result<(), Unprintable> {
        let unchanged = self.unchanged();
        if let Some(text) = unchanged.and_then(|shared| shared.text.get()) {
            out.push_str(text);
            return Ok(());
        }
        let known = |key: &Scalar, value: &Node| self.shared.as_ref()?.field(key, value);
        let start = out.len();
        let root = self.written_root();
        append_as_kustomize(out, printable(&root, self.keeps_origin, &known)?);
        if let Some(shared) = unchanged {
            shared.keep_text(&out[start..]);
        }
        Ok(())
    }

    /// Returns the tree as it is once it was written and read again.
    fn written_root(&self) -> Cow<'_, Node> {
        let extended = match self.end {
            DocumentEnd::Bare => None,
            DocumentEnd::Comment => extend_last_block(&self.root),
        };
        extended.map_or(Cow::Borrowed(&self.root), Cow::Owned)
    }

    /// Returns the tree normalized by a function, which is asked once for all copies.
    pub(crate) fn normalized(
        &self,
        normalize: impl FnOnce(&Node) -> Result<Node, Unprintable>,
    ) -> Result<Node, Unprintable> {
        let Some(shared) = self.unchanged() else {
            return normalize(&self.written_root());
        };
        if let Some(normal) = shared.normalized.get() {
            return Ok(normal.clone());
        }
        let normal = normalize(&self.written_root())?;
        Ok(shared.normalized.get_or_init(|| normal).clone())
    }

    pub(crate) fn kind(&self) -> &str {
        self.root.get("kind").map_or("", Node::text)
    }

    pub(crate) fn api_version(&self) -> &str {
        self.root.get("apiVersion").map_or("", Node::text)
    }

    pub(crate) fn group(&self) -> &str {
        self.api_version()
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    pub(crate) fn version(&self) -> &str {
        self.api_version()
            .split_once('/')
            .map_or(self.api_version(), |(_, version)| version)
    }

    pub(crate) fn name(&self) -> &str {
        self.metadata_text("name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.metadata_text("namespace")
    }

    fn metadata_text(&self, key: &str) -> &str {
        let found = self.root.at(&["metadata", key]);
        found
            .filter(|n| !n.is_null_or_empty())
            .map_or("", Node::text)
    }

    /// Labels or annotations, as text.
    pub(crate) fn texts(&self, field: &str) -> Vec<(Arc<str>, Arc<str>)> {
        let found = self
            .root
            .at(&["metadata", field])
            .and_then(Node::as_mapping);
        let text = |node: &Node| match node {
            Node::Scalar(scalar) => Arc::clone(&scalar.text),
            _ => Arc::from(""),
        };
        found
            .map(|m| {
                m.entries
                    .iter()
                    .map(|(k, v)| (Arc::clone(&k.text), text(v)))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// The id that the object has now.
    pub(crate) fn id(&self) -> ResourceId {
        ResourceId {
            group: self.group().to_owned(),
            version: self.version().to_owned(),
            kind: self.kind().to_owned(),
            name: self.name().to_owned(),
            namespace: self.namespace().to_owned(),
        }
    }

    /// The namespace that counts.
    pub(crate) fn effective_namespace(&self) -> &str {
        effective_namespace(self.is_cluster_scoped(), self.namespace())
    }

    /// Returns whether the type is certainly not namespaced.
    pub(crate) fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(self.group(), self.version(), self.kind())
    }

    /// The key under which equal ids meet.
    pub(crate) fn id_key(&self) -> String {
        [
            self.kind(),
            self.name(),
            self.effective_namespace(),
            self.group(),
            self.version(),
        ]
        .join("\n")
    }

    /// Returns whether everything that is part of the id is written as in another tree.
    pub(crate) fn is_named_as(&self, other: &Node) -> bool {
        fn text<'n>(root: &'n Node, path: &[&str]) -> Option<(&'n str, bool)> {
            root.at(path).map(|node| (node.text(), node.is_null()))
        }
        [
            &["kind"][..],
            &["apiVersion"],
            &["metadata", "name"],
            &["metadata", "namespace"],
        ]
        .into_iter()
        .all(|path| text(&self.root, path) == text(other, path))
    }

    /// The ids that the object had before, the oldest first.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = ResourceId> + '_ {
        let (group, version) = (self.group(), self.version());
        self.history.previous.iter().map(move |p| ResourceId {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: p.kind.clone(),
            name: p.name.clone(),
            namespace: p.namespace.clone(),
        })
    }

    /// The id that the object had in its file.
    pub(crate) fn original_id(&self) -> ResourceId {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    /// Returns whether the object has or had an id.
    pub(crate) fn has_id(&self, id: &ResourceId) -> bool {
        let typed = || self.group() == id.group && self.version() == id.version;
        let current =
            self.name() == id.name && self.kind() == id.kind && typed() && self.id().same(id);
        let before = |p: &Previous| {
            p.name == id.name && p.kind == id.kind && p.namespace == id.effective_namespace()
        };
        current || (typed() && self.history.previous.iter().any(before))
    }

    /// All ids that the object had or has.
    pub(crate) fn any_ids(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.previous_ids()
            .chain(std::iter::once_with(|| self.id()))
    }

    /// Returns whether kustomize has annotations of its own in the object.
    pub(crate) fn has_internal_annotations(&self) -> bool {
        self.generated.is_some() || *self.history != History::default()
    }

    /// Remembers the present name before it changes.
    pub(crate) fn store_previous(&mut self) {
        let previous = Previous {
            namespace: self.effective_namespace().to_owned(),
            name: self.name().to_owned(),
            kind: self.kind().to_owned(),
        };
        Arc::make_mut(&mut self.history).previous.push(previous);
    }

    /// Sets a field at the top or in `metadata`, in the style of what stands there; null removes it.
    pub(crate) fn set_text(&mut self, path: &[&str], text: Option<&str>) {
        if self
            .root
            .at(path)
            .is_some_and(|there| Some(there.text()) == text && there.is_plain_text())
        {
            return;
        }
        let value = text.map(|t| Node::Scalar(Scalar::untyped(t)));
        let root = with_field(&self.root, path, value);
        if root != self.root {
            self.set_root(root);
        }
    }
}

/// Builds the problem of an object that cannot be printed, with the field and the file that it came from.
pub(crate) fn unprintable(resource: &Resource, reason: &Unprintable) -> Diagnostic {
    let mut pointer = Pointer::root();
    for step in &reason.path {
        pointer = pointer.at(step);
    }
    let message = format!(
        "{}: `{pointer}` cannot be printed: {}",
        resource.id(),
        reason.reason
    );
    let rule = &rules::UNPRINTABLE_RESOURCE;
    file_problem(rule, &resource.source.file, message)
}

/// A tree with a field set (or, for `None`, removed); maps on the way are made.
fn with_field(node: &Node, path: &[&str], value: Option<Node>) -> Node {
    let mut mapping = node.as_mapping().cloned().unwrap_or_else(Mapping::default);
    match (path, value) {
        ([], _) => return node.clone(),
        ([key], None) => mapping.remove(key),
        ([key], Some(value)) => mapping.set(key, value, ScalarStyle::Plain),
        ([key, ..], None) if mapping.get(key).is_none() => return node.clone(),
        ([key, rest @ ..], value) => {
            let below = mapping
                .get(key)
                .cloned()
                .unwrap_or_else(|| Node::mapping(Vec::new()));
            mapping.put(key, with_field(&below, rest, value));
        }
    }
    Node::Mapping(mapping)
}
