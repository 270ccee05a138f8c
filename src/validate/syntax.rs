//! The forms of names, labels and durations in Kubernetes and Argo CD.

/// The longest annotations of one object, keys and values together, in bytes (apimachinery `TotalAnnotationSizeLimitB`).
pub(super) const MAX_ANNOTATIONS: usize = 262_144;

/// A DNS-1123 label: lower-case letters, digits and dashes, at most 63.
pub(super) fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A DNS-1123 subdomain: labels without their limit, separated by dots, at most 253.
pub(super) fn is_subdomain(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let part =
        |p: &str| !p.is_empty() && p.bytes().all(inner) && !p.starts_with('-') && !p.ends_with('-');
    text.len() <= 253 && text.split('.').all(part)
}

/// A DNS-1035 label, as Services need it: a label that begins with a letter.
pub(super) fn is_service_name(text: &str) -> bool {
    is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// A path segment, as RBAC's objects are named.
pub(super) fn is_path_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.contains(['/', '%'])
}

/// The key of a label or an annotation: `name`, or `prefix/name`.
pub(super) fn is_qualified_name(text: &str) -> bool {
    let (prefix, name) = text
        .split_once('/')
        .map_or((None, text), |(prefix, name)| (Some(prefix), name));
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// The value of a label.
pub(super) fn is_label_value(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.is_empty()
        || text.len() <= 63
            && text.bytes().all(inner)
            && text.starts_with(edge)
            && text.ends_with(edge)
}

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

/// What follows the first number with its unit.
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
    fn names_are_told_apart() {
        assert!(
            is_label("acp-plant")
                && !is_label("Acp")
                && !is_label("-a")
                && !is_label("a.b")
                && !is_label("")
        );
        assert!(is_label(&"a".repeat(63)) && !is_label(&"a".repeat(64)));
        assert!(is_subdomain("a.b-c.d") && !is_subdomain("a..b") && !is_subdomain("a_b"));
        assert!(is_service_name("web") && !is_service_name("0web"));
        assert!(is_path_segment("system:image-puller") && !is_path_segment("a/b"));
    }

    #[test]
    fn labels_have_prefixes_and_limits() {
        assert!(is_qualified_name("app.kubernetes.io/name") && is_qualified_name("team"));
        assert!(
            !is_qualified_name("a/b/c")
                && !is_qualified_name("/a")
                && !is_qualified_name("a/")
                && !is_qualified_name("")
        );
        assert!(
            is_label_value("")
                && is_label_value("3.11-ubi9")
                && !is_label_value("a b")
                && !is_label_value("-a")
        );
        assert!(!is_label_value(&"a".repeat(64)));
    }

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
