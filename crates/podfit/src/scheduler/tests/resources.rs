//! Requests of pods, and what nodes have left.

use super::*;

fn requests(spec: &Value) -> BTreeMap<String, String> {
    sum_pod_requests(spec)
        .unwrap()
        .into_iter()
        .map(|(k, v)| (k, v.to_string()))
        .collect()
}

#[test]
fn requests_add_containers_and_take_the_largest_init_container() {
    let spec =
        json!({"containers": [cpu("1"), cpu("500m")], "initContainers": [cpu("1"), cpu("2")]});
    assert_eq!(requests(&spec)["cpu"], "2");
    let spec = json!({"containers": [cpu("1"), cpu("500m")], "initContainers": [cpu("1")]});
    assert_eq!(requests(&spec)["cpu"], "1500m");
}

#[test]
fn requests_add_sidecars_to_containers_and_to_later_init_containers() {
    let sidecar = |n: &str| {
        let mut c = cpu(n);
        c["restartPolicy"] = json!("Always");
        c
    };
    let spec =
        json!({"containers": [cpu("1")], "initContainers": [sidecar("1"), cpu("3"), sidecar("1")]});
    assert_eq!(
        requests(&spec)["cpu"],
        "4",
        "the init container beside the first sidecar"
    );
    let spec =
        json!({"containers": [cpu("2")], "initContainers": [cpu("3"), sidecar("1"), sidecar("1")]});
    assert_eq!(requests(&spec)["cpu"], "4", "containers and sidecars");
}

#[test]
fn requests_default_to_limits_and_overhead_comes_on_top() {
    let limit = json!({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "250m"}}});
    let spec = json!({"containers": [limit], "overhead": {"cpu": "250m"}});
    assert_eq!(requests(&spec)["cpu"], "500m");
    assert_eq!(requests(&spec)["memory"], "1Gi");
}

#[test]
fn requests_of_the_pod_replace_those_of_containers() {
    let spec = json!({"containers": [cpu("1")], "resources": {"requests": {"cpu": "3", "example.com/x": "1"}, "limits": {"memory": "1Gi"}}});
    assert_eq!(
        requests(&spec),
        BTreeMap::from([("cpu".into(), "3".into()), ("memory".into(), "1Gi".into())])
    );
    assert!(sum_pod_requests(&json!({"containers": [cpu("much")]})).is_err());
}

#[test]
fn node_resources_fit_counts_exactly() {
    let nodes = [node("a", &[])];
    let third = pod(&[], &json!({"containers": [cpu("1333m")]}));
    let placed = [(&third, 0), (&third, 0), (&third, 0)];
    assert_eq!(
        reasons(
            &nodes,
            &placed,
            &pod(&[], &json!({"containers": [cpu("1m")]})),
            0
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        reasons(
            &nodes,
            &placed,
            &pod(&[], &json!({"containers": [cpu("1500m")]})),
            0
        ),
        ["1m CPU free, needs 1,500m"]
    );
}

#[test]
fn node_resources_fit_knows_extended_resources_and_pod_counts() {
    let nodes = [node("a", &[])];
    let gpu = pod(
        &[],
        &json!({"containers": [{"resources": {"limits": {"nvidia.com/gpu": 1}}}]}),
    );
    assert_eq!(
        reasons(&nodes, &[], &gpu, 0),
        ["0 nvidia.com/gpu free, needs 1"]
    );
    let empty = pod(&[], &json!({}));
    let ten = [(&empty, 0); 10];
    assert_eq!(
        reasons(&nodes, &ten, &empty, 0),
        ["has its 10 pods already"]
    );
    assert_eq!(reasons(&nodes, &ten[1..], &empty, 0), Vec::<String>::new());
    let unknown = [NodeInfo {
        allocatable: None,
        ..node("a", &[])
    }];
    assert_eq!(reasons(&unknown, &ten, &gpu, 0), Vec::<String>::new());
}
