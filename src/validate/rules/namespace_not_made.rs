//! Namespaces are there before what lives in them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::catalogue::{Supplier, SupplierName};
use crate::kinds::is_made_by_platform;
use crate::model::Topology;
use crate::plan::InstanceSource;
use crate::validate::CheckedRule;
use crate::validate::view::{FieldPlace, View, called};
use kubernetes_vocabulary::ResourceScope;
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "namespace-not-made",
        severity: Severity::Error,
        summary: "an object lives in a namespace that is not there",
        explain: include_str!("../../../docs/rules/namespace-not-made.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let made = made(view);
    let mut missing: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (instance, object) in view
        .objects()
        .filter(|(_, o)| view.kinds.scope_of(o) == ResourceScope::Namespaced)
    {
        let Some(namespace) = object.namespace().filter(|n| !n.is_empty()) else {
            continue;
        };
        let there = is_clusters_own(view, namespace)
            || made
                .get(namespace)
                .is_some_and(|wave| *wave <= instance.wave);
        if there || !missing.insert((&instance.name, namespace)) {
            continue;
        }
        let when = if made.contains_key(namespace) {
            "is made too late for"
        } else {
            "is made by nobody on this site; it is that of"
        };
        let place = FieldPlace {
            instance,
            object,
            field: &Pointer::parse("/metadata/namespace"),
        };
        let says = format!("the namespace `{namespace}` {when} {}", called(object));
        found.push(view.report_at(&RULE.rule, place, says).help(format!(
            "add `{namespace}: {{}}` under `namespaces:` of the site, or list it under `provides.namespaces` of the app that makes it"
        )));
    }
}

/// The namespaces that the site makes, with the first wave in which each is there.
fn made<'a>(view: &View<'a>) -> BTreeMap<&'a str, u32> {
    let mut made: BTreeMap<&str, u32> = BTreeMap::new();
    let mut add = |namespace: &'a str, wave: u32| {
        let first = made.entry(namespace).or_insert(wave);
        *first = (*first).min(wave);
    };
    for (instance, object) in view
        .objects()
        .filter(|(_, o)| o.kind() == "Namespace" && o.group().is_empty())
    {
        add(object.name(), instance.wave);
    }
    for subscription in list_subscriptions(view) {
        for namespace in subscription.namespaces {
            add(namespace, subscription.wave);
        }
    }
    for instance in &view.plan.instances {
        if let InstanceSource::App(app) = &instance.source {
            app.spec
                .provides
                .namespaces
                .iter()
                .for_each(|namespace| add(namespace, instance.wave));
        }
    }
    made
}

/// An operator of the site, with the namespaces that it is known to make.
struct InstalledOperator {
    namespaces: &'static [String],
    wave: u32,
}

/// Lists the operators that the site installs and of which it is known which namespaces they make.
fn list_subscriptions(view: &View<'_>) -> Vec<InstalledOperator> {
    let mut operators = Vec::new();
    for (instance, object) in view.objects() {
        let package = object.get("/spec/name").and_then(Value::as_str);
        let is_subscription =
            object.kind() == "Subscription" && object.group() == "operators.coreos.com";
        for supplier in Supplier::list_all().iter().filter(|_| is_subscription) {
            let brings = matches!(&supplier.by, SupplierName::Packages(packages)
                if packages.iter().any(|known| Some(known.as_str()) == package));
            if brings {
                operators.push(InstalledOperator {
                    namespaces: &supplier.namespaces,
                    wave: instance.wave,
                });
            }
        }
    }
    operators
}

fn is_clusters_own(view: &View<'_>, namespace: &str) -> bool {
    let argocd = view.argocd();
    is_made_by_platform(view.plan.site.spec.cluster.platform, namespace)
        || argocd.topology == Topology::PerSite && namespace == argocd.namespace()
}
