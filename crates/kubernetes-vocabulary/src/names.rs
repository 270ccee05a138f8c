//! The syntax of names, labels and their values (apimachinery `util/validation`, `api/validation/path`).

/// Returns whether the text is a DNS-1123 label: lower-case letters, digits and `-`, with a letter or digit at both ends, 63 bytes
/// at most (`IsDNS1123Label`).
pub fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_subdomain_part(text)
}

/// Returns whether the text is a DNS-1123 subdomain: parts like labels, separated by dots, 253 bytes at most in all. A single part
/// has no limit of its own (`IsDNS1123Subdomain`).
pub fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_subdomain_part)
}

/// Returns whether the text is a DNS-1035 label: a DNS-1123 label that begins with a letter (`IsDNS1035Label`).
pub fn is_dns_1035_label(text: &str) -> bool {
    is_dns_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Returns whether the text can be a segment of a path, as the names of RBAC's objects are (`IsValidPathSegmentName`).
pub fn is_path_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.contains(['/', '%'])
}

/// Returns whether the text can be the key of a label: `name` or `prefix/name`, with a DNS subdomain as prefix and 63 bytes at most
/// in the name (`IsQualifiedName`).
pub fn is_qualified_name(text: &str) -> bool {
    let name = match text.split_once('/') {
        Some((prefix, _)) if !is_dns_subdomain(prefix) => return false,
        Some((_, name)) => name,
        None => text,
    };
    !name.is_empty() && is_label_value(name)
}

/// Returns whether the text can be the value of a label: empty, or letters, digits, `-`, `_` and `.` with a letter or digit at both
/// ends, 63 bytes at most (`IsValidLabelValue`).
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || (text.len() <= 63 && is_framed(text, is_label_value_byte, is_alphanumeric))
}

fn is_subdomain_part(text: &str) -> bool {
    is_framed(text, is_dns_byte, is_lower_alphanumeric)
}

/// Returns whether the text is not empty, all its bytes are `inner` and its first and last are `edge`.
fn is_framed(text: &str, inner: fn(u8) -> bool, edge: fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    edge(*first) && edge(*last) && bytes.iter().copied().all(inner)
}

fn is_lower_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_dns_byte(byte: u8) -> bool {
    is_lower_alphanumeric(byte) || byte == b'-'
}

fn is_label_value_byte(byte: u8) -> bool {
    is_alphanumeric(byte) || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accepts: fn(&str) -> bool, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert!(accepts(text), "`{text}` is right");
        }
        for text in wrong {
            assert!(!accepts(text), "`{text}` is wrong");
        }
    }

    #[test]
    fn a_dns_label_is_lower_case_and_has_63_bytes_at_most() {
        let (longest, too_long) = ("a".repeat(63), "a".repeat(64));
        check(
            is_dns_label,
            &["acp-plant", "0", &longest],
            &["", "Acp", "-a", "a-", "a.b", "a_b", "ä", &too_long],
        );
    }

    #[test]
    fn a_part_of_a_subdomain_has_no_limit_of_its_own() {
        let long_part = format!("{}.b", "a".repeat(64));
        let (longest, too_long) = ("a".repeat(253), "a".repeat(254));
        check(
            is_dns_subdomain,
            &["a.b-c.d", "a", &long_part, &longest],
            &["", "a..b", ".a", "a.", "a_b", "a.-b", &too_long],
        );
    }

    #[test]
    fn the_name_of_a_service_begins_with_a_letter() {
        check(is_dns_1035_label, &["web"], &["0web", "", "Web"]);
    }

    #[test]
    fn a_path_segment_has_neither_slash_nor_percent() {
        check(
            is_path_segment,
            &["system:image-puller", "a.b"],
            &["a/b", "a%b", "", ".", ".."],
        );
    }

    #[test]
    fn a_key_has_at_most_one_prefix_and_a_name() {
        let long_name = format!("a/{}", "b".repeat(64));
        check(
            is_qualified_name,
            &["app.kubernetes.io/name", "team", "A_b.c"],
            &["a/b/c", "/a", "a/", "", "A/b", "-a", &long_name],
        );
    }

    #[test]
    fn a_value_may_be_empty() {
        let (longest, too_long) = ("a".repeat(63), "a".repeat(64));
        check(
            is_label_value,
            &["", "3.11-ubi9", "A_b", &longest],
            &["a b", "-a", "a.", "a/b", &too_long],
        );
    }
}
