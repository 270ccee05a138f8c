//! Sites made by hand, for tests of the passes behind planning.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apiserver_schema::Definitions;
use pointer_diagnostics::{Diagnostics, Origin, Pointer};
use serde_json::{Value, json};
use siteplan::bundle::{self, BundleInput, File};
use siteplan::ledger::Holding;
use siteplan::load::{App, Fleet, FleetDefinitions, Layers, Site};
use siteplan::manifest::Object;
use siteplan::model::{FleetSpec, SiteSpec};
use siteplan::plan::{
    ImagePlan, Instance, InstanceSource, NamespacePlan, NodePlan, PoolPlan, SitePlan,
};
use siteplan::schema::ValuesSchema;
use siteplan::template::TemplateContext;
use siteplan::validate::{self, ApiServers, FleetPolicies, SiteDefinitions, ValidateInput};

/// A site, its final manifests, and what bundling needs beside them.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) plan: SitePlan,
    pub(crate) rendered: BTreeMap<String, Vec<Object>>,
    /// The leftovers of the site, by instance.
    pub(crate) leftovers: Holding,
    pub(crate) directories: BTreeMap<String, BTreeSet<String>>,
    /// Kustomizations by directory, beside those of the instances' overlays.
    pub(crate) kustomizations: BTreeMap<String, Value>,
    /// Files beside those that are generated and the apps' kustomizations.
    pub(crate) more_files: Vec<&'static str>,
    /// What is done to the bundle before it is validated.
    pub(crate) tampering: Option<fn(&mut Vec<File>)>,
}

/// A fleet with the given fields of `argocd`, and more fields of the spec.
#[expect(
    clippy::needless_pass_by_value,
    reason = "what is passed is made on the spot"
)]
pub(crate) fn fleet(argocd: Value, more: Value) -> Fleet {
    let mut spec = json!({
        "source": {"repoURL": "https://git.example.com/fleet.git", "revision": "refs/heads/main"},
        "argocd": argocd,
    });
    merge(&mut spec, more);
    let spec: FleetSpec = serde_json::from_value(spec).unwrap();
    Fleet {
        name: "factory".to_owned(),
        spec,
        file: Arc::from("siteplan.yaml"),
    }
}

impl Made {
    /// The site `plant` on OpenShift with an upstream Argo CD 3.3 of its own.
    pub(crate) fn new() -> Self {
        Self::of(
            fleet(json!({"version": "3.3"}), json!({})),
            "plant",
            json!({}),
        )
    }

    /// A site of a fleet.
    pub(crate) fn of(fleet: Fleet, name: &str, spec: Value) -> Self {
        let spec: SiteSpec = serde_json::from_value(spec).unwrap();
        let file: Arc<str> = Arc::from(format!("sites/{name}.yaml"));
        let merged = json!({"spec": spec});
        let layers = Layers::new(vec![(file, Arc::new(merged.clone()))]);
        let site = Site {
            name: name.to_owned(),
            labels: BTreeMap::new(),
            spec,
            merged,
            layers,
        };
        let plan = SitePlan {
            claims: Vec::new(),
            image_facts: Arc::default(),
            operator_facts: Arc::default(),
            name: name.to_owned(),
            site: Arc::new(site),
            fleet: Arc::new(fleet),
            pools: BTreeMap::new(),
            nodes: Vec::new(),
            storage: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            instances: Vec::new(),
            hosted: Vec::new(),
        };
        Self {
            plan,
            rendered: BTreeMap::new(),
            leftovers: Holding::default(),
            directories: BTreeMap::new(),
            kustomizations: BTreeMap::new(),
            more_files: Vec::new(),
            tampering: None,
        }
    }

    /// Adds an instance of an app of the same name. The spec of the app gives its namespace, which the site makes.
    pub(crate) fn app(mut self, name: &str, wave: u32, spec: Value, objects: Value) -> Self {
        let spec: siteplan::model::AppSpec = serde_json::from_value(spec).unwrap();
        let namespace = spec.namespace.clone();
        let images = spec.images.as_ref().map(|images| ImagePlan {
            arch: images.arch.clone(),
            names: images.names.clone(),
            origin: Origin::file(&format!("base/apps/{name}/app.yaml"))
                .at("spec")
                .at("images"),
        });
        let app = App {
            name: name.to_owned(),
            spec,
            file: Arc::from(format!("base/apps/{name}/app.yaml")),
            directory: format!("base/apps/{name}"),
            values: ValuesSchema::default(),
            templates: BTreeMap::new(),
        };
        if let Some(namespace) = &namespace {
            self.plan
                .namespaces
                .entry(namespace.clone())
                .or_default()
                .instances
                .push(name.to_owned());
        }
        let source = InstanceSource::App(Arc::new(app));
        self.plan.instances.push(Instance {
            namespace,
            images,
            wave,
            ..self.instance(name, source)
        });
        self.rendered.insert(name.to_owned(), objects_of(objects));
        self
    }

    /// Adds the built-in app `namespaces`, over the namespaces so far.
    pub(crate) fn namespaces(mut self) -> Self {
        let instance = self.instance("namespaces", InstanceSource::Namespaces);
        self.add_built_in(instance);
        self
    }

    /// Adds the built-in app `nodes`, over the nodes so far.
    pub(crate) fn nodes(mut self) -> Self {
        let instance = self.instance("nodes", InstanceSource::Nodes);
        self.add_built_in(instance);
        self
    }

    /// Adds a namespace.
    pub(crate) fn namespace(mut self, name: &str, plan: NamespacePlan) -> Self {
        self.plan.namespaces.insert(name.to_owned(), plan);
        self
    }

    /// Adds a node to a pool.
    pub(crate) fn node(mut self, name: &str, pool: &PoolPlan, labels: &[(&str, &str)]) -> Self {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        self.plan.pools.insert(pool.name.clone(), pool.clone());
        self.plan.nodes.push(NodePlan {
            labels,
            ..NodePlan::new(
                name,
                &pool.name,
                pool.arch,
                Origin::file("sites/plant.yaml"),
            )
        });
        self
    }

    /// What bundling gives.
    pub(crate) fn bundle(&self) -> (Vec<File>, Diagnostics) {
        let mut found = Diagnostics::new();
        let input = BundleInput {
            plan: &self.plan,
            rendered: &self.rendered,
            kinds: &self.plan.learn_kinds(&self.rendered),
            leftovers: &self.leftovers,
            directories: &self.directories,
        };
        let files = bundle::bundle(&input, &mut found);
        (files, found)
    }

    /// What validation finds, beside what bundling finds.
    pub(crate) fn validate(&self) -> Diagnostics {
        let (mut bundle, mut found) = self.bundle();
        if let Some(tamper) = self.tampering {
            tamper(&mut bundle);
        }
        let mut kustomizations = self.kustomizations.clone();
        let mut files: BTreeSet<String> = self
            .more_files
            .iter()
            .map(|file| (*file).to_owned())
            .collect();
        files.extend(
            bundle
                .iter()
                .map(|file| format!("out/{}/{}", self.plan.name, file.path)),
        );
        for instance in &self.plan.instances {
            let directory = format!("out/{}/{}", self.plan.name, instance.name);
            files.insert(format!("{directory}/kustomization.yaml"));
            let app = instance.app().map(|app| app.directory.clone());
            files.extend(app.iter().map(|app| format!("{app}/kustomization.yaml")));
            let base: Vec<String> = app.iter().map(|app| format!("../../../{app}")).collect();
            kustomizations
                .entry(directory)
                .or_insert_with(|| kustomization(&base));
        }
        let validated = validate::validate(&ValidateInput {
            definitions: &SiteDefinitions {
                fleet: Some(&self.permissive_definitions()),
                ..SiteDefinitions::default()
            },
            servers: &ApiServers::default(),
            catalogues: &BTreeMap::new(),
            policies: &FleetPolicies::default(),
            changes: &BTreeMap::new(),
            plan: &self.plan,
            rendered: &self.rendered,
            kinds: &self.plan.learn_kinds(&self.rendered),
            bundle: &bundle,
            kustomizations: &kustomizations,
            files: &files,
        });
        found.append(validated.problems);
        found
    }

    /// Returns definitions that take anything, of all kinds that the site has.
    fn permissive_definitions(&self) -> FleetDefinitions {
        let mut shared = Vec::new();
        for object in self.rendered.values().flatten() {
            let kind = object.kind();
            let definition = json!({
                "kind": "CompactDefinition",
                "group": object.group(),
                "version": object.version(),
                "names": {"kind": kind, "plural": kind.to_lowercase()},
                "scope": "Namespaced",
                "schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            });
            let is_custom = object.group().contains('.') && !object.group().ends_with(".k8s.io");
            if is_custom {
                shared.extend(Definitions::import(&definition).entries);
            }
        }
        FleetDefinitions {
            shared,
            ..FleetDefinitions::default()
        }
    }

    /// The codes of everything that validation finds, each once, sorted.
    pub(crate) fn codes(&self) -> BTreeSet<&'static str> {
        self.validate().iter().map(|d| d.code).collect()
    }

    /// The same, with something done to the bundle before.
    pub(crate) fn tampered(mut self, tamper: fn(&mut Vec<File>)) -> Self {
        self.tampering = Some(tamper);
        self
    }

    /// The only document of a file of the bundle.
    pub(crate) fn document(&self, path: &str) -> Value {
        only(&self.bundle().0, path)
    }

    fn add_built_in(&mut self, instance: Instance) {
        let objects = bundle::builtin_objects(&self.plan, &instance)
            .into_iter()
            .map(|(_, object)| object)
            .collect();
        self.rendered.insert(instance.name.clone(), objects);
        self.plan.instances.insert(0, instance);
    }

    fn instance(&self, name: &str, source: InstanceSource) -> Instance {
        Instance {
            name: name.to_owned(),
            source,
            namespace: None,
            moved: false,
            wave: 0,
            after: Vec::new(),
            pool: None,
            placement: BTreeMap::new(),
            availability: BTreeMap::new(),
            storage: BTreeMap::new(),
            images: None,
            context: TemplateContext::default(),
            exceptions: Vec::new(),
            origin: self.plan.origin(&Pointer::parse("/apps").at(name)),
        }
    }
}

/// A kustomization with resources only.
pub(crate) fn kustomization(resources: &[String]) -> Value {
    json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources})
}

/// The document of a file, to change it.
pub(crate) fn document_mut<'a>(files: &'a mut [File], path: &str) -> &'a mut Value {
    &mut files
        .iter_mut()
        .find(|f| f.path == path)
        .unwrap_or_else(|| panic!("there is no {path}"))
        .documents[0]
}

/// The only document of a file.
pub(crate) fn only(files: &[File], path: &str) -> Value {
    let file = files
        .iter()
        .find(|f| f.path == path)
        .unwrap_or_else(|| panic!("there is no {path}"));
    assert_eq!(file.documents.len(), 1, "{path}");
    file.documents[0].clone()
}

/// A list of objects.
pub(crate) fn objects_of(list: Value) -> Vec<Object> {
    let Value::Array(list) = list else {
        panic!("not a list: {list}")
    };
    list.into_iter().map(Object::new).collect()
}

/// A ConfigMap without content.
pub(crate) fn config_map(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}})
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
