//! Sets of names that allocate nothing while they are small.

use std::collections::BTreeSet;

const INLINE: usize = 12;

/// The values that a list had so far.
pub(crate) struct Seen<T> {
    inline: [Option<T>; INLINE],
    used: usize,
    more: BTreeSet<T>,
}

impl<T: Copy + Ord> Seen<T> {
    /// Returns an empty set.
    pub(crate) fn new() -> Self {
        Seen {
            inline: [None; INLINE],
            used: 0,
            more: BTreeSet::new(),
        }
    }

    /// Tells that the value was inserted before.
    pub(crate) fn contains(&self, value: T) -> bool {
        self.inline[..self.used].contains(&Some(value))
            || (!self.more.is_empty() && self.more.contains(&value))
    }

    /// Inserts a value; false when it was there before.
    pub(crate) fn insert(&mut self, value: T) -> bool {
        if self.contains(value) {
            return false;
        }
        if self.used < INLINE {
            self.inline[self.used] = Some(value);
            self.used += 1;
        } else {
            self.more.insert(value);
        }
        true
    }
}
