//! Random strategic merge patches: directives in lists and maps that are there or not, elements with and without their keys.

use std::fmt::Write as _;
use std::path::Path;

use super::dice::Dice;

/// The lists of a pod or a container that merge by key, with elements to choose from.
const LISTS: [(&str, &[&str]); 9] = [
    (
        "volumes",
        &[
            "name: v, emptyDir: {}",
            "name: w, configMap: {name: c}",
            "name: v, $patch: delete",
            "emptyDir: {}",
            "name: v, $patch: replace, secret: {secretName: s}",
        ],
    ),
    (
        "initContainers",
        &[
            "name: i, image: i",
            "name: i, $patch: delete",
            "image: nameless",
            "name: i, env: [{name: A}, {}]",
            "name: j, $patch: merge, image: j",
        ],
    ),
    (
        "imagePullSecrets",
        &[
            "name: s",
            "name: s, $patch: delete",
            "name: t, $patch: merge",
            "",
        ],
    ),
    (
        "hostAliases",
        &[
            "ip: 1.1.1.1, hostnames: [a]",
            "ip: 1.1.1.1, $patch: delete",
            "hostnames: [b]",
            "ip: 2.2.2.2, $patch: replace",
        ],
    ),
    (
        "tolerations",
        &["key: a, operator: Exists", "key: b", "operator: Exists"],
    ),
    (
        "env",
        &[
            "name: A, value: \"1\"",
            "name: B, $patch: delete",
            "value: x",
            "name: A, $patch: replace, value: z",
            "name: C, valueFrom: {fieldRef: {fieldPath: x}}",
        ],
    ),
    (
        "ports",
        &[
            "containerPort: 80, protocol: TCP",
            "containerPort: 80",
            "protocol: UDP",
            "containerPort: 81, $patch: delete",
            "containerPort: 80, protocol: UDP, $patch: replace",
        ],
    ),
    (
        "volumeMounts",
        &[
            "mountPath: /a, name: v",
            "mountPath: /a, $patch: delete",
            "name: w",
            "mountPath: /b, name: v, $patch: merge",
        ],
    ),
    ("args", &["a", "b"]),
];

/// The maps of a pod or a container, with contents to choose from.
const MAPS: [(&str, &[&str]); 5] = [
    (
        "nodeSelector",
        &[
            "a: b",
            "a: null",
            "$patch: replace, c: d",
            "$patch: delete",
            "$patch: merge, e: f",
            "",
        ],
    ),
    (
        "securityContext",
        &[
            "runAsUser: 1",
            "$patch: replace, runAsUser: 2",
            "$patch: delete",
            "$patch: merge, fsGroup: 3",
        ],
    ),
    (
        "resources",
        &[
            "limits: {cpu: 1}",
            "$patch: merge, limits: {cpu: 2}",
            "limits: {$patch: replace, memory: 1Gi}",
            "limits: null",
            "$patch: delete",
        ],
    ),
    (
        "affinity",
        &[
            "nodeAffinity: {}",
            "nodeAffinity: {$patch: delete}",
            "$patch: replace, podAffinity: {}",
        ],
    ),
    (
        "livenessProbe",
        &[
            "exec: {command: [a]}",
            "exec: {$patch: delete}, tcpSocket: {port: 1}",
            "httpGet: {port: 1}, $patch: replace",
        ],
    ),
];

/// Writes a kustomization with a Deployment and patches of it.
pub(super) fn write(dice: &mut Dice, root: &Path) {
    let head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n";
    let mut base = String::from(head);
    base.push_str(dice.pick(&["", "  labels: {a: b}\n", "  annotations: {x: y}\n"]));
    spec(dice, &mut base, 5);
    std::fs::write(root.join("r.yaml"), base).unwrap();
    let mut kustomization = String::from("resources: [r.yaml]\npatches:\n");
    for number in 0..=dice.below(2) {
        let mut patch = String::from(head);
        patch.push_str(dice.pick(&[
            "",
            "",
            "  labels: {$patch: replace, c: d}\n",
            "  annotations: {$patch: delete}\n",
            "  labels: null\n",
            "  annotations: null\n",
        ]));
        patch.push_str(dice.pick(&["", "", "", "", "$patch: replace\n", "$patch: merge\n"]));
        spec(dice, &mut patch, 2);
        let file = format!("p{number}.yaml");
        std::fs::write(root.join(&file), patch).unwrap();
        _ = writeln!(kustomization, "- path: {file}");
        if dice.once_in(3) {
            kustomization.push_str("  target: {kind: Deployment}\n");
        }
    }
    kustomization.push_str(dice.pick(&[
        "",
        "",
        "namePrefix: p-\n",
        "buildMetadata: [originAnnotations]\n",
    ]));
    std::fs::write(root.join("kustomization.yaml"), kustomization).unwrap();
}

/// Writes the spec of a Deployment; each part is there once in so many times.
fn spec(dice: &mut Dice, out: &mut String, rarity: usize) {
    let inverse = if rarity > 3 { 2 } else { 3 };
    out.push_str("spec:\n  template:\n    spec:\n");
    out.push_str(dice.pick(&[
        "      restartPolicy: Always\n",
        "      hostNetwork: true\n",
        "      dnsPolicy: null\n",
    ]));
    parts(dice, out, 6, inverse);
    if dice.once_in(5) {
        return;
    }
    out.push_str("      containers:\n");
    for _ in 0..=dice.below(2) {
        out.push_str(dice.pick(&[
            "      - name: main\n",
            "      - name: side\n",
            "      - name: main\n        image: x\n",
            "      - image: nameless\n",
        ]));
        if rarity < 4 && dice.once_in(6) {
            out.push_str(dice.pick(&[
                "        $patch: delete\n",
                "        $patch: replace\n",
                "        $patch: merge\n",
            ]));
        }
        parts(dice, out, 8, inverse);
    }
    if rarity < 4 && dice.once_in(8) {
        out.push_str(dice.pick(&[
            "      - $patch: replace\n",
            "      - $patch: merge\n",
            "      - $patch: delete\n",
            "      - {}\n",
        ]));
    }
}

fn parts(dice: &mut Dice, out: &mut String, indent: usize, inverse: usize) {
    let pad = " ".repeat(indent);
    let (lists, maps) = if indent == 6 {
        (0..5, [0, 1, 3])
    } else {
        (5..9, [1, 2, 4])
    };
    for (key, elements) in &LISTS[lists] {
        if !dice.once_in(inverse + 1) {
            continue;
        }
        let count = dice.below(3);
        let chosen: Vec<String> = (0..count)
            .map(|_| {
                let element = dice.pick(elements);
                if *key == "args" {
                    element.to_owned()
                } else {
                    format!("{{{element}}}")
                }
            })
            .collect();
        _ = writeln!(out, "{pad}{key}: [{}]", chosen.join(", "));
    }
    for at in maps {
        let (key, contents) = MAPS[at];
        if dice.once_in(inverse + 1) {
            _ = writeln!(out, "{pad}{key}: {{{}}}", dice.pick(contents));
        }
    }
}
