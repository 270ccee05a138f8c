//! What goes with an Application or a root that is deleted, and who is asked first.

use serde_json::{Value, json};

use super::annotations_needed;
use crate::made_site::{Made, config_map, fleet};

#[test]
fn an_app_that_asks_before_it_goes_is_asked_about_by_one_of_its_objects_and_goes_last() {
    let kept = json!({"argocd.argoproj.io/sync-options": "Delete=false"});
    let mut first = config_map("web", "a");
    first["metadata"]["annotations"] = kept;
    let objects = json!([first, config_map("web", "b"), config_map("web", "c")]);
    let mut made = Made::new().app("web", 0, json!({"namespace": "web"}), objects);
    let asking = annotations_needed(&made);
    let told: Vec<_> = asking
        .iter()
        .map(|n| (n.object.name.as_str(), n.value.as_str()))
        .collect();
    assert_eq!(told, [("b", "Delete=confirm")]);
    let annotated = json!({asking[0].key: asking[0].value});
    made.rendered.get_mut("web").unwrap()[1].value_mut()["metadata"]["annotations"] = annotated;
    let application = made.document("apps/web.yaml");
    let annotations = &application["metadata"]["annotations"];
    assert_eq!(
        annotations["argocd.argoproj.io/sync-options"],
        "PruneLast=true"
    );
    assert_eq!(
        application["metadata"]["finalizers"],
        json!(["resources-finalizer.argocd.argoproj.io"])
    );
}

#[test]
fn the_root_of_a_site_takes_its_applications_with_it_only_on_a_hub() {
    let root = |topology: &str| {
        let fleet = fleet(json!({"version": "3.3", "topology": topology}), json!({}));
        let made = Made::of(fleet, "plant", json!({})).app(
            "web",
            0,
            json!({"namespace": "web"}),
            json!([]),
        );
        let finalizers = |file: &str| made.document(file)["metadata"]["finalizers"].clone();
        (
            finalizers("bootstrap/root.yaml"),
            finalizers("bootstrap/project.yaml"),
        )
    };
    let finalizer = json!(["resources-finalizer.argocd.argoproj.io"]);
    assert_eq!(root("per-site"), (Value::Null, Value::Null));
    assert_eq!(root("hub"), (finalizer.clone(), finalizer));
}
