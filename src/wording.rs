//! Numbers and lists of names in sentences.

use std::fmt::Display;

/// Writes a number with its noun: `1 node`, `2 nodes`.
#[expect(clippy::needless_pass_by_value, reason = "numbers are copied")]
pub(crate) fn count_noun<N: Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let ending = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// Joins words with commas and a last word: `a, b and c`. `None` where there are no words.
pub(crate) fn join_words<S: AsRef<str>>(words: &[S], last_link: &str) -> Option<String> {
    let (last, most) = words.split_last()?;
    let last = last.as_ref();
    if most.is_empty() {
        return Some(last.to_owned());
    }
    let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
    Some(format!("{} {last_link} {last}", most.join(", ")))
}

/// Joins names in backticks: `` `a`, `b` and `c` ``. `None` where there are no names.
pub(crate) fn join_names<'a>(
    names: impl IntoIterator<Item = &'a str>,
    last_link: &str,
) -> Option<String> {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    join_words(&quoted, last_link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_no_plural() {
        assert_eq!(count_noun(1_u32, "file"), "1 file");
        assert_eq!(count_noun(0_usize, "file"), "0 files");
        assert_eq!(count_noun(2_u64, "file"), "2 files");
    }

    #[test]
    fn words_are_joined_as_in_a_sentence() {
        assert_eq!(join_words::<&str>(&[], "and"), None);
        assert_eq!(join_words(&["a"], "and").as_deref(), Some("a"));
        assert_eq!(join_words(&["a", "b"], "or").as_deref(), Some("a or b"));
        assert_eq!(
            join_names(["a", "b", "c"], "and").as_deref(),
            Some("`a`, `b` and `c`")
        );
    }
}
