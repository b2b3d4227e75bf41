#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""House style that a compiler does not see: lengths, licence lines, nothing left undone, no call that is banned.

tools/README.md gives the reason of each rule.
"""

from __future__ import annotations

import ast
import pathlib
import re
import sys
from typing import Iterator

sys.dont_write_bytecode = True

from lib.check import EXCEPTIONS, Finding, main, read_exceptions  # noqa: E402
from lib.cpp import LineIndex, function_name, functions  # noqa: E402
from lib.tree import CPP_SUFFIXES, Tree  # noqa: E402

RULES = ("file-length", "function-length", "line-length", "spdx", "using-namespace", "left-undone", "if-0", "dead-code",
         "banned-call", "bool-result", "build-path", "white-space")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
COLUMNS_MAX = 120

SCRIPT_SUFFIXES = (".py", ".sh")
SPDX = ("SPDX-FileCopyrightText: Signet contributors", "SPDX-License-Identifier: Apache-2.0")

# Words are put together here so that this file does not find itself.
LEFT_UNDONE = re.compile(r"\b(?:%s)\b" % "|".join(("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK")))
BUILD_PATH = re.compile(r"(?<![\w.~*-])/(?:work|farm)/")

# Not a member, not a function of another namespace than std.
_CALL = r"(?<![\w.>:~])(?:std\s*::\s*|::\s*)?\b{}\s*\("
BANNED = {
    "strcpy": "copy through std::string or std::copy_n, which know the size",
    "strcat": "append to a std::string",
    "sprintf": "use fmt or std::to_chars, which know the size",
    "vsprintf": "use fmt, which knows the size",
    "gets": "read through os",
    "strtok": "split a std::string_view; strtok keeps a global state",
    "atoi": "use std::from_chars, which reports errors",
    "system": "start programs through os::Process, without a shell",
    "popen": "start programs through os::Process, without a shell",
    "tmpnam": "use os::TempFile; the name can be taken by somebody else",
    "mktemp": "use os::TempFile; the name can be taken by somebody else",
    "rand": "use crypto's random; rand can be guessed",
    "srand": "use crypto's random; rand can be guessed",
    "memcmp": "use crypto's constant-time comparison, or std::ranges::equal where nothing is secret",
    "async": "own a std::jthread; the future of std::async blocks where it is destroyed",
}
_BANNED_CALLS = [(name, re.compile(_CALL.format(name)), remedy) for name, remedy in BANNED.items() if name != "async"]
_BANNED_CALLS.append(("async", re.compile(r"\bstd\s*::\s*async\s*[(<]"), BANNED["async"]))

_CODE_COMMENT = re.compile(
    r"^(?:return\b.*;"
    r"|(?:if|for|while|switch)\s*\(.*\)\s*[{;]"
    r"|(?:[\w:<>,*&\[\]]+\s+)?[\w:.\[\]]+(?:->\w+)*\s*(?:=|\+=|-=|\|=)\s*[^=].*;"
    r"|(?:[\w:.]|->)+\(.*\)\s*[;{]"
    r"|(?:std::|const |auto |static |#include ).*[;{>]"
    r"|\}\s*(?:else\s*\{)?)$")
_COMMENT_LINE = re.compile(r"^\s*//(?!/)\s?(.*?)\s*$")


def is_script(tree: Tree, path: str) -> bool:
    if path.endswith(SCRIPT_SUFFIXES):
        return True
    return "." not in pathlib.PurePosixPath(path).name and is_text(tree, path) and tree.text(path).startswith("#!")


def is_text(tree: Tree, path: str) -> bool:
    """False for binary files, for data of others, and for what is too large to be written by hand."""
    if path.startswith(("tests/vectors/", "tests/corpus/")) or "package-lock" in path:
        return False
    file = tree.root / path
    if file.stat().st_size > 1 << 20:
        return False
    with file.open("rb") as opened:
        return b"\0" not in opened.read(4096)


def is_build_file(path: str) -> bool:
    return path.endswith(("CMakeLists.txt", ".cmake"))


def check_lengths(tree: Tree, path: str) -> Iterator[Finding]:
    lines = tree.lines(path)
    if len(lines) > FILE_LINES_MAX and not is_build_file(path):
        yield Finding(path, FILE_LINES_MAX + 1, "file-length", f"the file has {len(lines)} lines",
                      f"part it into files of one idea each, at most {FILE_LINES_MAX} lines")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield Finding(path, number, "line-length", f"the line has {len(line)} columns",
                          f"break it at {COLUMNS_MAX}")
    for name, begin, end in function_spans(tree, path):
        if end - begin + 1 > FUNCTION_LINES_MAX:
            yield Finding(path, begin, "function-length", f"{name} has {end - begin + 1} lines",
                          f"give its steps names of their own, at most {FUNCTION_LINES_MAX} lines each")


def function_spans(tree: Tree, path: str) -> Iterator[tuple[str, int, int]]:
    """Name, first line and last line of each function of a C++, Python or shell file."""
    if path.endswith(CPP_SUFFIXES):
        for block in functions(tree.bare(path)):
            yield function_name(block.header), block.begin, block.end
    elif path.endswith(".py"):
        try:
            module = ast.parse(tree.text(path))
        except SyntaxError:
            return
        for node in ast.walk(module):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node.name, node.lineno, node.end_lineno or node.lineno
    elif not is_build_file(path):
        opened: tuple[str, int] | None = None
        for number, line in enumerate(tree.lines(path), 1):
            if start := re.match(r"^(?:function\s+)?([\w-]+)\s*\(\)\s*[{(]\s*(?:#.*)?$", line):
                opened = (start.group(1), number)
            elif opened and re.match(r"^[})]", line):
                yield opened[0], opened[1], number
                opened = None


def check_every_source(tree: Tree, path: str) -> Iterator[Finding]:
    text = tree.text(path)
    head = "\n".join(tree.lines(path)[:6])
    if not all(words in head for words in SPDX):
        yield Finding(path, 1, "spdx", "the two SPDX lines are not at the top", f"write {SPDX[0]} and {SPDX[1]}")
    index = LineIndex(text)
    for match in LEFT_UNDONE.finditer(text):
        yield Finding(path, index.line(match.start()), "left-undone", f"{match.group()} marks work left undone",
                      "do it, or name the limit in the module's README")
    for match in re.finditer(r"[ \t]+$", text, re.MULTILINE):
        yield Finding(path, index.line(match.start()), "white-space", "white space ends the line", "remove it")
    if text and not text.endswith("\n"):
        yield Finding(path, len(tree.lines(path)), "white-space", "the last line has no end", "end it with a newline")


def check_cpp(tree: Tree, path: str) -> Iterator[Finding]:
    bare = tree.bare(path)
    index = LineIndex(bare)
    if path.endswith((".hpp", ".h")):
        for match in re.finditer(r"\busing\s+namespace\b", bare):
            yield Finding(path, index.line(match.start()), "using-namespace", "a header opens a namespace to everybody",
                          "name what is used")
    for match in re.finditer(r"^[ \t]*#[ \t]*if[ \t]+(?:0|false)\b", bare, re.MULTILINE):
        yield Finding(path, index.line(match.start()), "if-0", "code is switched off", "remove it; git remembers it")
    for match in re.finditer(r"\bResult\s*<\s*bool\s*>", bare):
        yield Finding(path, index.line(match.start()), "bool-result", "a verdict hides in a Result of bool",
                      "return a type that only verification can make, or an enum")
    for name, pattern, remedy in _BANNED_CALLS:
        for match in pattern.finditer(bare):
            yield Finding(path, index.line(match.end() - 1), "banned-call", f"{name}() is banned", remedy)
    for number, (line, code) in enumerate(zip(tree.lines(path), bare.splitlines()), 1):
        comment = _COMMENT_LINE.match(line)
        if comment and not code.strip() and _CODE_COMMENT.match(comment.group(1)):
            yield Finding(path, number, "dead-code", "a comment that is code", "remove it; git remembers it")


def check_exception_rows(tree: Tree) -> Iterator[Finding]:
    """Rows that no check will look at; each check judges its own rows."""
    rows, findings = read_exceptions(tree)
    yield from findings
    here = pathlib.Path(__file__).parent
    for row in rows:
        name = row.rule.split("/", 1)[0]
        if not (here / f"{name}.py").is_file():
            yield Finding(EXCEPTIONS, row.line, "exceptions", f"no check is named {name}",
                          "name a check of tools/ before the slash")


def find(tree: Tree) -> Iterator[Finding]:
    yield from check_exception_rows(tree)
    for path in tree.files:
        if not is_text(tree, path):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if BUILD_PATH.search(line):
                yield Finding(path, number, "build-path", "a path of somebody's build machine",
                              "make it relative, or take it from the command line")
        is_cpp = path.endswith(CPP_SUFFIXES)
        if is_cpp or is_script(tree, path) or is_build_file(path):
            yield from check_lengths(tree, path)
            yield from check_every_source(tree, path)
        if is_cpp:
            yield from check_cpp(tree, path)


if __name__ == "__main__":
    sys.exit(main("style", __doc__, RULES, find))
