//! Random kustomizations: a base, an overlay on it and one on that, with the features that repositories use.

use std::fmt::Write as _;
use std::path::Path;

use super::dice::Dice;

const NAMES: [&str; 5] = ["web", "db", "api-1", "e4", "worker"];

/// Writes `base`, `mid` and `top` below a directory.
pub(super) fn write(dice: &mut Dice, root: &Path) {
    let files: Vec<(String, String)> = (0..2 + dice.below(4))
        .map(|i| (format!("r{i}.yaml"), objects(dice, i)))
        .collect();
    let list: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let (mut base, extra) = features(dice, &format!("resources: [{}]\n", list.join(", ")), 4);
    if dice.once_in(12) {
        base.push_str("sortOptions: {order: fifo}\n");
    }
    put(root, "base", &base, files.into_iter().chain(extra));
    let (mid, extra) = features(dice, "resources: [../base]\n", 2);
    put(root, "mid", &mid, extra);
    let twice = dice.once_in(8);
    let bases = if twice {
        "resources: [../mid, ../other]\n"
    } else {
        "resources: [../mid]\n"
    };
    if twice {
        put(
            root,
            "other",
            "resources: [../base]\nnamePrefix: o-\nnamespace: other\n",
            Vec::new(),
        );
    }
    let (mut top, extra) = features(dice, bases, 2);
    if dice.once_in(4) {
        top.push_str("components: [../part]\n");
        let (part, extra) = features(dice, "", 2);
        let part = if part.is_empty() {
            "namePrefix: p-\n".to_owned()
        } else {
            part
        };
        put(
            root,
            "part",
            &format!("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n{part}"),
            extra,
        );
    }
    match dice.below(4) {
        0 => top.push_str("sortOptions: {order: fifo}\n"),
        1 => top.push_str("buildMetadata: [originAnnotations]\n"),
        _ => {}
    }
    put(root, "top", &top, extra);
}

fn put(
    root: &Path,
    name: &str,
    kustomization: &str,
    files: impl IntoIterator<Item = (String, String)>,
) {
    let dir = root.join(name);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("kustomization.yaml"), kustomization).unwrap();
    for (name, content) in files {
        std::fs::write(dir.join(name), content).unwrap();
    }
}

fn objects(dice: &mut Dice, at: usize) -> String {
    let count = 1 + dice.below(3);
    let mut objects: Vec<String> = (0..count).map(|i| object(dice, at * 3 + i + 1)).collect();
    if at == 0 {
        let meta = "metadata:\n  name: web\n";
        objects.push(workload(dice, "Deployment", meta, "db"));
        objects.push(format!(
            "apiVersion: v1\nkind: ConfigMap\n{meta}data: {{a: \"1\", b: x:y}}\n"
        ));
    }
    objects.join("---\n")
}

fn object(dice: &mut Dice, number: usize) -> String {
    let name = if number < NAMES.len() {
        NAMES[number].to_owned()
    } else {
        format!("{}{number}", dice.pick(&NAMES))
    };
    let other = dice.pick(&NAMES);
    let namespace = dice.pick(&["", "", "", "  namespace: prod\n", "  namespace: default\n"]);
    let labels = dice.pick(&[
        "",
        "  labels: {app: web}\n",
        "  labels:\n    app: web\n    n: \"1\"\n",
    ]);
    let meta = format!("metadata:\n  name: {name}\n{namespace}{labels}");
    match dice.below(12) {
        0..=2 => workload(dice, "Deployment", &meta, other),
        3 => workload(dice, "StatefulSet", &meta, other),
        4 => format!(
            "apiVersion: v1\nkind: Service\n{meta}spec:\n  selector: {{app: web}}\n  ports:\n  - port: 80\n    targetPort: http\n    protocol: TCP\n  - {{name: b, port: 443}}\n"
        ),
        5 => format!(
            "apiVersion: v1\nkind: ConfigMap\n{meta}data:\n  a: \"1\"\n  b: |\n    x\n    y\n  c: >\n    folded\n      more\n    text\n"
        ),
        6 => format!(
            "apiVersion: v1\nkind: ServiceAccount\n{meta}imagePullSecrets:\n- name: {other}\n"
        ),
        7 => {
            let kind = dice.pick(&["RoleBinding", "ClusterRoleBinding"]);
            let account = dice.pick(&["default", "web", "db", "api-1"]);
            format!(
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\n{meta}roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {other}}}\nsubjects:\n- kind: ServiceAccount\n  name: {account}\n- {{kind: User, name: {other}, apiGroup: rbac.authorization.k8s.io}}\n"
            )
        }
        8 => format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n{meta}rules:\n- apiGroups: [\"\"]\n  resources: [secrets]\n  resourceNames: [{other}]\n  verbs: [get]\n"
        ),
        9 => format!(
            "apiVersion: example.com/v1\nkind: Thing\n{meta}spec:\n  image: nginx:1\n  items:\n  - name: a\n    value: 1\n  - name: b\n    value: yes\n  template:\n    spec:\n      containers:\n      - name: c\n        image: nginx:1.2\n  when: 2024-01-02\n  mode: 0644\n"
        ),
        10 => format!(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n{meta}spec:\n  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {other}}}\n  maxReplicas: 3\n"
        ),
        _ => format!(
            "apiVersion: v1\nkind: Secret\n{meta}type: Opaque\nstringData:\n  password: x\n"
        ),
    }
}

fn workload(dice: &mut Dice, kind: &str, meta: &str, other: &str) -> String {
    let mut out = format!("apiVersion: apps/v1\nkind: {kind}\n{meta}spec:\n");
    let replicas = dice.pick(&[
        "  replicas: 1\n",
        "  replicas: \"2\"\n",
        "",
        "  replicas: null\n",
    ]);
    out.push_str(replicas);
    if kind == "StatefulSet" {
        _ = writeln!(out, "  serviceName: {other}");
    }
    out.push_str(
        "  selector:\n    matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: web}\n    spec:\n",
    );
    if dice.once_in(2) {
        _ = write!(
            out,
            "      serviceAccountName: {other}\n      nodeSelector:\n"
        );
    }
    out.push_str("      containers:\n      - name: main\n        image: ");
    out.push_str(dice.pick(&[
        "nginx:1.27",
        "nginx",
        "host:5000/a/nginx:1@sha256:ff",
        "'nginx:2'",
        "busybox:1",
    ]));
    out.push_str("\n        ports:\n        - containerPort: 80\n          protocol: TCP\n");
    if dice.once_in(2) {
        out.push_str("        - {containerPort: 443, name: tls, protocol: TCP}\n");
    }
    _ = write!(
        out,
        "        env:\n        - name: A\n          value: \"1\"\n        - name: B\n          valueFrom: {{configMapKeyRef: {{name: {other}, key: a}}}}\n"
    );
    if dice.once_in(2) {
        out.push_str(
            "      - name: side\n        image: busybox:1\n        args: [\"-c\", 'x y', 5]\n",
        );
    }
    if dice.once_in(2) {
        _ = write!(
            out,
            "      volumes:\n      - name: config\n        configMap:\n          name: {other}\n          defaultMode: 0644\n      - name: secret\n        secret: {{secretName: {other}}}\n"
        );
    }
    if dice.once_in(3) {
        out.push_str("      tolerations:\n      - key: a\n        operator: Exists\n");
    }
    out
}

/// A kustomization with some features, and the files that it names.
fn features(dice: &mut Dice, start: &str, rarity: usize) -> (String, Vec<(String, String)>) {
    let mut out = start.to_owned();
    let mut files = Vec::new();
    let mut maybe = |dice: &mut Dice, more: usize, text: String| {
        if dice.once_in(rarity * more) {
            out.push_str(&text);
        }
    };
    let namespace = dice.pick(&["prod", "test", "\"yes\""]);
    maybe(dice, 2, format!("namespace: {namespace}\n"));
    let prefix = dice.pick(&["a-", "\"1\"", "b-"]);
    maybe(dice, 2, format!("namePrefix: {prefix}\n"));
    maybe(dice, 4, "nameSuffix: -s\n".to_owned());
    let selectors = dice.pick(&[
        "",
        "  includeSelectors: true\n",
        "  includeTemplates: true\n",
    ]);
    let value = dice.pick(&["x", "\"1\"", "\"true\"", "a long value"]);
    maybe(
        dice,
        2,
        format!("labels:\n- pairs:\n    team: {value}\n{selectors}"),
    );
    maybe(dice, 6, "commonLabels: {common: label}\n".to_owned());
    maybe(
        dice,
        4,
        "commonAnnotations: {note: \"1.10\", other: x}\n".to_owned(),
    );
    let image = dice.pick(&[
        "newTag: \"2.0\"",
        "newName: other/nginx",
        "digest: sha256:aa",
        "newName: x, newTag: v3",
        "tagSuffix: -s",
    ]);
    maybe(
        dice,
        2,
        format!("images:\n- {{name: nginx, {image}}}\n- {{name: busybox, newTag: \"9\"}}\n"),
    );
    let name = dice.pick(&NAMES);
    maybe(
        dice,
        12,
        format!("replicas:\n- {{name: {name}, count: 5}}\n"),
    );
    if dice.once_in(rarity) {
        out.push_str("patches:\n");
        for at in 0..=dice.below(3) {
            patch(dice, &mut out, &mut files, at);
        }
    }
    if dice.once_in(rarity) {
        generator(dice, &mut out, &mut files);
    }
    if dice.once_in(rarity * 4) {
        replacement(dice, &mut out);
    }
    (out, files)
}

fn patch(dice: &mut Dice, out: &mut String, files: &mut Vec<(String, String)>, at: usize) {
    let json = dice.once_in(2);
    let text = if json {
        operations(dice)
    } else {
        strategic(dice)
    };
    if dice.once_in(2) {
        _ = writeln!(out, "- path: patch{at}.yaml");
        files.push((format!("patch{at}.yaml"), text));
    } else {
        _ = writeln!(out, "- patch: |-");
        text.lines()
            .for_each(|line| _ = writeln!(out, "    {line}"));
    }
    let kind = dice.pick(&[
        "Deployment",
        "StatefulSet",
        "Deployment|StatefulSet",
        "Thing",
        ".*Set",
        "Deployment",
    ]);
    if json || !dice.once_in(8) {
        let kind = if json {
            dice.pick(&["Deployment", "Thing", "Deployment|Thing"])
        } else {
            kind
        };
        _ = writeln!(out, "  target:\n    kind: {kind}");
        if dice.once_in(3) {
            _ = writeln!(out, "    name: {}", dice.pick(&["web", "w.*", "db|api-1"]));
        }
        if dice.once_in(6) {
            _ = writeln!(out, "    labelSelector: app=web");
        }
    }
}

fn operations(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..=dice.below(3) {
        let rare = dice.once_in(6);
        out.push_str(dice.pick(if rare { &RARE_OPERATIONS } else { &OPERATIONS }));
    }
    out
}

const OPERATIONS: [&str; 6] = [
    "- op: add\n  path: /metadata/annotations/x\n  value: \"1\"\n",
    "- op: add\n  path: /metadata/labels\n  value: {app: web, n: yes}\n",
    "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: busybox:3\n",
    "- op: copy\n  from: /metadata/name\n  path: /spec/copied\n",
    "- op: add\n  path: /spec/extra\n  value: {a: [1, 2.50, 1e3], b: null, c: 0777, d: 2024-01-01}\n",
    "- op: add\n  path: /spec/template/spec/tolerations\n  value:\n  - key: k\n    operator: Equal\n    value: \"on\"\n",
];

const RARE_OPERATIONS: [&str; 7] = [
    "- op: add\n  path: /spec/template/spec/containers/0/env/-\n  value: {name: NEW, value: \"x\"}\n",
    "- op: remove\n  path: /spec/replicas\n",
    "- op: test\n  path: /kind\n  value: Deployment\n",
    "- op: test\n  path: /spec/selector\n  value: {matchLabels: {app: web}}\n",
    "- op: move\n  from: /spec/selector\n  path: /spec/moved\n",
    "- op: replace\n  path: /metadata/name\n  value: renamed\n",
    "- op: add\n  path: /spec/template/spec/containers/-1\n  value: {name: added, image: nginx}\n",
];

fn strategic(dice: &mut Dice) -> String {
    let (kind, name) = if dice.once_in(8) {
        ("StatefulSet", dice.pick(&NAMES))
    } else {
        ("Deployment", "web")
    };
    let mut out = format!("apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: {name}\n");
    out.push_str(dice.pick(&[
        "",
        "",
        "  labels: {app: null, z: \"9\"}\n",
        "  annotations:\n    p: q\n",
    ]));
    if dice.once_in(12) {
        out.push_str("$patch: delete\n");
        return out;
    }
    out.push_str("spec:\n");
    out.push_str(dice.pick(&[
        "  replicas: 3\n",
        "  replicas: \"4\"\n",
        "  replicas: null\n",
        "  paused: yes\n",
    ]));
    out.push_str("  template:\n    spec:\n");
    out.push_str(dice.pick(&[
        "      nodeSelector: {a: b}\n",
        "      priorityClassName: high\n",
        "      tolerations: []\n",
        "      nodeSelector: null\n",
    ]));
    if dice.once_in(2) {
        out.push_str("      containers:\n");
        for _ in 0..=dice.below(2) {
            out.push_str(dice.pick(&[
                "      - name: main\n        image: patched:1\n",
                "      - name: new\n        image: new:1\n        env: []\n",
                "      - name: main\n        env:\n        - name: B\n          $patch: delete\n        - {name: C, value: c}\n",
                "      - name: side\n        $patch: delete\n",
                "      - name: main\n        ports:\n        - {containerPort: 8080, protocol: TCP}\n        - containerPort: 80\n          protocol: UDP\n",
                "      - name: side\n        args: [a]\n        resources: {limits: {cpu: 1, memory: 1Gi}}\n",
                "      - image: nameless:1\n",
                "      - $patch: replace\n      - {name: only, image: only:1}\n",
            ]));
        }
    }
    if dice.once_in(3) {
        out.push_str(
            "      volumes:\n      - name: config\n        emptyDir: {}\n        configMap: null\n",
        );
    }
    out
}

fn generator(dice: &mut Dice, out: &mut String, files: &mut Vec<(String, String)>) {
    let behavior = if dice.once_in(5) {
        dice.pick(&["  behavior: merge\n", "  behavior: replace\n"])
    } else {
        ""
    };
    let name = if behavior.is_empty() {
        format!("settings{}", dice.below(9))
    } else {
        "web".to_owned()
    };
    let options = dice.pick(&[
        "",
        "",
        "  options: {disableNameSuffixHash: true}\n",
        "  options:\n    labels: {g: h}\n    immutable: true\n",
    ]);
    if behavior.is_empty() && dice.once_in(3) {
        _ = write!(
            out,
            "secretGenerator:\n- name: {name}\n{behavior}{options}  literals: [\"p=a<b>&c\", user=\"x y\"]\n"
        );
        return;
    }
    _ = write!(
        out,
        "configMapGenerator:\n- name: {name}\n{behavior}{options}  literals:\n  - a=1\n  - b=two words\n  - c=\n"
    );
    if dice.once_in(2) {
        out.push_str("  files: [gen.txt, renamed=gen.txt]\n  envs: [gen.env]\n");
        files.push((
            "gen.txt".to_owned(),
            dice.pick(&["line\n", "a\nb \n", "tab\tx", "\u{1F600}\n", ""])
                .to_owned(),
        ));
        files.push(("gen.env".to_owned(), "# c\nE1=x\n E2 = y \nE3\n".to_owned()));
    }
    if dice.once_in(3) {
        out.push_str("generatorOptions:\n  annotations: {made: by}\n");
    }
}

fn replacement(dice: &mut Dice, out: &mut String) {
    let source = dice.pick(&[
        "kind: ConfigMap, name: web, fieldPath: data.a",
        "kind: ConfigMap, name: web, fieldPath: data.b, options: {delimiter: \":\", index: 1}",
        "kind: Deployment, name: web",
    ]);
    let path = dice.pick(&[
        "spec.replicas",
        "spec.template.spec.containers.[name=main].image",
        "spec.template.spec.containers.*.image",
        "metadata.annotations.from",
        "spec.template.metadata.labels.app",
    ]);
    let options = dice.pick(&[
        "",
        "    options: {create: true}\n",
        "    options: {delimiter: \":\", index: 1}\n",
    ]);
    _ = write!(
        out,
        "replacements:\n- source: {{{source}}}\n  targets:\n  - select: {{kind: Deployment}}\n    fieldPaths: [\"{path}\"]\n{options}"
    );
}
