//! HorizontalPodAutoscalers of a site: the fewest pods that each keeps of its target.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{PodsInput, list_objects};
use crate::manifest::Object;

/// The workloads that autoscalers scale.
#[derive(Debug, Default)]
pub(super) struct Autoscalers {
    targets: BTreeMap<ScaleTarget, ScaleRange>,
}

/// A workload as an autoscaler names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ScaleTarget {
    namespace: String,
    kind: String,
    name: String,
}

/// Numbers of pods between which an autoscaler chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScaleRange {
    pub(super) least: u32,
    pub(super) most: u32,
}

impl Autoscalers {
    /// Reads the autoscalers of a site.
    pub(super) fn new(input: &PodsInput<'_>) -> Self {
        let mut autoscalers = Self::default();
        for (_, object) in list_objects(input) {
            if object.kind() == "HorizontalPodAutoscaler" && object.group() == "autoscaling" {
                autoscalers.take(object);
            }
        }
        autoscalers
    }

    fn take(&mut self, object: &Object) {
        let text = |at: &str| object.get(at).and_then(Value::as_str).unwrap_or_default();
        let number = |at: &str| {
            let value = object.get(at).and_then(Value::as_u64);
            u32::try_from(value.unwrap_or(1)).unwrap_or(u32::MAX)
        };
        let target = ScaleTarget {
            namespace: object.namespace().unwrap_or_default().to_owned(),
            kind: text("/spec/scaleTargetRef/kind").to_owned(),
            name: text("/spec/scaleTargetRef/name").to_owned(),
        };
        let range = ScaleRange {
            least: number("/spec/minReplicas"),
            most: number("/spec/maxReplicas"),
        };
        self.targets.insert(target, range);
    }

    /// Returns the numbers between which a workload is scaled; `None` where nothing scales it.
    pub(super) fn find(&self, object: &Object) -> Option<ScaleRange> {
        let target = ScaleTarget {
            namespace: object.namespace().unwrap_or_default().to_owned(),
            kind: object.kind().to_owned(),
            name: object.name().to_owned(),
        };
        self.targets.get(&target).copied()
    }
}
