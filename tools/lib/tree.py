# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""The files of the project, with their text read once."""

from __future__ import annotations

import functools
import os
import pathlib
import re
import subprocess

from lib import cpp

CPP_SUFFIXES = (".cpp", ".hpp", ".h", ".c", ".cc")
ROOMS = ("vendor", "factory", "device", "fleet")

# The checks' own examples are wrong on purpose. Build folders appear only where git is not there to ignore them.
EXAMPLES = re.compile(r"^tools/tests/[^/]+/")
WALK_SKIPS = {".git", "build", "node_modules", "__pycache__"}


class Tree:
    """The project below `root`: what git tracks or would track, or every file where there is no git."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root.resolve()
        paths = self._from_git()
        if paths is None:
            paths = self._from_walk()
        # A path that is deleted but not yet committed is listed by git and gone from the disk.
        self.files = sorted(p for p in paths if not EXAMPLES.match(p) and (self.root / p).is_file())
        self.file_set = set(self.files)

    def _from_git(self) -> list[str] | None:
        try:
            top = subprocess.run(["git", "-C", self.root, "rev-parse", "--show-toplevel"],
                                 capture_output=True, text=True, check=True).stdout.strip()
            if pathlib.Path(top).resolve() != self.root:
                return None
            listed = subprocess.run(["git", "-C", self.root, "ls-files", "-z", "--cached", "--others",
                                     "--exclude-standard"], capture_output=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return None
        return [p for p in dict.fromkeys(listed.decode("utf-8", "surrogateescape").split("\0")) if p]

    def _from_walk(self) -> list[str]:
        found = []
        for folder, subfolders, names in os.walk(self.root):
            subfolders[:] = [s for s in subfolders if s not in WALK_SKIPS]
            base = pathlib.Path(folder).relative_to(self.root)
            found += [(base / name).as_posix() for name in names]
        return found

    def with_suffix(self, *suffixes: str) -> list[str]:
        return [p for p in self.files if p.endswith(suffixes)]

    def cpp_files(self) -> list[str]:
        return self.with_suffix(*CPP_SUFFIXES)

    @functools.cache
    def text(self, path: str) -> str:
        """The text of a file; bytes that are not UTF-8 survive as surrogates."""
        return (self.root / path).read_text(encoding="utf-8", errors="surrogateescape")

    @functools.cache
    def lines(self, path: str) -> list[str]:
        return self.text(path).splitlines()

    @functools.cache
    def bare(self, path: str) -> str:
        """C++ without comments and without the insides of literals; every line stays where it was."""
        return cpp.strip(self.text(path))

    @functools.cache
    def includes(self, path: str) -> list[cpp.Include]:
        return cpp.includes(self.text(path))


def room_of(path: str) -> str | None:
    """The room whose folder holds `path`, if any."""
    top = path.split("/", 1)[0]
    return top if top in ROOMS else None


def is_test_code(path: str) -> bool:
    """True for what no shipped program contains: tests, fuzz targets and everything below tests/ and bench/."""
    stem = pathlib.PurePosixPath(path).stem
    return stem.endswith(("_test", "_fuzz", "_bench")) or path.startswith(("tests/", "bench/"))
