//! The form of durations in Argo CD.

/// A duration of Argo CD: a Go duration, or whole seconds.
pub(super) fn is_duration(text: &str) -> bool {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    let mut rest = text;
    while let Some(after) = one_duration(rest) {
        if after.is_empty() {
            return true;
        }
        rest = after;
    }
    false
}

/// Returns the rest of a duration after the first number with its unit.
fn one_duration(text: &str) -> Option<&str> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .filter(|end| *end > 0)?;
    let rest = &text[digits..];
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            &fraction[fraction
                .find(|c: char| !c.is_ascii_digit())
                .filter(|end| *end > 0)?..]
        }
        None => rest,
    };
    ["ns", "us", "µs", "ms", "s", "m", "h"]
        .iter()
        .find_map(|unit| {
            let after = rest.strip_prefix(unit)?;
            (after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit())).then_some(after)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go_or_seconds() {
        for good in ["10s", "5m", "1h30m", "90", "1.5h", "250ms", "3µs"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["", "s", "10 s", "5 minutes", "1h30", "-5s", "5x", ".5s"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }
}
