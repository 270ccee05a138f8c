//! The pod of a KubeVirt virtual machine: what it requests beyond its guest, whether it runs, whether it is moved.
//!
//! Facts: kubevirt/kubevirt pkg/virt-controller/services/renderresources.go and pkg/hypervisor/kvm.

use serde_json::{Value, json};

use crate::catalogue::PartAt;
use crate::manifest::Object;
use kubernetes_vocabulary::Quantity;
use podfit::scheduler::PodSpec;

/// Memory that the launcher, libvirt and QEMU need themselves, in MiB: 25 + 100 + 25 + 40 + 30.
const PROCESSES: i64 = 220;
/// Memory per virtual CPU, for the I/O thread, for the graphics card, for firmware on arm64, for passed-through devices, in MiB.
const PER_CPU: i64 = 8;
const IO_THREAD: i64 = 8;
const GRAPHICS: i64 = 32;
const ARM_FIRMWARE: i64 = 128;
const PASSED_THROUGH: i64 = 1024;
/// A request for a virtual CPU is a tenth of one by default (`cpuAllocationRatio`).
const CPU_RATIO: i128 = 10;

/// Returns whether the part is one of the kinds of KubeVirt that have a launcher.
pub(super) fn is_launcher(part: &PartAt<'_>, object: &Object) -> bool {
    part.part.name == "launcher" && matches!(object.group(), "kubevirt.io" | "pool.kubevirt.io")
}

/// Checks for the machines of a node pool of a hosted cluster.
pub(super) fn is_node_machine(part: &PartAt<'_>, object: &Object) -> bool {
    part.part.name == "kubevirt-node-vms" && object.group() == "hypershift.openshift.io"
}

/// Sets what the launcher of a node pool's machine requests: as for any machine of its size, or all of it where it is guaranteed.
///
/// Facts: openshift/hypershift hypershift-operator/controllers/nodepool/kubevirt, function `virtualMachineTemplateBase`.
pub(super) fn set_node_machine_requests(spec: &mut PodSpec, object: &Object) {
    let compute = object.get("/spec/platform/kubevirt/compute");
    let field = |name: &str| compute.and_then(|compute| compute.get(name));
    let cores = field("cores").cloned().unwrap_or_else(|| 2.into());
    let memory = field("memory").cloned().unwrap_or_else(|| "8Gi".into());
    let machine = json!({"domain": {"cpu": {"cores": cores}, "memory": {"guest": memory}}});
    if field("qosClass").and_then(Value::as_str) == Some("Guaranteed") {
        let written = [("cpu", &cores), ("memory", &memory)];
        for (resource, value) in written {
            if let Some(quantity) = read_quantity(Some(value)) {
                spec.requests.insert(resource.to_owned(), quantity);
            }
        }
    }
    set_requests(spec, &machine, false);
}

/// Returns whether the machine is meant to run.
pub(super) fn is_running(object: &Object) -> bool {
    let strategy = object.get("/spec/runStrategy").and_then(Value::as_str);
    let running = object.get("/spec/running").and_then(Value::as_bool);
    !matches!(strategy, Some("Halted" | "Manual")) && running != Some(false)
}

/// Returns whether its pod leaves a node only by live migration.
pub(super) fn is_migrated(machine: &Value, by_default: Option<&str>) -> bool {
    let own = machine.get("evictionStrategy").and_then(Value::as_str);
    matches!(own.or(by_default), Some("LiveMigrate"))
}

/// Returns whether the machine's size is in another object.
pub(super) fn has_instance_type(object: &Object) -> bool {
    object
        .get("/spec/instancetype")
        .is_some_and(|v| !v.is_null())
}

/// Sets what the launcher requests: the guest's CPUs and memory, what is written, and the overhead.
pub(super) fn set_requests(spec: &mut PodSpec, machine: &Value, arm: bool) {
    let domain = machine.get("domain").unwrap_or(&Value::Null);
    let cpus = count_cpus(domain);
    let written = spec.requests.clone();
    let guest = read_quantity(domain.pointer("/memory/guest"));
    let memory = written.get("memory").copied().or(guest).unwrap_or_default();
    let dedicated = domain
        .pointer("/cpu/dedicatedCpuPlacement")
        .and_then(Value::as_bool)
        == Some(true);
    let by_ratio = Quantity::units(cpus).divided_by(if dedicated { 1 } else { CPU_RATIO });
    let cpu = written
        .get("cpu")
        .copied()
        .filter(|_| !dedicated)
        .unwrap_or(by_ratio);
    spec.requests.insert("cpu".to_owned(), cpu);
    let overhead = estimate_overhead(domain, memory, cpus, arm);
    match domain
        .pointer("/memory/hugepages/pageSize")
        .and_then(Value::as_str)
    {
        Some(size) => {
            spec.requests.insert(format!("hugepages-{size}"), memory);
            spec.requests.insert("memory".to_owned(), overhead);
        }
        None => {
            _ = spec
                .requests
                .insert("memory".to_owned(), memory.plus(overhead));
        }
    }
    let devices = ["gpus", "hostDevices"]
        .iter()
        .filter_map(|key| domain.pointer(&format!("/devices/{key}"))?.as_array());
    for name in devices
        .flatten()
        .filter_map(|d| d.get("deviceName")?.as_str())
    {
        let count = spec.requests.entry(name.to_owned()).or_default();
        *count = count.plus(Quantity::units(1));
    }
}

fn estimate_overhead(domain: &Value, memory: Quantity, cpus: i64, arm: bool) -> Quantity {
    let graphics = domain
        .pointer("/devices/autoattachGraphicsDevice")
        .and_then(Value::as_bool)
        != Some(false);
    let listed = |key: &str| {
        domain
            .pointer(key)
            .and_then(Value::as_array)
            .is_some_and(|l| !l.is_empty())
    };
    let passed = listed("/devices/hostDevices") || listed("/devices/gpus");
    let fixed = [
        (PROCESSES + PER_CPU * cpus + IO_THREAD, true),
        (GRAPHICS, graphics),
        (ARM_FIRMWARE, arm),
        (PASSED_THROUGH, passed),
    ];
    let sum: i64 = fixed
        .iter()
        .filter(|(_, applies)| *applies)
        .map(|(mib, _)| mib)
        .sum();
    // Page tables: eight bytes for each page of 4 KiB.
    memory.divided_by(512).plus(Quantity::units(sum << 20))
}

/// Sockets × cores × threads, each 1 if not written; the CPU request or limit where there is no topology.
fn count_cpus(domain: &Value) -> i64 {
    let factor = |key: &str| {
        domain
            .pointer(&format!("/cpu/{key}"))
            .and_then(Value::as_i64)
            .filter(|n| (1..=10_000).contains(n))
    };
    let topology = ["sockets", "cores", "threads"].map(factor);
    if topology.iter().any(Option::is_some) {
        return topology
            .iter()
            .map(|n| n.unwrap_or(1))
            .fold(1, i64::saturating_mul);
    }
    let written = ["/resources/limits/cpu", "/resources/requests/cpu"]
        .iter()
        .find_map(|p| read_quantity(domain.pointer(p)));
    written
        .and_then(|q| i64::try_from(q.as_units()).ok())
        .unwrap_or(1)
        .clamp(1, 1_000_000)
}

fn read_quantity(value: Option<&Value>) -> Option<Quantity> {
    match value? {
        Value::String(text) => Quantity::parse(text).ok(),
        Value::Number(number) => Quantity::parse(&number.to_string()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launcher_takes_what_its_guest_has_and_the_overhead() {
        let machine = json!({"domain": {"cpu": {"cores": 2}, "memory": {"guest": "2Gi"}}});
        let mut spec = PodSpec::default();
        set_requests(&mut spec, &machine, false);
        // 2 GiB, and 4 + 220 + 16 + 8 + 32 MiB.
        assert_eq!(spec.requests["memory"], Quantity::parse("2328Mi").unwrap());
        assert_eq!(spec.requests["cpu"], Quantity::milli(200));
    }

    #[test]
    fn the_machine_of_a_node_pool_takes_what_its_pool_says() {
        let pool = |compute: Value| {
            Object::new(json!({
                "apiVersion": "hypershift.openshift.io/v1beta1", "kind": "NodePool", "metadata": {"name": "p"},
                "spec": {"platform": {"kubevirt": {"compute": compute}}},
            }))
        };
        let requests = |compute: Value| {
            let mut spec = PodSpec::default();
            set_node_machine_requests(&mut spec, &pool(compute));
            spec.requests
        };
        let burstable = requests(json!({"cores": 4, "memory": "16Gi"}));
        assert_eq!(burstable["cpu"], Quantity::milli(400));
        assert!(burstable["memory"] > Quantity::parse("16Gi").unwrap());
        let guaranteed = requests(json!({"cores": 4, "memory": "16Gi", "qosClass": "Guaranteed"}));
        assert_eq!(guaranteed["cpu"], Quantity::units(4));
        assert_eq!(guaranteed["memory"], burstable["memory"]);
    }

    #[test]
    fn dedicated_cpus_are_requested_whole() {
        let machine = json!({"domain": {"cpu": {"cores": 4, "dedicatedCpuPlacement": true}, "memory": {"guest": "1Gi"}}});
        let mut spec = PodSpec::default();
        set_requests(&mut spec, &machine, false);
        assert_eq!(spec.requests["cpu"], Quantity::units(4));
    }
}
