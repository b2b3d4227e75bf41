#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks the checks: each runs over its examples, and must say exactly what expected.txt says.

tools/tests/<check>/bad*/ must fail and good*/ must pass. Each rule of each check has an example that breaks it.
An example is copied before it is judged, and on the way `@@repeat N: text` becomes N lines of text and every other `@@`
vanishes, so that neither long files nor forbidden words stand in the repository itself.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import importlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = HERE.parent
EXPECTED = "expected.txt"
_REPEAT = re.compile(r"^@@repeat (\d+): ?(.*\n)", re.MULTILINE)


def lay_out(example: pathlib.Path, folder: pathlib.Path) -> None:
    """Copies the example tree into `folder` with its shorthand expanded; run bits stay."""
    for source in sorted(p for p in example.rglob("*") if p.is_file()):
        relative = source.relative_to(example)
        if str(relative) == EXPECTED:
            continue
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        text = _REPEAT.sub(lambda m: m.group(2) * int(m.group(1)), source.read_text(encoding="utf-8"))
        target.write_text(text.replace("@@", ""), encoding="utf-8")
        shutil.copymode(source, target)


def run(check: str, example: pathlib.Path) -> tuple[int, str]:
    """Exit status and output of the check over one example."""
    with tempfile.TemporaryDirectory(prefix="signet-tools-") as scratch:
        lay_out(example, pathlib.Path(scratch))
        # Without git above it: the example is judged by what lies on the disk.
        environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(pathlib.Path(scratch).parent))
        result = subprocess.run([sys.executable, TOOLS / f"{check}.py", "--root", scratch], env=environment,
                                capture_output=True, text=True, check=False, timeout=60)
        return result.returncode, (result.stdout + result.stderr).replace(scratch, "ROOT")


def judge(check: str, example: pathlib.Path, accept: bool) -> list[str]:
    """What is wrong with the check's verdict on the example."""
    status, output = run(check, example)
    name = f"{check}/{example.name}"
    bad = example.name.startswith("bad")
    problems = []
    if bad and status != 1:
        problems.append(f"{name}: a bad example passes (exit status {status}):\n{output}")
    if not bad and status != 0:
        problems.append(f"{name}: a good example fails (exit status {status}):\n{output}")
    golden = example / EXPECTED
    if accept and bad and not problems:
        golden.write_text(output, encoding="utf-8")
    expected = golden.read_text(encoding="utf-8") if golden.exists() else ""
    if not problems and output != expected:
        problems.append(f"{name}: says\n{output}instead of\n{expected}")
    return problems


def check_coverage(check: str) -> list[str]:
    """Rules without a bad example, missing good examples, a --help that does not work."""
    sys.path.insert(0, str(TOOLS))
    rules = importlib.import_module(check).RULES
    sys.path.pop(0)
    said = "".join(p.read_text(encoding="utf-8") for p in (HERE / check).glob(f"bad*/{EXPECTED}"))
    problems = [f"{check}: no bad example breaks {check}/{r}" for r in rules if f"[{check}/{r}]" not in said]
    if not list((HERE / check).glob("good*")):
        problems.append(f"{check}: there is no good example")
    usage = subprocess.run([sys.executable, TOOLS / f"{check}.py", "--help"], capture_output=True, text=True,
                           check=False)
    if usage.returncode != 0 or "--root" not in usage.stdout:
        problems.append(f"{check}: --help does not work")
    return problems


def check_walkers() -> list[str]:
    """With git and without, the checks must see the same files; with git, none that is ignored."""
    if not shutil.which("git"):
        return []
    sys.path.insert(0, str(TOOLS))
    tree = importlib.import_module("lib.tree")
    sys.path.pop(0)
    with tempfile.TemporaryDirectory(prefix="signet-tools-") as scratch:
        root = pathlib.Path(scratch)
        lay_out(HERE / "layers" / "good", root)
        (root / "tools/tests/x/bad").mkdir(parents=True)
        (root / "tools/tests/x/bad/a.cpp").write_text("an example of a check\n", encoding="utf-8")
        walked = tree.Tree(root).files
        subprocess.run(["git", "init", "-q", scratch], check=True)
        (root / ".git/info/exclude").write_text("*.o\n", encoding="utf-8")
        (root / "lib/ignored.o").write_text("made by a build\n", encoding="utf-8")
        listed = tree.Tree(root).files
    if walked != listed or not walked:
        return [f"walkers: git shows {sorted(set(listed) ^ set(walked))} otherwise than a walk does"]
    return []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="*", help="names of checks (default: all)")
    parser.add_argument("--accept", action="store_true", help="write what bad examples say now into expected.txt")
    arguments = parser.parse_args()
    checks = arguments.checks or sorted(p.stem for p in TOOLS.glob("*.py"))
    jobs = [(check, example) for check in checks for example in sorted((HERE / check).glob("*")) if example.is_dir()]
    if not shutil.which("shellcheck"):
        print("shellcheck is not installed: the examples of shell are left out")
        jobs = [job for job in jobs if job[0] != "shell"]
    problems = check_walkers()
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for found in pool.map(lambda job: judge(*job, arguments.accept), jobs):
            problems += found
        for found in pool.map(check_coverage, checks):
            problems += found
    print("\n".join(problems) if problems else f"{len(jobs)} examples of {len(checks)} checks: as expected")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
