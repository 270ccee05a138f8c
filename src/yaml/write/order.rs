//! The order of keys: natural, as Go's YAML library sorts them.

use std::cmp::Ordering;

/// Sorts keys. The order is not transitive for a few sets (`v10`, `v1alpha1`, `v2`), where kustomize itself prints different orders
/// on different runs; those are sorted by code point, so that the result never depends on chance.
pub(super) fn sort(keys: &mut [&String]) {
    keys.sort_unstable();
    let in_order = |keys: &[&String]| keys.windows(2).all(|pair| compare(pair[0], pair[1]) == Ordering::Less);
    if in_order(keys) {
        return;
    }
    let mut natural: Vec<&String> = Vec::with_capacity(keys.len());
    for key in keys.iter() {
        let at = natural.partition_point(|other| compare(other, key) == Ordering::Less);
        natural.insert(at, key);
    }
    if in_order(&natural) {
        keys.copy_from_slice(&natural);
    }
}

/// Compares two keys. Letters are compared by code point and come after everything else; numbers are compared as numbers.
fn compare(left: &str, right: &str) -> Ordering {
    let differing = left.char_indices().zip(right.chars()).find(|((_, a), b)| a != b);
    let Some(((at, a), b)) = differing else { return left.len().cmp(&right.len()) };
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
    let (left_number, left_length) = run(&left[at..], seed);
    let (right_number, right_length) = run(&right[at..], seed);
    left_number.cmp(&right_number).then(left_length.cmp(&right_length)).then(a.cmp(&b))
}

/// The number that the leading digits make, and how many there are.
fn run(text: &str, seed: u64) -> (u64, usize) {
    let digits = text.chars().map_while(|c| c.to_digit(10));
    digits
        .fold((seed, 0), |(number, length), digit| (number.wrapping_mul(10).wrapping_add(u64::from(digit)), length + 1))
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_natural_order() {
        for expected in [
            &["a-b", "a.b", "a_b", "aB", "ab"][..],
            &["item", "item-1", "item1", "item9", "item10"],
            &["v1", "v1beta1", "v1beta2", "v1beta10", "v2"],
            &["1", "01", "2", "10"],
        ] {
            let owned: Vec<String> = expected.iter().rev().map(ToString::to_string).collect();
            let mut keys: Vec<&String> = owned.iter().collect();
            sort(&mut keys);
            assert_eq!(keys, expected);
        }
    }

    #[test]
    fn an_order_that_is_not_transitive_is_still_the_same_every_time() {
        let owned: Vec<String> = ["v10", "v1alpha1", "v2"].map(String::from).to_vec();
        for turn in 0..3 {
            let mut keys: Vec<&String> = owned.iter().collect();
            keys.rotate_left(turn);
            sort(&mut keys);
            assert_eq!(keys, ["v10", "v1alpha1", "v2"]);
        }
    }
}
