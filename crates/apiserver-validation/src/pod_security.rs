//! Pod Security.
use crate::violation::Violation;
use serde_json::Value;
/// x
pub enum PodSecurityLevel { /// x
A }
/// x
pub enum PodSecurityPlatform { /// x
A }
/// x
pub fn check_pod_security(_v: &Value) -> Vec<Violation> { Vec::new() }
