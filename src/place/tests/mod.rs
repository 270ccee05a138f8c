//! Instances of small sites, placed.

mod algebra;
mod availability;
mod placement;
mod storage;
mod unplaceable;

use serde_json::{Value, json};

use super::{PlacedInstance, place};
use crate::catalogue::Catalogue;
use crate::load::load;
use crate::manifest::Object;
use crate::plan::{SitePlan, plan};
use pointer_diagnostics::Diagnostics;

/// A site with one instance, `it`, of an app with the spec.
pub(super) struct PlacementFixture {
    plan: SitePlan,
}

/// The result of placing.
pub(super) struct PlacedFixture {
    pub(super) objects: Vec<Value>,
    pub(super) placed: PlacedInstance,
    pub(super) found: Diagnostics,
}

impl PlacementFixture {
    /// Loads and plans a site from its spec and the spec of its one app.
    pub(super) fn new(site: &Value, app: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let write = |path: &str, kind: &str, name: &str, spec: &Value| {
            let file = directory.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let document = json!({"apiVersion": "siteplan.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
            std::fs::write(file, document.to_string()).unwrap();
        };
        let fleet = json!({"source": {"repoURL": "https://example.com/fleet.git"}, "argocd": {"version": "2.14"}});
        write("siteplan.yaml", "Fleet", "fleet", &fleet);
        write("sites/plant.yaml", "Site", "plant", site);
        write("base/apps/it/app.yaml", "App", "it", app);
        std::fs::write(
            directory.path().join("base/apps/it/kustomization.yaml"),
            "resources: []\n",
        )
        .unwrap();
        let mut problems = Diagnostics::new();
        let repository = load(directory.path(), &mut problems);
        assert!(!problems.has_errors(), "{problems:?}");
        let repository = repository.unwrap();
        let site = repository.load_site("plant", &mut problems);
        assert!(!problems.has_errors(), "{problems:?}");
        let plan = plan(site.unwrap().into(), &repository, &mut problems);
        assert!(!problems.has_errors(), "{problems:?}");
        Self {
            plan: plan.unwrap(),
        }
    }

    /// Places the instance's objects.
    pub(super) fn place(&self, objects: &[Value]) -> PlacedFixture {
        let mut objects: Vec<Object> = objects.iter().cloned().map(Object::new).collect();
        let before = objects.clone();
        let instance = self.plan.instance("it").unwrap();
        let mut found = Diagnostics::new();
        let placed = place(
            &self.plan,
            instance,
            Catalogue::built_in(),
            &mut objects,
            &mut found,
        );
        // The images here are of nowhere.
        let is_meant = |code: &str| !code.starts_with("image-architecture-");
        let found = found.into_iter().filter(|d| is_meant(d.code)).collect();
        check_operations(&before, &objects, &placed);
        PlacedFixture {
            objects: objects.into_iter().map(Object::into_value).collect(),
            placed,
            found,
        }
    }
}

impl PlacedFixture {
    /// Returns the object at a position and a field of it; null where it is not there.
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.objects[0].pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Returns the codes of what was found.
    pub(super) fn codes(&self) -> Vec<&str> {
        self.found.iter().map(|d| d.code).collect()
    }

    /// Returns the one problem, in words.
    pub(super) fn message(&self) -> &str {
        assert_eq!(self.found.iter().count(), 1, "{:?}", self.found);
        &self.found.iter().next().unwrap().message
    }

    /// Returns the lines that the one problem shows: file and pointer.
    pub(super) fn lines(&self) -> Vec<String> {
        let labels = &self.found.iter().next().unwrap().labels;
        labels
            .iter()
            .map(|l| format!("{}{}", l.origin.file, l.origin.pointer))
            .collect()
    }
}

/// Returns the operations do to the objects before what was done to them.
fn check_operations(before: &[Object], after: &[Object], placed: &PlacedInstance) {
    let mut patched: Vec<Object> = before.to_vec();
    for patch in &placed.patches {
        let object = patched.iter_mut().find(|o| o.id() == patch.target).unwrap();
        for operation in &patch.operations {
            apply(object.value_mut(), operation);
        }
        assert!(
            patch
                .operations
                .iter()
                .all(|o| o.op == crate::patch::Op::Test || o.asked_by.is_some())
        );
    }
    assert_eq!(patched, after);
}

/// Returns a JSON patch operation as RFC 6902 defines it.
fn apply(value: &mut Value, operation: &crate::patch::Operation) {
    use crate::patch::Op;
    let (parent, key) = operation.path.as_str().rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    let new = operation.value.clone().unwrap_or_default();
    match (operation.op, value.pointer_mut(parent).unwrap()) {
        (Op::Test, _) => assert_eq!(
            value.pointer(operation.path.as_str()),
            Some(&new),
            "{}",
            operation.path
        ),
        (Op::Add, Value::Array(items)) if key == "-" => items.push(new),
        (Op::Add | Op::Replace, Value::Object(map)) => {
            map.insert(key, new);
        }
        (op, parent) => panic!("{op:?} {} in {parent}", operation.path),
    }
}

/// Returns a site with three nodes of one architecture that survives the loss of one.
pub(super) fn three_nodes() -> Value {
    json!({
        "pools": {"acp": {"arch": "amd64", "roles": ["control-plane", "worker"], "nodes": {"a": {"zone": "r1"}, "b": {"zone": "r2"}, "c": {"zone": "r3"}}}},
        "ha": {"survive": {"nodes": 1}},
        "storage": {
            "block": {"class": "rbd", "modes": ["ReadWriteOnce"]},
            "shared": {"class": "cephfs", "modes": ["ReadWriteMany"]},
        },
        "apps": {"it": {}},
    })
}

/// Returns a site with an amd64 database pool and a ppc64le application pool.
pub(super) fn two_pools() -> Value {
    json!({
        "pools": {
            "database": {"arch": "amd64", "labels": {"workload-type": "database"}, "nodes": {"x0": {}}},
            "appserver": {"arch": "ppc64le", "labels": {"workload-type": "appserver"}, "nodes": {"p0": {}}},
        },
        "apps": {"it": {}},
    })
}

/// Returns a Deployment named `web`, over which the given value is merged.
pub(super) fn deployment(over: &Value) -> Value {
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "web", "labels": {"app.kubernetes.io/name": "web"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "registry.example.com/web:1"}]}},
        },
    });
    merge(&mut object, over);
    object
}

/// Sets a field of a value, with the maps above it.
pub(super) fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    let over = pointer
        .split('/')
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .fold(new, |inner, key| json!({ key.replace("~1", "/"): inner }));
    merge(&mut value, &over);
    value
}

fn merge(value: &mut Value, over: &Value) {
    match (value, over) {
        (Value::Object(map), Value::Object(over)) => {
            for (key, inner) in over {
                merge(map.entry(key.clone()).or_insert(Value::Null), inner);
            }
        }
        (value, over) => *value = over.clone(),
    }
}
