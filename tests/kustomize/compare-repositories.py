#!/usr/bin/env python3
"""Renders every kustomization of git repositories with the real kustomize and with siteplan, and prints the totals.

usage: compare-repositories.py --kustomize PROGRAM --siteplan "COMMAND" --work DIRECTORY REPOSITORY...

REPOSITORY is a git directory (bare or not). Its newest commit is unpacked below the work directory, where the answers of
kustomize are kept, too: a second run with another siteplan asks kustomize nothing. No program reaches the network: what is
remote fails in both. Exits 1 when an output differs or when siteplan renders what kustomize refuses.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shlex
import subprocess
import sys

NAMES = {"kustomization.yaml", "kustomization.yml", "Kustomization"}
# Seconds until a program counts as stuck.
TIMEOUT = 120
# The exit code that stands for it.
STUCK = 124
# A proxy that nobody listens on, and no protocol that git may use.
OFFLINE = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "GIT_ALLOW_PROTOCOL": "none"}
EQUAL, REFUSED, DIFFERS, ONLY_SITEPLAN, BOTH_FAIL = "equal", "refused", "differs", "only siteplan", "both fail"


def unpack(repository, work):
    """Unpacks the newest commit of a repository, as far as its objects are there; returns its name and directory."""
    path = pathlib.Path(repository).resolve()
    name = path.parent.name if path.name in {"repo", ".git"} else path.name
    tree = work / "trees" / name
    # The mark of a root for siteplan; it is made last.
    if not (tree / ".git").exists():
        listed = subprocess.run(["git", "--git-dir", str(path), "ls-tree", "-r", "-z", "HEAD"], stdout=subprocess.PIPE, check=True)
        entries = [entry.split(b"\t", 1) for entry in listed.stdout.split(b"\0") if entry]
        reader = BlobReader(path)
        for details, file in entries:
            mode, kind, digest = details.split()
            content = reader.read(digest) if kind == b"blob" and b"vendor/" not in file else None
            if content is not None:
                write_blob(content, mode == b"120000", tree / os.fsdecode(file))
        (tree / ".git").mkdir(parents=True, exist_ok=True)
    return name, tree


class BlobReader:
    """Reads objects of one repository through one process of git."""

    def __init__(self, path):
        command = ["git", "--git-dir", str(path), "cat-file", "--batch"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, digest):
        """Returns the bytes of an object, or None where it is not there."""
        self.process.stdin.write(digest + b"\n")
        self.process.stdin.flush()
        header = self.process.stdout.readline().split()
        if len(header) != 3:
            return None
        content = self.process.stdout.read(int(header[2]))
        self.process.stdout.read(1)
        return content


def write_blob(content, is_link, file):
    """Writes the bytes of an object to a file, or makes the symbolic link that they name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not is_link:
        file.write_bytes(content)
    elif not os.path.lexists(file):
        file.symlink_to(os.fsdecode(content))


def kustomizations(tree):
    """Lists the directories of a tree that hold a kustomization."""
    found = []
    for directory, below, files in os.walk(tree):
        below[:] = sorted(d for d in below if d != ".git")
        if NAMES & set(files):
            found.append(pathlib.Path(directory))
    return found


def run(command):
    """Runs a program without network; returns its exit code, output and messages."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, env=os.environ | OFFLINE, check=False)
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        return STUCK, b"", "timed out"


def real_answer(kustomize, directory, cache):
    """Returns whether kustomize builds a directory, and its output; kept between runs."""
    key = hashlib.sha256(f"{kustomize}\n{directory}".encode()).hexdigest()
    good, bad = cache / f"{key}.out", cache / f"{key}.err"
    if good.exists():
        return True, good.read_bytes()
    if bad.exists():
        return False, bad.read_bytes()
    code, output, message = run([kustomize, "build", str(directory)])
    if code == 0:
        good.write_bytes(output)
        return True, output
    # A program that was too slow may answer another time.
    if code != STUCK:
        bad.write_text(message)
    return False, message.encode()


def compare(kustomize, siteplan, directory, cache):
    """Returns how the two programs answer for a directory, and why siteplan refuses it."""
    renders, expected = real_answer(kustomize, directory, cache)
    code, output, message = run([*shlex.split(siteplan), str(directory)]) if siteplan else (0, expected, "")
    if code not in (0, 2):
        return "siteplan fails", f"exit code {code}"
    if not renders:
        return (ONLY_SITEPLAN if code == 0 else BOTH_FAIL), ""
    if code != 0:
        first = re.search(r"^error(\[[a-z-]+\])?: .*", message, re.MULTILINE)
        return REFUSED, first.group(0) if first else message.strip()[:120]
    return (EQUAL if output == expected else DIFFERS), ""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kustomize", required=True)
    arguments.add_argument("--siteplan", default="", help="such as `siteplan render`; without it, only the answers of kustomize are collected")
    arguments.add_argument("--work", required=True, type=pathlib.Path)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--list", action="store_true", help="print every directory that is not equal")
    arguments.add_argument("repositories", nargs="+")
    options = arguments.parse_args()
    cache = options.work / "answers"
    cache.mkdir(parents=True, exist_ok=True)
    totals, reasons, table, outputs = collections.Counter(), collections.Counter(), [], set()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for repository in options.repositories:
            name, tree = unpack(repository, options.work)
            directories = kustomizations(tree)
            answers = pool.map(lambda d: compare(options.kustomize, options.siteplan, d, cache), directories)
            counts = collections.Counter()
            for directory, (answer, reason) in zip(directories, answers):
                counts[answer] += 1
                if answer == REFUSED:
                    reasons[re.sub(r"`[^`]*`", "`…`", reason)] += 1
                if options.list and answer not in (EQUAL, BOTH_FAIL):
                    print(f"{answer}: {directory.relative_to(options.work)}: {reason}", flush=True)
            totals += counts
            table.append((name.replace("+", "/"), len(directories), counts))
    rendered = totals[EQUAL] + totals[REFUSED] + totals[DIFFERS]
    print("| repository | kustomizations | kustomize builds | equal | refused | differ |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, count, counts in table:
        builds = counts[EQUAL] + counts[REFUSED] + counts[DIFFERS]
        print(f"| {name} | {count} | {builds} | {counts[EQUAL]} | {counts[REFUSED]} | {counts[DIFFERS]} |")
    share = 100 * totals[EQUAL] / max(rendered, 1)
    print(f"| all | {sum(totals.values())} | {rendered} | {totals[EQUAL]} ({share:.2f} %) | {totals[REFUSED]} | {totals[DIFFERS]} |")
    print(f"\nonly siteplan renders: {totals[ONLY_SITEPLAN]}; both fail: {totals[BOTH_FAIL]}; siteplan fails: {totals['siteplan fails']}")
    for reason, count in reasons.most_common():
        print(f"{count:6} {reason}")
    return 1 if totals[DIFFERS] or totals[ONLY_SITEPLAN] or totals["siteplan fails"] else 0


if __name__ == "__main__":
    sys.exit(main())
