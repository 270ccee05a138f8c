//! Updates.
use crate::violation::Violation;
use serde_json::Value;
/// x
pub fn check_update(_o: &Value, _n: &Value, _c: &crate::Context) -> Vec<Violation> { Vec::new() }
