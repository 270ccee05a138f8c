//! The order of keys: natural, as Go's YAML library sorts them.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Sorts entries by their keys. The order is not transitive for a few sets (`v10`, `v1alpha1`, `v2`), where kustomize itself prints
/// different orders on different runs; those are sorted by code point, so that the result never depends on chance.
pub(super) fn sort_entries<V>(entries: &mut Vec<(Cow<'_, str>, V)>) {
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    if entries.is_sorted_by(|(a, _), (b, _)| compare_keys(a, b) == Ordering::Less) {
        return;
    }
    let mut natural: Vec<usize> = Vec::with_capacity(entries.len());
    for index in 0..entries.len() {
        let at = natural.partition_point(|other| {
            compare_keys(&entries[*other].0, &entries[index].0) == Ordering::Less
        });
        natural.insert(at, index);
    }
    if natural.is_sorted_by(|a, b| compare_keys(&entries[*a].0, &entries[*b].0) == Ordering::Less) {
        let mut unordered: Vec<Option<_>> = entries.drain(..).map(Some).collect();
        entries.extend(
            natural
                .into_iter()
                .filter_map(|index| unordered[index].take()),
        );
    }
}

/// Compares two keys. Letters are compared by code point and come after everything else; numbers are compared as numbers.
fn compare_keys(left: &str, right: &str) -> Ordering {
    // The common case: the first bytes that differ are letters.
    let bytes = left.bytes().zip(right.bytes()).find(|(a, b)| a != b);
    if let Some((a, b)) = bytes
        && a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic()
    {
        return a.cmp(&b);
    }
    let differing = left
        .char_indices()
        .zip(right.chars())
        .find(|((_, a), b)| a != b);
    let Some(((at, a), b)) = differing else {
        return left.len().cmp(&right.len());
    };
    match (is_letter(a), is_letter(b)) {
        (true, true) => return a.cmp(&b),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero that continues a number must not compare as a leading zero.
    let mut before = left[..at].bytes().rev().take_while(u8::is_ascii_digit);
    let continues = (a == '0' || b == '0') && before.any(|c| c != b'0');
    let seed = u64::from(continues);
    // What is before the difference is the same on both sides, and so is its length.
    let (left_number, left_length) = leading_number(&left[at..], seed);
    let (right_number, right_length) = leading_number(&right[at..], seed);
    left_number
        .cmp(&right_number)
        .then(left_length.cmp(&right_length))
        .then(a.cmp(&b))
}

/// Returns the number that the leading digits make, and their count.
fn leading_number(text: &str, seed: u64) -> (u64, usize) {
    let digits = text.chars().map_while(|c| c.to_digit(10));
    digits.fold((seed, 0), |(number, length), digit| {
        (
            number.wrapping_mul(10).wrapping_add(u64::from(digit)),
            length + 1,
        )
    })
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<'k>(keys: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
        let mut entries: Vec<(Cow<'k, str>, &'k str)> = keys
            .into_iter()
            .map(|key| (Cow::Borrowed(key), key))
            .collect();
        sort_entries(&mut entries);
        entries.into_iter().map(|(_, key)| key).collect()
    }

    #[test]
    fn keys_are_in_natural_order() {
        for expected in [
            &["a-b", "a.b", "a_b", "aB", "ab"][..],
            &["item", "item-1", "item1", "item9", "item10"],
            &["v1", "v1beta1", "v1beta2", "v1beta10", "v2"],
            &["1", "01", "2", "10"],
        ] {
            assert_eq!(sorted(expected.iter().rev().copied()), expected);
        }
    }

    #[test]
    fn an_order_that_is_not_transitive_is_still_the_same_every_time() {
        for keys in [
            ["v10", "v1alpha1", "v2"],
            ["v1alpha1", "v2", "v10"],
            ["v2", "v10", "v1alpha1"],
        ] {
            assert_eq!(sorted(keys), ["v10", "v1alpha1", "v2"]);
        }
    }
}
