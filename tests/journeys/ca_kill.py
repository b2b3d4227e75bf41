#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_CA_006: an authority that is killed at any write forgets nothing that it handed out, and goes on.

Runs `signet ca init`, `issue`, `revoke` and `crl`, killed before (and within) the 1st, 2nd, 3rd ... call that
changes a file, until the command gets through. After each kill this script alone reads the journal, as
docs/formats/ca-state.md describes it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import pathlib
import sys

from journey import Signet, expect, travel
from kills import kill_through


def read_journal(path: pathlib.Path) -> list[dict]:
    """The whole records; the oracle."""
    if not path.exists():
        return []
    data = path.read_bytes()
    assert data[:8] == b"SIGNETCA"
    at, chain, records = 8, hashlib.sha256(b"SIGNETCA").digest(), []
    while len(data) - at >= 36:
        size = int.from_bytes(data[at : at + 4], "big")
        record = data[at + 36 : at + 36 + size]
        chain = hashlib.sha256(chain + data[at : at + 4] + record).digest()
        if len(record) < size or chain != data[at + 4 : at + 36]:
            break
        records.append(json.loads(record))
        at += 36 + size
    return records


class Journey:
    def __init__(self, arguments: argparse.Namespace, signet: Signet) -> None:
        self.signet = signet
        self.authority = signet.folder / "ca"
        self.handed_out: set[str] = set()  # certificates that left the program
        self.revoked: set[str] = set()
        self.numbers: list[int] = []
        self.kills = 0
        self.key = arguments.key or self.make_key("root")
        self.public_key = signet.folder / "release.pub"

    def make_key(self, label: str) -> str:
        self.signet.must("key", "generate", "file:keys?passphrase=none", "--label", label)
        return f"file:keys?label={label}&passphrase=none"

    def records(self, kind: str) -> list[dict]:
        return [record for record in read_journal(self.authority / "journal") if record["type"] == kind]

    def check_disk(self) -> None:
        issued = [record["certificate"] for record in self.records("issued")]
        serials = [entry["serial"] for entry in self.listed()]
        expect(
            len(serials) == len(set(serials)) == len(issued),
            "each certificate on record is listed, each under a serial number of its own",
            (serials, len(issued)),
        )
        expect(self.handed_out <= set(issued), "every certificate that was handed out is on record")
        expect(self.revoked <= {record["serial"] for record in self.records("revoked")}, "no revocation is forgotten")
        numbers = [record["number"] for record in self.records("crl")]
        expect(numbers == sorted(set(numbers)), "the numbers of lists only grow", numbers)
        expect(set(self.numbers) <= set(numbers), "every list that was handed out is on record", numbers)

    def listed(self) -> list[dict]:
        if not (self.authority / "journal").exists():
            return []
        return self.signet.must("ca", "list", self.authority)["certificates"]

    def kill_through(self, words: list[object], torn: bool) -> dict:
        done, kills = kill_through(
            lambda call: self.signet.run(*words, "--json", crash_at=call, torn=torn), self.check_disk
        )
        self.kills += kills
        if done.code == 0:
            return done.json["result"]
        # A killed act may be on record although nobody was told; then it cannot be done again.
        text = (done.out + done.err).decode(errors="replace")
        expect(
            words[1] in ("init", "revoke") and ("holds a certificate authority" in text or "was revoked" in text),
            "success, or that it was done already",
            done,
        )
        return {}

    def round(self, torn: bool) -> None:
        words = ["ca", "issue", self.authority, "--key", self.key, "--profile", "firmware-signing"]
        words += ["--public-key", self.public_key, "--subject", "CN=Release"]
        out = self.kill_through(words, torn)
        lines = out["certificate"].splitlines()
        self.handed_out.add(base64.b64encode(base64.b64decode("".join(lines[1:-1]))).decode())
        self.kill_through(["ca", "revoke", self.authority, out["serial"]], torn)
        self.revoked.add(out["serial"])
        self.numbers.append(self.kill_through(["ca", "crl", self.authority, "--key", self.key], torn)["number"])
        self.check_disk()

    def travel(self) -> None:
        shown = self.signet.must("key", "show", self.make_key("release"))
        self.public_key.write_text(shown["public_key"], encoding="utf-8")
        self.kill_through(["ca", "init", self.authority, "--key", self.key, "--subject", "CN=Root"], False)
        for torn in (False, True):
            for _ in range(3):
                self.round(torn)


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    authority = Journey(arguments, signet)
    authority.travel()
    expect(authority.kills >= 20, "at least 20 kills, since fewer prove little", authority.kills)
    print(f"P_CA_006: {authority.kills} kills, {len(authority.handed_out)} certificates handed out, none forgotten")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey, ("--key", {"help": "URI of the authority's key; without it one is made"})))
