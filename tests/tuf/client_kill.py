#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_TUF_005: a client that is killed before or within any of its writes, while root and timestamp keys change, goes on.

After each kill the next refresh succeeds and ends with the same trusted metadata as one that nobody disturbed."""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "journeys"))
from journey import Maker, Signet, expect  # pylint: disable=wrong-import-position

KILLS_MAX = 400


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:  # pylint: disable=arguments-differ
        """The test speaks for itself."""


class Client:
    """The program under test, on a copy of one state."""

    def __init__(self, program: str, crash_lib: str, url: str) -> None:
        self.program = program
        self.crash_lib = crash_lib
        self.url = url

    def refresh(self, state: pathlib.Path, crash_at: int = 0, torn: bool = False) -> int:
        environment = dict(os.environ)
        if crash_at:
            environment |= {
                "LD_PRELOAD": self.crash_lib,
                "SIGNET_CRASH_AT": str(crash_at),
                "SIGNET_CRASH_TORN": "1" if torn else "0",
                "ASAN_OPTIONS": "verify_asan_link_order=0",
            }
        words = [self.program, "--metadata-dir", str(state), "--metadata-url", self.url, "refresh"]
        return subprocess.run(words, env=environment, check=False, timeout=60, stderr=subprocess.DEVNULL).returncode


def trusted(state: pathlib.Path) -> dict[str, bytes]:
    """Everything but the lock."""
    return {path.name: path.read_bytes() for path in state.iterdir() if path.name != ".lock"}


def make_repository(signet: Signet, program: str) -> None:
    """A device that knows the first root, timestamp and snapshot; then keys of both root and timestamp are replaced."""
    maker = Maker(signet)
    for label in ("ann", "bob", "online", "online-2"):
        maker.make_key(label)
    keys = [word for role in ("root", "targets") for word in (f"--{role}-key", maker.key("ann"))]
    keys += [word for role in ("snapshot", "timestamp") for word in (f"--{role}-key", maker.key("online"))]
    signet.must("repo", "init", "updates", *keys)
    state = signet.folder / "before"
    root = signet.folder / "updates/public/metadata/1.root.json"
    subprocess.run([program, "--metadata-dir", str(state), "init", str(root)], check=True)


def rotate(signet: Signet) -> None:
    key = functools.partial("file:vendor-keys?label={0}&passphrase=none".format)
    signet.must("repo", "rotate", "updates", "root", "--add", key("bob"), "--remove", "ann", "--key", key("ann"))
    words = ("timestamp", "--add", key("online-2"), "--remove", "online", "--key", key("bob"))
    signet.must("repo", "rotate", "updates", *words)


def try_all(client: Client, folder: pathlib.Path) -> int:
    calm = folder / "calm"
    shutil.copytree(folder / "before", calm)
    expect(client.refresh(calm) == 0, "an undisturbed refresh to succeed")
    wanted = trusted(calm)
    expect(".rotation" not in wanted and b'"version": 3' in wanted["root.json"], "the third root", sorted(wanted))
    kills = 0
    for torn in (False, True):
        for point in range(1, KILLS_MAX):
            state = folder / "state"
            shutil.copytree(folder / "before", state)
            if client.refresh(state, point, torn) == 0:
                break
            kills += 1
            expect(client.refresh(state) == 0, f"the refresh after a kill at write {point} to succeed")
            seen = trusted(state)
            expect(seen == wanted, f"the same trust after a kill at write {point}", sorted(seen))
            shutil.rmtree(state)
        shutil.rmtree(folder / "state")
    return kills


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signet", required=True, help="the program")
    parser.add_argument("--client", required=True, help="tuf_conformance_client")
    parser.add_argument("--crash-lib", required=True, help="libsignet_crash_at.so")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="signet-tuf-") as name:
        folder = pathlib.Path(name)
        signet = Signet(arguments.signet, None, folder)
        program = os.path.abspath(arguments.client)
        make_repository(signet, program)
        handler = functools.partial(Quiet, directory=str(folder / "updates/public"))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_address[1]}/metadata"
            client = Client(program, os.path.abspath(arguments.crash_lib), url)
            expect(client.refresh(folder / "before") == 0, "the first refresh to succeed")
            rotate(signet)
            kills = try_all(client, folder)
            server.shutdown()
        expect(kills > 10, "more than a handful of writes", kills)
        print(f"P_TUF_005: {kills} kills, each made good by the next refresh")
    return 0


if __name__ == "__main__":
    sys.exit(main())
