#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_UPDATED_004: a device whose installer is killed at any write starts the old release or the new one, whole.

Kills `signet firmware install`, `start` and `confirm` before, and within, the 1st, 2nd, 3rd ... call that changes a
file, each time on a fresh copy of the device, and reads what is left by docs/formats/device-config.md alone. Then the
maker's side: `pack`, `sign` and `prove` leave the old bundle or the new one.
"""

from __future__ import annotations

import argparse
import hashlib
import pathlib
import shutil
import signal
import subprocess
import sys
from typing import Callable

from journey import Device, Maker, Signet, difference, expect, pack_words, sample, snapshot, travel

ROLES = ("kernel", "rootfs")
SIZES = {"kernel": 5000, "rootfs": (1 << 20) + 77}
BLOCK_BYTES = 2 << 20
CALLS_MAX = 2000


class Kills:
    """Runs one command again and again, killed at each of its calls that change a file."""

    def __init__(self, signet: Signet, full: bool) -> None:
        self.signet = signet
        self.full = full
        self.count = 0

    def each(self, name: str, prepare: Callable[[], list[str]], check: Callable[[str], None]) -> None:
        """prepare: a fresh world, returns the command; check: looks at what a kill left, given what was killed."""
        counter = self.signet.folder / "calls"
        words = prepare()
        done = self.signet.run(*words, count_file=counter)
        expect(done.code == 0, f"{name} to succeed", done)
        calls = int(counter.read_text(encoding="utf-8"))
        counter.unlink()
        expect(0 < calls < CALLS_MAX, f"{name} changes files in 1 to {CALLS_MAX} calls", calls)
        for torn in (False, True):
            for call in range(1, calls + 1):
                if torn and not self.full and 30 < call <= calls - 30 and call % 5:
                    continue  # the writes of an image are alike
                words = prepare()
                done = self.signet.run(*words, crash_at=call, torn=torn)
                expect(done.code == -signal.SIGKILL, f"{name} to be killed at call {call} of {calls}", done)
                self.count += 1
                check(f"{name} killed {'within' if torn else 'before'} its call {call} of {calls}")
        print(f"  {name:<28} {calls:>4} calls")


def read_images(device: Device, slot: str) -> dict[str, bytes]:
    images = {}
    for role in ROLES:
        path = device.place(slot, role)
        # A block target is larger than its image; what lies behind the image means nothing.
        images[role] = path.read_bytes()[: SIZES[role]] if path.exists() else b""
    return images


def digest(images: dict[str, bytes]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(images[role]).digest() for role in ROLES)).hexdigest()


class World:
    """A device that runs release 2, had release 1 before, and is to get release 3."""

    def __init__(self, signet: Signet, block: bool) -> None:
        self.signet = signet
        self.maker = Maker(signet)
        self.maker.issue("alice")
        self.releases = {}
        self.bundles = {}
        for number in (1, 2, 3):
            files = {}
            for role in ROLES:
                files[role] = f"{role}-{number}.img"
                (signet.folder / files[role]).write_bytes(sample(SIZES[role], 10 * number + len(role)))
            self.releases[number] = digest({role: (signet.folder / files[role]).read_bytes() for role in ROLES})
            self.bundles[number] = self.maker.pack(
                f"{number}.bundle", files, ("alice",), version=f"{number}.0", security_version=number
            )
        self.device = Device.make(signet, "device", self.maker.root, ROLES)
        if block:
            self.use_block_targets()
        for number in (1, 2):
            self.device.update(self.bundles_path(number))
        self.trying = self.device.copy("trying")
        self.trying.must("install", self.bundles_path(3))
        self.ready = self.trying.copy("ready")
        self.trying.must("start")

    def bundles_path(self, number: int) -> pathlib.Path:
        return self.signet.folder / self.bundles[number]

    def use_block_targets(self) -> None:
        """Root file systems go into files of fixed size, in place, as into partitions; kernels stay files."""

        def change(config: dict) -> None:
            for slot in "ab":
                config["slots"][slot]["rootfs"] = {"block": f"disk-{slot}"}
                (self.device.folder / f"disk-{slot}").write_bytes(b"\xff" * BLOCK_BYTES)

        self.device.edit(change)

    def bootable(self, device: Device, allowed: tuple[int, ...], where: str) -> str:
        """The slot that starts holds one of the allowed releases, whole."""
        slot = device.starts()
        expect(slot, f"{where}: a slot can start", device.boot())
        found = [number for number in allowed if digest(read_images(device, slot)) == self.releases[number]]
        expect(found, f"{where}: slot {slot} holds one of the releases {allowed}, whole", device.boot())
        entry = device.boot()["slots"][slot]
        expect(
            entry["version"] == f"{found[0]}.0" and entry["security_version"] == found[0],
            f"{where}: boot.json names release {found[0]} for slot {slot}",
            entry,
        )
        return slot

    def confirm_later(self, device: Device, floors: tuple[int, ...], where: str) -> None:
        floor = device.floor()
        expect(floor in floors, f"{where}: the floor is one of {floors}", floor)
        confirmed = [slot["security_version"] for slot in device.boot()["slots"].values() if slot["state"] == "good"]
        expect(floor <= max(confirmed), f"{where}: the floor is not above what was confirmed", (floor, confirmed))


def check_start(world: World, device: Device, allowed: tuple[int, ...], where: str) -> None:
    """Our reading of boot.json and the program's agree."""
    slot = world.bootable(device, allowed, where)
    loader = device.copy("loader")
    seen = loader.must("start")["slot"]
    expect(seen == slot, f"{where}: `start` takes slot {slot}", seen)
    world.bootable(loader, allowed, f"{where}, started")


def kill_device(signet: Signet, kills: Kills, block: bool) -> None:
    kind = "block" if block else "files"
    world = World(signet, block)
    current: list[Device] = []

    def fresh(of: Device, verb: str, *more: object) -> Callable[[], list[str]]:
        def prepare() -> list[str]:
            current[:] = [of.copy("victim")]
            return current[0].words(verb, *more)

        return prepare

    def after_install(where: str) -> None:
        device = current[0]
        check_start(world, device, (2, 3), where)
        world.confirm_later(device, (2,), where)
        device.must("install", world.bundles_path(3))
        expect(
            device.starts() == world.ready.starts(), f"{where}, installed again: the new slot starts", device.boot()
        )
        world.bootable(device, (3,), f"{where}, installed again")
        left = difference(snapshot(world.ready.folder), snapshot(device.folder))
        expect(not left, f"{where}, installed again: the device is as without the kill", left)

    def after_confirm(where: str) -> None:
        device = current[0]
        check_start(world, device, (3,), where)
        world.confirm_later(device, (2, 3), where)
        device.must("confirm")
        expect(device.floor() == 3, f"{where}, confirmed again: the floor is 3", device.floor())
        signet.refused("updated.rollback", "rollback", *device.words("install", world.bundles_path(2)))

    def after_start(where: str) -> None:
        device = current[0]
        check_start(world, device, (3,), where)
        tries = device.boot()["slots"][device.starts()]["tries_left"]
        expect(tries in (2, 3), f"{where}: one try is used up, or none", tries)

    kills.each(f"install into {kind}", fresh(world.device, "install", world.bundles_path(3)), after_install)
    kills.each(f"start from {kind}", fresh(world.ready, "start"), after_start)
    kills.each(f"confirm in {kind}", fresh(world.trying, "confirm"), after_confirm)


class Bundles:
    """The maker's side: one bundle file that is replaced."""

    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.maker = Maker(signet)
        self.maker.issue("alice")
        self.images = {"rootfs": "rootfs.img"}
        (signet.folder / "rootfs.img").write_bytes(sample((2 << 20) + 5, 1))
        self.file = signet.folder / "cam.bundle"
        self.parts = pathlib.Path(__file__).resolve().parents[2] / "docs" / "formats" / "bundle_parts.py"

    def whole(self, where: str) -> tuple[int, int]:
        """Numbers of signatures and proofs, counted by the second reader of the format, which checks every byte."""
        parts = self.signet.folder / "parts"
        shutil.rmtree(parts, ignore_errors=True)
        done = subprocess.run(
            [sys.executable, self.parts, self.file, parts], capture_output=True, text=True, check=False
        )
        expect(done.returncode == 0, f"{where}: the bundle is whole", done.stderr)
        expect(
            (parts / "rootfs.img").read_bytes() == (self.signet.folder / "rootfs.img").read_bytes(),
            f"{where}: the bundle holds its image",
        )
        return len(list(parts.glob("*.p7s"))), len(list(parts.glob("*.tlog-proof")))

    def leaves_nothing(self, name: str, words: list[str]) -> None:
        """A run that gets through removes what the killed ones left."""
        self.signet.must(*words)
        left = [path.name for path in self.signet.folder.glob("cam.bundle.new-*")]
        expect(not left, f"{name} that gets through leaves nothing beside the bundle", left)


def kill_maker(signet: Signet, kills: Kills) -> None:
    world = Bundles(signet)
    pack = pack_words("cam.bundle", world.images, version="2.0")
    world.maker.pack("cam.bundle", world.images, version="1.0")
    packed = world.file.read_bytes()
    world.maker.sign("cam.bundle", "alice")
    signed = world.file.read_bytes()
    world.maker.make_key("ledger", "ed25519")
    signet.must("ledger", "init", "releases", "--origin", "example.com/releases")
    signet.must("firmware", "record", "cam.bundle", "--ledger", "releases")
    signet.must("ledger", "checkpoint", "releases", "--key", world.maker.key("ledger"))
    new: dict[str, bytes] = {}

    def fresh(content: bytes, *words: str) -> Callable[[], list[str]]:
        def prepare() -> list[str]:
            world.file.write_bytes(content)
            return list(words)

        return prepare

    def old_or_new(old: bytes, new_content: bytes) -> Callable[[str], None]:
        def check(where: str) -> None:
            expect(world.file.read_bytes() in (old, new_content), f"{where}: the old bundle or the new one")

        return check

    def after_sign(where: str) -> None:  # no two ECDSA signatures are alike
        if world.file.read_bytes() == packed:
            return
        expect(world.whole(where) == (1, 0), f"{where}: one signature")
        signet.must("firmware", "verify", "cam.bundle", "--anchor", world.maker.root)

    for name, before, words in (
        ("pack", signed, pack),
        ("prove", signed, ["firmware", "prove", "cam.bundle", "--ledger", "releases"]),
    ):
        signet.must(*fresh(before, *words)())
        new[name] = world.file.read_bytes()
        expect(world.whole(name) == ((0, 0) if name == "pack" else (1, 1)), f"{name}: what it should hold")
        kills.each(name, fresh(before, *words), old_or_new(before, new[name]))
        world.leaves_nothing(name, fresh(before, *words)())
    kills.each(
        "sign",
        fresh(
            packed,
            "firmware",
            "sign",
            "cam.bundle",
            "--key",
            world.maker.key("alice"),
            "--certificate",
            world.maker.certificate("alice"),
        ),
        after_sign,
    )


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    kills = Kills(signet, arguments.full)
    for name, run in (
        ("files", lambda s: kill_device(s, kills, False)),
        ("block", lambda s: kill_device(s, kills, True)),
        ("maker", lambda s: kill_maker(s, kills)),
    ):
        folder = signet.folder / name
        folder.mkdir()
        own = Signet(signet.program, signet.crash_lib, folder)
        kills.signet = own
        run(own)
    expect(kills.count >= 100, "at least 100 kills, since fewer prove little", kills.count)
    print(f"P_UPDATED_004: {kills.count} kills, each left the old release or the new one, whole")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey, ("--full", {"action": "store_true", "help": "take every call, also within"})))
