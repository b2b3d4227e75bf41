# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""The module map: what add_module() declares, and who owns a header that is included."""

from __future__ import annotations

import dataclasses
import pathlib
import posixpath
import re

from lib import cpp
from lib.tree import Tree, room_of

_CMAKE_COMMENT = re.compile(r"#[^\n]*")
_CALL = re.compile(r"\badd_module\s*\(([^)]*)\)")
_KEYWORDS = {"LAYER", "ROOM", "DEPS", "PRIVATE_DEPS", "LIBS", "TEST_DEPS", "ALONE"}
_DECLARING = re.compile(r"^(?:(?:lib|vendor|factory|device|fleet)/(?:[^/]+/)*|cli/|tests/support/)CMakeLists\.txt$")

# Private headers that several modules share. Each is a module of its own in DEPS, without a layer.
PRIVATE_HEADERS = {"ossl.hpp": "ossl"}


@dataclasses.dataclass
class Module:
    name: str
    folder: str
    line: int
    layer: int | None
    room: str | None
    deps: set[str]
    private_deps: set[str]
    test_deps: set[str]

    @property
    def cmake(self) -> str:
        return f"{self.folder}/CMakeLists.txt"


def _normal(dep: str) -> str:
    return re.sub(r"^signet(?:::|_)", "", dep)


def _parse_call(folder: str, line: int, words: list[str]) -> Module | None:
    sections: dict[str, list[str]] = {"NAME": []}
    current = "NAME"
    for word in words:
        if word in _KEYWORDS:
            current = word
        else:
            sections.setdefault(current, []).append(word)
    if not sections["NAME"]:
        return None
    layer = sections.get("LAYER", [""])[0:1]
    room = sections.get("ROOM", [])
    return Module(sections["NAME"][0], folder, line, int(layer[0]) if layer and layer[0].isdigit() else None,
                  room[0] if room else room_of(folder + "/"),
                  *({_normal(d) for d in sections.get(key, [])} for key in ("DEPS", "PRIVATE_DEPS", "TEST_DEPS")))


class ModuleMap:
    """All modules of a tree, and the way from an include to the file and the module behind it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.modules: dict[str, Module] = {}
        self.repeated: list[Module] = []
        for path in tree.with_suffix("CMakeLists.txt"):
            if _DECLARING.match(path):
                self._read(path)
        self._by_folder = {m.folder: m for m in self.modules.values()}
        self._public: dict[str, str] = {}
        self._private: dict[str, str] = {}
        for path in tree.cpp_files():
            if "/include/signet/" in path:
                self._public[path.split("/include/", 1)[1]] = path
            elif posixpath.basename(path) in PRIVATE_HEADERS:
                self._private[posixpath.basename(path)] = path

    def _read(self, path: str) -> None:
        code = _CMAKE_COMMENT.sub(lambda m: " " * len(m.group()), self.tree.text(path))
        index = cpp.LineIndex(code)
        for call in _CALL.finditer(code):
            module = _parse_call(posixpath.dirname(path), index.line(call.start()), call.group(1).split())
            if module and module.name in self.modules:
                self.repeated.append(module)
            elif module:
                self.modules[module.name] = module

    def of_file(self, path: str) -> Module | None:
        """The module in whose folder the file lies."""
        for folder in pathlib.PurePosixPath(path).parents:
            if module := self._by_folder.get(str(folder)):
                return module
        return None

    def resolve(self, path: str, include: cpp.Include) -> str | None:
        """The file of the tree that the include names, or None for what comes from elsewhere."""
        if include.target.startswith("signet/"):
            return self._public.get(include.target)
        module = self.of_file(path)
        bases = [posixpath.dirname(path)] if include.quoted else []
        bases += [f"{module.folder}/src"] if module else []
        for base in bases:
            candidate = posixpath.normpath(posixpath.join(base, include.target))
            if candidate in self.tree.file_set:
                return candidate
        return self._private.get(posixpath.basename(include.target))

    def owner_name(self, path: str, include: cpp.Include) -> str | None:
        """The name of the module whose header is included, also when that header does not exist."""
        base = posixpath.basename(include.target)
        if base in PRIVATE_HEADERS:
            return PRIVATE_HEADERS[base]
        target = self.resolve(path, include)
        if target and (module := self.of_file(target)):
            return module.name
        if include.target.startswith("signet/"):
            return include.target.removesuffix(".hpp").split("/")[1]
        return None

    def owns_private_header(self, path: str, name: str) -> bool:
        """True for the files of the module in which the private header itself lies."""
        home = next((p for base, p in self._private.items() if PRIVATE_HEADERS[base] == name), None)
        return bool(home) and self.of_file(home) == self.of_file(path) is not None
