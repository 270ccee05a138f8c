#!/usr/bin/env python3
"""Records what the real kustomize answers for the cases of tests/suite/kustomize/corpus.

usage: record-corpus.py --kustomize PROGRAM --newest PROGRAM [CASE...]

`--kustomize` is 5.6.0, whose answer goes to `expected.yaml` (and `expected.stderr` for warnings) or `expected.err`; `--newest` is 5.8.1,
whose answer goes to the same names with `-5.8` where it differs. Without names, all cases are recorded; the messages of known errors
are kept, so that a second run changes nothing. Paths of this machine become {{INPUT}}.
"""

import argparse
import pathlib
import re
import subprocess

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "suite" / "kustomize" / "corpus"


def answer(kustomize, case):
    """Returns the output or None, and the messages, of a build of a case."""
    source = case / "input"
    target = (case / "target").read_text().strip()
    done = subprocess.run([kustomize, "build", str(source / target)], capture_output=True, check=False)
    message = done.stderr.decode("utf-8", "replace").replace(str(source), "{{INPUT}}")
    message = re.sub(r"0x[0-9a-f]+", "0xPTR", message)
    return (done.stdout if done.returncode == 0 else None), message


def put(case, suffix, output, message):
    """Writes an answer; one of the other kind is removed."""
    good, bad = case / f"expected{suffix}.yaml", case / f"expected{suffix}.err"
    if output is None:
        good.unlink(missing_ok=True)
        if not bad.exists():
            bad.write_text("\n".join(message.splitlines()[:1]) + "\n")
        return
    bad.unlink(missing_ok=True)
    good.write_bytes(output)
    warnings = [line for line in message.splitlines() if line.startswith("# Warning")]
    if warnings:
        (case / f"expected{suffix}.stderr").write_text("\n".join(warnings) + "\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kustomize", required=True)
    arguments.add_argument("--newest", required=True)
    arguments.add_argument("cases", nargs="*")
    options = arguments.parse_args()
    for case in sorted(CORPUS.iterdir()):
        if options.cases and case.name not in options.cases:
            continue
        usual = answer(options.kustomize, case)
        newest = answer(options.newest, case)
        put(case, "", *usual)
        if newest[0] != usual[0]:
            put(case, "-5.8", *newest)
            print(f"{case.name}: the versions differ")


if __name__ == "__main__":
    main()
