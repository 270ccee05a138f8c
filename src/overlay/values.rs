//! Writes values into the fields that the app's `set` names.

use crate::load::App;
use crate::manifest::{Object, ObjectId};
use crate::model::SetValue;
use crate::nearest::nearest;
use crate::patch::{Editor, FieldAuthor, FieldPath, Operation, Reason};
use crate::place::{ObjectPatch, PatchPurpose};
use crate::rules;
use crate::template;
use pointer_diagnostics::{Diagnostics, Pointer};

use super::OverlayInput;
use super::generate::{evaluate_condition, report_template};

/// Changes the objects, and returns the patches that do the same.
pub(super) fn set_values(
    input: &OverlayInput<'_>,
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Vec<ObjectPatch> {
    let Some(app) = input.instance.app() else {
        return Vec::new();
    };
    let mut patches: Vec<ObjectPatch> = Vec::new();
    for (index, entry) in app.spec.set.iter().enumerate() {
        let entry = SetEntry {
            app,
            value: entry,
            pointer: Pointer::parse("/set").at(index),
        };
        let Some((target, operations)) = set_value(input, &entry, objects, found) else {
            continue;
        };
        match patches.iter_mut().find(|p| p.target == target) {
            Some(patch) => patch.operations.extend(operations),
            None => patches.push(ObjectPatch {
                purpose: PatchPurpose::Values,
                target,
                operations,
            }),
        }
    }
    patches
}

/// An entry of an app's `set`.
struct SetEntry<'a> {
    app: &'a App,
    value: &'a SetValue,
    /// The entry, below the app's `spec`.
    pointer: Pointer,
}

fn set_value(
    input: &OverlayInput<'_>,
    set: &SetEntry<'_>,
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Option<(ObjectId, Vec<Operation>)> {
    let SetEntry {
        app,
        value: entry,
        pointer,
    } = set;
    let context = &input.instance.context;
    match entry
        .when
        .as_deref()
        .map_or(Ok(true), |when| evaluate_condition(when, context))
    {
        Ok(true) => {}
        Ok(false) => return None,
        Err(why) => {
            found.push(report_template(
                app.origin(&pointer.at("when")),
                why.to_string(),
            ));
            return None;
        }
    }
    let Some(object) = objects.iter_mut().find(|o| o.id().to_string() == entry.to) else {
        report_target(set, objects, found);
        return None;
    };
    let path = FieldPath::parse(&entry.path)
        .map_err(|why| report_path(set, why.to_string(), found))
        .ok()?;
    let value = match template::expand(&entry.value, context) {
        Ok(value) => value,
        Err(problems) => {
            for (below, why) in problems {
                let at = app.origin(&pointer.at("value").join(&below));
                found.push(report_template(at, why.to_string()));
            }
            return None;
        }
    };
    let reason = explain_value(input, set);
    let places = path.resolve(object.value());
    let target = object.id();
    let mut editor = Editor::new(object.value_mut());
    let followed = places
        .iter()
        .all(|place| editor.set(place, value.clone(), &reason));
    let operations = editor.finish();
    if places.is_empty() || !followed {
        let why = format!("`{}` leads nowhere in `{target}`", entry.path);
        report_path(set, why, found);
    }
    Some((target, operations))
}

/// Names the lines that lead to a value. What the site says comes first; where it says nothing, the app alone has chosen the value.
fn explain_value(input: &OverlayInput<'_>, set: &SetEntry<'_>) -> Reason {
    let values = Pointer::parse("/apps")
        .at(&input.instance.name)
        .at("values");
    let written = Pointer::parse("/spec").join(&values);
    let is_written = input.plan.site.merged.pointer(written.as_str()).is_some();
    let mut origins = vec![set.app.origin(&set.pointer), input.plan.origin(&values)];
    if is_written {
        origins.reverse();
    }
    Reason {
        author: FieldAuthor::Value,
        origins,
    }
}

fn report_path(set: &SetEntry<'_>, why: String, found: &mut Diagnostics) {
    found.push(
        rules::FIELD_PATH_LEADS_NOWHERE.report(why)
            .primary(set.app.origin(&set.pointer.at("path")), "")
            .help("write keys with dots between them; `[name=x]` selects a list element; missing maps are made, missing list elements are not"),
    );
}

fn report_target(set: &SetEntry<'_>, objects: &[Object], found: &mut Diagnostics) {
    let SetEntry {
        app,
        value: entry,
        pointer,
    } = set;
    let ids: Vec<String> = objects.iter().map(|o| o.id().to_string()).collect();
    let help = match nearest(&entry.to, ids.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write `<Kind>/<name>` of an object of `{}`", app.directory),
    };
    found.push(
        rules::SET_TARGET_MISSING
            .report(format!("`{}` has no object `{}`", app.name, entry.to))
            .primary(app.origin(&pointer.at("to")), "")
            .help(help),
    );
}
