//! Merge keys (`<<`), expanded as kustomize does: what is written wins over what is merged, the first of a list wins.

use super::node::{NodeData, ReadError, ScalarStyle, YamlNode};

/// Replaces the `<<` entries of every mapping by the entries that they name.
pub fn expand_merge_keys(node: &mut YamlNode) -> Result<(), ReadError> {
    match &mut node.data {
        NodeData::Scalar { .. } => Ok(()),
        NodeData::Sequence { items, .. } => items.iter_mut().try_for_each(expand_merge_keys),
        NodeData::Mapping { entries, .. } => {
            if entries.iter().any(|(key, _)| is_merge_key(key)) {
                expand_entries(entries)?;
            }
            entries
                .iter_mut()
                .try_for_each(|(_, value)| expand_merge_keys(value))
        }
    }
}

/// Checks for a merge key, quoted ones included: Go's libraries drop a quoted one without merging anything.
fn is_merge_key(key: &YamlNode) -> bool {
    key.text() == Some("<<")
}

fn is_plain_key(key: &YamlNode) -> bool {
    matches!(
        key.data,
        NodeData::Scalar {
            style: ScalarStyle::Plain,
            ..
        }
    )
}

fn expand_entries(entries: &mut Vec<(YamlNode, YamlNode)>) -> Result<(), ReadError> {
    let (merges, own): (Vec<_>, Vec<_>) = std::mem::take(entries)
        .into_iter()
        .partition(|(key, _)| is_merge_key(key));
    let merges: Vec<_> = merges
        .into_iter()
        .filter(|(key, _)| is_plain_key(key))
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
            NodeData::Mapping { .. } => merge_entries(entries, value)?,
            NodeData::Sequence { items, .. } => {
                for item in items {
                    merge_entries(entries, item)?;
                }
            }
            NodeData::Scalar { .. } => {
                return Err(ReadError::new(value.span, "a merge key needs a mapping"));
            }
        }
    }
    Ok(())
}

fn merge_entries(entries: &mut Vec<(YamlNode, YamlNode)>, from: YamlNode) -> Result<(), ReadError> {
    let span = from.span;
    let NodeData::Mapping {
        entries: mut found, ..
    } = from.data
    else {
        return Err(ReadError::new(span, "a merge key needs a mapping"));
    };
    if found.iter().any(|(key, _)| is_merge_key(key)) {
        expand_entries(&mut found)?;
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
