#!/usr/bin/env python3
"""Holds what the dependencies' source code can do against the reviewed list in dependencies.tsv.

usage: dependencies.py [--write]

Every crate that is compiled into siteplan is searched for the calls by which code leaves its own memory: files, network, other
programs, the environment, `unsafe`, C; and for code that runs while siteplan is compiled. A crate that is new, or that can do more than the
list says, is an error until somebody has looked at it. `--write` adds what is found to the list; the last column is written by hand.
"""

import json
import pathlib
import re
import subprocess
import sys

LIST = pathlib.Path(__file__).with_name("dependencies.tsv")
# What is searched for in source code, without comments, tests and documentation.
CALLS = {
    "unsafe": r"\bunsafe\b",
    "files": r"\b(?:std|fs_err)::fs\b|\bFile::(?:open|create)\b|\bOpenOptions\b",
    "network": r"\bTcp(?:Stream|Listener)\b|\bUdpSocket\b|\bUnix(?:Stream|Listener|Datagram)\b",
    "programs": r"\bprocess::Command\b",
    "environment": r"\benv::(?:var|vars|var_os|vars_os|set_var|args|args_os|current_dir|current_exe)\b",
}
ORDER = ["unsafe", "native", "files", "network", "programs", "environment", "build-script", "macro"]


def metadata():
    command = ["cargo", "metadata", "--locked", "--format-version=1", "--filter-platform=x86_64-unknown-linux-gnu"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def compiled_packages(data):
    """Returns the packages that the program is compiled from or by, but for its own."""
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    own = set(data["workspace_members"])
    root = next(p["id"] for p in data["packages"] if p["name"] == "siteplan" and p["id"] in own)
    seen, queue = set(), [root]
    while queue:
        package = queue.pop()
        if package in seen:
            continue
        seen.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                queue.append(dependency["pkg"])
    return [p for p in data["packages"] if p["id"] in seen - own]


def abilities_of(package):
    """Returns what the source code of a package can do."""
    root = pathlib.Path(package["manifest_path"]).parent
    kinds = {kind for target in package["targets"] for kind in target["kind"]}
    found = set()
    if "custom-build" in kinds:
        found.add("build-script")
    if "proc-macro" in kinds:
        found.add("macro")
    if package["links"] or any(d["name"] == "cc" and d["kind"] == "build" for d in package["dependencies"]):
        found.add("native")
    for file in sorted((root / "src").rglob("*.rs")):
        if {"tests", "test", "benches"} & set(file.relative_to(root).parts) or file.stem in {"tests", "test"}:
            continue
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", file.read_text(errors="replace"), flags=re.DOTALL)
        code = code.split("#[cfg(test)]\nmod ")[0]
        found.update(name for name, call in CALLS.items() if re.search(call, code))
    return found


def read_list():
    rows = {}
    for line in LIST.read_text().splitlines() if LIST.exists() else []:
        if line and not line.startswith("#"):
            name, abilities, why = (line.split("\t") + ["", ""])[:3]
            rows[name] = (set(filter(None, abilities.split(","))), why)
    return rows


def main():
    known, found = read_list(), {}
    for package in compiled_packages(metadata()):
        found.setdefault(package["name"], set()).update(abilities_of(package))
    if "--write" in sys.argv[1:]:
        with LIST.open("w") as file:
            file.write("# What each crate that siteplan is compiled from can do, and why that is right. .ci/dependencies.py holds it to their source code.\n")
            file.write("# crate\tabilities\twhy\n")
            for name in sorted(found):
                abilities = ",".join(ability for ability in ORDER if ability in found[name])
                file.write(f"{name}\t{abilities}\t{known.get(name, (set(), ''))[1]}".rstrip() + "\n")
        return 0
    problems = []
    for name, abilities in sorted(found.items()):
        if name not in known:
            problems.append(f"{name} is not in {LIST.name}")
            continue
        more = abilities - known[name][0]
        if more:
            problems.append(f"{name} can do more than {LIST.name} says: {', '.join(sorted(more))}")
        grave = known[name][0] & {"files", "network", "programs", "native", "environment"}
        if grave and not known[name][1]:
            problems.append(f"{name}: {LIST.name} does not say why {', '.join(sorted(grave))} is right")
    problems += [f"{name} is in {LIST.name} and not compiled into siteplan" for name in sorted(set(known) - set(found))]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
