#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Every parser of foreign bytes has a fuzz target beside it, seeds, and an invariant that the target asserts.

A source says so in a line `// parses: foreign bytes (fuzz: NAME_fuzz)`; several names are parted by commas. A source
that looks like a parser and has no such line is a finding, and so is a target that only survives.
"""

from __future__ import annotations

import pathlib
import re
import sys
from typing import Iterator

sys.dont_write_bytecode = True

from lib.check import Finding, main  # noqa: E402
from lib.cpp import function_name, functions  # noqa: E402
from lib.tree import Tree, is_test_code  # noqa: E402

RULES = ("marker", "no-marker", "no-target", "no-seed", "no-entry", "asserts-nothing", "unclaimed")

_MARKER = re.compile(r"^[ \t]*//[ \t]*parses:(?P<rest>[^\n]*)", re.MULTILINE)
_MARKER_REST = re.compile(r"^ foreign bytes \(fuzz: (?P<names>\w+_fuzz(?:, \w+_fuzz)*)\)\s*$")
_PARSER_FILE = re.compile(r"(?:^|_)(?:parse|parser|decode|decoder|reader)(?:_|$)")
_PARSER_FUNCTION = re.compile(r"(?:^|::)(?:parse|decode|from_(?:der|pem|json|text|bytes|hex|base64)|read_header)\w*$")
_FOREIGN = re.compile(r"\b(?:ByteView|string_view|Untrusted)\b")
_ASSERTS = re.compile(r"\b(?:abort|ensure|debug_ensure|__builtin_trap|FUZZ_ASSERT)\s*\(")


def module_folder(path: str) -> str:
    """The folder of the module: what stands before src/ or include/."""
    parts = pathlib.PurePosixPath(path).parts
    for name in ("src", "include"):
        if name in parts:
            return "/".join(parts[:parts.index(name)])
    return "/".join(parts[:-1])


def check_target(tree: Tree, path: str, line: int, name: str) -> Iterator[Finding]:
    """What the marker in `path` promises about the fuzz target `name`."""
    folder = module_folder(path)
    if not {f"{folder}/src/{name}.cpp", f"{folder}/{name}.cpp"} & tree.file_set:
        yield Finding(path, line, "no-target", f"the fuzz target {name}.cpp does not exist",
                      f"write {folder}/src/{name}.cpp")
    if not any(p.startswith(f"tests/corpus/{name}/") for p in tree.files):
        yield Finding(path, line, "no-seed", f"the fuzz target {name} has no seed",
                      f"put at least one small file into tests/corpus/{name}/")


def why_parser(tree: Tree, path: str) -> tuple[int, str] | None:
    """The line and the name that make the file look like a parser of foreign bytes."""
    for block in functions(tree.bare(path)):
        name = function_name(block.header)
        parameters = block.header.split(name.split("::")[-1], 1)[-1]
        if _PARSER_FUNCTION.search(name) and _FOREIGN.search(parameters):
            return block.begin, f"{name}() takes foreign bytes"
    stem = pathlib.PurePosixPath(path).stem
    if path.endswith(".cpp") and _PARSER_FILE.search(stem):
        return 1, f"the file name {stem} is that of a parser"
    return None


def check_fuzz_target(tree: Tree, path: str, claimed: set[str]) -> Iterator[Finding]:
    name = pathlib.PurePosixPath(path).stem
    bare = tree.bare(path)
    if "LLVMFuzzerTestOneInput" not in bare:
        yield Finding(path, 1, "no-entry", "the fuzz target has no LLVMFuzzerTestOneInput",
                      "define it as extern \"C\"")
    elif not _ASSERTS.search(bare):
        yield Finding(path, 1, "asserts-nothing", "the fuzz target asserts nothing",
                      "check an invariant (round trip, verdict unchanged) and call std::abort when it breaks")
    if f"{module_folder(path)}:{name}" not in claimed:
        yield Finding(path, 1, "unclaimed", "no source of the module names this fuzz target",
                      f"write `// parses: foreign bytes (fuzz: {name})` into the parser")


def find(tree: Tree) -> Iterator[Finding]:
    claimed: set[str] = set()
    sources = [p for p in tree.cpp_files() if not p.startswith(("tests/", "bench/"))]
    for path in sources:
        if is_test_code(path):
            continue
        text = tree.text(path)
        marker = _MARKER.search(text)
        if marker is None:
            if why := why_parser(tree, path):
                yield Finding(path, why[0], "no-marker", f"{why[1]}, but no fuzz target is named",
                              "write a target and name it: // parses: foreign bytes (fuzz: NAME_fuzz)")
            continue
        line = text.count("\n", 0, marker.start()) + 1
        names = _MARKER_REST.match(marker.group("rest"))
        if names is None:
            yield Finding(path, line, "marker", "the marker cannot be read",
                          "write exactly: // parses: foreign bytes (fuzz: NAME_fuzz)")
            continue
        for name in names.group("names").split(", "):
            claimed.add(f"{module_folder(path)}:{name}")
            yield from check_target(tree, path, line, name)
    for path in sources:
        if path.endswith("_fuzz.cpp"):
            yield from check_fuzz_target(tree, path, claimed)


if __name__ == "__main__":
    sys.exit(main("fuzzed", __doc__, RULES, find))
