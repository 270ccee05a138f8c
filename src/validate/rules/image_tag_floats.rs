//! Images keep their content, as far as the fleet's policy asks for it.

use std::collections::BTreeSet;

use crate::images::floats;
use crate::model::TagPolicy;
use crate::validate::CheckedRule;
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

use super::image_not_allowed::{list_used, report_image};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "image-tag-floats",
        severity: Severity::Error,
        summary: "an image can be another one tomorrow, which the fleet does not allow",
        explain: include_str!("../../../docs/rules/image-tag-floats.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let expected = match view.fleet().images.tags {
        TagPolicy::Any => return,
        TagPolicy::Fixed => "a tag with a version, or a digest",
        TagPolicy::Digest => "a digest",
    };
    let is_refused = |image: &str| match view.fleet().images.tags {
        TagPolicy::Any => false,
        TagPolicy::Fixed => floats(image),
        TagPolicy::Digest => !image.contains('@'),
    };
    let mut told = BTreeSet::new();
    for used in list_used(view)
        .iter()
        .filter(|used| is_refused(&used.image))
    {
        let Some(instance) = used.instances.first() else {
            continue;
        };
        let message = format!(
            "{} uses `{}`, and the fleet asks for {expected}",
            called(used.object),
            used.image
        );
        if told.insert(message.clone()) {
            found.push(
                report_image(view, &RULE.rule, instance, used, message)
                    .context(
                        view.fleet_origin("/images/tags"),
                        "the fleet's image policy",
                    )
                    .help(format!("name the image with {expected}")),
            );
        }
    }
}
