#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Every relative link of the documentation leads somewhere, and the pages that must exist do.

Each module and each room has a README; decisions are short and numbered without gap, so that "decision 7" is one page.
"""

from __future__ import annotations

import pathlib
import posixpath
import re
import sys
import urllib.parse
from typing import Iterator

sys.dont_write_bytecode = True

from lib.check import Finding, main  # noqa: E402
from lib.modules import ModuleMap  # noqa: E402
from lib.tree import ROOMS, Tree  # noqa: E402

RULES = ("dead-link", "dead-anchor", "readme", "decision-name", "decision-number", "decision-length")
DECISIONS = "docs/decisions/"
DECISION_LINES_MAX = 25

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^[ \t]{0,3}\[[^\]^]+\]:\s*<?(\S+?)>?(?:\s|$)")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$")
_HTML_ANCHOR = re.compile(r"<\w+[^>]*\b(?:id|name)=\"([^\"]+)\"")
_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")


def prose(tree: Tree, path: str) -> list[tuple[int, str]]:
    """The numbered lines outside of fenced code, with inline code blanked."""
    out, fence = [], ""
    for number, line in enumerate(tree.lines(path), 1):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark.group(1)
        elif mark and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        elif not fence:
            out.append((number, line))
    return out


def anchors(tree: Tree, path: str) -> set[str]:
    """The anchors of a page as GitHub makes them from headings, and those that are written out."""
    found: set[str] = set()
    for _, line in prose(tree, path):
        found.update(_HTML_ANCHOR.findall(line))
        if heading := _HEADING.match(line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).replace("`", "")
            slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
            unique, count = slug, 0
            while unique in found:
                count += 1
                unique = f"{slug}-{count}"
            found.add(unique)
    return found


def check_link(tree: Tree, folders: set[str], path: str, number: int, link: str) -> Iterator[Finding]:
    if _SCHEME.match(link) or link.startswith("//"):
        return
    target, _, anchor = urllib.parse.unquote(link).partition("#")
    if not target:
        resolved = path
    elif target.startswith("/"):
        resolved = posixpath.normpath(target.lstrip("/"))
    else:
        resolved = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if resolved not in tree.file_set and resolved not in folders:
        yield Finding(path, number, "dead-link", f"the link {link} leads nowhere", "correct it or write the page")
    elif anchor and resolved.endswith(".md") and anchor.lower() not in anchors(tree, resolved):
        yield Finding(path, number, "dead-anchor", f"{resolved} has no heading for #{anchor}", "correct the anchor")


def check_links(tree: Tree) -> Iterator[Finding]:
    folders = {"."} | {str(parent) for p in tree.files for parent in pathlib.PurePosixPath(p).parents}
    for path in tree.with_suffix(".md"):
        if path.startswith(("tests/vectors/", "tests/corpus/")):
            continue
        for number, line in prose(tree, path):
            plain = re.sub(r"`[^`]*`", lambda m: " " * len(m.group()), line)
            for match in _LINK.finditer(plain):
                yield from check_link(tree, folders, path, number, match.group(1))
            if reference := _REFERENCE.match(plain):
                yield from check_link(tree, folders, path, number, reference.group(1))


def check_readmes(tree: Tree) -> Iterator[Finding]:
    wanted = {m.folder for m in ModuleMap(tree).modules.values()}
    for path in tree.files:
        parts = path.split("/")
        if parts[0] == "lib" and len(parts) > 2:
            wanted.add("/".join(parts[:2]))
        if parts[0] in ROOMS and len(parts) > 1:
            wanted.add(parts[0])
            if parts[-1] == "CMakeLists.txt" and len(parts) == 3:
                wanted.add("/".join(parts[:2]))
    for folder in sorted(wanted):
        if f"{folder}/README.md" not in tree.file_set:
            yield Finding(f"{folder}/README.md", 1, "readme", f"{folder}/ has no README.md",
                          "say in ten lines what it is for and what it promises")


def check_decisions(tree: Tree) -> Iterator[Finding]:
    pages: dict[int, str] = {}
    for path in tree.files:
        if not path.startswith(DECISIONS) or path == DECISIONS + "README.md":
            continue
        name = re.match(r"^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md$", path.removeprefix(DECISIONS))
        if name is None:
            yield Finding(path, 1, "decision-name", "not the name of a decision", "name it NNNN-name.md")
            continue
        number = int(name.group(1))
        if number in pages:
            yield Finding(path, 1, "decision-number", f"{pages[number]} has this number already",
                          "take the next free number")
        pages.setdefault(number, path)
        lines = [t for t in tree.lines(path) if t.strip() and not t.startswith("#")]
        if len(lines) > DECISION_LINES_MAX:
            yield Finding(path, 1, "decision-length", f"the decision has {len(lines)} lines of text",
                          f"say it in {DECISION_LINES_MAX}; facts belong into another page")
    for expected, number in enumerate(sorted(pages), 1):
        if number != expected:
            yield Finding(pages[number], 1, "decision-number", f"decision {expected:04} is missing before it",
                          "number decisions from 0001 without gaps")
            break


def find(tree: Tree) -> Iterator[Finding]:
    yield from check_links(tree)
    yield from check_readmes(tree)
    yield from check_decisions(tree)


if __name__ == "__main__":
    sys.exit(main("docs_links", __doc__, RULES, find))
