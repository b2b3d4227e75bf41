#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_KEYSTORE_021: a TPM key store that is killed at any write holds each key whole or not at all, and goes on.

Runs `signet key generate`, `key list` over records of version 0, and `key retire`, killed before (and within) the 1st,
2nd, 3rd ... call that changes a file, until the command gets through. After each kill the folder itself is read, by
this script alone and as docs/formats/tpm-keystore.md describes it. The TPM is swtpm, new for each command: a power cut.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from typing import Iterator

KILLS_MAX = 100
VERSION_0 = ("label", "algorithm", "parent", "public", "private", "auth")


def whole(text: bytes) -> dict:
    """The record, if it is a whole one of version 1."""
    record = json.loads(text)
    check = record.pop("check")
    plain = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    assert record["version"] == 1 and check == hashlib.sha256(plain).hexdigest(), "a record is damaged"
    return record


class Journey:
    def __init__(self, arguments: argparse.Namespace, folder: pathlib.Path) -> None:
        self.signet = arguments.signet
        self.crash_lib = arguments.crash_lib
        self.state = folder / "tpm"
        self.socket = folder / "tpm.sock"
        self.keys = folder / "keys"
        self.kills = 0
        self.state.mkdir()
        tcti = urllib.parse.quote(f"swtpm:path={self.socket}", safe="")
        self.store = f"tpm:{self.keys}?tcti={tcti}"

    @contextlib.contextmanager
    def tpm(self) -> Iterator[None]:
        words = [
            "swtpm",
            "socket",
            "--tpm2",
            "--tpmstate",
            f"dir={self.state}",
            "--flags",
            "not-need-init,startup-clear",
        ]
        for name, path in (("--server", self.socket), ("--ctrl", f"{self.socket}.ctrl")):
            words += [name, f"type=unixio,path={path}"]
        for path in (self.socket, pathlib.Path(f"{self.socket}.ctrl")):
            path.unlink(missing_ok=True)
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
            try:
                deadline = time.monotonic() + 10
                while not (self.socket.exists() and pathlib.Path(f"{self.socket}.ctrl").exists()):
                    assert time.monotonic() < deadline and process.poll() is None, "swtpm does not start"
                    time.sleep(0.01)
                yield
            finally:
                process.kill()

    def run(self, *words: str, crash_at: int = 0, torn: bool = False) -> subprocess.CompletedProcess:
        environment = dict(os.environ)
        if crash_at:
            # A build with sanitizers wants its own library first, and says so unless told that it is fine.
            options = environment.get("ASAN_OPTIONS", "")
            environment |= {
                "LD_PRELOAD": self.crash_lib,
                "SIGNET_CRASH_AT": str(crash_at),
                "SIGNET_CRASH_TORN": "1" if torn else "0",
                "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0",
            }
        with self.tpm():
            return subprocess.run([self.signet, *words], env=environment, capture_output=True, timeout=120)

    def must(self, *words: str) -> dict:
        done = self.run(*words, "--json")
        assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)["result"]

    def record(self, label: str) -> pathlib.Path:
        return self.keys / f"{label}.tpmkey"

    def listed(self) -> list[str]:
        listed = self.must("key", "list", self.store)
        assert not listed["damaged"], listed["damaged"]
        return [key["label"] for key in listed["keys"]]

    def killed(self, done: subprocess.CompletedProcess) -> bool:
        if done.returncode != -signal.SIGKILL:
            return False
        self.kills += 1
        return True

    def generate(self, label: str, torn: bool) -> None:
        for call in range(1, KILLS_MAX):
            done = self.run("key", "generate", self.store, "--label", label, crash_at=call, torn=torn)
            killed = self.killed(done)
            assert killed or done.returncode == 0, (done.returncode, done.stderr)
            there = self.record(label).exists()
            if there:
                assert whole(self.record(label).read_bytes())["label"] == label
            assert there or killed, "an acknowledged key is gone"
            if self.keys.is_dir():
                assert (label in self.listed()) == there
                assert not [path for path in self.keys.iterdir() if ".new-" in path.name], "a left-over stays"
            if not killed:
                return
            self.record(label).unlink(missing_ok=True)
        raise AssertionError(f"generate does not get through within {KILLS_MAX} kills")

    def migrate(self, label: str, torn: bool) -> None:
        now = self.record(label).read_bytes()
        fields = json.loads(now)
        old = json.dumps({"version": 0} | {name: fields[name] for name in VERSION_0}, indent=1).encode()
        for call in range(1, KILLS_MAX):
            self.record(label).write_bytes(old)
            done = self.run("key", "list", self.store, crash_at=call, torn=torn)
            found = self.record(label).read_bytes()
            assert found in (old, now), "a record is half way between two versions"
            assert label in self.listed() and self.record(label).read_bytes() == now
            if not self.killed(done):
                assert done.returncode == 0, (done.returncode, done.stderr)
                return
        raise AssertionError(f"list does not get through within {KILLS_MAX} kills")

    def retire(self, label: str) -> None:
        for call in range(1, KILLS_MAX):
            done = self.run("key", "retire", f"{self.store}&label={label}", "--yes", crash_at=call)
            if not self.killed(done):
                assert done.returncode in (0, 8) and not self.record(label).exists()
                return
            if self.record(label).exists():
                whole(self.record(label).read_bytes())

    def travel(self) -> None:
        for torn in (False, True):
            label = "torn" if torn else "clean"
            self.generate(label, torn)
            self.migrate(label, torn)
        self.retire("clean")
        assert self.listed() == ["torn"], "another key went with it"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signet", required=True, help="the program under test")
    parser.add_argument("--crash-lib", required=True, help="libsignet_crash_at.so")
    arguments = parser.parse_args()
    if shutil.which("swtpm") is None:
        print("swtpm is not installed: nothing was tried")
        return 1
    with tempfile.TemporaryDirectory(prefix="signet-kill-") as folder:
        journey = Journey(arguments, pathlib.Path(folder))
        journey.travel()
        print(f"P_KEYSTORE_021: {journey.kills} kills, no key lost, none by half")
        assert journey.kills >= 10, "so few kills prove little"
    return 0


if __name__ == "__main__":
    sys.exit(main())
