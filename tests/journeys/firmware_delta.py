#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_DELTA_010 to 019, P_BUNDLE_013 and 020 through the shipped program: deltas make the new image, and nothing else.

A release in chunks, one arranged for the releases before, and a patch make the same image from an old one; what is
altered, foreign, unsigned or not signed in each way that is demanded makes none.

The oracle is the image itself. Memory is bounded by the budget of a device; since what Python has used counts as used
by the programs that it starts, images are made in a process of their own and never read whole.
"""

from __future__ import annotations

import argparse
import filecmp
import multiprocessing
import os
import pathlib
import shutil
import sys

from journey import Maker, Signet, expect, sample, travel
from lms import Hsm

BLOCK = 4096
RSS_KIB_MAX = 32 << 10
WORDS = ["--product", "cam-a", "--hardware", "cam-a-r2", "--security-version", "1"]
TRUST = ["--anchor", "vendor-root.pem"]


def image_of(files: list[bytes]) -> bytes:
    """Files at borders of blocks, padded with zeros, as erofs lays them."""
    return b"".join(file + bytes(-len(file) % BLOCK or BLOCK) for file in files)


def spoil(path: pathlib.Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


def make_images(folder: pathlib.Path) -> None:
    files = [sample(5_000 + number * 7_919 % 120_000, number) for number in range(200)]
    (folder / "old.img").write_bytes(image_of(files))
    (folder / "older.img").write_bytes(image_of(files[:190]))
    for number in range(0, 200, 9):
        changed = bytearray(files[number])
        changed[100:100] = b"a few bytes more"
        files[number] = bytes(changed)
    files[70:70] = [sample(200_000, 4711)]
    del files[150]
    (folder / "new.img").write_bytes(image_of(files))
    (folder / "other.img").write_bytes(sample(3_000_000, 9))


def release(signet: Signet, maker: Maker, bundle: str, image: str, *more: str) -> None:
    version = ["--version", bundle.split(".")[0]]
    signet.must("firmware", "pack", bundle, *WORDS, *version, "--image", f"rootfs={image}", "--delta-index", *more)
    maker.sign(bundle, "alice")


def apply_and_compare(signet: Signet, bundle: str, *old: str) -> dict:
    done = signet.run("firmware", "delta-apply", bundle, "made.img", *old, *TRUST, "--json")
    expect(done.code == 0, "the image is made", done)
    made, wanted = (signet.folder / name for name in ("made.img", "new.img"))
    expect(filecmp.cmp(made, wanted, shallow=False), "it is the new image, to the byte", done)
    expect(done.peak_rss_kib <= RSS_KIB_MAX, f"at most {RSS_KIB_MAX} KiB of memory", done)
    made.unlink()
    return done.json["result"]


def good(signet: Signet) -> None:
    whole = (signet.folder / "new.img").stat().st_size
    for bundle in ("plain.bundle", "since.bundle"):
        for old in (["--old", "old.img"], ["--old", "old.img", "--old-bundle", "old.bundle"]):
            plan = signet.must("firmware", "delta-plan", bundle, *old, *TRUST)
            expect(plan["requests"] <= 32, "at most 32 requests", plan)
            made = apply_and_compare(signet, bundle, *old)
            expect(made["fetched_bytes"] == plan["fetched_bytes"], "what was planned is fetched", made)
            expect(plan["download_bytes"] < whole, "less than the whole", plan)
        apply_and_compare(signet, bundle)  # a device that has nothing
        apply_and_compare(signet, bundle, "--old", "other.img")
        apply_and_compare(signet, bundle, "--old", "older.img")
    since = signet.must("firmware", "delta-plan", "since.bundle", "--old-bundle", "old.bundle", *TRUST)
    expect(since["requests"] == 3, "front, index, and one range of what is new", since)
    older = signet.must("firmware", "delta-plan", "since.bundle", "--old-bundle", "older.bundle", *TRUST)
    expect(older["requests"] == 3, "the same for the release before that", older)
    expect(older["fetched_bytes"] > since["fetched_bytes"], "and more is new since then", older)
    patch = apply_and_compare(signet, "patch.bundle", "--old", "old.img")
    expect(patch["fetched_bytes"] < since["fetched_bytes"], "a patch is smaller", patch)


def bad(signet: Signet) -> None:
    apply = ("firmware", "delta-apply")
    signet.refused("delta.wrong-old", "conflict", *apply, "patch.bundle", "made.img", "--old", "other.img", *TRUST)
    signet.refused("firmware.old-missing", "usage", *apply, "patch.bundle", "made.img", *TRUST)
    signet.refused("firmware.no-delta", "invalid_input", *apply, "whole.bundle", "made.img", *TRUST)
    signet.refused("bundle.unsigned", "untrusted", *apply, "unsigned.bundle", "made.img", *TRUST)
    sound = signet.folder / "plain.bundle"
    half = sound.stat().st_size // 2
    table = signet.must("firmware", "delta-plan", "plain.bundle", *TRUST)["front_bytes"]
    index = table + BLOCK  # the table of the chunks of so small an index fits a block
    for at, reason in (
        (half, "delta.store-altered"),
        (table + 10, "bundle.payload-altered"),
        (index + 100, "bundle.payload-altered"),
    ):
        shutil.copyfile(sound, signet.folder / "spoiled.bundle")
        spoil(signet.folder / "spoiled.bundle", at)
        signet.refused(reason, "untrusted", *apply, "spoiled.bundle", "made.img", *TRUST)
    shutil.copyfile(sound, signet.folder / "cut.bundle")
    os.truncate(signet.folder / "cut.bundle", half)
    signet.refused("delta.truncated", "unavailable", *apply, "cut.bundle", "made.img", *TRUST)
    expect(not (signet.folder / "made.img").exists(), "nothing was made", "made.img")


def hybrid(signet: Signet) -> None:
    """A device that wants a post-quantum signature as well takes a delta only with it."""
    folder = signet.folder
    hsm, stranger = Hsm(b"release"), Hsm(b"stranger")
    (folder / "release.hss").write_bytes(hsm.public_key())
    demand = ["--hss-key", "release.hss", "--require-algorithm", "ecdsa", "--require-algorithm", "hss"]
    apply = ("firmware", "delta-apply", "hybrid.bundle", "made.img", "--old", "old.img", *TRUST, *demand)
    shutil.copyfile(folder / "plain.bundle", folder / "hybrid.bundle")
    signet.refused("bundle.algorithm-missing", "untrusted", *apply)
    signet.must("firmware", "inspect", "hybrid.bundle", "--extract", "parts")
    manifest = (folder / "parts/manifest.json").read_bytes()
    attach = ("firmware", "sign", "hybrid.bundle", "--hss-key", "release.hss", "--attach", "signature.hss")
    (folder / "signature.hss").write_bytes(stranger.sign(manifest))
    signet.refused("crypto.bad-signature", "untrusted", *attach)
    (folder / "signature.hss").write_bytes(hsm.sign(manifest))
    signet.must(*attach)
    signet.refused("bundle.signed-already", "conflict", *attach)
    apply_and_compare(signet, "hybrid.bundle", "--old", "old.img", *demand)
    apply_and_compare(signet, "hybrid.bundle", "--old", "old.img")  # who does not know the key is not harmed


def changed_old(signet: Signet) -> None:
    """The image is not what its bundle said: what is missing is fetched after all."""
    image = signet.folder / "old.img"
    spoil(image, image.stat().st_size // 2)
    made = apply_and_compare(signet, "since.bundle", "--old", "old.img", "--old-bundle", "old.bundle")
    expect(made["mended_chunks"] == 1, "one chunk is mended", made)


def journey(_: argparse.Namespace, signet: Signet) -> None:
    maker = Maker(signet)
    maker.issue("alice")
    maker_of_images = multiprocessing.get_context("fork").Process(target=make_images, args=(signet.folder,))
    maker_of_images.start()
    maker_of_images.join()
    expect(maker_of_images.exitcode == 0, "the images to be made")
    release(signet, maker, "old.bundle", "old.img")
    release(signet, maker, "plain.bundle", "new.img")
    release(signet, maker, "older.bundle", "older.img")
    release(signet, maker, "since.bundle", "new.img", "--since", "old.bundle", "--since", "older.bundle")
    signet.must("firmware", "delta-make", "old.img", "new.img", "unsigned.bundle", "--release", "plain.bundle")
    signet.must("firmware", "delta-make", "old.img", "new.img", "patch.bundle", "--release", "plain.bundle")
    maker.sign("patch.bundle", "alice")
    maker.pack("whole.bundle", {"rootfs": "new.img"}, ("alice",))
    good(signet)
    bad(signet)
    hybrid(signet)
    changed_old(signet)
    print("deltas: chunks and patches make the new image, nothing else does")


if __name__ == "__main__":
    sys.exit(travel(__doc__.splitlines()[0], journey))
