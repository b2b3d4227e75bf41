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
import pathlib
import sys

from journey import Signet, expect, travel
from kills import kill_through

ORIGIN = "kill.example/log"


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
    def __init__(self, arguments: argparse.Namespace, signet: Signet) -> None:
        self.signet = signet
        self.folder = signet.folder / "log"
        self.disk = Disk(self.folder)
        self.key = arguments.key or self.make_key()
        self.vkey = signet.folder / "log.vkey"
        self.acknowledged: list[bytes] = []
        self.published = 0
        self.kills = 0

    def make_key(self) -> str:
        self.signet.must("key", "generate", "file:keys?passphrase=none", "--label", "log", "--algorithm", "ed25519")
        return "file:keys?label=log&passphrase=none"

    def check_disk(self, attempted: list[bytes]) -> None:
        """Everything acknowledged is there, nothing that nobody appended, and the checkpoint covers what is there."""
        entries = self.disk.entries()
        expect(entries[: len(self.acknowledged)] == self.acknowledged, "every acknowledged entry is there")
        more = entries[len(self.acknowledged) :]
        expect(more == attempted[: len(more)], "no entry that nobody appended", more)
        size, root = self.disk.checkpoint()
        expect(size >= self.published, "the checkpoint does not go back", (self.published, size))
        expect(size <= len(entries), "the checkpoint covers only what is there", (size, len(entries)))
        expect(self.disk.bundles(size) == entries[:size], "the published entries are the acknowledged ones")
        leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in entries[:size]]
        expect(root_of(leaves) == root, "the checkpoint's root is that of the entries")
        self.published = size
        self.signet.must("ledger", "verify", self.folder, "--log-key", self.vkey)

    def kill_through(self, words: list[object], attempted: list[bytes], torn: bool) -> None:
        def after_kill() -> None:
            self.check_disk(attempted)
            # What the killed command left whole counts from now on: the next open takes it over.
            self.acknowledged = self.disk.entries()

        lines = b"".join(entry + b"\n" for entry in attempted)
        done, kills = kill_through(
            lambda call: self.signet.run(*words, crash_at=call, torn=torn, stdin=lines), after_kill
        )
        self.kills += kills
        expect(done.code == 0, "success after the last kill", done)
        self.acknowledged += attempted
        self.check_disk([])

    def append(self, count: int, torn: bool) -> None:
        first = len(self.acknowledged)
        entries = [f"entry {first + i}".encode() for i in range(count)]
        self.kill_through(["ledger", "append", self.folder, "--stdin"], entries, torn)

    def checkpoint(self, torn: bool) -> None:
        self.kill_through(["ledger", "checkpoint", self.folder, "--key", self.key], [], torn)
        expect(self.published == len(self.acknowledged), "the checkpoint covers all", self.published)

    def travel(self) -> None:
        must = self.signet.must
        must("ledger", "vkey", "--key", self.key, "--name", ORIGIN, "--out", self.vkey)
        must("ledger", "init", self.folder, "--origin", ORIGIN)
        must("ledger", "append", self.folder, "the first")
        self.acknowledged.append(b"the first")
        must("ledger", "checkpoint", self.folder, "--key", self.key)
        for torn in (False, True):
            for count in (1, 3, 250, 300):  # within a tile, to its end and across it
                self.append(count, torn)
                self.checkpoint(torn)
        before = len(self.acknowledged)
        must("ledger", "append", self.folder, "the last")
        expect(self.disk.entries()[before:] == [b"the last"], "the ledger goes on")


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    log = Journey(arguments, signet)
    log.travel()
    expect(log.kills >= 100, "at least 100 kills, since fewer prove little", log.kills)
    print(f"P_LEDGER_016: {log.kills} kills, {len(log.acknowledged)} entries, none lost")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey, ("--key", {"help": "URI of an Ed25519 key; without it one is made"})))
