#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Each promise of docs/promises.md and docs/promises.d/*.md is named by a test, and each id that a test names exists.

A promise is a table row `| P-AREA-001 | text |`. C++ tests name it as P_AREA_001 in TEST, TEST_F, TEST_P or an
INSTANTIATE name (or in the name of a row that such an instance prints); shell and Python tests on the line that begins
the case, as P-AREA-001 or P_AREA_001. A mention in a comment of its own proves nothing.
"""

from __future__ import annotations

import re
import sys
from typing import Iterator, NamedTuple

sys.dont_write_bytecode = True

from lib import cpp  # noqa: E402
from lib.check import Finding, main  # noqa: E402
from lib.tree import Tree  # noqa: E402

RULES = ("untested", "unlisted", "duplicate", "malformed")

_ROW = re.compile(r"^\|\s*`?(P-[^|\s`]*)`?\s*\|\s*([^|]*)")
_ID = re.compile(r"^P-[A-Z][A-Z0-9]*(?:-[A-Z][A-Z0-9]*)*-\d{3}$")
_NAMED = re.compile(r"(?<![A-Za-z0-9])P[_-]([A-Z][A-Z0-9]*(?:[_-][A-Z][A-Z0-9]*)*)[_-](\d{3})(?!\d)")
_CPP_CASE = re.compile(r"\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP"
                       r"|INSTANTIATE_TEST_SUITE_P|INSTANTIATE_TYPED_TEST_SUITE_P)\s*\(([^,()]*,[^,()]*)")
_ROW_NAME = re.compile(r'"(\w*P_[A-Z]\w*_\d{3}\w*)"')

_DOCSTRING = re.compile(r'^[ \t]*"""(?:.*?)"""', re.MULTILINE | re.DOTALL)


class Mention(NamedTuple):
    path: str
    line: int
    promise: str


def ids_in(text: str) -> list[str]:
    return [f"P-{m.group(1).replace('_', '-')}-{m.group(2)}" for m in _NAMED.finditer(text)]


def listed(tree: Tree) -> tuple[dict[str, Mention], list[Finding]]:
    """The promises by id, and the rows that are wrong."""
    promises: dict[str, Mention] = {}
    findings = []
    for path in tree.with_suffix(".md"):
        if path != "docs/promises.md" and not path.startswith("docs/promises.d/"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            row = _ROW.match(line)
            if row is None:
                continue
            name, text = row.group(1), row.group(2).strip()
            if not _ID.match(name) or not text:
                findings.append(Finding(path, number, "malformed", f"the row of {name} is not a promise",
                                        "write | P-AREA-001 | what holds |"))
            elif name in promises:
                first = promises[name]
                findings.append(Finding(path, number, "duplicate",
                                        f"{name} is listed in {first.path}:{first.line} already",
                                        "take the next free id"))
            else:
                promises[name] = Mention(path, number, name)
    return promises, findings


def cpp_mentions(tree: Tree, path: str) -> Iterator[Mention]:
    code = cpp.strip(tree.text(path), keep_literals=True)
    index = cpp.LineIndex(code)
    for case in _CPP_CASE.finditer(code):
        for name in ids_in(case.group(1)):
            yield Mention(path, index.line(case.start()), name)
    if "INSTANTIATE_TEST_SUITE_P" in code:
        for row in _ROW_NAME.finditer(code):
            for name in ids_in(row.group(1)):
                yield Mention(path, index.line(row.start()), name)


def script_mentions(tree: Tree, path: str) -> Iterator[Mention]:
    text = tree.text(path)
    if path.endswith(".py"):
        text = _DOCSTRING.sub(lambda m: "\n" * m.group().count("\n"), text)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("#"):
            for name in ids_in(line):
                yield Mention(path, number, name)


def mentions(tree: Tree) -> Iterator[Mention]:
    for path in tree.files:
        if path.endswith("_test.cpp") or path.startswith("tests/") and path.endswith(".cpp"):
            yield from cpp_mentions(tree, path)
        elif path.startswith("tests/") and path.endswith((".sh", ".py", ".ts", "CMakeLists.txt")):
            yield from script_mentions(tree, path)


def find(tree: Tree) -> Iterator[Finding]:
    promises, findings = listed(tree)
    yield from findings
    tested = set()
    for mention in mentions(tree):
        tested.add(mention.promise)
        if mention.promise not in promises:
            yield Finding(mention.path, mention.line, "unlisted", f"{mention.promise} is tested but promised nowhere",
                          "add its row to docs/promises.d/, or correct the id")
    for name, row in promises.items():
        if name not in tested:
            yield Finding(row.path, row.line, "untested", f"no test names {name}",
                          f"name the test that proves it {name.replace('-', '_')}_..., or withdraw the promise")


if __name__ == "__main__":
    sys.exit(main("promises", __doc__, RULES, find))
