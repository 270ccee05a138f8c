//! Budgets, network policies and monitors select something.

use pointer_diagnostics::{Diagnostic, Diagnostics, Pointer, Rule, Severity};
use serde_json::Value;

use crate::manifest::Object;
use crate::plan::Instance;
use crate::validate::CheckedRule;
use crate::validate::selectors::{EmptySelection, explain_empty, read_selector};
use crate::validate::view::{FieldPlace, View};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "selects-nothing",
        severity: Severity::Warning,
        summary: "a budget, a network policy or a monitor selects nothing",
        explain: include_str!("../../../docs/rules/selects-nothing.md"),
    },
    check,
};

/// The label of a namespace that holds its name.
const NAMESPACE_NAME: &str = "/namespaceSelector/matchLabels/kubernetes.io~1metadata.name";

/// A selector over pods in an object.
struct PodSelection {
    /// The selector's place.
    at: Pointer,
    /// The namespaces whose pods it means.
    namespaces: Vec<String>,
}

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        if object.kind() == "ServiceMonitor" {
            check_service_monitor(view, instance, object, found);
        }
        for selection in list_selections(object) {
            found.extend(check_selection(view, instance, object, &selection));
        }
    }
}

/// Lists the selectors over pods of an object.
fn list_selections(object: &Object) -> Vec<PodSelection> {
    let own: Vec<String> = object.namespace().map(str::to_owned).into_iter().collect();
    let one = |at: &str, namespaces: Vec<String>| PodSelection {
        at: Pointer::parse(at),
        namespaces,
    };
    match (object.group(), object.kind()) {
        ("policy", "PodDisruptionBudget") => vec![one("/spec/selector", own)],
        ("monitoring.coreos.com", "PodMonitor") => match list_monitored(object) {
            Some(namespaces) => vec![one("/spec/selector", namespaces)],
            None => Vec::new(),
        },
        ("networking.k8s.io", "NetworkPolicy") => {
            let mut all = vec![one("/spec/podSelector", own.clone())];
            all.extend(list_peers(object, &own));
            all
        }
        _ => Vec::new(),
    }
}

/// Lists the pods that a network policy permits as peers, where it says in which namespace they are.
fn list_peers(object: &Object, own: &[String]) -> Vec<PodSelection> {
    let mut peers = Vec::new();
    for (rules, side) in [("/spec/ingress", "from"), ("/spec/egress", "to")] {
        let list = object
            .get(rules)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for (index, rule) in list.enumerate() {
            let sides = rule
                .get(side)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            for (number, peer) in sides.enumerate() {
                let named = peer.pointer(NAMESPACE_NAME).and_then(Value::as_str);
                let namespaces = match (peer.get("namespaceSelector"), named) {
                    (None, _) => own.to_vec(),
                    (Some(_), Some(name)) => vec![name.to_owned()],
                    (Some(_), None) => continue,
                };
                let at = Pointer::parse(rules).at(index).at(side).at(number);
                let at = at.at("podSelector");
                peers.push(PodSelection { at, namespaces });
            }
        }
    }
    peers
}

/// Returns the namespaces that a monitor looks in; `None` where that is every one.
fn list_monitored(object: &Object) -> Option<Vec<String>> {
    if object
        .get("/spec/namespaceSelector/any")
        .and_then(Value::as_bool)
        == Some(true)
    {
        return None;
    }
    let names = object.get("/spec/namespaceSelector/matchNames");
    let names = names
        .and_then(Value::as_array)
        .filter(|names| !names.is_empty());
    let own = || object.namespace().map(|own| vec![own.to_owned()]);
    match names {
        None => own(),
        Some(names) => names
            .iter()
            .map(|n| n.as_str().map(str::to_owned))
            .collect(),
    }
}

/// Reports a selector that means no pod in any of its namespaces. An empty one means all pods, also those to come.
fn check_selection(
    view: &View<'_>,
    instance: &Instance,
    object: &Object,
    selection: &PodSelection,
) -> Option<Diagnostic> {
    let written = object.get(selection.at.as_str())?;
    let selector = read_selector(Some(written)).filter(|s| !s.requirements.is_empty())?;
    let mut empty = None;
    for namespace in &selection.namespaces {
        if !view.plan.namespaces.contains_key(namespace) {
            return None;
        }
        empty = Some(explain_empty(
            view.pod_sets(),
            namespace,
            &selector,
            written,
        )?);
    }
    let empty = empty?;
    // Policies for pods that are still to come, or that other sites have, do no harm: only a slip is told.
    if object.kind() == "NetworkPolicy" && empty.meant.is_none() {
        return None;
    }
    let message = format!(
        "`{} {}`: `{}` selects no pod: none in `{}` has `{selector}`",
        object.kind(),
        object.name(),
        dotted(&selection.at),
        selection.namespaces.join("` or `"),
    );
    Some(report(
        view,
        instance,
        object,
        &selection.at,
        empty,
        message,
    ))
}

fn report(
    view: &View<'_>,
    instance: &Instance,
    object: &Object,
    at: &Pointer,
    empty: EmptySelection,
    message: String,
) -> Diagnostic {
    let place = FieldPlace {
        instance,
        object,
        field: &at.join(&empty.place),
    };
    let report = view.report_at(&RULE.rule, place, message);
    report.help(match empty.meant {
        Some(label) => format!("did you mean `{label}`?"),
        None => "select by labels that are there, or take the object out".to_owned(),
    })
}

/// Reports a ServiceMonitor that selects no Service, where all Services of its namespaces are known.
fn check_service_monitor(
    view: &View<'_>,
    instance: &Instance,
    object: &Object,
    found: &mut Diagnostics,
) {
    let at = Pointer::parse("/spec/selector");
    let selector = read_selector(object.get(at.as_str()));
    let (Some(selector), Some(namespaces)) = (selector, list_monitored(object)) else {
        return;
    };
    let services = view.pod_sets();
    let is_empty = namespaces.iter().all(|namespace| {
        view.plan.namespaces.contains_key(namespace)
            && services.knows_services_of(namespace)
            && !services
                .services(namespace)
                .any(|s| s.is_selected_by(&selector))
    });
    if !is_empty || selector.requirements.is_empty() {
        return;
    }
    let message = format!(
        "`ServiceMonitor {}`: `spec.selector` selects no Service: none in `{}` has the labels `{selector}`",
        object.name(),
        namespaces.join("` or `"),
    );
    let empty = EmptySelection {
        place: Pointer::root(),
        meant: None,
    };
    found.push(report(view, instance, object, &at, empty, message).help(
        "it selects by the labels in the Service's own `metadata`, not by its `spec.selector`",
    ));
}

/// Returns a pointer as Kubernetes writes a field.
fn dotted(pointer: &Pointer) -> String {
    let mut text = String::new();
    for token in pointer.tokens() {
        match token.parse::<usize>() {
            Ok(index) => text += &format!("[{index}]"),
            Err(_) if text.is_empty() => text += &token,
            Err(_) => text += &format!(".{token}"),
        }
    }
    text
}
