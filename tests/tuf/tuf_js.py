#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_TUF_010: tuf-js follows a repository that `signet repo` made, and our client follows one of @tufjs/repo-mock.

The packages are not part of this repository: --install fetches them by npm into --modules. Without them the test ends
with 77, which ctest shows as skipped."""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "journeys"))
from journey import Maker, Signet, expect, sample  # pylint: disable=wrong-import-position

PACKAGES = ("tuf-js@3.1.0", "@tufjs/repo-mock@3.0.1")
SCRIPT = pathlib.Path(__file__).with_name("tuf_js.js")
SKIPPED = 77


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:  # pylint: disable=arguments-differ
        """The test speaks for itself."""


def node(modules: pathlib.Path, *words: object) -> bytes:
    environment = dict(os.environ) | {"NODE_PATH": str(modules / "node_modules")}
    command = ["node", str(SCRIPT), *(str(word) for word in words)]
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
    expect(done.returncode == 0, "tuf-js to accept it", done.stderr.decode(errors="replace"))
    return done.stdout


def they_read_ours(signet: Signet, modules: pathlib.Path) -> None:
    maker = Maker(signet)
    maker.issue("alice")
    for label, algorithm in (
        *(("ann", "ed25519"), ("bob", "p256"), ("carol", "rsa2048"), ("team", "rsa2048"), ("release", "ed25519")),
        *(("snapshot", "p256"), ("timestamp", "ed25519"), ("timestamp-2", "p256")),
    ):
        maker.make_key(label, algorithm)
    key = maker.key
    signet.must(
        *("repo", "init", "updates", "--root-key", key("ann"), "--root-key", key("bob"), "--root-threshold", "2"),
        *("--targets-key", key("release"), "--snapshot-key", key("snapshot"), "--timestamp-key", key("timestamp")),
    )
    signet.must("repo", "add-product", "updates", "cam-a", "--product-key", key("team"), "--key", key("release"))
    (signet.folder / "rootfs.img").write_bytes(sample(100_000, 1))
    for number, version in enumerate(("1.0", "1.1"), 1):
        bundle = maker.pack(f"{version}.bundle", {"rootfs": "rootfs.img"}, ("alice",), version=version)
        signet.must("repo", "publish", "updates", bundle, "--key", key("team"))
        got = node(modules, "follow", signet.folder / "updates/public", signet.folder / "js", f"cam-a/{bundle}")
        expect(got == (signet.folder / bundle).read_bytes(), f"bundle {number} as it was published")
        old, new = (("timestamp", "timestamp-2"), ("ann", "carol"))[number - 1]
        role = "timestamp" if number == 1 else "root"
        words = [word for label in ("ann", "bob", "carol") for word in ("--key", key(label))]
        words = words if role == "root" else words[:4]
        signet.must("repo", "rotate", "updates", role, "--remove", old, "--add", key(new), *words)
    got = node(modules, "follow", signet.folder / "updates/public", signet.folder / "js", "cam-a/1.1.bundle")
    expect(got == (signet.folder / "1.1.bundle").read_bytes(), "the bundle after two rotations")


def we_read_theirs(client: str, folder: pathlib.Path, modules: pathlib.Path) -> None:
    theirs = folder / "theirs"
    node(modules, "make", theirs, "hello.txt=a target of repo-mock", "dir/other=another")
    handler = functools.partial(Quiet, directory=str(theirs))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}"
        state, targets = folder / "state", folder / "targets"
        common = [client, "--metadata-dir", str(state)]
        subprocess.run([*common, "init", str(theirs / "metadata/1.root.json")], check=True)
        words = ["--metadata-url", f"{base}/metadata", "--target-base-url", f"{base}/targets"]
        names = ["--target-name", "hello.txt", "--target-name", "dir/other"]
        subprocess.run([*common, *words, *names, "--target-dir", str(targets), "download"], check=True)
        (theirs / "targets/hello.txt").write_text("a target of repo-mocK", encoding="ascii")
        (targets / "hello.txt").unlink()
        again = subprocess.run([*common, *words, *names, "--target-dir", str(targets), "download"], check=False)
        expect(again.returncode == 1 and not (targets / "hello.txt").exists(), "an altered target to be refused")
        expect((targets / "dir/other").read_text(encoding="ascii") == "another", "the other target")
        server.shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", type=pathlib.Path, required=True, help="folder with node_modules")
    parser.add_argument("--install", action="store_true", help="only install the packages there")
    parser.add_argument("--signet", help="the program")
    parser.add_argument("--client", help="tuf_conformance_client")
    arguments = parser.parse_args()
    if arguments.install:
        arguments.modules.mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            ["npm", "install", "--no-save", *PACKAGES], cwd=arguments.modules, check=False
        ).returncode
    if not (arguments.modules / "node_modules/tuf-js").is_dir():
        print(f"skipped: no tuf-js; run {pathlib.Path(__file__).name} --install --modules {arguments.modules}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="signet-tuf-") as name:
        folder = pathlib.Path(name)
        we_read_theirs(os.path.abspath(arguments.client), folder, arguments.modules)
        they_read_ours(Signet(arguments.signet, None, folder), arguments.modules)
    print("tuf-js: both follow each other's repositories")
    return 0


if __name__ == "__main__":
    sys.exit(main())
