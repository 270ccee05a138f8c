"""Holds the catalogue of kinds against the definitions that operators publish: each place that it writes or reads is a field there, of the
form that the rule needs. Usage: catalogue.py DATA DEFINITIONS [REFERENCE]; DATA is src/catalogue/data, DEFINITIONS a directory of
CustomResourceDefinitions, REFERENCE a list of kinds that carry pods, each of which has to have its places in DATA."""

import glob
import re
import sys

import yaml

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What a field has to be for a rule to be written there: a map, a list, or one of them by one of its own fields.
FORMS = {
    "affinity": "object",
    "nodeAffinity": "object",
    "podAffinity": "object",
    "podAntiAffinity": "object",
    "tolerations": "array",
    "topologySpread": "array",
    "replicas": "integer",
    "priorityClass": "string",
    "storageClass": "string",
    "volumes": "array",
    "containers": "array",
}

# Places that the definitions at hand do not have, and why the catalogue is right all the same.
ZOOKEEPER = "of releases that still had ZooKeeper; clusters of theirs are read too"
REDIS = "of redis-operator 0.25, whose definition is in schema/compact; the one at hand is of 0.15"
DIFFERENT = {
    ("RedisReplication", "spec/topologySpreadConstraints"): REDIS,
    ("RedisSentinel", "spec/topologySpreadConstraints"): REDIS,
    ("Kafka", "spec/zookeeper/image"): ZOOKEEPER,
    ("Kafka", "spec/entityOperator/tlsSidecar/image"): ZOOKEEPER,
    ("Kafka", "spec/cruiseControl/tlsSidecar/image"): ZOOKEEPER,
    ("Kafka", "spec/jmxTrans/image"): ZOOKEEPER,
}


def steps(path):
    """Splits `a.b[*].c.[x=y]` and `a{*}` into names, `*` for any element of a list or map."""
    text = re.sub(r"\[[^\]]*\]", ".*", path.replace("\\.", "\0")).replace("{*}", ".*")
    return [step.replace("\0", ".") for step in text.split(".") if step]


def descend(schema, names):
    """Returns the schema at a path; `None` where there is no such field, `True` where anything may stand."""
    for index, name in enumerate(names):
        if schema is True or not isinstance(schema, dict):
            return True
        if schema.get("x-kubernetes-preserve-unknown-fields") and not schema.get("properties"):
            return True
        if name == "*":
            below = schema.get("items", schema.get("additionalProperties"))
        else:
            below = schema.get("properties", {}).get(name)
            if below is None and isinstance(schema.get("additionalProperties"), (dict, bool)):
                below = schema["additionalProperties"]
            if below is None and schema.get("x-kubernetes-preserve-unknown-fields"):
                return True
        if below is None:
            return None
        schema = below
    return schema


def definitions(directory):
    """Returns the schemas of a directory by group and kind, then version."""
    found = {}
    for path in sorted(glob.glob(directory + "/*.yaml")):
        with open(path) as file:
            document = yaml.load(file, Loader=Loader)
        if not document or document.get("kind") != "CustomResourceDefinition":
            continue
        spec = document["spec"]
        of_kind = found.setdefault((spec["group"], spec["names"]["kind"]), {})
        for version in spec.get("versions", []):
            schema = version.get("schema", {}).get("openAPIV3Schema")
            if schema:
                of_kind.setdefault(version["name"], []).append(schema)
    return found


def entries(directory):
    for path in sorted(glob.glob(directory + "/*.yaml")):
        with open(path) as file:
            yield from yaml.load(file, Loader=Loader)


def places(part):
    """Yields each place of a part: the field, its path from the object's root."""
    at = part.get("at")
    base = steps(at) if isinstance(at, str) else []
    if base:
        yield "at", base
    for field, paths in (part.get("fields") or {}).items():
        for path in paths if isinstance(paths, list) else [paths]:
            if path == ".":
                yield field, base
            elif path.startswith("."):
                yield field, base + steps(path[1:])
            else:
                yield field, steps(path)


def has_form(field, schema, part):
    """Tells whether a schema can hold what the field means."""
    if schema is True or not isinstance(schema, dict) or "type" not in schema:
        return True
    wanted = FORMS.get(field)
    if field == "nodeSelector":
        wanted = "array" if part.get("archVia") == "node-selector-list" else "object"
    if wanted in (None, schema["type"]):
        return True
    # Quantities and numbers as texts, and one name of several.
    return (wanted, schema["type"]) in {("integer", "number"), ("integer", "string"), ("string", "array")}


def check(catalogue, published):
    """Returns the number of places that were looked up, and those that are not as published."""
    looked, problems = 0, []
    for entry in catalogue:
        key = (entry.get("group", ""), entry["kind"])
        if key not in published:
            continue
        versions = entry.get("versions") or list(published[key])
        known = {v: s for v, s in published[key].items() if v in versions}
        for part in entry.get("parts", []):
            wanted = part.get("versions") or list(known)
            schemas = [s for v in wanted if v in known for s in known[v]]
            if not schemas:
                continue
            for field, path in places(part):
                place = "/".join(path)
                # Every object has metadata, which definitions leave open.
                if path[:1] == ["metadata"] or (key[1], place) in DIFFERENT:
                    continue
                looked += 1
                there = [descend(schema, path) for schema in schemas]
                there = [schema for schema in there if schema is not None]
                if not there:
                    problems.append(f"{key[0]} {key[1]}, {part.get('name')}: no field {place} ({field})")
                elif not any(has_form(field, schema, part) for schema in there):
                    kind = there[0].get("type")
                    problems.append(f"{key[0]} {key[1]}, {part.get('name')}: {place} ({field}) is of type {kind}")
    return looked, problems


def missing(catalogue, reference):
    """Returns the kinds of the reference that carry pods and of which the catalogue has no place."""
    known = {(e.get("group", ""), e["kind"]) for e in catalogue if e.get("parts")}
    with open(reference) as file:
        listed = yaml.load(file, Loader=Loader)["entries"]
    carrying = [e for e in listed if e.get("pods") and ":" not in e["kind"] and not e["group"].startswith("(")]
    return [f"{e['group']} {e['kind']} carries pods and is not in the catalogue" for e in carrying if (e["group"], e["kind"]) not in known]


def main(data, directory, reference=None):
    catalogue = list(entries(data))
    looked, problems = check(catalogue, definitions(directory))
    if reference:
        problems += missing(catalogue, reference)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{looked} places of the catalogue, {len(problems)} not as published")
    # Nothing looked up is a failure too.
    return 1 if problems or looked < 500 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
