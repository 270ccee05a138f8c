//! The text of a ledger: entries of one line and what belongs to it, indented; an empty line after each.

use std::collections::BTreeSet;

use super::{HeldKind, HeldObject, Holding, Ledger, LedgerError, VERSION};
use crate::tree::TreePath;
use kubernetes_vocabulary::ResourceScope;

/// Writes the text.
pub(super) fn write(ledger: &Ledger, site: &str) -> String {
    let mut text = format!(
        "# What siteplan generated for site {site}. After a merge conflict here: `siteplan build {site}`.\nversion {VERSION}\n\n"
    );
    for (path, digest) in &ledger.files {
        let digest = digest.map_or_else(|| "-".to_owned(), |digest| digest.to_string());
        text.push_str(&format!("file {}\n  {digest}\n\n", path.in_site()));
    }
    // One list by instance: a removal changes the entry of its instance, and two removals do not meet. The line before it keeps what is
    // added to the end of one list apart from what is added to the start of the other.
    text.push_str("# What Argo CD holds, or is removing\n\n");
    let names: BTreeSet<&String> = ledger
        .instances
        .keys()
        .chain(ledger.removing.keys())
        .collect();
    for name in names {
        if let Some(holding) = ledger.instances.get(name) {
            text.push_str(&format!("instance {name}\n"));
            write_holding(holding, &mut text);
        }
        if let Some(leftover) = ledger.removing.get(name) {
            text.push_str(&format!("removing {name}\n"));
            if leftover.approved {
                text.push_str("  approved\n");
            }
            write_holding(&leftover.holding, &mut text);
        }
    }
    text
}

fn write_holding(holding: &Holding, text: &mut String) {
    for kind in &holding.kinds {
        let HeldKind {
            group,
            kind,
            resource,
            scope,
        } = kind;
        text.push_str(&format!(
            "  kind {group}/{kind} {resource} {}\n",
            scope_word(*scope)
        ));
    }
    for namespace in &holding.namespaces {
        text.push_str(&format!("  namespace {namespace}\n"));
    }
    for (object, sizes) in &holding.data {
        let HeldObject {
            group,
            kind,
            namespace,
            name,
        } = object;
        text.push_str(&format!("  data {group}/{kind} {namespace}/{name}\n"));
        for (pointer, size) in sizes {
            text.push_str(&format!("    {pointer} {size}\n"));
        }
    }
    text.push('\n');
}

/// Reads the lines that siteplan writes. The error is of the first line that it does not.
pub(super) fn read(bytes: &[u8], site: &str) -> (Ledger, Option<LedgerError>) {
    let mut reader = LedgerReader::default();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return (reader.ledger, Some(LedgerError::NotText));
    };
    let mut error = None;
    let mut has_version = false;
    for (index, line) in text.lines().enumerate() {
        has_version |= line.starts_with("version ");
        if let Err(why) = reader.read_line(line, index + 1, site) {
            error = error.or(Some(why));
        }
    }
    if !has_version && error.is_none() {
        error = Some(LedgerError::Line(1));
    }
    (reader.ledger, error)
}

/// A ledger in the making, and the entry that indented lines belong to.
#[derive(Default)]
struct LedgerReader {
    ledger: Ledger,
    entry: OpenEntry,
}

/// The entry that indented lines belong to.
#[derive(Default)]
enum OpenEntry {
    #[default]
    None,
    File(TreePath),
    Instance(String, Option<HeldObject>),
    Removing(String),
}

impl LedgerReader {
    fn read_line(&mut self, line: &str, number: usize, site: &str) -> Result<(), LedgerError> {
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
            .iter()
            .any(|marker| line.starts_with(marker))
        {
            return Err(LedgerError::Conflict);
        }
        let wrong = LedgerError::Line(number);
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(size) = line.strip_prefix("    ") {
            return self.read_size(size).ok_or(wrong);
        }
        if let Some(property) = line.strip_prefix("  ") {
            return self.read_property(property, wrong);
        }
        let (word, name) = line.split_once(' ').ok_or(wrong.clone())?;
        self.entry = OpenEntry::None;
        match word {
            "version" => match name.parse() {
                Ok(VERSION) => {}
                Ok(other) => return Err(LedgerError::Version(other)),
                Err(_) => return Err(wrong),
            },
            "file" => self.entry = OpenEntry::File(TreePath::parse(&format!("{site}/{name}"))?),
            "instance" => {
                self.ledger.instances.entry(name.to_owned()).or_default();
                self.entry = OpenEntry::Instance(name.to_owned(), None);
            }
            "removing" => {
                self.ledger.removing.entry(name.to_owned()).or_default();
                self.entry = OpenEntry::Removing(name.to_owned());
            }
            _ => return Err(wrong),
        }
        Ok(())
    }

    fn read_property(&mut self, property: &str, wrong: LedgerError) -> Result<(), LedgerError> {
        let holding = match &mut self.entry {
            OpenEntry::None => return Err(wrong),
            OpenEntry::File(path) => {
                let digest = match property {
                    "-" => None,
                    digest => Some(digest.parse()?),
                };
                self.ledger.files.insert(path.clone(), digest);
                return Ok(());
            }
            OpenEntry::Instance(name, object) => {
                *object = None;
                self.ledger.instances.entry(name.clone()).or_default()
            }
            OpenEntry::Removing(name) => {
                let leftover = self.ledger.removing.entry(name.clone()).or_default();
                if property == "approved" {
                    leftover.approved = true;
                    return Ok(());
                }
                &mut leftover.holding
            }
        };
        let (word, rest) = property.split_once(' ').ok_or(wrong.clone())?;
        match word {
            "kind" => _ = holding.kinds.insert(read_kind(rest).ok_or(wrong)?),
            "namespace" => _ = holding.namespaces.insert(rest.to_owned()),
            "data" => {
                let read = read_object(rest).ok_or(wrong.clone())?;
                holding.data.entry(read.clone()).or_default();
                match &mut self.entry {
                    OpenEntry::Instance(_, object) => *object = Some(read),
                    _ => return Err(wrong),
                }
            }
            _ => return Err(wrong),
        }
        Ok(())
    }

    fn read_size(&mut self, line: &str) -> Option<()> {
        let (pointer, size) = line.split_once(' ')?;
        let OpenEntry::Instance(name, Some(object)) = &self.entry else {
            return None;
        };
        let sizes = self.ledger.instances.get_mut(name)?.data.get_mut(object)?;
        sizes.insert(pointer.to_owned(), size.to_owned());
        Some(())
    }
}

fn read_kind(text: &str) -> Option<HeldKind> {
    let mut words = text.split(' ');
    let (group, kind) = words.next()?.split_once('/')?;
    let resource = words.next()?.to_owned();
    let scope = match words.next()? {
        "namespaced" => ResourceScope::Namespaced,
        "cluster" => ResourceScope::Cluster,
        _ => return None,
    };
    Some(HeldKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
        resource,
        scope,
    })
}

fn read_object(text: &str) -> Option<HeldObject> {
    let (kind, object) = text.split_once(' ')?;
    let (group, kind) = kind.split_once('/')?;
    let (namespace, name) = object.split_once('/')?;
    Some(HeldObject {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

fn scope_word(scope: ResourceScope) -> &'static str {
    match scope {
        ResourceScope::Namespaced => "namespaced",
        ResourceScope::Cluster => "cluster",
    }
}
