//! Merge keys (`<<`), expanded as kustomize does: what is written wins over what is merged, the first of a list wins.

use super::node::{Data, Node, ReadError, Style};

/// Replaces the `<<` entries of every mapping by the entries that they name.
pub fn expand_merge_keys(node: &mut Node) -> Result<(), ReadError> {
    match &mut node.data {
        Data::Scalar { .. } => Ok(()),
        Data::Sequence { items, .. } => items.iter_mut().try_for_each(expand_merge_keys),
        Data::Mapping { entries, .. } => {
            if entries.iter().any(|(key, _)| is_merge_key(key)) {
                expand(entries)?;
            }
            entries
                .iter_mut()
                .try_for_each(|(_, value)| expand_merge_keys(value))
        }
    }
}

/// Whether a key is a merge key, also when it is quoted: Go's libraries drop such a key without merging anything.
fn is_merge_key(key: &Node) -> bool {
    key.text() == Some("<<")
}

fn is_plain(key: &Node) -> bool {
    matches!(
        key.data,
        Data::Scalar {
            style: Style::Plain,
            ..
        }
    )
}

fn expand(entries: &mut Vec<(Node, Node)>) -> Result<(), ReadError> {
    let (merges, own): (Vec<_>, Vec<_>) = std::mem::take(entries)
        .into_iter()
        .partition(|(key, _)| is_merge_key(key));
    let merges: Vec<_> = merges
        .into_iter()
        .filter(|(key, _)| is_plain(key))
        .collect();
    *entries = own;
    if let [_, (second, _), ..] = merges.as_slice() {
        return Err(ReadError::new(
            second.span,
            "a second merge key in one mapping",
        ));
    }
    for (_, value) in merges {
        match value.data {
            Data::Mapping { .. } => merge(entries, value)?,
            Data::Sequence { items, .. } => {
                for item in items {
                    merge(entries, item)?;
                }
            }
            Data::Scalar { .. } => {
                return Err(ReadError::new(value.span, "a merge key needs a mapping"));
            }
        }
    }
    Ok(())
}

fn merge(entries: &mut Vec<(Node, Node)>, from: Node) -> Result<(), ReadError> {
    let span = from.span;
    let Data::Mapping {
        entries: mut found, ..
    } = from.data
    else {
        return Err(ReadError::new(span, "a merge key needs a mapping"));
    };
    if found.iter().any(|(key, _)| is_merge_key(key)) {
        expand(&mut found)?;
    }
    for (key, value) in found {
        if !entries
            .iter()
            .any(|(k, _)| k.text().is_some() && k.text() == key.text())
        {
            entries.push((key, value));
        }
    }
    Ok(())
}
