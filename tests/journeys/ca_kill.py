#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_CA_006: an authority that is killed at any write forgets nothing that it handed out, and goes on.

Runs `signet ca init`, `issue`, `revoke` and `crl`, killed before (and within) the 1st, 2nd, 3rd ... call that
changes a file,
until the command gets through. After each kill this script alone reads the journal, as docs/formats/ca-state.md
describes it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

KILLS_MAX = 200


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
    def __init__(self, arguments: argparse.Namespace, folder: pathlib.Path) -> None:
        self.signet = arguments.signet
        self.library = arguments.crash_lib
        self.folder = folder
        self.authority = folder / "ca"
        self.handed_out: set[str] = set()  # PEM certificates that left the program
        self.revoked: set[str] = set()
        self.numbers: list[int] = []
        self.kills = 0
        self.key = arguments.key or self.make_key("root")
        self.public_key = folder / "release.pub"

    def make_key(self, label: str) -> str:
        store = f"file:{self.folder / 'keys'}?passphrase=none"
        self.must("key", "generate", store, "--label", label)
        return f"file:{self.folder / 'keys'}?label={label}&passphrase=none"

    def run(self, *words: str, crash_at: int = 0, torn: bool = False) -> subprocess.CompletedProcess:
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
        return subprocess.run([self.signet, *words], env=environment, capture_output=True, timeout=120)

    def must(self, *words: str) -> bytes:
        done = self.run(*words)
        assert done.returncode == 0, (words, done.returncode, done.stderr.decode(errors="replace"))
        return done.stdout

    def records(self, kind: str) -> list[dict]:
        return [record for record in read_journal(self.authority / "journal") if record["type"] == kind]

    def check_disk(self) -> None:
        issued = [record["certificate"] for record in self.records("issued")]
        serials = [entry["serial"] for entry in self.listed()]
        assert (
            len(serials) == len(set(serials)) == len(issued)
        ), "two certificates of one serial number, or one is not listed"
        assert self.handed_out <= set(issued), "a certificate that was handed out is not on record"
        assert self.revoked <= {record["serial"] for record in self.records("revoked")}, "a revocation is forgotten"
        numbers = [record["number"] for record in self.records("crl")]
        assert numbers == sorted(set(numbers)), "a list's number went back"
        assert set(self.numbers) <= set(numbers), "a list that was handed out is not on record"

    def listed(self) -> list[dict]:
        if not (self.authority / "journal").exists():
            return []
        return json.loads(self.must("ca", "list", str(self.authority), "--json"))["result"]["certificates"]

    def kill_through(self, words: list[str], torn: bool) -> dict:
        """Kills the command at its 1st, 2nd, ... change of a file until it succeeds."""
        for call in range(1, KILLS_MAX):
            done = self.run(*words, "--json", crash_at=call, torn=torn)
            if done.returncode == 0:
                return json.loads(done.stdout)["result"]
            text = (done.stdout + done.stderr).decode(errors="replace")
            # A killed act may be on record although nobody was told; then it cannot be done again.
            if done.returncode != -signal.SIGKILL:
                assert words[1] in ("init", "revoke") and (
                    "holds a certificate authority" in text or "was revoked" in text
                ), text
                return {}
            self.kills += 1
            self.check_disk()
        raise AssertionError(f"{words} does not get through within {KILLS_MAX} kills")

    def round(self, torn: bool) -> None:
        folder = str(self.authority)
        out = self.kill_through(
            [
                "ca",
                "issue",
                folder,
                "--key",
                self.key,
                "--profile",
                "firmware-signing",
                "--public-key",
                str(self.public_key),
                "--subject",
                "CN=Release",
            ],
            torn,
        )
        lines = out["certificate"].splitlines()
        self.handed_out.add(base64.b64encode(base64.b64decode("".join(lines[1:-1]))).decode())
        self.kill_through(["ca", "revoke", folder, out["serial"]], torn)
        self.revoked.add(out["serial"])
        self.numbers.append(self.kill_through(["ca", "crl", folder, "--key", self.key], torn)["number"])
        self.check_disk()

    def travel(self) -> None:
        shown = json.loads(self.must("key", "show", self.make_key("release"), "--json"))["result"]
        self.public_key.write_text(shown["public_key"], encoding="utf-8")
        self.kill_through(["ca", "init", str(self.authority), "--key", self.key, "--subject", "CN=Root"], False)
        for torn in (False, True):
            for _ in range(3):
                self.round(torn)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signet", required=True, help="the program under test")
    parser.add_argument("--crash-lib", required=True, help="libsignet_crash_at.so")
    parser.add_argument("--key", help="URI of the authority's key; without it one is made")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="signet-kill-") as folder:
        journey = Journey(arguments, pathlib.Path(folder))
        journey.travel()
        print(f"P_CA_006: {journey.kills} kills, {len(journey.handed_out)} certificates handed out, none forgotten")
        assert journey.kills >= 20, "so few kills prove little"
    return 0


if __name__ == "__main__":
    sys.exit(main())
