//! The syntaxes of names, keys and values (`k8s.io/apimachinery/pkg/util/validation/validation.go`).

use kubernetes_vocabulary::names;

/// A syntax of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextForm {
    /// `IsDNS1123Label`.
    DnsLabel,
    /// `IsDNS1123Subdomain`.
    DnsSubdomain,
    /// `IsDNS1123SubdomainWithUnderscore`.
    DnsSubdomainWithUnderscore,
    /// `IsWildcardDNS1123Subdomain`.
    WildcardSubdomain,
    /// `IsDNS1035Label`.
    Dns1035Label,
    /// `IsDNS1035Label` of the lower-cased text.
    MixedCase1035Label,
    /// `IsValidPathSegmentName`.
    PathSegment,
    /// `IsQualifiedName`.
    QualifiedName,
    /// `IsQualifiedName` of the lower-cased text.
    MixedCaseQualifiedName,
    /// `IsValidLabelValue`.
    LabelValue,
    /// `IsValidPortName`.
    PortName,
    /// `IsEnvVarName`.
    StrictEnvVarName,
    /// `IsRelaxedEnvVarName`.
    EnvVarName,
    /// `IsConfigMapKey`.
    ConfigMapKey,
    /// `IsHTTPHeaderName`.
    HttpHeaderName,
    /// `IsDomainPrefixedPath`.
    DomainPrefixedPath,
    /// `IsValidPercent`.
    Percent,
    /// `IsFullyQualifiedName`.
    FullyQualifiedName,
    /// `IsFullyQualifiedDomainName`.
    FullyQualifiedDomainName,
    /// `IsValidSysctlName` of pkg/apis/core/validation.
    SysctlName,
    /// `IsCIdentifier`.
    CIdentifier,
}

impl TextForm {
    /// Tells that the text has the form.
    pub(crate) fn accepts(self, text: &str) -> bool {
        match self {
            TextForm::DnsLabel => names::is_dns_label(text),
            TextForm::DnsSubdomain => names::is_dns_subdomain(text),
            TextForm::DnsSubdomainWithUnderscore => {
                text.len() <= 253 && text.split('.').all(is_underscore_label)
            }
            TextForm::WildcardSubdomain => {
                text.len() <= 253 && text.strip_prefix("*.").is_some_and(names::is_dns_subdomain)
            }
            TextForm::Dns1035Label => names::is_dns_1035_label(text),
            TextForm::MixedCase1035Label => names::is_dns_1035_label(&text.to_lowercase()),
            TextForm::PathSegment => text.is_empty() || names::is_path_segment(text),
            TextForm::QualifiedName => names::is_qualified_name(text),
            TextForm::MixedCaseQualifiedName => {
                names::is_qualified_name(text) || names::is_qualified_name(&text.to_lowercase())
            }
            TextForm::LabelValue => names::is_label_value(text),
            TextForm::PortName => is_port_name(text),
            TextForm::StrictEnvVarName => {
                all(text, is_key_byte)
                    && !text.starts_with(|c: char| c.is_ascii_digit())
                    && !changes_directory(text)
            }
            TextForm::EnvVarName => all(text, |b| matches!(b, b' '..=b'~') && b != b'='),
            TextForm::ConfigMapKey => {
                text.len() <= 253 && all(text, is_key_byte) && !changes_directory(text)
            }
            TextForm::HttpHeaderName => all(text, |b| b.is_ascii_alphanumeric() || b == b'-'),
            TextForm::DomainPrefixedPath => is_domain_prefixed_path(text),
            TextForm::Percent => text
                .strip_suffix('%')
                .is_some_and(|digits| all(digits, |b| b.is_ascii_digit())),
            TextForm::FullyQualifiedName => {
                names::is_dns_subdomain(text) && text.split('.').count() >= 3
            }
            TextForm::FullyQualifiedDomainName => {
                is_domain_name(text.strip_suffix('.').unwrap_or(text))
            }
            TextForm::SysctlName => {
                text.len() <= 253 && text.split(['.', '/']).all(is_sysctl_segment)
            }
            TextForm::CIdentifier => {
                all(text, |b| b.is_ascii_alphanumeric() || b == b'_')
                    && !text.starts_with(|c: char| c.is_ascii_digit())
            }
        }
    }

    /// Describes the form: reads on from "is not".
    pub(crate) fn expectation(self) -> &'static str {
        match self {
            TextForm::DnsLabel => {
                "a DNS label: lower-case letters, digits and `-`, a letter or digit at both ends, 63 characters at most"
            }
            TextForm::DnsSubdomain => {
                "a DNS name: lower-case letters, digits, `-` and `.`, a letter or digit at both ends of each part, \
                 253 characters at most"
            }
            TextForm::DnsSubdomainWithUnderscore => {
                "a DNS name: lower-case letters, digits, `-`, `_` and `.`, 253 characters at most"
            }
            TextForm::WildcardSubdomain => "a DNS name with a wildcard: `*.` and then a DNS name",
            TextForm::Dns1035Label => {
                "a DNS label that begins with a letter: lower-case letters, digits and `-`, a letter or digit at the \
                 end, 63 characters at most"
            }
            TextForm::MixedCase1035Label => {
                "a name of letters, digits and `-` that begins with a letter, 63 characters at most"
            }
            TextForm::PathSegment => {
                "one segment of a URL path: not `.` or `..`, without `/` and `%`"
            }
            TextForm::QualifiedName | TextForm::MixedCaseQualifiedName => {
                "a qualified name: an optional DNS name and `/`, then 63 characters at most of letters, digits, `-`, \
                 `_` and `.`, a letter or digit at both ends"
            }
            TextForm::LabelValue => {
                "the value of a label: empty, or 63 characters at most of letters, digits, `-`, `_` and `.`, a letter \
                 or digit at both ends"
            }
            TextForm::PortName => {
                "the name of a port: 15 characters at most of lower-case letters, digits and `-`, at least one \
                 letter, no `-` at the ends or beside another"
            }
            TextForm::StrictEnvVarName => {
                "the name of an environment variable: letters, digits, `_`, `-` and `.`, no digit in front"
            }
            TextForm::EnvVarName => {
                "the name of an environment variable: at least one printable ASCII character, none of them `=`"
            }
            TextForm::ConfigMapKey => {
                "a key: letters, digits, `-`, `_` and `.`, not `.` or `..` in front, 253 characters at most"
            }
            TextForm::HttpHeaderName => "the name of an HTTP header: letters, digits and `-`",
            TextForm::DomainPrefixedPath => {
                "a path with a domain in front, such as `example.com/name`"
            }
            TextForm::Percent => "a percentage: digits and `%`",
            TextForm::FullyQualifiedName => "a domain name with at least three parts between dots",
            TextForm::FullyQualifiedDomainName => {
                "a domain name with at least two parts between dots"
            }
            TextForm::SysctlName => "the name of a sysctl, such as `net.ipv4.tcp_syncookies`",
            TextForm::CIdentifier => "an identifier: letters, digits and `_`, no digit in front",
        }
    }
}

fn all(text: &str, accepts: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(accepts)
}

fn is_lower_or_digit(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn is_key_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')
}

/// Tells that a text has bytes of one class inside, and of another at both ends.
fn is_bounded(text: &str, inside: impl Fn(u8) -> bool, ends: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(&first), Some(&last)) => {
            ends(first) && ends(last) && bytes.iter().all(|&b| inside(b))
        }
        _ => false,
    }
}

fn is_underscore_label(text: &str) -> bool {
    let rest = text.strip_prefix('_').unwrap_or(text);
    is_bounded(
        rest,
        |b| is_lower_or_digit(b) || matches!(b, b'-' | b'_'),
        is_lower_or_digit,
    )
}

fn is_port_name(text: &str) -> bool {
    text.len() <= 15
        && all(text, |b| is_lower_or_digit(b) || b == b'-')
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_domain_prefixed_path(text: &str) -> bool {
    let path = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b);
    text.split_once('/')
        .is_some_and(|(host, rest)| names::is_dns_subdomain(host) && all(rest, path))
}

fn is_domain_name(text: &str) -> bool {
    names::is_dns_subdomain(text)
        && text.contains('.')
        && text.split('.').all(|part| part.len() <= 63)
}

fn is_sysctl_segment(text: &str) -> bool {
    is_bounded(
        text,
        |b| is_lower_or_digit(b) || matches!(b, b'-' | b'_'),
        is_lower_or_digit,
    )
}

/// Tells that a text would name the directory or one above it (`hasChDirPrefix`).
fn changes_directory(text: &str) -> bool {
    text == "." || text.starts_with("..")
}

#[cfg(test)]
mod tests {
    use super::TextForm as F;

    #[test]
    fn forms_accept_what_their_bounds_allow() {
        let long = "a".repeat(63);
        assert!(
            F::DnsLabel.accepts(&long) && F::LabelValue.accepts(&long) && F::LabelValue.accepts("")
        );
        assert!(
            F::DnsSubdomain.accepts("a.b-c.0")
                && F::PortName.accepts("a-1")
                && F::Percent.accepts("0%")
        );
        assert!(F::QualifiedName.accepts("example.com/A_b.c") && F::EnvVarName.accepts("1 a"));
        assert!(
            F::SysctlName.accepts("net/ipv4/conf.eth0") && F::DomainPrefixedPath.accepts("a.b/c")
        );
    }

    #[test]
    fn forms_refuse_what_is_just_outside() {
        let long = "a".repeat(64);
        assert!(
            !F::DnsLabel.accepts(&long)
                && !F::LabelValue.accepts(&long)
                && !F::DnsLabel.accepts("")
        );
        assert!(
            !F::DnsSubdomain.accepts("a..b")
                && !F::PortName.accepts("a--b")
                && !F::PortName.accepts("80")
        );
        assert!(
            !F::QualifiedName.accepts("a/b/c")
                && !F::QualifiedName.accepts("/a")
                && !F::EnvVarName.accepts("a=b")
        );
        assert!(
            !F::Dns1035Label.accepts("1a")
                && !F::DnsLabel.accepts("a\n")
                && !F::ConfigMapKey.accepts("..a")
        );
    }
}
