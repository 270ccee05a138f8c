//! Names of resources, and the numbers that the scheduler counts with.

use kubernetes_vocabulary::Quantity;

/// The resource that is counted in thousandths.
pub const CPU: &str = "cpu";
/// The number of pods; a pod takes one.
pub const PODS: &str = "pods";

/// Returns a quantity in the whole numbers that the scheduler counts with: thousandths of a CPU, bytes, pieces; rounded up.
pub fn to_scheduler_units(resource: &str, quantity: Quantity) -> i128 {
    if resource == CPU {
        quantity.as_milli()
    } else {
        quantity.as_units()
    }
}
