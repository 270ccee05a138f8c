//! Custom resources whose API may not be there yet when Argo CD tries a sync out.
//!
//! Argo CD tries out all objects of an Application before it applies the first one; an object whose API is missing fails the sync
//! unless its dry run is skipped. Definitions within the same Application are seen; those that an operator brings are not.

use crate::argocd::{SKIP_DRY_RUN, SYNC_OPTIONS};
use std::collections::BTreeSet;

use serde_json::Value;

use crate::kinds::GroupKind;
use crate::manifest::Object;
use crate::model::ArgoCd;
use crate::plan::SitePlan;

use super::{ArgoCdVersion, comes_with_platform, is_since};

/// Checks whether the option works for a whole Application.
pub(crate) fn for_whole_app(argocd: &ArgoCd) -> bool {
    is_since(argocd, ArgoCdVersion::new(3, 1))
}

/// The custom resources whose definitions are neither among the objects nor part of the platform.
pub(crate) fn without_definition<'a>(site: &SitePlan, objects: &'a [Object]) -> Vec<&'a Object> {
    let defined = definitions(objects);
    objects
        .iter()
        .filter(|object| {
            let kind = GroupKind::of(object);
            !defined.contains(&kind) && !comes_with_platform(site, &kind)
        })
        .collect()
}

/// Checks whether the object itself says that its dry run is skipped.
pub(crate) fn skips_dry_run(object: &Object) -> bool {
    object
        .annotation(SYNC_OPTIONS)
        .is_some_and(|options| options.split(',').any(|o| o.trim() == SKIP_DRY_RUN))
}

/// The kinds that the CustomResourceDefinitions among the objects define.
pub(crate) fn definitions(objects: &[Object]) -> BTreeSet<GroupKind> {
    let text = |object: &Object, pointer: &str| {
        object
            .get(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    objects
        .iter()
        .filter(|o| o.kind() == "CustomResourceDefinition")
        .map(|o| GroupKind {
            group: text(o, "/spec/group"),
            kind: text(o, "/spec/names/kind"),
        })
        .collect()
}
