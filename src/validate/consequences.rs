//! Leaves out findings that only follow from others, so that one mistake is one message.
//!
//! A template whose label is a number does not match its selector either; a volume without a name is missing where it is mounted; a pod
//! without a security context lacks several things at once. The first of these is told, at its line.

use std::collections::BTreeMap;

use apiserver_schema::ViolationKind;
use pointer_diagnostics::Pointer;
use serde_json::Value;

use super::refusal::FindingClass::{Code, Metadata, PodSecurity, Schema};
use super::refusal::ServerRefusal;

/// The field that holds what Pod Security asks for.
const SECURITY_CONTEXT: &str = "/securityContext";

/// The end of Pod Security's message about what a pod or each of its containers can say.
const HERE_OR_IN_POD: &str = " here or in the pod's security context";

/// Keeps of all findings about an object those that are mistakes of their own. The order stays.
pub(super) fn leave_out_consequences(
    object: &Value,
    found: Vec<ServerRefusal>,
) -> Vec<ServerRefusal> {
    let follows: Vec<bool> = found
        .iter()
        .enumerate()
        .map(|(index, later)| {
            let mut others = found
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index);
            others.any(|(other, from)| {
                is_consequence(later, from) || other < index && is_repetition(later, from)
            })
        })
        .collect();
    let kept = found.into_iter().zip(follows).filter(|(_, f)| !f);
    let lifted = lift_to_pods(object, kept.map(|(finding, _)| finding).collect());
    join_missing_contexts(object, lifted)
}

/// Tells whether two parts of the API server say something of one field.
fn is_repetition(later: &ServerRefusal, from: &ServerRefusal) -> bool {
    let is_code = matches!(later.class, Code | PodSecurity);
    is_code && matches!(from.class, Code | PodSecurity) && later.pointer == from.pointer
}

/// Tells whether a finding goes away when the field of another is corrected.
fn is_consequence(later: &ServerRefusal, from: &ServerRefusal) -> bool {
    let (at, cause) = (&later.pointer, &from.pointer);
    match (later.class, from.class) {
        (Schema(_), Metadata)
        | (Schema(ViolationKind::Required), Schema(ViolationKind::WrongType)) => at == cause,
        (Schema(ViolationKind::Required), Schema(ViolationKind::UnknownField)) => {
            is_misspelt(at, from)
        }
        (Code, Schema(ViolationKind::UnknownField)) if is_misspelt(at, from) => true,
        (Code | PodSecurity, Metadata | Schema(_)) if from.is_refusal() => {
            is_at_or_below(at, cause)
                || later.class == Code
                    && (at.tokens().count() > 1 && is_at_or_below(cause, at)
                        || is_selection(at, cause)
                        || is_mount(at, cause))
        }
        (Code, Code) => at != cause && is_mount(at, cause),
        // A privileged container that says that it gains nothing: the server's code refuses the two together.
        (Code, PodSecurity) => {
            let context = cause.as_str().strip_suffix("privileged");
            let beside = at.as_str().strip_suffix("allowPrivilegeEscalation");
            context.is_some() && context == beside
        }
        _ => false,
    }
}

/// Tells whether a field is missing because its name is misspelt beside it.
fn is_misspelt(missing: &Pointer, unknown: &ServerRefusal) -> bool {
    let (Some((above, name)), Some((beside, _))) = (
        missing.as_str().rsplit_once('/'),
        unknown.pointer.as_str().rsplit_once('/'),
    ) else {
        return false;
    };
    above == beside && unknown.nearest.as_deref() == Some(name)
}

/// Tells whether the labels of a template are compared with a selector that is malformed itself.
fn is_selection(at: &Pointer, cause: &Pointer) -> bool {
    let above = at.as_str().strip_suffix("/template/metadata/labels");
    above.is_some_and(|above| is_at_or_below(cause, &Pointer::parse(format!("{above}/selector"))))
}

/// Tells whether a mount names a volume whose own name is missing or malformed, in the pod or in a claim's template.
fn is_mount(at: &Pointer, cause: &Pointer) -> bool {
    let is_name = at.as_str().ends_with("/name");
    let is_of_container = ["/volumeMounts/", "/volumeDevices/"]
        .iter()
        .any(|list| at.as_str().contains(list));
    let names_volume = |list: &str, depth: usize| {
        let below = cause.as_str().split_once(list);
        below.is_some_and(|(_, rest)| rest.split('/').count() == depth)
    };
    is_name
        && is_of_container
        && (names_volume("/volumes/", 2) || names_volume("/volumeClaimTemplates/", 3))
}

/// Tells whether a field is another or below it. Everything is below the root, which only a whole object is refused at.
fn is_at_or_below(pointer: &Pointer, above: &Pointer) -> bool {
    let rest = pointer.as_str().strip_prefix(above.as_str());
    !above.as_str().is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Tells once, at the pod, what every one of its containers lacks and the pod can say for all of them.
fn lift_to_pods(object: &Value, found: Vec<ServerRefusal>) -> Vec<ServerRefusal> {
    let mut lacking: BTreeMap<(String, String), usize> = BTreeMap::new();
    for finding in &found {
        if let Some(place) = find_pod_field(finding) {
            *lacking.entry(place).or_default() += 1;
        }
    }
    lacking.retain(|(pod, _), count| *count > 1 && *count == count_containers(object, pod));
    let mut kept = Vec::new();
    for finding in found {
        let place = find_pod_field(&finding);
        let is_lifted = |place: &(String, String)| lacking.contains_key(place);
        let Some((pod, field)) = place.clone().filter(is_lifted) else {
            kept.push(finding);
            continue;
        };
        let pointer = Pointer::parse(format!("{pod}{SECURITY_CONTEXT}/{field}"));
        if kept.iter().any(|known| known.pointer == pointer) {
            continue;
        }
        // `spec.containers[0].securityContext.x` becomes `spec.securityContext.x`.
        let steps: Vec<&str> = finding.field.split('.').collect();
        let above = steps.len().saturating_sub(3);
        let name = [&steps[..above], &["securityContext", &field]].concat();
        kept.push(ServerRefusal {
            pointer,
            field: name.join("."),
            message: finding
                .message
                .replace(HERE_OR_IN_POD, " here or in each container"),
            ..finding
        });
    }
    kept
}

/// Returns the pod and the field of its security context that could say for all containers what one of them lacks.
fn find_pod_field(finding: &ServerRefusal) -> Option<(String, String)> {
    if finding.class != PodSecurity || !finding.message.ends_with(HERE_OR_IN_POD) {
        return None;
    }
    let (container, field) = finding.pointer.as_str().rsplit_once('/')?;
    let container = container.strip_suffix(SECURITY_CONTEXT)?;
    let (list, _) = container.rsplit_once('/')?;
    let (pod, _) = list.rsplit_once('/')?;
    Some((pod.to_owned(), field.to_owned()))
}

/// Counts the containers of a pod, of every kind.
fn count_containers(object: &Value, pod: &str) -> usize {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let lists = lists.iter().filter_map(|list| {
        let list = object.pointer(&format!("{pod}/{list}"))?;
        list.as_array().map(Vec::len)
    });
    lists.sum()
}

/// Tells once what lacks because a security context is not there at all.
fn join_missing_contexts(object: &Value, found: Vec<ServerRefusal>) -> Vec<ServerRefusal> {
    let mut kept: Vec<ServerRefusal> = Vec::new();
    for finding in found {
        let Some(context) = find_missing_context(object, &finding) else {
            kept.push(finding);
            continue;
        };
        let (above, inside) = finding
            .field
            .rsplit_once("securityContext.")
            .unwrap_or((&finding.field, ""));
        let message = format!("`{inside}`: {}", finding.message);
        match kept.iter_mut().find(|known| known.pointer == context) {
            Some(known) => known.message = format!("{}; {message}", known.message),
            None => kept.push(ServerRefusal {
                field: format!("{above}securityContext"),
                pointer: context,
                message,
                ..finding
            }),
        }
    }
    kept
}

/// Returns the security context in which a field is missed, where it is not there at all.
fn find_missing_context(object: &Value, finding: &ServerRefusal) -> Option<Pointer> {
    if finding.class != PodSecurity {
        return None;
    }
    let pointer = finding.pointer.as_str();
    let end = pointer.find(&format!("{SECURITY_CONTEXT}/"))? + SECURITY_CONTEXT.len();
    let context = &pointer[..end];
    let is_missing = object.pointer(context).is_none_or(Value::is_null);
    is_missing.then(|| Pointer::parse(context))
}
