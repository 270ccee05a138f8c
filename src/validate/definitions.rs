//! Checks that the APIs of custom resources are there for the objects that use them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bundle::{definitions, without_definition};
use crate::catalogue::ApiProvider;
use crate::kinds::{self, GroupKind};
use crate::manifest::Object;
use crate::plan::Instance;

use super::view::View;
use super::waves::wave;

/// A custom resource whose API is not known to be there before it.
pub(super) struct EarlyResource<'a> {
    /// The instance that brings it.
    pub(super) instance: &'a Instance,
    /// The resource itself.
    pub(super) object: &'a Object,
    /// Its kind.
    pub(super) kind: GroupKind,
    /// The instance that brings its API, but too late. `None`: nothing that is known brings it.
    pub(super) provider: Option<&'a Instance>,
}

/// Finds all custom resources whose API is not known to be there before them.
pub(super) fn find_early_resources<'a>(view: &View<'a>) -> Vec<EarlyResource<'a>> {
    let providers = ApiProviders::of_site(view);
    let mut early = Vec::new();
    for instance in &view.plan.instances {
        for object in without_definition(view.plan, view.objects_of(instance)) {
            let kind = GroupKind::of(object);
            let provider = match providers.standing(instance, object, &kind) {
                ApiStanding::Before => continue,
                ApiStanding::NotBefore(provider) => Some(provider),
                ApiStanding::Nowhere => None,
            };
            early.push(EarlyResource {
                instance,
                object,
                kind,
                provider,
            });
        }
    }
    early
}

/// Returns the OLM packages whose operators bring the API of a kind.
pub(super) fn operator_packages(kind: &GroupKind) -> &'static [String] {
    match kinds::provider(&kind.group, &kind.kind) {
        Some(ApiProvider::Operator(packages)) => packages,
        _ => &[],
    }
}

/// State of the API of a custom resource.
enum ApiStanding<'a> {
    /// It is there before.
    Before,
    /// An instance brings it, but not before.
    NotBefore(&'a Instance),
    /// Nothing that is known brings it.
    Nowhere,
}

/// The instances that bring APIs.
struct ApiProviders<'a> {
    /// Through definitions and `provides`.
    kinds: BTreeMap<GroupKind, Vec<&'a Instance>>,
    /// Through OLM, by package, with the wave of the Subscription within the instance.
    packages: BTreeMap<&'a str, Vec<(&'a Instance, i64)>>,
}

impl<'a> ApiProviders<'a> {
    fn of_site(view: &View<'a>) -> Self {
        let (mut kinds, mut packages) = (BTreeMap::new(), BTreeMap::new());
        for instance in &view.plan.instances {
            let objects = view.objects_of(instance);
            let said = instance
                .app()
                .into_iter()
                .flat_map(|app| &app.spec.provides.kinds)
                .map(|text| parse_kind(text));
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

    fn standing(&self, instance: &Instance, object: &Object, kind: &GroupKind) -> ApiStanding<'a> {
        let direct = self
            .kinds
            .get(kind)
            .into_iter()
            .flatten()
            .map(|i| (*i, i64::MIN));
        let packages = operator_packages(kind)
            .iter()
            .filter_map(|package| self.packages.get(package.as_str()))
            .flatten()
            .copied();
        let all: Vec<(&Instance, i64)> = direct.chain(packages).collect();
        let before = |(provider, within): &(&Instance, i64)| {
            provider.wave < instance.wave
                || provider.name == instance.name && *within < wave(object)
        };
        match all.first() {
            None => ApiStanding::Nowhere,
            Some(_) if all.iter().any(before) => ApiStanding::Before,
            Some((provider, _)) => ApiStanding::NotBefore(provider),
        }
    }
}

/// Parses `Kind.group` as `provides.kinds` writes it.
pub(super) fn parse_kind(text: &str) -> GroupKind {
    let (kind, group) = text.split_once('.').unwrap_or((text, ""));
    GroupKind::new(group, kind)
}
