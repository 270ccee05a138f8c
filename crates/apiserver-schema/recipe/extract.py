#!/usr/bin/env python3
"""extract.py OUT.txt: the kinds and definitions of Kubernetes and OpenShift by version, as lines of text.

Reads the Go modules named in versions.json (`go mod download`), applies amendments.json, and writes three sorts of lines:

    K <group> <version> <kind> <plural> <N|C> <default mask> <mask> <definition>
    R <group> <version> <kind> <deprecated minor> <removed minor> <replacement>
    D <definition> <mask> <schema as JSON>

Fields are divided by tabs. A mask is hexadecimal: bit n stands for Kubernetes 1.(25+n). The default mask says in which
versions a server serves the kind without --runtime-config. Descriptions and examples are dropped; `examples/pack.rs`
compresses the lines into data/kinds.bin.
"""
import glob, json, os, re, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = json.load(open(f"{HERE}/versions.json"))
AMENDMENTS = json.load(open(f"{HERE}/amendments.json"))
MINORS = sorted(VERSIONS["kubernetes"], key=lambda v: int(v.split(".")[1]))
FIRST = 25
PRESERVE = {"x-kubernetes-preserve-unknown-fields": True}
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"format": "quantity"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"x-kubernetes-int-or-string": True},
    META + "Time": {"type": "string", "format": "date-time"},
    META + "MicroTime": {"type": "string", "format": "micro-time"},
    META + "Duration": {"type": "string", "format": "go-duration"},
    META + "FieldsV1": {"type": "object", **PRESERVE},
    "io.k8s.apimachinery.pkg.runtime.RawExtension": {"type": "object", **PRESERVE},
    "io.k8s.apimachinery.pkg.runtime.Object": {"type": "object", **PRESERVE},
}
KEEP = ("type", "format", "enum", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-int-or-string",
        "x-kubernetes-preserve-unknown-fields", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
# Beta resources that are on by default: legacyBetaEnabledByDefaultResources in pkg/controlplane/instance.go of each version.
BETA_ON = {
    ("autoscaling", "v2beta2"): (25, 25), ("storage.k8s.io", "v1beta1", "CSIStorageCapacity"): (25, 26),
    ("flowcontrol.apiserver.k8s.io", "v1beta1"): (25, 25), ("flowcontrol.apiserver.k8s.io", "v1beta2"): (25, 28),
    ("flowcontrol.apiserver.k8s.io", "v1beta3"): (26, 31),
}
OPENSHIFT_GROUPS = ("apps", "authorization", "build", "image", "oauth", "project", "quota", "route", "security", "template", "user")


def module(path, version):
    """Downloads a module and returns its directory."""
    out = subprocess.run(["go", "mod", "download", "-json", f"{path}@{version}"], capture_output=True, text=True, cwd="/", check=True)
    return json.loads(out.stdout)["Dir"]


def simplify(schema, name):
    """Returns a schema without prose, with references by bare name."""
    if "allOf" in schema and len(schema["allOf"]) == 1 and "$ref" in schema["allOf"][0]:
        schema = {**schema, **schema["allOf"][0]}
    if "$ref" in schema:
        target = name(schema["$ref"])
        return dict(SPECIAL[target]) if target in SPECIAL else {"$ref": target}
    out = {k: schema[k] for k in KEEP if k in schema and schema[k] != ""}
    if out.get("x-kubernetes-list-type") == "atomic":
        del out["x-kubernetes-list-type"]
    if out.get("format") == "int-or-string":
        return {"x-kubernetes-int-or-string": True}
    if schema.get("properties"):
        out["properties"] = {k: simplify(v, name) for k, v in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        out["additionalProperties"] = simplify(schema["additionalProperties"], name)
    if "items" in schema:
        out["items"] = simplify(schema["items"], name)
    if schema.get("required"):
        out["required"] = sorted(schema["required"])
    if not out.get("type") and not schema.get("properties"):
        out |= PRESERVE     # JSON, JSONSchemaPropsOrBool: anything
    if out == {"type": "object"}:
        out |= PRESERVE if not schema.get("x-empty") else {}
    return out


def key_defaults(definitions, raw):
    """Keeps the defaults of fields that are keys of an associative list: an absent key has its default's value."""
    for name, schema in definitions.items():
        for field in schema.get("properties", {}).values():
            keys = field.get("x-kubernetes-list-map-keys", [])
            target = field.get("items", {}).get("$ref")
            for key in keys:
                default = raw.get(target, {}).get("properties", {}).get(key, {}).get("default")
                if default not in (None, "", 0) and target in definitions:
                    definitions[target]["properties"][key]["default"] = default


def enums(directory):
    """Returns {Go function name: {property: (values, is of the items)}} from the generated OpenAPI of the server."""
    found, function, prop, nested = {}, None, None, False
    for path in glob.glob(f"{directory}/pkg/generated/openapi/zz_generated.openapi.go"):
        for line in open(path):
            if m := re.match(r"func schema_(\w+)\(", line):
                function, prop = m[1], None
            elif m := re.match(r'\t{5}"([^"]+)": \{', line):
                prop, nested = m[1], False
            elif re.match(r"\t{7}(Items|AdditionalProperties):", line):
                nested = True
            elif m := re.match(r"\t+Enum: +\[\]interface\{\}\{([^}]*)\}", line):
                found.setdefault(function, {})[prop] = (json.loads(f"[{m[1]}]"), nested)
    return found


def function_name(definition):
    """Returns the name that openapi-gen gives the function of a definition."""
    d = definition
    if d.startswith("io.k8s.api."):
        return "k8sio_api_" + d[len("io.k8s.api."):].replace(".", "_")
    if "pkg.apis." in d:
        return "pkg_apis_" + d.split("pkg.apis.")[1].replace(".", "_")
    return d


def apply_enums(definitions, found):
    for name, schema in definitions.items():
        for prop, (values, nested) in found.get(function_name(name), {}).items():
            field = schema.get("properties", {}).get(prop)
            if field is not None:
                (field["items" if "items" in field else "additionalProperties"] if nested else field)["enum"] = sorted(values)


def kubernetes(minor):
    """Returns the kinds and definitions of a Kubernetes version."""
    directory = module("k8s.io/kubernetes", VERSIONS["kubernetes"][minor])
    raw, kinds = {}, {}
    name = lambda ref: ref.removeprefix("#/components/schemas/")
    for path in sorted(glob.glob(f"{directory}/api/openapi-spec/v3/*_openapi.json")):
        document = json.load(open(path))
        raw |= document.get("components", {}).get("schemas", {})
        for route, methods in document["paths"].items():
            m = re.fullmatch(r"/apis?/(?:[^/]+/)?v[^/]+/(namespaces/\{namespace\}/)?([a-z]+)", route)
            post = methods.get("post")
            if not m or not post:
                continue
            gvk = post["x-kubernetes-group-version-kind"]
            body = post["requestBody"]["content"]["*/*"]["schema"]["$ref"]
            key = (gvk["group"], gvk["version"], gvk["kind"])
            if m[1] or key not in kinds:
                kinds[key] = (m[2], "N" if m[1] else "C", name(body))
    definitions = {n: simplify(s, name) for n, s in raw.items() if n not in SPECIAL}
    key_defaults(definitions, raw)
    apply_enums(definitions, enums(directory))
    return kinds, definitions


def served(key, minor):
    group, version, kind = key
    if "alpha" in version:
        return False
    if "beta" in version:
        first, last = BETA_ON.get((group, version), BETA_ON.get(key, (99, 0)))
        return first <= minor <= last
    return True


def cluster_scoped(directory, group):
    """Returns the kinds that the Go types mark `+genclient:nonNamespaced`, and all that have a client."""
    wide, clients = set(), set()
    for path in glob.glob(f"{directory}/{group}/v1/*.go"):
        for block in re.findall(r"((?://[^\n]*\n|\n)+)type (\w+) struct", open(path).read()):
            if re.search(r"\+genclient\b", block[0]):
                clients.add(block[1])
            if "+genclient:nonNamespaced" in block[0]:
                wide.add(block[1])
    return wide, clients


def plural(kind):
    low = kind.lower()
    if low.endswith("s"):
        return low if low.endswith("constraints") else low + "es"
    return low[:-1] + "ies" if low.endswith("y") else low + "s"


def openshift(minor):
    """Returns the kinds and definitions that openshift-apiserver and friends serve without a CustomResourceDefinition."""
    directory = module("github.com/openshift/api", VERSIONS["openshift"][minor])
    raw = json.load(open(f"{directory}/openapi/openapi.json"))["definitions"]

    def name(ref):
        n = ref.removeprefix("#/definitions/")
        return ".".join(reversed(n.split("."))) if n.endswith(".io") and not n.startswith("io.") else n
    raw = {name(n): s for n, s in raw.items()}
    prefix = "com.github.openshift.api."
    definitions, kinds = {}, {}
    for group in OPENSHIFT_GROUPS:
        wide, clients = cluster_scoped(directory, group)
        for n, schema in raw.items():
            if n.startswith(f"{prefix}{group}.v1.") and n not in SPECIAL:
                definitions[n] = simplify(schema, name)
                kind = n.rsplit(".", 1)[1]
                if {"apiVersion", "kind", "metadata"} <= set(schema.get("properties", {})) and not kind.endswith("List") and kind in clients:
                    kinds[(f"{group}.openshift.io", "v1", kind)] = (plural(kind), "C" if kind in wide else "N", n)
    key_defaults(definitions, raw)
    return kinds, definitions


def full_name(short):
    """Expands the short names of amendments.json."""
    for prefix, long in (("os.", "com.github.openshift.api."), ("crd.", "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions."),
                         ("meta.v1.", META), ("aggregator.", "io.k8s.kube-aggregator.pkg.apis.apiregistration.")):
        if short.startswith(prefix):
            return long + short.removeprefix(prefix)
    return "io.k8s.api." + short


# Not marked in k8s.io/api: apiextensions-apiserver and kube-aggregator (CHANGELOG-1.22), Endpoints (KEP-4974, warning
# since 1.33), DeploymentConfig (OpenShift 4.14 release notes). Removed minor 0: no removal is announced.
RETIRED_ELSEWHERE = {
    ("apiextensions.k8s.io", "v1beta1", "CustomResourceDefinition"): (16, 22, "apiextensions.k8s.io/v1 CustomResourceDefinition"),
    ("apiregistration.k8s.io", "v1beta1", "APIService"): (19, 22, "apiregistration.k8s.io/v1 APIService"),
    ("", "v1", "Endpoints"): (33, 0, "discovery.k8s.io/v1 EndpointSlice"),
    ("apps.openshift.io", "v1", "DeploymentConfig"): (27, 0, "apps/v1 Deployment"),
}


def retired():
    """Returns {(group, version, kind): (deprecated, removed, replacement)} from the lifecycle markers of k8s.io/api."""
    found = dict(RETIRED_ELSEWHERE)
    for minor in MINORS:
        directory = module("k8s.io/api", "v0." + VERSIONS["kubernetes"][minor].removeprefix("v1."))
        for path in sorted(glob.glob(f"{directory}/*/*/zz_generated.prerelease-lifecycle.go")):
            package = path.split("/")[-3:-1]
            register = open(os.path.join(os.path.dirname(path), "register.go")).read()
            group = re.search(r'GroupName = "([^"]*)"', register)[1]
            values = {}
            for kind, function, body in re.findall(r"func \(in \*(\w+)\) APILifecycle(\w+)\(\)[^{]*\{\n(.*?)\n\}", open(path).read(), re.S):
                values.setdefault(kind, {})[function] = body
            for kind, lifecycle in values.items():
                if kind.endswith("List") or "Removed" not in lifecycle:
                    continue
                number = lambda name: int(re.search(r"return 1, (\d+)", lifecycle[name])[1]) if name in lifecycle else 0
                replacement = re.search(r'Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"', lifecycle.get("Replacement", ""))
                text = f"{replacement[1]}/{replacement[2]} {replacement[3]}".lstrip("/") if replacement else ""
                found[group, package[1], kind] = (number("Deprecated"), number("Removed"), text)
    return found


def amend(definitions):
    """Applies amendments.json: what the Go code of the server adds to, or does not ask of, the published schemas."""
    used = set()
    for index, a in enumerate(AMENDMENTS):
        if a["change"] == "enum":
            definition, prop = full_name(a["field"]).rsplit(".", 1)
            field = definitions.get(definition, {}).get("properties", {}).get(prop)
            if field is not None:
                while "items" in field:
                    field = field["items"]
                field["enum"] = sorted(a["values"])
                used.add(index)
            continue
        if a["change"] == "no-empty":
            used.add(index)
            continue
        for short, props in a["fields"].items():
            schema = definitions.get(full_name(short))
            if schema is None:
                continue
            before = set(schema.get("required", []))
            after = before - set(props) if a["change"] == "optional" else before | (set(props) & set(schema["properties"]))
            if before != after:
                used.add(index)
            schema["required"] = sorted(after)
            if not after:
                del schema["required"]
    return used


def backfill_enums(versions):
    """Gives older versions the enumerations that openapi-gen learnt to publish later."""
    known = {}
    for definitions in reversed(versions):
        for name, schema in definitions.items():
            for prop, field in schema.get("properties", {}).items():
                while "items" in field:
                    field = field["items"]
                if "enum" in field:
                    known[name, prop] = field["enum"]
                elif (name, prop) in known and field.get("type") == "string":
                    field["enum"] = known[name, prop]


def allow_empty(definitions):
    """Adds the empty string to enumerations of optional fields: a Go string without a pointer has its default then."""
    strict = {(full_name(short), prop) for a in AMENDMENTS if a["change"] == "no-empty" for short, props in a["fields"].items() for prop in props}
    for name, schema in definitions.items():
        for prop, field in schema.get("properties", {}).items():
            if "enum" in field and prop not in schema.get("required", []) and (name, prop) not in strict and "" not in field["enum"]:
                field["enum"] = ["", *field["enum"]]


def closure(definitions, kinds):
    """Keeps what the kinds reach."""
    keep, todo = {}, [k[2] for k in kinds.values()] + [META + "ObjectMeta"]
    while todo:
        n = todo.pop()
        if n in keep:
            continue
        if n not in definitions:
            raise SystemExit(f"no definition {n}")
        keep[n] = definitions[n]
        todo += re.findall(r'"\$ref": "([^"]+)"', json.dumps(definitions[n]))
    return keep


def main():
    kind_masks, served_masks, definition_masks, used, versions = {}, {}, {}, set(), []
    for minor in MINORS:
        kinds, definitions = kubernetes(minor)
        more_kinds, more_definitions = openshift(minor)
        definitions |= more_definitions
        kinds |= more_kinds
        used |= amend(definitions)
        versions.append((minor, kinds, definitions))
        print(minor, len(kinds), "kinds", len(definitions), "definitions", file=sys.stderr)
    if unused := [a for i, a in enumerate(AMENDMENTS) if i not in used]:
        raise SystemExit(f"amendments that change nothing: {unused}")
    backfill_enums([definitions for _, _, definitions in versions])
    for minor, kinds, definitions in versions:
        allow_empty(definitions)
        number = int(minor.split(".")[1])
        bit = 1 << (number - FIRST)
        for key, row in kinds.items():
            kind_masks[key + row] = kind_masks.get(key + row, 0) | bit
            if served(key, number):
                served_masks[key + row] = served_masks.get(key + row, 0) | bit
        for n, schema in closure(definitions, kinds).items():
            key = (n, json.dumps(schema, sort_keys=True, separators=(",", ":")))
            definition_masks[key] = definition_masks.get(key, 0) | bit
    with open(sys.argv[1], "w") as out:
        for (g, v, k, p, s, d), mask in sorted(kind_masks.items()):
            out.write(f"K\t{g}\t{v}\t{k}\t{p}\t{s}\t{served_masks.get((g, v, k, p, s, d), 0):x}\t{mask:x}\t{d}\n")
        for (g, v, k), (deprecated, removed, replacement) in sorted(retired().items()):
            out.write(f"R\t{g}\t{v}\t{k}\t{deprecated}\t{removed}\t{replacement}\n")
        for (n, schema), mask in sorted(definition_masks.items()):
            out.write(f"D\t{n}\t{mask:x}\t{schema}\n")


main()
