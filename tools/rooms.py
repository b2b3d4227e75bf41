#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Rooms meet only in documents: vendor, factory, device and fleet never include each other's code.

lib/ serves every room and so knows none; cli/ may include every room, and only tests may include cli/.
"""

from __future__ import annotations

import posixpath
import sys
from typing import Iterator

sys.dont_write_bytecode = True

from lib.check import Finding, main  # noqa: E402
from lib.cpp import Include  # noqa: E402
from lib.modules import ModuleMap  # noqa: E402
from lib.tree import ROOMS, Tree, room_of  # noqa: E402

RULES = ("room-to-room", "lib-to-room", "includes-cli", "room-name")
PLACES = ROOMS + ("lib", "cli")


def place_of(path: str) -> str | None:
    top = path.split("/", 1)[0]
    return top if top in PLACES and "/" in path else None


def target_place(modules: ModuleMap, path: str, include: Include) -> str | None:
    """The top folder in which the included header lies; also for a header that is named by path or not there."""
    target = modules.resolve(path, include)
    if target:
        return place_of(target)
    owner = modules.modules.get(modules.owner_name(path, include) or "")
    if owner:
        return place_of(owner.cmake)
    if include.quoted:
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), include.target))
        if ".." in include.target and place_of(joined):
            return place_of(joined)
    return place_of(include.target.removeprefix("signet/"))


def judge(source: str | None, target: str | None, path: str) -> tuple[str, str, str] | None:
    """The rule that an arrow from one top folder to another breaks."""
    if target is None or target == source:
        return None
    if target == "cli":
        if path.startswith("tests/"):
            return None
        return ("includes-cli", f"{path.split('/', 1)[0]}/ uses cli/, which only parses and prints",
                "move the code that is needed into a library")
    if source == "lib" and target in ROOMS:
        return ("lib-to-room", f"lib/ uses {target}/", "let the room call the library, or move the code into lib/")
    if source in ROOMS and target in ROOMS:
        return ("room-to-room", f"room {source} uses room {target}",
                "let the two meet in a document of lib/documents")
    return None


def find(tree: Tree) -> Iterator[Finding]:
    modules = ModuleMap(tree)
    for module in modules.modules.values():
        folder_room = room_of(module.cmake)
        if module.room != folder_room:
            yield Finding(module.cmake, module.line, "room-name",
                          f"module {module.name} says ROOM {module.room} but lies in {module.folder}/",
                          "name the room of the folder")
        for dep in sorted(module.deps | module.private_deps):
            other = modules.modules.get(dep)
            if other and (broken := judge(place_of(module.cmake), place_of(other.cmake), module.cmake)):
                yield Finding(module.cmake, module.line, *broken)
    for path in tree.cpp_files():
        for include in tree.includes(path):
            if broken := judge(place_of(path), target_place(modules, path, include), path):
                yield Finding(path, include.line, *broken)


if __name__ == "__main__":
    sys.exit(main("rooms", __doc__, RULES, find))
