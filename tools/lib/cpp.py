# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Just enough C++ to check house rules: literals, comments, includes, declarations and function bodies."""

from __future__ import annotations

import bisect
import re
from typing import Iterator, NamedTuple

# Numbers come first so that the quote in 1'000 never opens a character literal.
_LEXEME = re.compile(
    r"""(?P<number>(?<!\w)\d[\w.]*(?:'\w+)*)
      | (?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
      | (?P<raw>R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])+')""",
    re.VERBOSE | re.DOTALL)
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"\n]+)[>\"]", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
_NOT_NEWLINE = re.compile(r"[^\n]")


class Include(NamedTuple):
    line: int
    target: str
    quoted: bool


class Block(NamedTuple):
    """One function: the text before its brace, the line on which that text begins, the line of the last brace."""
    header: str
    begin: int
    end: int


class Declaration(NamedTuple):
    """A declaration at namespace level; `defines` tells a body or a list of members from a mere mention."""
    header: str
    line: int
    end: int
    defines: bool


class LineIndex:
    """Line numbers (from 1) of offsets into a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0] + [m.end() for m in re.finditer("\n", text)]

    def line(self, offset: int) -> int:
        return bisect.bisect_right(self._starts, offset)


def _blank(text: str) -> str:
    return _NOT_NEWLINE.sub(" ", text)


def strip(text: str, keep_literals: bool = False) -> str:
    """Blanks comments, and the insides of literals unless `keep_literals`; offsets and lines stay the same."""
    def replace(match: re.Match[str]) -> str:
        whole = match.group()
        if match.lastgroup == "number" or match.group("number"):
            return whole
        if match.group("comment"):
            return _blank(whole)
        if keep_literals:
            return whole
        quote = whole[-1]
        return quote + _blank(whole[1:-1]) + quote
    return _LEXEME.sub(replace, text)


def without_directives(bare: str) -> str:
    """Blanks preprocessor lines, so that a macro's braces do not count."""
    return _DIRECTIVE.sub(lambda m: _blank(m.group()), bare)


def includes(text: str) -> list[Include]:
    code = strip(text, keep_literals=True)
    index = LineIndex(code)
    return [Include(index.line(m.start(2)), m.group(2).strip(), m.group(1) == '"') for m in _INCLUDE.finditer(code)]


def _after_template(header: str, position: int) -> int:
    """The end of the template parameters whose opening bracket stands before `position`."""
    depth, parens = 1, 0
    while position < len(header) and depth:
        parens += {"(": 1, ")": -1}.get(header[position], 0)
        if parens == 0 and header[position - 1] != "-":
            depth += {"<": 1, ">": -1}.get(header[position], 0)
        position += 1
    return position


def _hide_nested(header: str) -> str:
    """The header without template parameters and without what stands inside parentheses or braces."""
    out, nested, position = [], 0, 0
    while position < len(header):
        template = re.compile(r"template\s*<").match(header, position)
        if template and nested == 0:
            position = _after_template(header, template.end())
            continue
        char = header[position]
        nested -= char in ")}"
        if nested <= 0:
            out.append(char)
        nested += char in "({"
        position += 1
    return "".join(out)


_SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum)\b|\bextern\s*\"\s*\"\s*$")
_ATTRIBUTE = re.compile(r"\[\[.*?\]\]|\balignas\s*\(\s*\)", re.DOTALL)
_REQUIRES_EXPRESSION = re.compile(r"(?:\brequires|=|&&|\|\|)\s*\brequires\s*(?:\(\s*\))?$")
_CLAUSE = re.compile(r"\brequires\b\s*(?:requires\s*)?(?:\(\s*\))?(?:\s*\{\s*\})?"
                     r"|\b(?:noexcept|decltype|explicit|alignas)\s*\(\s*\)")
_BASES = re.compile(r"(?<!:):(?!:).*", re.DOTALL)
_CONSTRUCTOR_INIT = re.compile(r"\)\s*(?:noexcept\s*(?:\(\))?\s*)?:(?!:)")
_LAMBDA_TAIL = re.compile(r"\]\s*(?:<[^{}]*>\s*)?(?:\(\s*\)[^={}]*)?$")


def brace_kind(header: str) -> str:
    """What the brace after `header` opens outside of functions: "scope", "function" or "value"."""
    flat = _ATTRIBUTE.sub(" ", _hide_nested(header)).rstrip()
    if _REQUIRES_EXPRESSION.search(flat):
        return "value"
    if not flat or _SCOPE.search(flat) and "(" not in _BASES.sub(" ", _CLAUSE.sub(" ", flat)):
        return "scope"
    if _CONSTRUCTOR_INIT.search(flat):
        return "function" if flat[-1] in ")}" else "value"
    assigned = re.sub(r"operator\s*(?:[=!<>]=|<=>|=)", "operator", flat)
    if re.search(r"(?<![=!<>])=(?!=)", assigned):
        return "function" if _LAMBDA_TAIL.search(assigned) else "value"
    return "function" if "(" in flat else "value"


def _walk(code: str) -> Iterator[tuple[str, str, int, int]]:
    """Yields (event, header, begin, end) for "open", "statement" and "function" outside of function bodies.

    Scopes are entered; bodies of functions and braces of values are jumped over.
    """
    position, start, length = 0, 0, len(code)
    parens = 0
    interesting = re.compile(r"[{};()]")
    while match := interesting.search(code, position):
        char, position = match.group(), match.end()
        parens += {"(": 1, ")": -1}.get(char, 0)
        if char in "()":
            continue
        if char == "}":
            yield "close", "", position, position
            start, parens = position, 0
        elif char == ";" and parens <= 0:
            yield "statement", code[start:match.start()], start, position
            start = position
        elif char == "{":
            header = code[start:match.start()]
            kind = "value" if parens > 0 else brace_kind(header)
            if kind == "scope":
                yield "open", header, start, position
                start = position
                continue
            position = _after_block(code, position, length)
            if kind == "function":
                yield "function", header, start, position
                start = position


def _after_block(code: str, position: int, length: int) -> int:
    depth = 1
    for brace in re.compile(r"[{}]").finditer(code, position):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            return brace.end()
    return length


def _begin_line(index: LineIndex, header: str, start: int) -> int:
    return index.line(start + len(header) - len(header.lstrip()))


_ACCESS = re.compile(r"^\s*(?:(?:public|private|protected)\s*:\s*)+")


def functions(bare: str) -> list[Block]:
    """Every function of a file, members and namespace-level lambdas too; a lambda inside counts to its function."""
    code = without_directives(bare)
    index = LineIndex(code)
    found = []
    for event, header, start, end in _walk(code):
        if event == "function":
            label = _ACCESS.match(header)
            skipped = label.end() if label else 0
            found.append(Block(" ".join(header[skipped:].split()),
                               _begin_line(index, header[skipped:], start + skipped), index.line(end - 1)))
    return found


def declarations(bare: str) -> list[Declaration]:
    """The declarations at namespace level, without those of namespaces named detail."""
    code = without_directives(bare)
    index = LineIndex(code)
    scopes: list[int | None] = []  # None: a namespace to look into; else the declaration whose members follow, or -1
    found: list[Declaration] = []
    for event, header, start, end in _walk(code):
        flat = " ".join(header.split())
        if event == "close":
            opened = scopes.pop() if scopes else None
            if opened is not None and opened >= 0:
                found[opened] = found[opened]._replace(end=index.line(end - 1))
            continue
        visible = all(s is None for s in scopes)
        opens_namespace = event == "open" and re.match(r"(?:inline )?namespace\b|extern\b", flat)
        if visible and flat and not opens_namespace:
            begin = _begin_line(index, header, start)
            found.append(Declaration(flat, begin, index.line(end - 1), event != "statement"))
        if opens_namespace:
            scopes.append(-1 if re.search(r"\b(?:detail|internal)$", flat) else None)
        elif event == "open":
            scopes.append(len(found) - 1 if visible and flat else -1)
    return found


def function_name(header: str) -> str:
    """The (qualified) name before the parameters of a function's header."""
    flat = _CLAUSE.sub(" ", _hide_nested(header))
    match = re.search(r"((?:[\w~]+(?:<[^<>()]*>)?\s*::\s*)*(?:operator\s*[^\s\w(]+|operator\s*\(\)|~?\w+))\s*\(", flat)
    if match:
        return re.sub(r"\s+", "", match.group(1))
    match = re.search(r"(\w+)\s*=", flat)
    return match.group(1) if match else "function"
