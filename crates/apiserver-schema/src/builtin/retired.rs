//! Versions of kinds that servers announced to remove, or removed.

/// A version of a kind that is deprecated or gone. Source: the lifecycle markers of the Go module `k8s.io/api`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetiredVersion {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The version of the group.
    pub version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The minor version of Kubernetes that deprecated it.
    pub deprecated: u8,
    /// The first minor version of Kubernetes without it; `None` if no removal is announced.
    pub removed: Option<u8>,
    /// The `apiVersion` and kind that replace it; empty if the same kind in another version does.
    pub replacement: &'static str,
}

pub(super) fn read_retired(line: &'static str) -> Option<RetiredVersion> {
    let fields: Vec<&str> = line.strip_prefix("R\t")?.split('\t').collect();
    let [group, version, kind, deprecated, removed, replacement] = fields.try_into().ok()?;
    let removed = removed.parse().ok().filter(|minor| *minor != 0);
    Some(RetiredVersion {
        group,
        version,
        kind,
        deprecated: deprecated.parse().ok()?,
        removed,
        replacement,
    })
}
