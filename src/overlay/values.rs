//! Puts values where the app's `set` says.

use crate::load::App;
use crate::manifest::Object;
use crate::model::SetValue;
use crate::nearest::nearest;
use crate::patch::{Editor, FieldPath, Reason};
use crate::place::ObjectPatch;
use crate::rules;
use crate::template;
use pointer_diagnostics::{Diagnostics, Pointer};

use super::OverlayInput;
use super::generate::{template_error, truth};

/// Changes the objects, and gives the patches that do the same.
pub(super) fn set(
    input: &OverlayInput<'_>,
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Vec<ObjectPatch> {
    let Some(app) = input.instance.app() else {
        return Vec::new();
    };
    let mut patches: Vec<ObjectPatch> = Vec::new();
    for (index, entry) in app.spec.set.iter().enumerate() {
        let pointer = Pointer::parse("/set").at(index);
        let Some((target, operations)) = apply(input, app, (entry, &pointer), objects, found)
        else {
            continue;
        };
        match patches.iter_mut().find(|p| p.target == target) {
            Some(patch) => patch.operations.extend(operations),
            None => patches.push(ObjectPatch {
                purpose: "values",
                target,
                operations,
            }),
        }
    }
    patches
}

fn apply(
    input: &OverlayInput<'_>,
    app: &App,
    (entry, pointer): (&SetValue, &Pointer),
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Option<(crate::manifest::ObjectId, Vec<crate::patch::Operation>)> {
    let context = &input.instance.context;
    match entry
        .when
        .as_deref()
        .map_or(Ok(true), |when| truth(when, context))
    {
        Ok(true) => {}
        Ok(false) => return None,
        Err(why) => {
            found.push(template_error(app.origin(&pointer.at("when")), why));
            return None;
        }
    }
    let Some(object) = objects.iter_mut().find(|o| o.id().to_string() == entry.to) else {
        report_target(app, entry, pointer, objects, found);
        return None;
    };
    let path = FieldPath::parse(&entry.path)
        .map_err(|why| bad_path(app, pointer, why.0, found))
        .ok()?;
    let value = template::expand(&entry.value, context)
        .map_err(|problems| {
            found.extend(problems.into_iter().map(|(below, why)| {
                template_error(
                    app.origin(&pointer.at("value").join(&below)),
                    why.to_string(),
                )
            }));
        })
        .ok()?;
    let own = input.plan.origin(
        &Pointer::parse("/apps")
            .at(&input.instance.name)
            .at("values"),
    );
    let reason = Reason {
        rule: "value",
        origins: vec![own, app.origin(pointer)],
    };
    let places = path.resolve(object.value());
    let target = object.id();
    let mut editor = Editor::new(object.value_mut());
    let followed = places
        .iter()
        .all(|place| editor.set(place, value.clone(), &reason));
    let operations = editor.finish();
    if places.is_empty() || !followed {
        bad_path(
            app,
            pointer,
            format!("`{}` leads nowhere in `{target}`", entry.path),
            found,
        );
    }
    Some((target, operations))
}

fn bad_path(app: &App, pointer: &Pointer, why: String, found: &mut Diagnostics) {
    found.push(
        rules::FIELD_PATH_LEADS_NOWHERE.report(why)
            .primary(app.origin(&pointer.at("path")), "")
            .help("write keys with dots between them; `[name=x]` selects a list element; missing maps are made, missing list elements are not"),
    );
}

fn report_target(
    app: &App,
    entry: &SetValue,
    pointer: &Pointer,
    objects: &[Object],
    found: &mut Diagnostics,
) {
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
