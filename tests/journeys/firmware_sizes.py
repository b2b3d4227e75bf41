#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_BUNDLE_003: images of 2 GiB - 1, 2 GiB and 4 GiB + 1 bytes, packed, signed, verified, installed to the last byte.

The images are sparse, with data at their start, around powers of two and at their end, so the journey costs time but
little disk. The oracle knows holes: it compares what is not a hole, and computes the chunk table by itself.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import errno
import hashlib
import os
import pathlib
import struct
import sys
import time
from typing import Iterator

from journey import Device, Done, Maker, Signet, expect, sample, travel

GIB = 1 << 30
CHUNK = 1 << 20
PEAK_RSS_KIB_MAX = 32 << 10
DISK_BYTES_MAX = 16 << 20
SIZES = {"below-2g": 2 * GIB - 1, "2g": 2 * GIB, "above-4g": 4 * GIB + 1}


def make_image(path: pathlib.Path, size: int) -> None:
    marks = [0, CHUNK, GIB, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, size - 1]
    with open(path, "wb") as file:
        file.truncate(size)
        for seed, mark in enumerate(marks):
            begin, end = max(0, mark - 50), min(size, mark + 50)
            if begin < end:
                file.seek(begin)
                file.write(sample(end - begin, seed))


def data_ranges(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Where a file is not a hole."""
    at = 0
    while at < size:
        try:
            begin = os.lseek(file, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        at = os.lseek(file, begin, os.SEEK_HOLE)
        yield begin, at


def same_content(one: pathlib.Path, two: pathlib.Path) -> bool:
    size = one.stat().st_size
    if two.stat().st_size != size:
        return False
    with open(one, "rb") as first, open(two, "rb") as second:
        for ranges in (first, second):  # data of either is compared with the other's, be that data or a hole
            for begin, end in data_ranges(ranges.fileno(), size):
                for at in range(begin, end, CHUNK):
                    count = min(CHUNK, end - at)
                    if os.pread(first.fileno(), count, at) != os.pread(second.fileno(), count, at):
                        return False
    return True


def chunks_sha256(path: pathlib.Path) -> str:
    """The digest of the chunk table, by docs/formats/firmware-bundle.md; chunks that are holes are hashed once."""
    size = path.stat().st_size
    table = hashlib.sha256()
    with open(path, "rb") as file:
        full = {
            chunk
            for begin, end in data_ranges(file.fileno(), size)
            for chunk in range(begin // CHUNK, -(-end // CHUNK))
        }
        hole = hashlib.sha256(bytes(CHUNK)).digest()
        for chunk in range(-(-size // CHUNK)):
            if chunk not in full and (chunk + 1) * CHUNK <= size:
                table.update(hole)
            else:
                table.update(hashlib.sha256(os.pread(file.fileno(), CHUNK, chunk * CHUNK)).digest())
    return table.hexdigest()


def disk_bytes(path: pathlib.Path) -> int:
    return path.stat().st_blocks * 512


def check_memory(done: Done) -> int:
    expect(done.code == 0, "success", done)
    expect(
        done.peak_rss_kib <= PEAK_RSS_KIB_MAX,
        f"at most {PEAK_RSS_KIB_MAX} KiB of memory",
        f"{done.peak_rss_kib} KiB for {done.words}",
    )
    return done.peak_rss_kib


def image_offset(bundle: pathlib.Path, size: int) -> int:
    """Where the only image of a bundle begins."""
    with open(bundle, "rb") as file:
        manifest, records = struct.unpack(">II", file.read(20)[12:20])

    def padded(count: int) -> int:
        return -(-count // 4096) * 4096

    return padded(64 + manifest + records) + padded(-(-size // CHUNK) * 32)


def flip(path: pathlib.Path, at: int) -> None:
    with open(path, "r+b") as file:
        byte = os.pread(file.fileno(), 1, at)
        os.pwrite(file.fileno(), bytes([byte[0] ^ 1]), at)


class Lives:
    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.maker = Maker(signet)
        self.maker.issue("alice")
        self.verify = ("--anchor", self.maker.root)

    def live(self, name: str, size: int) -> str:
        """One image from the maker to the device."""
        began = time.monotonic()
        folder = self.signet.folder
        image, bundle = folder / f"{name}.img", folder / f"{name}.bundle"
        make_image(image, size)
        self.maker.pack(bundle.name, {"rootfs": image.name}, ("alice",))
        expect(
            disk_bytes(bundle) <= DISK_BYTES_MAX, f"{bundle.name} stays sparse", f"{disk_bytes(bundle)} bytes on disk"
        )
        peak = check_memory(self.signet.run("firmware", "verify", bundle.name, *self.verify))
        manifest = self.signet.must("firmware", "inspect", bundle.name)["manifest"]
        expect(
            manifest["images"] == [{"role": "rootfs", "size_bytes": size, "chunks_sha256": chunks_sha256(image)}],
            f"{name}: the manifest names the image's size and the digest of its chunk table",
            manifest,
        )
        self.install(name, image, bundle)
        return (
            f"  {name:<9} {size:>11} bytes, {disk_bytes(bundle) >> 10:>5} KiB on disk, "
            f"peak {peak} KiB, {time.monotonic() - began:.0f} s"
        )

    def install(self, name: str, image: pathlib.Path, bundle: pathlib.Path) -> None:
        device = Device.make(self.signet, f"device-{name}", self.maker.root, ("rootfs",))
        if name == "above-4g":
            done = self.signet.run(*device.words("install", bundle))
        else:  # read once, as it comes
            with open(bundle, "rb") as file:
                done = self.signet.run(*device.words("install", "-"), stdin=file.fileno())
        check_memory(done)
        slot = device.place("b", "rootfs")
        expect(same_content(image, slot), f"{name}: the slot holds the image, byte for byte")
        expect(
            disk_bytes(slot) <= DISK_BYTES_MAX, f"{name}: the slot stays sparse", f"{disk_bytes(slot)} bytes on disk"
        )
        slot.unlink()

    def refuse_flips(self) -> None:
        """A changed byte far behind what 31 and 32 bits can count."""
        bundle = self.signet.folder / "above-4g.bundle"
        begin = image_offset(bundle, SIZES["above-4g"])
        device = Device.make(self.signet, "device-flip", self.maker.root, ("rootfs",))
        for at, command in (
            (2 * GIB + 5 * CHUNK + 3, device.words("install", bundle)),  # in a hole
            (4 * GIB, ["firmware", "verify", bundle.name, *self.verify]),
        ):  # the last byte
            flip(bundle, begin + at)
            error = self.signet.refused("bundle.payload-altered", "untrusted", *command)
            expect(f"chunk {at // CHUNK} " in error["message"], f"the chunk {at // CHUNK} is named", error)
            flip(bundle, begin + at)
        expect(
            not device.place("b", "rootfs").exists() and device.state("boot.json") is None, "nothing was installed"
        )

    def refuse_truncation(self) -> None:
        bundle = self.signet.folder / "above-4g.bundle"
        for size in (2 * GIB, 4 * GIB):
            os.truncate(bundle, size)
            error = self.signet.refused(
                "bundle.truncated", "invalid_input", "firmware", "verify", bundle.name, *self.verify
            )
            expect(str(size) in error["message"], f"the size {size} is named", error)


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    lives = Lives(signet)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        large = pool.submit(lives.live, "above-4g", SIZES["above-4g"])
        others = [pool.submit(lives.live, name, size) for name, size in SIZES.items() if name != "above-4g"]
        print(large.result())
        lives.refuse_flips()
        lives.refuse_truncation()
        for other in others:
            print(other.result())
    print("P_BUNDLE_003: all sizes to the last byte; changes beyond 2 GiB and 4 GiB and truncation are refused")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
