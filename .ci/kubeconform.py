#!/usr/bin/env python3
"""kubeconform.py SWAGGER KUBECONFORM SITEPLAN: holds the built-in kinds of the fleet's final manifests against kubeconform.

SWAGGER is api/openapi-spec/swagger.json of k8s.io/kubernetes, of the version that the sites run; KUBECONFORM and SITEPLAN are programs.
`siteplan check` takes all of these manifests, so that kubeconform has to take them too; and both refuse each of them once a field
that no kind has is added.
"""
import json, os, re, subprocess, sys, tempfile
import yaml

swagger, kubeconform, siteplan = sys.argv[1:4]
loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def strict(schema):
    """Closes every object that names its properties, as the API server's strict validation of fields does."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    closed = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    return closed


def reachable(definitions, name):
    """Returns a definition and those that it refers to."""
    found, left = {}, [name]
    while left:
        name = left.pop()
        if name not in found:
            found[name] = definitions[name]
            left += re.findall(r'"#/definitions/([^"]+)"', json.dumps(definitions[name]))
    return found


def write_schemas(directory):
    """Writes a schema for each kind, as kubeconform names them. Quantities may be numbers. Returns the kinds."""
    definitions = json.load(open(swagger))["definitions"]
    kinds = {}
    for name, definition in definitions.items():
        for kind in definition.get("x-kubernetes-group-version-kind", []):
            kinds[(kind["group"], kind["version"], kind["kind"])] = name
    closed = {name: strict(definition) for name, definition in definitions.items()}
    closed["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["string", "number"]}
    for (group, version, kind), name in kinds.items():
        suffix = "-".join(part for part in (group.split(".")[0], version) if part)
        with open(f"{directory}/{kind.lower()}-{suffix}.json", "w") as file:
            json.dump({"$ref": f"#/definitions/{name}", "definitions": reachable(closed, name)}, file)
    return kinds


def final_manifests(kinds):
    """Returns the objects of built-in kinds of all sites."""
    found = []
    for site in sorted(os.listdir("sites")):
        text = subprocess.run(
            [siteplan, "render", site.removesuffix(".yaml")], capture_output=True, text=True, check=True
        ).stdout
        for item in yaml.load_all(text, Loader=loader):
            group, _, version = item["apiVersion"].rpartition("/")
            if (group, version, item["kind"]) in kinds:
                found.append(item)
    return found


def verdicts(directory, objects):
    """Returns what kubeconform says of objects, in their order."""
    files = []
    for number, item in enumerate(objects):
        files.append(f"{directory}/object-{number:05}.json")
        with open(files[-1], "w") as file:
            json.dump(item, file)
    location = directory + "/{{ .ResourceKind }}{{ .KindSuffix }}.json"
    ran = subprocess.run(
        [kubeconform, "-output", "json", "-verbose", "-schema-location", location, *files], capture_output=True, text=True
    )
    answers = {answer["filename"]: answer for answer in json.loads(ran.stdout)["resources"]}
    return [answers[file] for file in files]


with tempfile.TemporaryDirectory() as directory:
    objects = final_manifests(write_schemas(directory))
    refused = [a for a in verdicts(directory, objects) if a["status"] != "statusValid"]
    for answer in refused:
        print(answer["kind"], answer["name"], answer["status"], answer["msg"], file=sys.stderr)
    odd = [dict(item, fieldOfNoKind=1) for item in objects]
    taken = [a for a in verdicts(directory, odd) if a["status"] != "statusInvalid"]
    for answer in taken:
        print(answer["kind"], answer["name"], "is taken with a field that no kind has", file=sys.stderr)
    print(f"kubeconform takes {len(objects) - len(refused)} of {len(objects)} objects of built-in kinds")
    sys.exit(1 if refused or taken or len(objects) < 300 else 0)
