//! Checks the values of instances against their app's own schema, and fills in its defaults.

use serde_json::{Map, Value};

use crate::load::Site;
use crate::template::TemplateContext;
use pointer_diagnostics::{Diagnostics, Pointer};

use super::claims::claim_value;
use super::context::share_value;
use super::{Claim, Instance};

/// Puts `{"values": …}` into the context of every instance, and adds what its values claim.
pub(super) fn fill_values(
    site: &Site,
    instances: &mut [Instance],
    claims: &mut Vec<Claim>,
    found: &mut Diagnostics,
) {
    for instance in instances {
        let Some(app) = instance.app() else { continue };
        let pointer = Pointer::parse("/apps").at(&instance.name).at("values");
        let given = site.spec.apps.get(&instance.name).map(|spec| &spec.values);
        let given: Map<String, Value> = given
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let origin = |below: &Pointer| site.origin(&pointer.join(below));
        let values = app.values.complete(&Value::Object(given), &origin, found);
        let unique = app.values.unique_values(&values).into_iter();
        claims.extend(unique.filter_map(|unique| claim_value(site, instance, unique)));
        instance.context = TemplateContext::default().with([("values", share_value(values))]);
    }
}
