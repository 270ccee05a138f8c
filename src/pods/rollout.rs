//! Update strategy of a workload (`apps/v1.DeploymentStrategy`).

use serde_json::Value;

use podfit::prove::{PodShare, RollingUpdate};

/// Returns the rolling update of a Deployment; `None` where old pods go first. Percentages of the surge are rounded up, those of what may be
/// missing down; if both come to nothing, one may be missing (`deployment/util.ResolveFenceposts`).
pub(super) fn read_rollout(strategy: Option<&Value>, pods: u32) -> Option<RollingUpdate> {
    let kind = strategy
        .and_then(|s| s.get("type"))
        .and_then(Value::as_str)
        .unwrap_or("RollingUpdate");
    if kind != "RollingUpdate" && kind != "Rolling" {
        return None;
    }
    let settings = strategy.and_then(|s| s.get("rollingUpdate").or_else(|| s.get("rollingParams")));
    let written = |key: &str| {
        settings
            .and_then(|s| s.get(key))
            .and_then(read_share)
            .unwrap_or(PodShare::Percent(25))
    };
    let surge = written("maxSurge").of(pods);
    let unavailable = match written("maxUnavailable") {
        PodShare::Pods(n) => n,
        PodShare::Percent(percent) => {
            u32::try_from(u64::from(pods) * u64::from(percent) / 100).unwrap_or(u32::MAX)
        }
    };
    Some(if surge == 0 && unavailable == 0 {
        RollingUpdate {
            surge,
            unavailable: 1,
        }
    } else {
        RollingUpdate { surge, unavailable }
    })
}

/// Returns a number, or a percentage.
pub(super) fn read_share(value: &Value) -> Option<PodShare> {
    if let Some(number) = value.as_u64() {
        return u32::try_from(number).ok().map(PodShare::Pods);
    }
    let text = value.as_str()?;
    match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().map(PodShare::Percent),
        None => text.parse().ok().map(PodShare::Pods),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn percentages_are_rounded_as_the_deployment_controller_does() {
        let update =
            |settings: Value, pods| read_rollout(Some(&json!({"rollingUpdate": settings})), pods);
        assert_eq!(
            read_rollout(None, 3),
            Some(RollingUpdate {
                surge: 1,
                unavailable: 0
            })
        );
        assert_eq!(
            read_rollout(None, 4),
            Some(RollingUpdate {
                surge: 1,
                unavailable: 1
            })
        );
        assert_eq!(
            update(json!({"maxSurge": 0}), 3),
            Some(RollingUpdate {
                surge: 0,
                unavailable: 1
            })
        );
        assert_eq!(
            update(json!({"maxSurge": 0, "maxUnavailable": "50%"}), 3),
            Some(RollingUpdate {
                surge: 0,
                unavailable: 1
            })
        );
        assert_eq!(read_rollout(Some(&json!({"type": "Recreate"})), 3), None);
    }
}
