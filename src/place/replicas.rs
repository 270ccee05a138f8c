//! Finds the number of pods of a part: the written one, held against the one that its availability needs.

use serde_json::Value;

use crate::catalogue::Field;
use crate::manifest::Object;
use crate::model::{Availability, Quorum};
use crate::rules;
use crate::template;
use crate::wording::count_noun;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Reported};

use super::scope::{PlacedPart, PlacementScope, find_by_name};

/// The availability that a part is promised.
#[derive(Debug, Clone)]
pub(super) struct Promise {
    pub(super) availability: Availability,
    /// The number of nodes that may be lost; 0 where nothing is promised, or the part need not survive.
    pub(super) nodes: u32,
    /// The number of zones that may be lost.
    pub(super) zones: u32,
    /// The number of pods, where it is written.
    pub(super) explicit: Option<u64>,
    /// The inputs that say so, the most specific first.
    pub(super) origins: Vec<Origin>,
}

impl Promise {
    /// Returns the least number of pods that keeps the promise.
    pub(super) fn needed(&self) -> u64 {
        let lost = u64::from(self.nodes.max(self.zones));
        match self.availability {
            Availability::Single => 1,
            Availability::Replicated => lost + 1,
            Availability::Quorum => 2 * lost + 1,
        }
    }

    /// Returns whether anything may be lost at all.
    pub(super) fn survives(&self) -> bool {
        self.nodes.max(self.zones) > 0 && self.availability != Availability::Single
    }

    /// Returns the number of pods: what is written wins; else as many as needed, and no fewer than the base has.
    pub(super) fn count(&self, in_base: u64) -> u64 {
        match (self.explicit, self.availability) {
            (Some(explicit), _) => explicit,
            (None, Availability::Single) => 1,
            (None, _) => in_base.max(self.needed()),
        }
    }
}

/// Finds what the site and the app promise about a part; `None` where they promise nothing.
pub(super) fn find_promise(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    found: &mut Diagnostics,
) -> Result<Option<Promise>, Reported> {
    let explicit = find_written_count(scope, subject, found)?;
    let by_site = find_by_name(&scope.instance.availability, &subject.at.names)
        .map(|(name, availability)| (*availability, scope.of_instance("availability").at(name)));
    let spec = subject.spec;
    let by_app =
        spec.and_then(|(name, s)| Some((s.availability?, scope.of_part(name, "availability"))));
    let by_quorum = spec.and_then(|(name, s)| {
        s.quorum
            .map(|Quorum::Majority| (Availability::Quorum, scope.of_part(name, "quorum")))
    });
    let by_count = explicit
        .as_ref()
        .map(|written| (written.availability(), written.origin.clone()));
    let Some((availability, origin)) = by_site.or(by_app).or(by_quorum).or(by_count) else {
        return Ok(None);
    };
    let need_not = spec.is_some_and(|(_, s)| s.survives.as_ref().is_some_and(|s| !s.value));
    let survive = if need_not {
        crate::model::Survive::default()
    } else {
        scope.site.site.spec.ha.survive
    };
    let mut origins = vec![origin];
    if let Some(written) = &explicit
        && !origins.contains(&written.origin)
    {
        origins.push(written.origin.clone());
    }
    if survive.nodes.max(survive.zones) > 0 {
        origins.push(scope.of_site("/ha/survive"));
    }
    Ok(Some(Promise {
        availability,
        nodes: survive.nodes,
        zones: survive.zones,
        explicit: explicit.map(|written| written.count),
        origins,
    }))
}

/// A number of pods that the app writes, evaluated.
struct WrittenCount {
    count: u64,
    /// Its line.
    origin: Origin,
}

impl WrittenCount {
    /// Returns the availability that the number alone amounts to.
    fn availability(&self) -> Availability {
        if self.count > 1 {
            Availability::Replicated
        } else {
            Availability::Single
        }
    }
}

/// Finds the number that the app writes; `None` where it writes none.
fn find_written_count(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    found: &mut Diagnostics,
) -> Result<Option<WrittenCount>, Reported> {
    let Some((name, written)) = subject
        .spec
        .and_then(|(name, s)| Some((name, s.replicas.as_ref()?)))
    else {
        return Ok(None);
    };
    let origin = scope.of_part(name, "replicas");
    let value = match written {
        Value::String(text) => {
            template::evaluate(text, &scope.instance.context).map_err(|why| {
                let report = rules::TEMPLATE_ERROR.report(why.message);
                found.report(report.primary(origin.clone(), ""))
            })?
        }
        other => other.clone(),
    };
    match value.as_u64() {
        Some(count) => Ok(Some(WrittenCount { count, origin })),
        None => Err(found.report(
            rules::MALFORMED_VALUE
                .report(format!(
                    "the replicas of `{name}` are `{value}`, expected a whole number"
                ))
                .primary(origin, "")
                .help("write a number, or an expression that gives one"),
        )),
    }
}

/// Returns the number of pods that the base has.
pub(super) fn count_in_base(subject: &PlacedPart<'_>, object: &Object) -> u64 {
    let written = subject
        .at
        .value(object, Field::Replicas)
        .and_then(Value::as_u64);
    written.unwrap_or_else(|| u64::from(subject.at.part.default_replicas))
}

/// Fewer pods than a promise needs.
pub(super) struct Shortage<'s> {
    /// The part, as messages name it.
    pub(super) label: &'s str,
    /// Number of its pods.
    pub(super) count: u64,
    /// The line of the number, if there is one.
    pub(super) field: Option<Origin>,
}

/// Words fewer pods than the promise needs.
pub(super) fn describe_shortage(
    scope: &PlacementScope<'_>,
    promise: &Promise,
    shortage: Shortage<'_>,
) -> Diagnostic {
    let Shortage {
        label,
        count,
        field,
    } = shortage;
    let what = match promise.availability {
        Availability::Quorum => "a majority of them to survive",
        _ => "one of them to survive",
    };
    let (lost, replicas) = (lost(promise), count_noun(count, "replica"));
    let primary = field
        .or_else(|| promise.origins.first().cloned())
        .unwrap_or_else(|| scope.instance.origin.clone());
    rules::TOO_FEW_REPLICAS
        .report(format!(
            "`{label}` has {replicas}, but needs {} for {what} the loss of {lost}",
            promise.needed()
        ))
        .primary(primary, replicas)
        .context(scope.of_site("/ha/survive"), format!("{lost} may be lost"))
        .help(format!(
            "ask for {} replicas, or write `survives: {{value: false, reason: …}}` for this part",
            promise.needed()
        ))
}

/// Words what may be lost.
fn lost(promise: &Promise) -> String {
    match (promise.nodes, promise.zones) {
        (nodes, 0) => count_noun(nodes, "node"),
        (0, zones) => count_noun(zones, "zone"),
        (nodes, zones) => format!(
            "{} or {}",
            count_noun(nodes, "node"),
            count_noun(zones, "zone")
        ),
    }
}
