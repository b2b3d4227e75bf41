#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Shell scripts pass shellcheck, stop at the first error, and can be run.

Without shellcheck the check says so and judges the rest; ctest shows it as skipped then.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import Iterator

sys.dont_write_bytecode = True

from lib.check import Finding, main  # noqa: E402
from lib.tree import Tree  # noqa: E402

RULES = ("shellcheck", "strict", "run-bit")
COMMANDS = ("run", "test", ".ci/run")

_SHEBANG = re.compile(r"^#!\s*(?:/usr)?/bin/(?:env\s+)?(?:ba|da)?sh\b")
_STRICT = re.compile(r"^\s*set\s+-[a-z]*e[a-z]*u|^\s*set\s+-[a-z]*u[a-z]*e", re.MULTILINE)
_REPORT = re.compile(r"^(?P<path>.*?):(?P<line>\d+):\d+: \w+: (?P<text>.*?) \[(?P<code>SC\d+)\]$")


def scripts(tree: Tree) -> list[str]:
    """The two commands, CI, every *.sh and every other file that a shell is to run."""
    found = []
    for path in tree.files:
        if path.endswith(".sh") or path in COMMANDS:
            found.append(path)
        elif "." not in os.path.basename(path) and not path.startswith(("tests/vectors/", "tests/corpus/")):
            with (tree.root / path).open("rb") as opened:
                if _SHEBANG.match(opened.read(64).decode("ascii", "replace")):
                    found.append(path)
    return found


def run_shellcheck(tree: Tree, paths: list[str]) -> Iterator[Finding]:
    result = subprocess.run(["shellcheck", "--format=gcc", "--external-sources", "--severity=style", "--", *paths],
                            cwd=tree.root, capture_output=True, text=True, check=False)
    for line in result.stdout.splitlines():
        if report := _REPORT.match(line):
            yield Finding(report["path"], int(report["line"]), "shellcheck", report["text"].rstrip("."),
                          f"see shellcheck.net/wiki/{report['code']}")
    if result.returncode > 1:
        yield Finding(paths[0], 1, "shellcheck", f"shellcheck stopped: {result.stderr.strip()[:200]}",
                      "run it by hand")


def judge_text(tree: Tree, path: str) -> Iterator[Finding]:
    text = tree.text(path)
    if not text.startswith("#!"):
        return
    if not os.access(tree.root / path, os.X_OK):
        yield Finding(path, 1, "run-bit", "the script cannot be run", f"chmod +x {path}")
    if not _STRICT.search(text):
        yield Finding(path, 1, "strict", "the script goes on after an error", "begin with set -euo pipefail")


def find(tree: Tree) -> list[Finding]:
    paths = scripts(tree)
    findings = [f for path in paths for f in judge_text(tree, path)]
    if paths and shutil.which("shellcheck"):
        findings += run_shellcheck(tree, paths)
    elif paths and not findings:
        print("shellcheck is not installed: scripts were not read")
    return findings


if __name__ == "__main__":
    sys.exit(main("shell", __doc__, RULES, find))
