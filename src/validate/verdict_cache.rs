//! What was found of an object, kept by its content: the sites of a fleet are alike, and equal objects are looked at once in a run.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// Locks that verdicts are spread over, so that threads seldom wait for each other.
const SHARDS: usize = 16;

/// The content of a value, by 128 bits that are as good as never those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ContentDigest([u64; 2]);

/// Verdicts on objects, by their content and by what else they depend on.
#[derive(Debug)]
pub(super) struct VerdictCache<K, V> {
    shards: [Mutex<KnownVerdicts<K, V>>; SHARDS],
}

/// The verdicts behind one lock.
type KnownVerdicts<K, V> = BTreeMap<(ContentDigest, K), Arc<V>>;

/// Feeds two hashers that begin differently.
struct TwinHasher(DefaultHasher, DefaultHasher);

impl ContentDigest {
    /// Digests a value.
    pub(super) fn of(value: &(impl Hash + ?Sized)) -> Self {
        let mut hasher = TwinHasher(DefaultHasher::new(), DefaultHasher::new());
        hasher.1.write_u8(1);
        value.hash(&mut hasher);
        Self([hasher.0.finish(), hasher.1.finish()])
    }
}

impl Hasher for TwinHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl<K, V> Default for VerdictCache<K, V> {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }
}

impl<K: Ord, V> VerdictCache<K, V> {
    /// Returns the verdict that is known, or that `judge` gives now. Two threads may judge at the same time, and come to the same.
    pub(super) fn get_or_judge(
        &self,
        content: ContentDigest,
        depends_on: K,
        judge: impl FnOnce() -> V,
    ) -> Arc<V> {
        let shard = usize::try_from(content.0[0] % SHARDS as u64).unwrap_or_default();
        let known = || {
            self.shards[shard]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let key = (content, depends_on);
        if let Some(verdict) = known().get(&key) {
            return Arc::clone(verdict);
        }
        let verdict = Arc::new(judge());
        known().insert(key, Arc::clone(&verdict));
        verdict
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ContentDigest, VerdictCache};

    #[test]
    fn equal_content_is_judged_once_for_each_thing_that_it_depends_on() {
        let cache = VerdictCache::default();
        let mut judged = 0;
        for (value, level) in [(1, "a"), (1, "a"), (1, "b"), (2, "a")] {
            cache.get_or_judge(ContentDigest::of(&json!({"x": value})), level, || {
                judged += 1;
            });
        }
        assert_eq!(judged, 3);
    }
}
