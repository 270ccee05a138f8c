//! How a workload is updated (`apps/v1.DeploymentStrategy`).

use serde_json::Value;

use podfit::prove::{Rollout, Share};

/// The rolling update of a Deployment; `None` where old pods go first. Percentages of the surge are rounded up, those of what may be
/// missing down; if both come to nothing, one may be missing (`deployment/util.ResolveFenceposts`).
pub(super) fn of(strategy: Option<&Value>, pods: u32) -> Option<Rollout> {
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
            .and_then(share)
            .unwrap_or(Share::Percent(25))
    };
    let surge = written("maxSurge").of(pods);
    let unavailable = match written("maxUnavailable") {
        Share::Pods(n) => n,
        Share::Percent(percent) => {
            u32::try_from(u64::from(pods) * u64::from(percent) / 100).unwrap_or(u32::MAX)
        }
    };
    Some(if surge == 0 && unavailable == 0 {
        Rollout {
            surge,
            unavailable: 1,
        }
    } else {
        Rollout { surge, unavailable }
    })
}

/// A number, or a percentage.
pub(super) fn share(value: &Value) -> Option<Share> {
    if let Some(number) = value.as_u64() {
        return u32::try_from(number).ok().map(Share::Pods);
    }
    let text = value.as_str()?;
    match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().map(Share::Percent),
        None => text.parse().ok().map(Share::Pods),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn percentages_are_rounded_as_the_deployment_controller_does() {
        let update = |settings: Value, pods| of(Some(&json!({"rollingUpdate": settings})), pods);
        assert_eq!(
            of(None, 3),
            Some(Rollout {
                surge: 1,
                unavailable: 0
            })
        );
        assert_eq!(
            of(None, 4),
            Some(Rollout {
                surge: 1,
                unavailable: 1
            })
        );
        assert_eq!(
            update(json!({"maxSurge": 0}), 3),
            Some(Rollout {
                surge: 0,
                unavailable: 1
            })
        );
        assert_eq!(
            update(json!({"maxSurge": 0, "maxUnavailable": "50%"}), 3),
            Some(Rollout {
                surge: 0,
                unavailable: 1
            })
        );
        assert_eq!(of(Some(&json!({"type": "Recreate"})), 3), None);
    }
}
