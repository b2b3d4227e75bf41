#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""No header includes itself by a detour, and no two private components of a module need each other.

A private header and the source of the same name count as one component, because that pair is what a reader has to
understand together.
"""

from __future__ import annotations

import sys
from typing import Iterator

sys.dont_write_bytecode = True

from lib.check import Finding, main  # noqa: E402
from lib.modules import ModuleMap  # noqa: E402
from lib.tree import Tree, is_test_code  # noqa: E402

RULES = ("cycle",)
Graph = dict[str, dict[str, tuple[str, int]]]


def component(tree: Tree, path: str) -> str:
    """The node of a file: its own path, or for a source with a private header beside it that header."""
    stem, _, suffix = path.rpartition(".")
    if suffix in ("cpp", "cc", "c"):
        for header in (f"{stem}.hpp", f"{stem}.h"):
            if header in tree.file_set:
                return header
    return path


def include_graph(tree: Tree) -> Graph:
    """For each node the nodes that it includes, with the place of the include."""
    modules = ModuleMap(tree)
    graph: Graph = {}
    for path in tree.cpp_files():
        if is_test_code(path) and path.endswith(".cpp"):
            continue
        node = component(tree, path)
        edges = graph.setdefault(node, {})
        for include in tree.includes(path):
            target = modules.resolve(path, include)
            if target is None:
                continue
            if target == path or component(tree, target) != node:
                edges.setdefault(component(tree, target), (path, include.line))
    return graph


def shortest_cycle(graph: Graph, start: str) -> list[str] | None:
    """The nodes of a shortest way from `start` back to itself."""
    came_from: dict[str, str] = {}
    front = [start]
    while front:
        following = []
        for node in front:
            for target in sorted(graph.get(node, {})):
                if target == start:
                    way = [node]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return way[::-1]
                if target not in came_from:
                    came_from[target] = node
                    following.append(target)
        front = following
    return None


def find(tree: Tree) -> Iterator[Finding]:
    graph = include_graph(tree)
    reported: set[frozenset[str]] = set()
    for node in sorted(graph):
        way = shortest_cycle(graph, node)
        if way is None or frozenset(way) in reported:
            continue
        reported.add(frozenset(way))
        path, line = graph[way[0]][way[1 % len(way)]]
        yield Finding(path, line, "cycle", "include cycle " + " -> ".join(way + way[:1]),
                      "move what both need into a third file, or declare instead of including")


if __name__ == "__main__":
    sys.exit(main("cycles", __doc__, RULES, find))
