# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""How every check reports: findings, reasoned exceptions, exit status."""

from __future__ import annotations

import argparse
import pathlib
import sys
from typing import Callable, Iterable, NamedTuple

from lib.tree import Tree

EXCEPTIONS = "tools/exceptions.tsv"


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    what: str
    remedy: str


class ExceptionRow(NamedTuple):
    line: int
    path: str
    rule: str
    reason: str


def read_exceptions(tree: Tree) -> tuple[list[ExceptionRow], list[Finding]]:
    """The rows of the exception list, and what is wrong with those that cannot be read."""
    rows, findings = [], []
    if EXCEPTIONS not in tree.file_set:
        return rows, findings
    for number, line in enumerate(tree.lines(EXCEPTIONS), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [f.strip() for f in line.split("\t")]
        if len(fields) < 2 or not fields[0] or "/" not in fields[1]:
            findings.append(Finding(EXCEPTIONS, number, "exceptions", "a row that is not path, check/rule, reason",
                                    "write three columns with tabs between"))
            continue
        rows.append(ExceptionRow(number, fields[0], fields[1], fields[2] if len(fields) > 2 else ""))
    return rows, findings


def _apply_exceptions(name: str, rules: Iterable[str], tree: Tree, found: list[Finding]) -> list[Finding]:
    """Drops what is excepted with a reason, and adds a finding for each row that is wrong or no longer needed."""
    rows, _ = read_exceptions(tree)
    mine = [r for r in rows if r.rule.split("/", 1)[0] == name]
    excepted = {(r.path, r.rule) for r in mine if r.reason}
    kept = [f for f in found if (f.path, f"{name}/{f.rule}") not in excepted]
    matched = {(f.path, f"{name}/{f.rule}") for f in found}
    for row in mine:
        if row.rule.split("/", 1)[1] not in rules:
            kept.append(Finding(EXCEPTIONS, row.line, "exceptions", f"no rule is named {row.rule}",
                                f"use one of: {', '.join(f'{name}/{r}' for r in rules)}"))
        elif not row.reason:
            kept.append(Finding(EXCEPTIONS, row.line, "exceptions", f"the exception for {row.path} has no reason",
                                "say in the third column why the rule does not fit"))
        elif (row.path, row.rule) not in matched:
            kept.append(Finding(EXCEPTIONS, row.line, "exceptions",
                                f"the exception {row.rule} for {row.path} matches nothing", "remove the row"))
    return kept


def main(name: str, about: str, rules: tuple[str, ...], find: Callable[[Tree], Iterable[Finding]]) -> int:
    """Runs one check as a program; the exit status is 1 when there is a finding."""
    parser = argparse.ArgumentParser(prog=f"{name}.py", description=about,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog=f"Rules (as named in {EXCEPTIONS}): "
                                            + ", ".join(f"{name}/{rule}" for rule in rules))
    parser.add_argument("--root", type=pathlib.Path, metavar="DIR",
                        default=pathlib.Path(__file__).resolve().parents[2],
                        help="the tree to check (default: the repository of this script)")
    root = parser.parse_args().root
    if not root.is_dir():
        parser.error(f"--root {root} is not a folder")
    tree = Tree(root)
    findings = sorted(set(_apply_exceptions(name, rules, tree, list(find(tree)))))
    for f in findings:
        text = f"{f.path}:{f.line}: {f.what}; {f.remedy} [{name}/{f.rule}]"
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    return 1 if findings else 0
