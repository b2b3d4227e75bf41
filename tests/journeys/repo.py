#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""The life of an update repository, by the command line alone: made by two people at two places, a product added,
releases published, promoted and withdrawn, a stolen key replaced, and what is refused."""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
import sys
from typing import Any

from journey import Maker, Signet, expect, sample, travel


class Vendor:
    """The repository, and those who sign for it."""

    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.maker = Maker(signet)
        self.public = signet.folder / "updates/public"
        for label in ("ann", "bob", "release", "team", "snapshot", "timestamp", "timestamp-2", "mallory"):
            self.maker.make_key(label, "ed25519" if label in ("ann", "snapshot") else "p256")
        (signet.folder / "bob.pem").write_text(
            signet.must("key", "show", self.maker.key("bob"))["public_key"], encoding="ascii"
        )

    def must(self, verb: str, *words: str, keys: tuple[str, ...] = ()) -> dict[str, Any]:
        given = [word for label in keys for word in ("--key", self.maker.key(label))]
        return self.signet.must("repo", verb, "updates", *words, *given)

    def metadata(self, name: str) -> dict[str, Any]:
        return json.loads((self.public / "metadata" / name).read_text(encoding="utf-8"))["signed"]

    def role(self, name: str) -> dict[str, Any]:
        return next(role for role in self.must("status")["roles"] if role["role"] == name)

    def tracks(self) -> dict[str, list[str]]:
        """What is public, read without the program's help."""
        snapshot = self.metadata(
            f"{self.metadata('timestamp.json')['meta']['snapshot.json']['version']}.snapshot.json"
        )
        version = snapshot["meta"]["cam-a.json"]["version"]
        targets = self.metadata(f"{version}.cam-a.json")["targets"]
        releases = [target["custom"] for path, target in targets.items() if path.endswith(".bundle")]
        return {release["version"]: release["tracks"] for release in releases}


def begin(vendor: Vendor) -> None:
    key = vendor.maker.key
    made = vendor.must(
        "init",
        *("--root-key", f"ann={key('ann')}", "--root-key", "bob.pem", "--root-threshold", "2"),
        *("--targets-key", key("release"), "--snapshot-key", key("snapshot"), "--timestamp-key", key("timestamp")),
    )
    expect(made["public"] == [] and made["signed"] == ["root", "targets"], "drafts that wait", made)
    need = vendor.role("root")["draft"]["needs"][0]
    expect((need["signed_by"], need["missing"]) == (["ann"], ["bob"]), "bob to be missing", need)
    # Bob is elsewhere: he signs a copy without any bundle, and sends his draft back.
    shutil.copytree(vendor.signet.folder / "updates", vendor.signet.folder / "at-bob/updates")
    bob = Signet(vendor.signet.program, None, vendor.signet.folder / "at-bob")
    bob_key = f"file:{vendor.signet.folder}/vendor-keys?label=bob&passphrase=none"
    shutil.rmtree(bob.folder / "updates/public/targets")
    expect(bob.must("repo", "sign", "updates", "--key", bob_key)["signed"] == ["root"], "bob to sign the root")
    shutil.copy(vendor.signet.folder / "updates/drafts/targets.json", vendor.signet.folder / "foreign.json")
    back = vendor.signet.folder / "at-bob/updates/drafts/root.json"
    if not back.exists():  # with the online keys in reach his copy has released it
        back = vendor.signet.folder / "at-bob/updates/public/metadata/1.root.json"
    public = vendor.must("sign", "--attach", str(back))["public"]
    expect(public[-1] == "timestamp version 1", "all of it to be public, the timestamp last", public)


def release(vendor: Vendor) -> None:
    folder = vendor.signet.folder
    vendor.must("add-product", "cam-a", "--product-key", vendor.maker.key("team"), keys=("release",))
    vendor.maker.issue("alice")
    (folder / "rootfs.img").write_bytes(sample(300_000, 1))
    for number, version in enumerate(("1.0", "1.1"), 1):
        vendor.maker.pack(f"{version}.bundle", {"rootfs": "rootfs.img"}, version=version, security_version=number)
        vendor.signet.refused("bundle.unsigned", "untrusted", "repo", "publish", "updates", f"{version}.bundle")
        vendor.maker.sign(f"{version}.bundle", "alice")
        terms = ("--fixes", f"CVE-2026-000{number - 1}", "--supported-until", "2098-12-31")
        vendor.must("publish", f"{version}.bundle", "--anchor", vendor.maker.root, *terms, keys=("team",))
    expect(vendor.tracks() == {"1.0": ["active"], "1.1": ["active"]}, "two releases", vendor.tracks())
    before = sorted(path.name for path in vendor.public.rglob("*.bundle"))
    vendor.must("promote", "cam-a", "1.0", "--to", "lts-2026", keys=("team",))
    expect(vendor.tracks()["1.0"] == ["active", "lts-2026"], "1.0 on both tracks", vendor.tracks())
    expect(sorted(path.name for path in vendor.public.rglob("*.bundle")) == before, "no bundle to change")
    check(vendor)
    vendor.must("withdraw", "cam-a", "1.1", keys=("team",))
    expect(vendor.tracks() == {"1.0": ["active", "lts-2026"]}, "1.1 to be gone", vendor.tracks())
    other = bytearray((folder / "1.1.bundle").read_bytes())
    other[-1] ^= 1
    (folder / "altered.bundle").write_bytes(other)
    words = ("repo", "publish", "updates", "altered.bundle", "--anchor", vendor.maker.root)
    vendor.signet.refused("bundle.payload-altered", "untrusted", *words)


def check(vendor: Vendor) -> None:
    """What a device learns, from the vendor's folder and from a copy of it."""
    window = ("--kind", "long-term", "--from", "2026-06-01", "--until", "2099-06-30")
    vendor.must("track", "cam-a", "lts-2026", *window, keys=("team",))
    shutil.copytree(vendor.public, vendor.signet.folder / "stick")
    shutil.copy(vendor.public / "metadata/1.root.json", vendor.signet.folder / "born-with.json")
    answers = []
    for copy in ("updates/public", "stick"):
        words = (
            "firmware",
            "check",
            copy,
            "--root",
            "born-with.json",
            "--product",
            "cam-a",
            "--hardware",
            "cam-a-r2",
        )
        behind = vendor.signet.must(*words, "--installed", "1.0")
        answers.append(behind | {"seconds_behind": 0})
        expect((behind["standing"], behind["releases_behind"]) == ("behind", 1), "1.0 to be behind", behind)
        expect([step["version"] for step in behind["way"]] == ["1.1"], "1.1 to be next", behind)
        expect(behind["fixes"] == ["CVE-2026-0001"], "what 1.1 fixes", behind)
        lts = vendor.signet.must(*words, "--installed", "1.0", "--track", "lts-2026")
        expect(lts["standing"] == "current", "1.0 to be the newest", lts)
        expect(lts["track_supported_until"] == "2099-06-30T23:59:59Z", "support until then", lts)
        done = vendor.signet.run(*words, "--installed", "1.0", "--exit-code")
        expect(done.code == 1, "exit code 1", done)
        vendor.signet.refused("release.no-track", "not_found", *words, "--installed", "1.0", "--track", "lts-1999")
    expect(answers[0] == answers[1], "the same answer from both", answers)
    print("  P_RELEASE_007 a copy that was carried gives the same answer")


def rotate(vendor: Vendor) -> None:
    key = vendor.maker.key
    words = ("timestamp", "--remove", "timestamp", "--add", key("timestamp-2"))
    waiting = vendor.must("rotate", *words, keys=("ann",))
    expect(waiting["public"] == [] and waiting["waits_for"], "the root to wait for bob", waiting)
    public = vendor.must("sign", keys=("bob",))["public"]
    expect("root version 2" in public and public[-1].startswith("timestamp"), "a new root and timestamp", public)
    expect(vendor.role("timestamp")["keys"] == ["timestamp-2"], "the new key", vendor.role("timestamp"))
    version = vendor.metadata("timestamp.json")["version"]
    vendor.must("sign", "--renew", "timestamp")
    expect(vendor.metadata("timestamp.json")["version"] == version + 1, "a new timestamp")
    vendor.signet.refused("repo.no-key", "not_found", "repo", "sign", "updates", "--key", key("mallory"))


def journey(_: argparse.Namespace, signet: Signet) -> None:
    vendor = Vendor(signet)
    begin(vendor)
    release(vendor)
    rotate(vendor)


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
