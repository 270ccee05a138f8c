//! Random transformer configurations, plugins, variables and replacements, in a base, an overlay and a component.

use std::fmt::Write as _;
use std::path::Path;

use super::dice::Dice;

const OBJECTS: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {a: \"1\", json: '{\"k\":{\"v\":\"x\"}}'}
---
apiVersion: example.com/v1
kind: Foo
metadata: {name: foo, annotations: {note: $(WEB)}}
spec: {ref: {name: web}, refs: [web, foo], image: nginx:1, count: 1, text: a-$(WEB)-b, selector: {app: x}, list: [{name: a, ref: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: x}}
spec:
  replicas: 1
  template:
    spec:
      serviceAccountName: sa
      containers:
      - {name: c, image: 'nginx:1', args: [$(WEB), --x=$(COUNT)], envFrom: [{configMapRef: {name: web}}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: sa}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{kind: ServiceAccount, name: sa, namespace: default}]
";

const CONFIGURATIONS: [&str; 14] = [
    "namePrefix:\n- {path: metadata/name, kind: Foo}\n",
    "namePrefix:\n- {path: metadata/name}\n- {path: spec/ref/name, kind: Foo}\n",
    "nameSuffix:\n- {path: metadata/name, kind: ConfigMap}\n",
    "namespace:\n- {path: spec/ns, kind: Foo, create: true}\n",
    "commonLabels:\n- {path: spec/selector, kind: Foo, create: true}\n",
    "commonAnnotations:\n- {path: spec/notes, kind: Foo, create: true}\n",
    "nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs:\n  - {path: spec/ref/name, kind: Foo}\n  - {path: spec/list/ref, kind: Foo}\n",
    "nameReference:\n- kind: Foo\n  fieldSpecs:\n  - {path: spec/refs, kind: Foo}\n  - {path: metadata/annotations/note, kind: Foo}\n",
    "nameReference:\n- kind: ConfigMap\n  fieldSpecs:\n  - {path: spec/refs, kind: Foo}\n",
    "varReference:\n- {path: spec/text, kind: Foo}\n- {path: metadata/annotations, kind: Foo}\n",
    "images:\n- {path: spec/image, kind: Foo}\n",
    "replicas:\n- {path: spec/count, kind: Foo}\n",
    "labels:\n- {path: spec/labels, kind: Foo, create: true}\n",
    "namePrefix: []\nnameReference: []\n",
];

const FEATURES: [&str; 13] = [
    "namePrefix: p-\n",
    "nameSuffix: -s\n",
    "namespace: prod\n",
    "commonLabels: {team: x}\n",
    "labels:\n- pairs: {tier: y}\n  includeSelectors: true\n",
    "labels:\n- pairs: {tier: z}\n  fields: [{path: spec/own, kind: Foo, create: true}]\n",
    "commonAnnotations: {by: me}\n",
    "images: [{name: nginx, newTag: \"2\"}]\n",
    "replicas: [{name: foo, count: 3}]\n",
    "configMapGenerator: [{name: gen, literals: [a=b]}]\n",
    "buildMetadata: [originAnnotations]\n",
    "sortOptions: {order: fifo}\n",
    "patches:\n- target: {kind: ConfigMap}\n  patch: |\n    - {op: add, path: /metadata/annotations, value: {x: y}}\n",
];

const VARIABLES: &str = "vars:
- {name: WEB, objref: {apiVersion: v1, kind: ConfigMap, name: web}}
- {name: COUNT, objref: {apiVersion: apps/v1, kind: Deployment, name: web}, fieldref: {fieldpath: spec.replicas}}
";

const PLUGINS: [&str; 9] = [
    "kind: PrefixTransformer\nmetadata: {name: t}\nprefix: t-\nfieldSpecs: [{path: metadata/name, kind: Foo}]\n",
    "kind: PrefixSuffixTransformer\nmetadata: {name: t}\nprefix: a-\nsuffix: -b\nfieldSpecs: [{path: metadata/name}]\n",
    "kind: LabelTransformer\nmetadata: {name: t}\nlabels: {l: m}\nfieldSpecs: [{path: metadata/labels, create: true}]\n",
    "kind: AnnotationsTransformer\nmetadata: {name: t}\nannotations: {n: m}\nfieldSpecs: [{path: metadata/annotations, create: true}]\n",
    "kind: NamespaceTransformer\nmetadata: {name: t, namespace: plug}\nunsetOnly: true\n",
    "kind: ImageTagTransformer\nmetadata: {name: t}\nimageTag: {name: nginx, newTag: \"3\"}\nfieldSpecs: [{path: spec/image, kind: Foo}]\n",
    "kind: PatchTransformer\nmetadata: {name: t}\ntarget: {kind: Foo}\npatch: '[{\"op\": \"add\", \"path\": \"/spec/new\", \"value\": 1}]'\n",
    "kind: ReplicaCountTransformer\nmetadata: {name: t}\nreplica: {name: web, count: 7}\nfieldSpecs: [{path: spec/replicas, kind: Deployment}]\n",
    "kind: ValueAddTransformer\nmetadata: {name: t}\nvalue: v\ntargetFilePath: \"\"\ntargets: [{fieldPath: metadata/namespace}]\n",
];

const REPLACEMENTS: [&str; 4] = [
    "{kind: ConfigMap, name: web, fieldPath: data.a}\n  targets: [{select: {kind: Foo}, fieldPaths: [spec.text]}]\n",
    "{kind: Deployment, fieldPath: spec.replicas}\n  targets: [{select: {kind: Foo}, fieldPaths: [spec.count, spec.new.deep], options: {create: true}}]\n",
    "{kind: Foo, fieldPath: metadata.name}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.json.k.v]}]\n",
    "{kind: Foo, fieldPath: spec.image, options: {delimiter: ':', index: 1}}\n  targets: [{select: {kind: Deployment}, fieldPaths: ['spec.template.spec.containers.[name=c].image'], options: {delimiter: ':', index: 1}}]\n",
];

/// Writes `base`, `top` and `part` below a directory; `top` is built.
pub(super) fn write(dice: &mut Dice, root: &Path) {
    let mut base = String::from("resources: [r.yaml]\n");
    features(dice, &mut base, &root.join("base"));
    std::fs::write(root.join("base/r.yaml"), OBJECTS).unwrap();
    if dice.once_in(3) {
        base.push_str(VARIABLES);
    }
    std::fs::write(root.join("base/kustomization.yaml"), base).unwrap();
    let mut top = String::from("resources: [../base]\n");
    features(dice, &mut top, &root.join("top"));
    if dice.once_in(3) {
        top.push_str("components: [../part]\n");
        let mut part =
            String::from("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n");
        features(dice, &mut part, &root.join("part"));
        std::fs::write(root.join("part/kustomization.yaml"), part).unwrap();
    }
    std::fs::write(root.join("top/kustomization.yaml"), top).unwrap();
}

fn features(dice: &mut Dice, out: &mut String, directory: &Path) {
    std::fs::create_dir_all(directory).unwrap();
    let mut taken: Vec<&str> = Vec::new();
    for _ in 0..dice.below(4) {
        let feature = dice.pick(&FEATURES);
        let field = feature.split(':').next().unwrap();
        if !taken.contains(&field) {
            taken.push(field);
            out.push_str(feature);
        }
    }
    if dice.once_in(2) {
        out.push_str("configurations: [c.yaml]\n");
        let text: Vec<&str> = (0..=dice.below(2))
            .map(|_| dice.pick(&CONFIGURATIONS))
            .collect();
        let text = if text.len() > 1 && text[0].split(':').next() == text[1].split(':').next() {
            text[0].to_owned()
        } else {
            text.concat()
        };
        std::fs::write(directory.join("c.yaml"), text).unwrap();
    }
    if dice.once_in(3) {
        out.push_str("transformers: [t.yaml]\n");
        let text = format!("apiVersion: builtin\n{}", dice.pick(&PLUGINS));
        std::fs::write(directory.join("t.yaml"), text).unwrap();
    }
    if dice.once_in(4) {
        _ = write!(out, "replacements:\n- source: {}", dice.pick(&REPLACEMENTS));
    }
}
