#!/usr/bin/env python3
"""mutate.py URL SEED NUMBER: changes the bases of cases/ at random, asks a real API server, and writes recorded/mutations.jsonl.

Values keep their types: what is of the wrong type, or unknown, is the business of schemas. Answers that depend on the cluster
(forbidden by admission, not found) are left out, and so is what a schema refuses.
"""
import copy, glob, json, os, random, sys, types

HERE = os.path.dirname(os.path.abspath(__file__))
record = types.ModuleType("record")
record.__file__ = os.path.join(HERE, "record.py")
with open(record.__file__) as f:
    exec(compile(f.read().rsplit("\nmain()", 1)[0], record.__file__, "exec"), record.__dict__)
import yaml

TEXTS = ["", "A_b", "a.b", "<repeat a 64>", "a b", "-a", "1", "10%", "200%", "0%", "0", "-1", "100m", "1Gi", "1gb", "None", "Always",
         "Never", "TCP", "tcp", "http", "80", "../a", "/a", "a/b", "10.0.0.1", "127.0.0.1", "10.0.0.0/8", "In", "Exists", "NotIn", "x/",
         "example.com/x", "*", "*.a.b", "OnFailure", "Local", "Cluster", "web", "main", "data", "Recreate", "Indexed", "ClusterIP",
         "NodePort", "LoadBalancer", "ExternalName", "metadata.name", "limits.cpu", "ReadWriteMany", "Block", "Retain"]
NUMBERS = [0, -1, 1, 2, 3, 15, 100, 101, 600, 3601, 10001, 65535, 65536, 30000, 2147483647]


def walk(value, pointer=""):
    """Yields all values below the root with their pointers, and the names of the members that they are in."""
    items = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else []
    for key, below in items:
        at = pointer + "/" + str(key).replace("~", "~0").replace("/", "~1")
        yield at, below
        yield from walk(below, at)


def owner(pointer):
    """Returns the name of the member that a value is in, places in lists left out."""
    names = [p for p in pointer.split("/") if p and not p.isdigit()]
    return names[-1] if names else ""


def mutation(base, known, rng):
    """Returns one change: a deletion, another value, a repeated item, or a member that such an object has elsewhere."""
    values = [(p, v) for p, v in walk(base) if p not in ("/apiVersion", "/kind", "/metadata", "/metadata/namespace")]
    pointer, value = rng.choice(values)
    kind = rng.random()
    if kind < 0.2:
        return {pointer: "<delete>"}
    if isinstance(value, dict) and kind < 0.75:
        parts = known.get(owner(pointer), [])
        if parts:
            name, part = rng.choice(parts)
            return {pointer + "/" + name.replace("~", "~0").replace("/", "~1"): copy.deepcopy(part)}
    if isinstance(value, list) and value:
        return {pointer + "/-": copy.deepcopy(rng.choice(value))}
    if isinstance(value, bool):
        return {pointer: not value}
    if isinstance(value, int):
        return {pointer: rng.choice([*NUMBERS, value + 1, value * 2])}
    if isinstance(value, str):
        alike = [v for name, v in known.get("=" + owner(pointer), []) if isinstance(v, str)]
        return {pointer: rng.choice(alike) if alike and rng.random() < 0.3 else rng.choice(TEXTS)}
    return {pointer: "<delete>"}


def main():
    seed, number = int(sys.argv[2]), int(sys.argv[3])
    rng, bases, starts, known = random.Random(seed), {}, {}, {}
    for file in sorted(glob.glob(os.path.join(HERE, "cases", "*.yaml"))):
        with open(file) as f:
            case = yaml.safe_load(f)
        name = os.path.basename(file)[:-5]
        if case.get("update") or "policies" in case:
            continue
        bases[name] = case["base"]
        starts[name] = case["controls"]
        variants = [case["base"], *(record.change(case["base"], c) for c in case["controls"] if c)]
        for variant in variants:
            for pointer, value in walk(variant):
                parent = pointer.rsplit("/", 1)[0]
                member = pointer.rsplit("/", 1)[1].replace("~1", "/").replace("~0", "~")
                if not member.isdigit():
                    known.setdefault(owner(parent), []).append((member, value))
                known.setdefault("=" + owner(pointer), []).append((member, value))
    names, out, seen = sorted(bases), [], set()
    heavy = ["pod", "deployment", "service", "job", "statefulset", "cronjob", "horizontalpodautoscaler", "ingress", "networkpolicy"]
    while len(out) < number:
        name = rng.choice(heavy) if rng.random() < 0.5 else rng.choice(names)
        changes = dict(rng.choice(starts[name]))
        try:
            for _ in range(rng.choice([1, 1, 2, 3])):
                changes.update(mutation(record.change(bases[name], changes), known, rng))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            continue
        changes = dict(sorted(changes.items()))
        line = json.dumps([name, changes])
        if line in seen:
            continue
        seen.add(line)
        try:
            answer = record.record_object(bases[name], changes)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, record.requests.exceptions.ConnectionError):
            continue
        if answer.get("code", 422) == 422 and answer.get("message", "duplicate entries").count("duplicate entries"):
            out.append({"case": name, **answer})
    with open(os.path.join(HERE, "recorded", "mutations.jsonl"), "w") as f:
        f.write(json.dumps({"bases": bases, "seed": seed}, sort_keys=True) + "\n")
        f.writelines(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in out)


main()
