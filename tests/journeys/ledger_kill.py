#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_LEDGER_016: a ledger that is killed at any write keeps what it acknowledged, and goes on.

Runs `signet ledger append` and `checkpoint` again and again, killed before (and within) the 1st, 2nd, 3rd ... call that
changes a file, until the command gets through. After each kill the folder itself is read, by this script alone, and
`signet ledger verify` is run over it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

ORIGIN = "kill.example/log"
KILLS_MAX = 400


class Disk:
    """A ledger's folder as docs/formats/ledger.md describes it; the oracle."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def journal(self) -> tuple[int, list[bytes]]:
        data = (self.folder / "journal" / "entries").read_bytes()
        lines = data.split(b"\n", 5)
        base, salt = int(lines[2]), bytes.fromhex(lines[3].decode())
        assert bytes.fromhex(lines[4].decode()) == hashlib.sha256(b"\n".join(lines[:4]) + b"\n").digest()[:8]
        rest, entries = lines[5], []
        while len(rest) >= 22:
            size = int.from_bytes(rest[12:14], "big")
            entry = rest[22 : 22 + size]
            leaf = hashlib.sha256(b"\0" + entry).digest()
            index = int.from_bytes(rest[4:12], "big")
            check = hashlib.sha256(salt + rest[:14] + leaf).digest()[:8]
            if len(entry) < size or rest[:3] != b"SLJ" or check != rest[14:22] or index != base + len(entries):
                break
            entries.append(entry)
            rest = rest[22 + size :]
        return base, entries

    def bundles(self, size: int) -> list[bytes]:
        entries: list[bytes] = []
        for number in range((size + 255) // 256):
            width = min(256, size - 256 * number)
            path = self.folder / "tile" / "entries" / f"{number:03}"
            if width < 256 and not path.exists():
                path = path.with_name(f"{number:03}.p") / str(width)
            rest, count = path.read_bytes(), 0
            while rest and count < width:
                length = int.from_bytes(rest[:2], "big")
                entries.append(rest[2 : 2 + length])
                rest, count = rest[2 + length :], count + 1
        return entries

    def checkpoint(self) -> tuple[int, bytes]:
        path = self.folder / "checkpoint"
        if not path.exists():
            return 0, hashlib.sha256(b"").digest()
        lines = path.read_text(encoding="utf-8").split("\n")
        assert lines[0] == ORIGIN
        return int(lines[1]), base64.b64decode(lines[2], validate=True)

    def entries(self) -> list[bytes]:
        base, tail = self.journal()
        return self.bundles(base)[:base] + tail


def root_of(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


class Journey:
    def __init__(self, arguments: argparse.Namespace, folder: pathlib.Path) -> None:
        self.signet = arguments.signet
        self.library = arguments.crash_lib
        self.folder = folder / "log"
        self.disk = Disk(self.folder)
        self.key = arguments.key or self.make_key(folder / "keys")
        self.vkey = folder / "log.vkey"
        self.acknowledged: list[bytes] = []
        self.published = 0
        self.kills = 0

    def make_key(self, store: pathlib.Path) -> str:
        self.must("key", "generate", f"file:{store}?passphrase=none", "--label", "log", "--algorithm", "ed25519")
        return f"file:{store}?label=log&passphrase=none"

    def run(
        self, *words: str, crash_at: int = 0, torn: bool = False, stdin: bytes = b""
    ) -> subprocess.CompletedProcess:
        environment = dict(os.environ)
        if crash_at:
            # A build with sanitizers wants its own library first, and says so unless told that it is fine.
            options = environment.get("ASAN_OPTIONS", "")
            environment |= {
                "LD_PRELOAD": self.library,
                "SIGNET_CRASH_AT": str(crash_at),
                "SIGNET_CRASH_TORN": "1" if torn else "0",
                "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0",
            }
        return subprocess.run([self.signet, *words], env=environment, input=stdin, capture_output=True, timeout=120)

    def must(self, *words: str, stdin: bytes = b"") -> bytes:
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, (words, done.returncode, done.stderr.decode(errors="replace"))
        return done.stdout

    def check_disk(self, attempted: list[bytes]) -> None:
        """Everything acknowledged is there, nothing that nobody appended, and the checkpoint covers what is there."""
        entries = self.disk.entries()
        assert entries[: len(self.acknowledged)] == self.acknowledged, "an acknowledged entry is gone"
        more = entries[len(self.acknowledged) :]
        assert more == attempted[: len(more)], "there are entries that nobody appended"
        size, root = self.disk.checkpoint()
        assert size >= self.published, "the checkpoint went back"
        assert size <= len(entries), "the checkpoint covers entries that are not there"
        assert (
            self.disk.bundles(size) == entries[:size]
        ), "the published entries are others than the acknowledged ones"
        leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in entries[:size]]
        assert root_of(leaves) == root, "the checkpoint's root is not that of the entries"
        self.published = size
        self.must("ledger", "verify", str(self.folder), "--log-key", str(self.vkey))

    def kill_through(self, words: list[str], attempted: list[bytes], torn: bool) -> None:
        """Kills the command at its 1st, 2nd, ... change of a file until it succeeds."""
        lines = b"".join(entry + b"\n" for entry in attempted)
        for call in range(1, KILLS_MAX):
            done = self.run(*words, crash_at=call, torn=torn, stdin=lines)
            if done.returncode == 0:
                self.acknowledged += attempted
                self.check_disk([])
                return
            assert done.returncode == -signal.SIGKILL, (done.returncode, done.stderr.decode(errors="replace"))
            self.kills += 1
            self.check_disk(attempted)
            # What the killed command left whole counts from now on: the next open takes it over.
            self.acknowledged = self.disk.entries()
        raise AssertionError(f"{words} does not get through within {KILLS_MAX} kills")

    def append(self, count: int, torn: bool) -> None:
        first = len(self.acknowledged)
        entries = [f"entry {first + i}".encode() for i in range(count)]
        self.kill_through(["ledger", "append", str(self.folder), "--stdin"], entries, torn)

    def checkpoint(self, torn: bool) -> None:
        self.kill_through(["ledger", "checkpoint", str(self.folder), "--key", self.key], [], torn)
        assert self.published == len(self.acknowledged)

    def travel(self) -> None:
        self.must("ledger", "vkey", "--key", self.key, "--name", ORIGIN, "--out", str(self.vkey))
        self.must("ledger", "init", str(self.folder), "--origin", ORIGIN)
        self.must("ledger", "append", str(self.folder), "the first")
        self.acknowledged.append(b"the first")
        self.must("ledger", "checkpoint", str(self.folder), "--key", self.key)
        for torn in (False, True):
            for count in (1, 3, 250, 300):  # within a tile, to its end and across it
                self.append(count, torn)
                self.checkpoint(torn)
        before = len(self.acknowledged)
        self.must("ledger", "append", str(self.folder), "the last")
        assert self.disk.entries()[before:] == [b"the last"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signet", required=True, help="the program under test")
    parser.add_argument("--crash-lib", required=True, help="libsignet_crash_at.so")
    parser.add_argument("--key", help="URI of an Ed25519 key; without it one is made")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="signet-kill-") as folder:
        journey = Journey(arguments, pathlib.Path(folder))
        journey.travel()
        print(f"P_LEDGER_016: {journey.kills} kills, {len(journey.acknowledged)} entries, none lost")
        assert journey.kills >= 100, "so few kills prove little"
    return 0


if __name__ == "__main__":
    sys.exit(main())
