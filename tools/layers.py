#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Arrows between modules point down: a module includes only what it declares, and declares only lower layers.

CMake stops an arrow that points up; this check also reads the includes, which a search path inherited from another
module would let through.
"""

from __future__ import annotations

import sys
from typing import Iterator

sys.dont_write_bytecode = True

from lib.check import Finding, main  # noqa: E402
from lib.modules import PRIVATE_HEADERS, Module, ModuleMap  # noqa: E402
from lib.tree import Tree, is_test_code  # noqa: E402

RULES = ("declaration", "arrow-up", "undeclared", "private-in-public")
PSEUDO = set(PRIVATE_HEADERS.values())


def check_declarations(modules: ModuleMap) -> Iterator[Finding]:
    for module in modules.repeated:
        yield Finding(module.cmake, module.line, "declaration", f"module {module.name} is declared twice",
                      f"keep one of the two ({modules.modules[module.name].cmake})")
    for module in modules.modules.values():
        if module.layer is None:
            yield Finding(module.cmake, module.line, "declaration", f"module {module.name} has no LAYER number",
                          "give its layer as ARCHITECTURE.md has it")
            continue
        for dep in sorted((module.deps | module.private_deps) - PSEUDO):
            other = modules.modules.get(dep)
            if other is None:
                yield Finding(module.cmake, module.line, "declaration",
                              f"module {module.name} depends on {dep}, which no add_module() makes",
                              "correct the name, or put a third-party target under LIBS")
            elif other.layer is not None and other.layer >= module.layer:
                yield Finding(module.cmake, module.line, "arrow-up",
                              f"module {module.name} (layer {module.layer}) depends on {dep} (layer {other.layer})",
                              "move what both need into a lower module; arrows point down")


def judge_include(module: Module, modules: ModuleMap, path: str, owner: str) -> tuple[str, str, str] | None:
    """The rule broken by a file of `module` that includes a header of `owner`, with the words for it."""
    declared = module.deps | module.private_deps
    if owner in PSEUDO:
        if modules.owns_private_header(path, owner):
            return None
    else:
        other = modules.modules.get(owner)
        if other and None not in (other.layer, module.layer) and other.layer >= module.layer:
            return ("arrow-up", f"{module.name} (layer {module.layer}) includes {owner} (layer {other.layer})",
                    "move what both need into a lower module; arrows point down")
    if owner not in declared:
        return ("undeclared", f"{module.name} includes {owner} without declaring it",
                f"add {owner} to DEPS or PRIVATE_DEPS in {module.cmake}")
    if "/include/" in path and owner not in module.deps:
        return ("private-in-public", f"a public header of {module.name} includes {owner}, a private dependency",
                f"move {owner} to DEPS in {module.cmake}, or the include into a source")
    return None


def find(tree: Tree) -> Iterator[Finding]:
    modules = ModuleMap(tree)
    yield from check_declarations(modules)
    for path in tree.cpp_files():
        module = modules.of_file(path)
        if module is None:
            continue
        for include in tree.includes(path):
            owner = modules.owner_name(path, include)
            if owner is None or owner == module.name:
                continue
            # Fakes and helpers serve every layer, but only tests may lean on them.
            if owner in module.test_deps | {"test", "test_support"} and is_test_code(path):
                continue
            if broken := judge_include(module, modules, path, owner):
                yield Finding(path, include.line, *broken)


if __name__ == "__main__":
    sys.exit(main("layers", __doc__, RULES, find))
