//! Custom resources come after whatever brings their API.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::bundle::{SKIP_DRY_RUN, definitions, for_whole_app, skips_dry_run, without_definition};
use crate::catalogue::ApiProvider;
use crate::kinds::{self, GroupKind};
use crate::manifest::Object;
use crate::plan::Instance;
use crate::rules;
use pointer_diagnostics::Diagnostics;

use super::argo::Place;
use super::view::{View, called};
use super::waves::wave;

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
    let providers = Providers::of(view);
    for instance in &view.plan.instances {
        let mut seen = BTreeSet::new();
        for object in without_definition(view.plan, view.objects_of(instance)) {
            let kind = GroupKind::of(object);
            let standing = providers.standing(instance, object, &kind);
            if matches!(standing, Standing::Before) {
                continue;
            }
            if !skipped(view, instance) && !skips_dry_run(object) {
                found.push(not_skipped(view, instance, object));
            }
            if seen.insert(kind.clone()) {
                report(view, instance, (object, &kind), &standing, found);
            }
        }
    }
}

/// How the API of a custom resource stands to it.
enum Standing<'a> {
    /// It is there before.
    Before,
    /// An instance brings it, but not before.
    NotBefore(&'a Instance),
    /// Nothing that is known brings it.
    Nowhere,
}

/// Which instances bring which kinds.
struct Providers<'a> {
    /// Through definitions and `provides`.
    kinds: BTreeMap<GroupKind, Vec<&'a Instance>>,
    /// Through OLM, by package, with the wave of the Subscription within the instance.
    packages: BTreeMap<&'a str, Vec<(&'a Instance, i64)>>,
}

impl<'a> Providers<'a> {
    fn of(view: &View<'a>) -> Self {
        let (mut kinds, mut packages) = (BTreeMap::new(), BTreeMap::new());
        for instance in &view.plan.instances {
            let objects = view.objects_of(instance);
            let said = instance
                .app()
                .into_iter()
                .flat_map(|app| &app.spec.provides.kinds)
                .map(|text| kind_of(text));
            for kind in definitions(objects).into_iter().chain(said) {
                kinds.entry(kind).or_insert_with(Vec::new).push(instance);
            }
            for subscription in objects
                .iter()
                .filter(|o| o.kind() == "Subscription" && o.group() == "operators.coreos.com")
            {
                if let Some(package) = subscription.get("/spec/name").and_then(Value::as_str) {
                    packages
                        .entry(package)
                        .or_insert_with(Vec::new)
                        .push((instance, wave(subscription)));
                }
            }
        }
        Self { kinds, packages }
    }

    fn standing(&self, instance: &Instance, object: &Object, kind: &GroupKind) -> Standing<'a> {
        let direct = self
            .kinds
            .get(kind)
            .into_iter()
            .flatten()
            .map(|i| (*i, i64::MIN));
        let packages = packages(kind)
            .into_iter()
            .filter_map(|package| self.packages.get(package))
            .flatten()
            .copied();
        let all: Vec<(&Instance, i64)> = direct.chain(packages).collect();
        let before = |(provider, within): &(&Instance, i64)| {
            provider.wave < instance.wave
                || provider.name == instance.name && *within < wave(object)
        };
        match all.first() {
            None => Standing::Nowhere,
            Some(_) if all.iter().any(before) => Standing::Before,
            Some((provider, _)) => Standing::NotBefore(provider),
        }
    }
}

fn report(
    view: &View<'_>,
    instance: &Instance,
    (object, kind): (&Object, &GroupKind),
    standing: &Standing<'_>,
    found: &mut Diagnostics,
) {
    match standing {
        Standing::Before => {}
        Standing::NotBefore(provider) => {
            let help = if provider.name == instance.name {
                "put the custom resources into an app of their own that requires this one"
                    .to_owned()
            } else {
                let app = provider
                    .app()
                    .map_or(provider.name.as_str(), |app| app.name.as_str());
                format!(
                    "add `- app: {app}` to `requires` of the app that holds the custom resource"
                )
            };
            let says = format!(
                "{} is not synced after `{}`, which brings the API of `{kind}`",
                called(object),
                provider.name
            );
            found.push(
                view.report(&rules::CRD_AFTER_RESOURCE, instance, says)
                    .context_key(
                        provider.origin.clone(),
                        format!("wave {}, this one is wave {}", provider.wave, instance.wave),
                    )
                    .help(help),
            );
        }
        Standing::Nowhere => {
            let says = format!(
                "nothing on site `{}` is known to bring the API of {}",
                view.plan.name,
                called(object)
            );
            found.push(
                view.report(&rules::CRD_NOT_ON_SITE, instance, says)
                    .help(where_from(kind)),
            );
        }
    }
}

fn where_from(kind: &GroupKind) -> String {
    let said = format!(
        "list `{kind}` under `provides.kinds` of the app that installs it, and require that app"
    );
    match packages(kind).as_slice() {
        [] => said,
        packages => format!(
            "add an app with a Subscription to `{}`, or {said}",
            packages.join("` or `")
        ),
    }
}

fn not_skipped(
    view: &View<'_>,
    instance: &Instance,
    object: &Object,
) -> pointer_diagnostics::Diagnostic {
    let says = format!(
        "the sync of `{}` fails while the API of {} is missing",
        instance.name,
        called(object)
    );
    view.report(&rules::DRY_RUN_NOT_SKIPPED, instance, says)
        .help(format!(
            "annotate the object with `argocd.argoproj.io/sync-options: {SKIP_DRY_RUN}`"
        ))
}

/// Whether the instance's Application skips the dry run of everything whose API is missing.
fn skipped(view: &View<'_>, instance: &Instance) -> bool {
    let own = view
        .argo
        .iter()
        .find(|a| matches!(a.place, Place::OfInstance(of) if of.name == instance.name));
    let options = own
        .and_then(|a| a.object.get("/spec/syncPolicy/syncOptions"))
        .and_then(Value::as_array);
    for_whole_app(view.argocd())
        && options.is_some_and(|o| o.iter().any(|option| option == SKIP_DRY_RUN))
}

fn packages(kind: &GroupKind) -> Vec<&'static str> {
    match kinds::provider(&kind.group, &kind.kind) {
        Some(ApiProvider::Operator(packages)) => packages.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// `Kind.group` as `provides.kinds` writes it.
fn kind_of(text: &str) -> GroupKind {
    let (kind, group) = text.split_once('.').unwrap_or((text, ""));
    GroupKind::new(group, kind)
}
