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

/// Names the first few of many: `` `a`, `b`, `c` and 297 more ``.
pub(crate) fn list_some(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    if names.len() <= SHOWN + 1 {
        return join_names(names.iter().copied(), "and").unwrap_or_default();
    }
    let shown: Vec<String> = names[..SHOWN].iter().map(|n| format!("`{n}`")).collect();
    format!("{} and {} more", shown.join(", "), names.len() - SHOWN)
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
    fn of_many_names_the_first_are_shown() {
        assert_eq!(list_some(&["a"]), "`a`");
        assert_eq!(list_some(&["a", "b", "c", "d"]), "`a`, `b`, `c` and `d`");
        assert_eq!(
            list_some(&["a", "b", "c", "d", "e"]),
            "`a`, `b`, `c` and 2 more"
        );
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
