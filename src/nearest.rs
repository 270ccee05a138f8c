//! The known name that is nearest to a misspelt one.

/// Finds the known name with the smallest edit distance, if it is near enough to be meant.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = (wrong.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .filter_map(|candidate| Some((edit_distance(wrong, candidate)?, candidate)))
        .filter(|(distance, _)| *distance <= bound)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns the optimal string alignment distance; `None` for words too long or too different to be compared.
fn edit_distance(wrong: &str, candidate: &str) -> Option<usize> {
    let (length, other) = (wrong.chars().count(), candidate.chars().count());
    let is_comparable = length.abs_diff(other) <= 3 && length <= 200;
    is_comparable.then(|| strsim::osa_distance(wrong, candidate))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_name_finds_the_nearest_and_a_different_one_finds_none() {
        let known = ["namespace", "placement", "pool", "values"];
        assert_eq!(nearest("namespcae", known), Some("namespace"));
        assert_eq!(nearest("pol", known), Some("pool"));
        assert_eq!(nearest("storage", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
