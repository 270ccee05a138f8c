//! Limit of the work of a search, counted in steps so that the answer does not depend on the machine.

/// A bound on the work of a search. A step is one pod tried on one node, or work like it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SearchEffort {
    spent: u64,
    limit: u64,
}

impl SearchEffort {
    pub(super) fn new(limit: u64) -> Self {
        Self { spent: 0, limit }
    }

    /// Counts steps; `false` once there were too many.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        self.spent = self.spent.saturating_add(steps as u64);
        self.spent <= self.limit
    }

    /// Returns whether so many more steps stay within the limit.
    pub(super) fn allows(&self, steps: usize) -> bool {
        self.spent.saturating_add(steps as u64) <= self.limit
    }

    /// Returns whether the limit has been passed.
    pub(super) fn exhausted(&self) -> bool {
        self.spent > self.limit
    }

    /// Returns the steps that were spent.
    pub(super) fn spent(&self) -> u64 {
        self.spent
    }
}
