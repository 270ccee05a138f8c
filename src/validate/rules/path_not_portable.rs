//! Paths of bases and overlays differ in more than the case of their letters, and none has a name that Windows keeps for a device.

use std::collections::BTreeMap;

use crate::validate::CheckedRule;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Origin, Rule, Severity};

pub(in crate::validate) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "path-not-portable",
        severity: Severity::Error,
        summary: "a generated path cannot be used on every file system",
        explain: include_str!("../../../docs/rules/path-not-portable.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for file in view.files {
        if let Some(device) = find_device(file) {
            let report = RULE.rule.report(format!(
                "`{device}` in the path `{file}` is a device to Windows"
            ));
            found.push(
                report
                    .primary(Origin::file(file), "")
                    .help("rename it: such a file cannot be checked out there"),
            );
        }
        let Some(other) = seen.insert(file.to_lowercase(), file) else {
            continue;
        };
        let report = RULE.rule.report(format!(
            "the paths `{other}` and `{file}` differ only in case"
        ));
        found.push(
            report
                .primary(Origin::file(file), "")
                .help("rename one of them: they are one file on some file systems"),
        );
    }
}

/// Returns the component of a path that Windows takes for a device, whatever its case and extension (Microsoft's "Naming Files, Paths,
/// and Namespaces").
fn find_device(path: &str) -> Option<&str> {
    path.split('/').find(|component| {
        let stem = component.split('.').next().unwrap_or_default();
        let stem = stem.to_ascii_lowercase();
        let numbered = stem
            .strip_prefix("com")
            .or_else(|| stem.strip_prefix("lpt"));
        matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
            || numbered.is_some_and(|digit| matches!(digit.as_bytes(), [b'1'..=b'9']))
    })
}

#[cfg(test)]
mod tests {
    use super::find_device;

    #[test]
    fn devices_are_found_in_any_component_case_and_extension() {
        assert_eq!(find_device("out/con/web/kustomization.yaml"), Some("con"));
        assert_eq!(find_device("base/apps/web/AUX.yaml"), Some("AUX.yaml"));
        assert_eq!(find_device("base/apps/lpt1/app.yaml"), Some("lpt1"));
        for path in [
            "out/console/a",
            "base/apps/com10/a",
            "base/aux-1/a",
            "out/comx/nulls.yaml",
        ] {
            assert_eq!(find_device(path), None, "{path}");
        }
    }
}
