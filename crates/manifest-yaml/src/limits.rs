//! Bounds for texts that strangers wrote.

/// Bounds on the memory that a text may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of one text; what aliases repeat counts again.
    pub bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Values in one text; what aliases repeat counts again.
    pub nodes: usize,
}

impl ReadLimits {
    /// For Kubernetes manifests: large custom resource definitions, generated lists.
    pub const MANIFEST: Self = Self {
        bytes: 64 << 20,
        depth: 100,
        nodes: 3_000_000,
    };
    /// For files that people write by hand.
    pub const INPUT: Self = Self {
        bytes: 4 << 20,
        depth: 64,
        nodes: 400_000,
    };
}
