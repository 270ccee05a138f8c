#!/usr/bin/env python3
"""record.py URL [--keep-messages FILE]: asks a real API server what it says of every case, and writes sweep.tsv and cases.tsv.

The server is a kube-apiserver of Kubernetes 1.34 on loopback with the token `admin` (see the README of this folder).
Every case is one change of an object of bases.yaml or crds.yaml, sent as a server-side apply with strict validation of
fields and dryRun=All. A line of the output:

    <kind>/<name> <change> <pointer> <value as JSON> <accepted|refused> <class> <fields, divided by a bar>

The class and the fields are read out of the server's message; its sentences are not kept.
"""
import copy, json, os, re, sys
import requests, urllib3, yaml

urllib3.disable_warnings()
HERE = os.path.dirname(os.path.abspath(__file__))
URL = sys.argv[1]
SESSION = requests.Session()
SESSION.trust_env, SESSION.verify = False, False
SESSION.headers["Authorization"] = "Bearer admin"
DISCOVERED = {}


class Loader(yaml.SafeLoader):
    """Reads times as strings."""


Loader.yaml_implicit_resolvers = {k: [r for r in v if r[0] != "tag:yaml.org,2002:timestamp"] for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def resource(api_version, kind):
    if api_version not in DISCOVERED:
        prefix = "/apis/" if "/" in api_version else "/api/"
        answer = SESSION.get(URL + prefix + api_version)
        rows = answer.json().get("resources", []) if answer.ok else []
        DISCOVERED[api_version] = {r["kind"]: (prefix + api_version, r) for r in rows if "/" not in r["name"]}
    return DISCOVERED[api_version].get(kind)


def apply(obj, dry=True):
    """Returns None if the server takes the object, its message otherwise."""
    found = resource(str(obj.get("apiVersion")), str(obj.get("kind")))
    if found is None:
        return "no matches for kind"
    prefix, row = found
    meta = obj.get("metadata") or {}
    space = f"/namespaces/{meta.get('namespace', 'default')}" if row["namespaced"] else ""
    url = f"{URL}{prefix}{space}/{row['name']}/{meta.get('name')}?fieldManager=truth&fieldValidation=Strict&force=true"
    answer = SESSION.patch(url + ("&dryRun=All" if dry else ""), data=json.dumps(obj).encode(), headers={"Content-Type": "application/apply-patch+yaml"})
    return None if answer.ok else answer.json().get("message", answer.text)


def delete(obj):
    prefix, row = resource(obj["apiVersion"], obj["kind"])
    SESSION.delete(f"{URL}{prefix}/namespaces/{obj['metadata']['namespace']}/{row['name']}/{obj['metadata']['name']}")


def at(obj, pointer):
    """Returns the parent and the last step of a pointer."""
    steps = [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]]
    for step in steps[:-1]:
        obj = obj[int(step)] if isinstance(obj, list) else obj[step]
    return obj, int(steps[-1]) if isinstance(obj, list) else steps[-1]


def change(obj, how, pointer, value):
    """Returns a changed copy. `repeat` appends a copy of a list's first item."""
    obj = copy.deepcopy(obj)
    parent, last = at(obj, pointer)
    if how == "remove":
        del parent[last]
    elif how == "set":
        parent[last] = value
    elif how == "rename":
        parent[value] = parent.pop(last)
    elif how == "repeat":
        parent[last].append(copy.deepcopy(parent[last][0]))
    return obj


# Asked for by Go code that looks at more than the field itself.
CROSS_FIELD = r"when |one of |must specify|at least one of|requires |required if|\[storage\]|name or number|spec\.ports: |claimName|\[\d+\]\.name: Required value, |selector|must populate|valid values: \"OnFailure\"|must contain at least one|must supply|must set either|resource or service backend|must not be empty if|either `defaultBackend`|supported values: \"storage\"|limits.cpu|resourceRules\[\d+\]\.verbs|subjects\[1\].apiGroup|matchConstraints.resourceRules: |\[\d+\]: Required|must not be empty (?:at the root|for specified)|properties\[\w+\]\.items"
CLASSES = [
    ("unknown", r"unknown field|field not declared in schema"),
    ("duplicate", r"duplicate entries|Widget.*Duplicate value"),
    ("required", r"Required value|is required|omits key field|may not be empty|must be specified"),
    ("enum", r"Unsupported value|supported values"),
    ("format", r"quantities must match|unable to parse quantity|illegal base64|parsing time|cannot parse .* as|ParseAddr"),
    ("type", r"expected (?:numeric|string|boolean|list|map|integer)|cannot unmarshal|must be of type|cannot convert|unrecognized type|expected map|expected list|unknown object type|json: "),
]


def classify(message):
    if " is invalid: " in message and re.search(CROSS_FIELD, message):
        return "code"
    return next((name for name, pattern in CLASSES if re.search(pattern, message)), "code")


def fields(message):
    """Returns the paths of fields that a message names."""
    found = re.findall(r'unknown field "([^"]+)"', message)
    found += re.findall(r"(?:^|\s|: )\.([A-Za-z][^\s:]*(?:\[[^\]]*\][^\s:]*)*): ", message)
    found += re.findall(r"Go struct field \w+\.([\w.\[\]-]+)", message)
    body = message.split(" is invalid: ", 1)[-1] if " is invalid: " in message else ""
    found += re.findall(r"(?:^\[?|, |\n)((?:[a-z][\w-]*)(?:\[[^\]]*\]|\.[\w/-]+)*): (?:Required|Invalid|Unsupported|Duplicate|Forbidden|Too|Internal)", body)
    return sorted({re.sub(r"\[[^\]]*\]", "[]", f) for f in found})


def walk(value, pointer=""):
    """Yields every place below the header of an object."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        place = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
        if place in ("/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace"):
            if place == "/metadata":
                yield from walk(child, place)
            continue
        yield place, child, isinstance(value, dict)
        yield from walk(child, place)


def sweep(obj):
    """Yields changes of every place: removed, renamed, null, another type, an unknown word, a repeated item."""
    for place, value, named in walk(obj):
        last = place.rsplit("/", 1)[1]
        if named:
            yield "remove", place, None
            yield "rename", place, last + "x"
        yield "set", place, None
        yield "set", place, {str: 7, bool: "yes", int: "text", float: "text", dict: "text", list: "text", type(None): 7}[type(value)]
        if isinstance(value, str):
            yield "set", place, "Bogus"
            yield "set", place, ""
        if isinstance(value, int) and not isinstance(value, bool):
            yield "set", place, 3000000000
            yield "set", place, 2.5
        if isinstance(value, list) and value:
            yield "repeat", place, None
        if isinstance(value, (dict, list)):
            yield "set", place, type(value)()


def documents(name):
    with open(f"{HERE}/{name}") as handle:
        return [d for d in yaml.load_all(handle, Loader=Loader) if d]


def main():
    kept = {}
    crds = documents("crds.yaml")
    for crd in crds:
        if crd["kind"] == "CustomResourceDefinition":
            if message := apply(crd, dry=False):
                raise SystemExit(f"{crd['metadata']['name']}: {message}")
    import time
    time.sleep(3)
    bases = {f"{d['kind']}/{d['metadata']['name']}": d for d in documents("bases.yaml") + [d for d in crds if d["kind"] != "CustomResourceDefinition"]}
    if "--cases-only" in sys.argv:
        return record_cases(bases, kept)
    for name, obj in bases.items():
        if message := apply(obj):
            print(f"control {name} is refused: {message}", file=sys.stderr)
    with open(f"{HERE}/sweep.tsv", "w") as out:
        for name, obj in bases.items():
            for how, place, value in sweep(obj):
                write(out, kept, name, obj, how, place, value)
    record_cases(bases, kept)
    if "--keep-messages" in sys.argv:
        json.dump(kept, open(sys.argv[sys.argv.index("--keep-messages") + 1], "w"), indent=1)


def record_cases(bases, kept):
    cases = documents("cases.yaml")[0]
    updated = {case["of"] for case in cases if case["class"].startswith("update")}
    for name in updated:
        if message := apply(bases[name], dry=False):
            raise SystemExit(f"{name}: {message}")
    with open(f"{HERE}/cases.tsv", "w") as out:
        for case in sorted(cases, key=lambda case: not case["class"].startswith("update")):
            if updated and not case["class"].startswith("update"):
                for name in updated:
                    delete(bases[name])
                updated = set()
            write(out, kept, case["of"], bases[case["of"]], case.get("change", "set"), case["at"], case.get("value"), case["class"])


def write(out, kept, name, obj, how, place, value, asked=None):
    message = apply(change(obj, how, place, value))
    kept[f"{name} {how} {place} {json.dumps(value)}"] = message
    verdict = "refused" if message else "accepted"
    if asked and asked.endswith("control") != (message is None):
        print(f"{asked} {name} {how} {place} {json.dumps(value)}: {verdict} {message or ''}"[:300], file=sys.stderr)
    label = asked or (classify(message) if message else "-")
    out.write("\t".join([name, how, place, json.dumps(value), verdict, label, "|".join(fields(message)) if message else "-"]) + "\n")


if "--library" not in sys.argv:
    main()
