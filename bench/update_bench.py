#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""What an update costs, beside casync, zchunk, zstd, xdelta3 and RAUC, on one pair of images in one run.

The pair is a Debian 12 device's root before and after its security updates (update_pair.py makes it and keeps it). For
each way: what a device downloads, in how many requests, what making and applying it cost in CPU seconds and memory. All
images that are made are compared with the original. A row whose peer did not run fails. `--picture FILE` draws it.
"""

import argparse
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from bundle_bench import Run, make_certificates, sh

HERE = pathlib.Path(__file__).resolve().parent


class Row:
    """One way to bring the old image to the new one."""

    def __init__(self, name, what, download, requests, make, apply, note=""):
        self.name, self.what, self.download, self.requests = name, what, download, requests
        self.make, self.apply, self.note = make, apply, note

    def cells(self, full):
        def cost(run):
            return f"{run.cpu:.1f} s, {run.rss_mib:.0f} MiB" if run else "-"

        share = f"{100 * self.download / full:.1f} %"
        return [
            self.name,
            f"{self.download / 1e6:.1f} MB",
            share,
            str(self.requests),
            cost(self.make),
            cost(self.apply),
        ]


def measured(name, *command):
    run = Run(name, command)
    run.once()
    return run


def same(image, new, name):
    """The image that a peer made is the one that it should make."""

    def digest(path):
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    if digest(image) != digest(new):
        sys.exit(f"FAILED: {name} did not make the new image")
    image.unlink()


def ours(signet, folder, old, new):
    """Chunks without history, chunks arranged for the release before, and a patch."""
    common = ["--product", "bench", "--hardware", "bench", "--track", "active"]

    def pack(name, image, version, *more):
        command = [signet, "firmware", "pack", *common, "--version", version, "--security-version", version]
        run = measured("pack", *command, "--image", f"rootfs={image}", "--delta-index", *more, name)
        sign(name)
        return run

    def sign(name):
        sh("openssl", "cms", "-sign", "-binary", "-md", "sha256", *signer(name), "-outform", "DER", "-nosmimecap",
           "-out", "signature.p7s", cwd=folder)  # fmt: skip
        sh(signet, "firmware", "sign", name, "--attach", folder / "signature.p7s")

    def signer(name):
        sh(signet, "firmware", "inspect", name, "--extract", folder / "parts")
        return ["-signer", "signer.pem", "-inkey", "signer.key", "-in", "parts/manifest.json"]

    def row(name, bundle, make, what):
        trust = ["--anchor", folder / "root.pem"]
        plan_of = ["--old", old] if "patch" in name else ["--old-bundle", folder / "old.bundle"]
        plan = json.loads(capture(signet, "firmware", "delta-plan", bundle, *plan_of, *trust, "--json"))
        plan = plan.get("result", plan)
        out = folder / "made.erofs"
        seed = ["--old", old] if "patch" in name else ["--old", old, *plan_of]
        apply = measured("apply", signet, "firmware", "delta-apply", bundle, out, *seed, *trust)
        same(out, new, name)
        return Row(name, what, plan["download_bytes"], plan["requests"], make, apply)

    pack(folder / "old.bundle", old, "1")
    plain = pack(folder / "plain.bundle", new, "2")
    since = pack(folder / "since.bundle", new, "2", "--since", folder / "old.bundle")
    patch = measured("patch", signet, "firmware", "delta-make", old, new, folder / "patch.bundle", "--release",
                     folder / "plain.bundle")  # fmt: skip
    sign(folder / "patch.bundle")
    return [
        row("signet patch", folder / "patch.bundle", patch, "from this one image only"),
        row("signet chunks, since", folder / "since.bundle", since, "any old image; arranged for the one before"),
        row("signet chunks", folder / "plain.bundle", plain, "any old image, no history"),
    ]


def capture(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    if result.returncode != 0:
        sys.exit(f"FAILED: {' '.join(map(str, command))}\n{result.stderr.decode(errors='replace')}")
    return result.stdout


def casync(folder, old, new):
    store = folder / "casync"
    sh("casync", "make", f"--store={store}", folder / "old.caibx", old)
    before = {path for path in store.rglob("*.cacnk")}
    make = measured("casync", "casync", "make", f"--store={store}", folder / "new.caibx", new)
    fetched = [path for path in store.rglob("*.cacnk") if path not in before]
    size = sum(path.stat().st_size for path in fetched) + (folder / "new.caibx").stat().st_size
    out = folder / "casync.erofs"
    apply = measured("casync", "casync", "extract", f"--store={store}", f"--seed={old}", folder / "new.caibx", out)
    same(out, new, "casync")
    return Row("casync", "any old image", size, len(fetched) + 1, make, apply)


def zchunk(folder, old, new):
    sh("zck", "-o", folder / "old.zck", old)
    make = measured("zchunk", "zck", "-o", folder / "new.zck", new)
    text = capture("zck_delta_size", folder / "old.zck", folder / "new.zck").decode()
    size = re.search(r"Would download (\d+) of (\d+) bytes", text)
    chunks = re.search(r"Matched (\d+) of (\d+) chunks", text)
    if not size or not chunks:
        sys.exit(f"FAILED: zck_delta_size says something else now: {text}")
    missing = int(chunks[2]) - int(chunks[1])
    note = "its own tool counts; it applies over HTTP alone"
    return Row("zchunk", "any old image", int(size[1]), f"<= {missing}", make, None, note)


def zstd(folder, old, new):
    out, patch = folder / "zstd.erofs", folder / "patch.zst"
    make = measured("zstd", "zstd", "-9", "--long=30", "-T1", "-q", "-f", f"--patch-from={old}", new, "-o", patch)
    apply = measured("zstd", "zstd", "-d", "--long=30", "-q", "-f", f"--patch-from={old}", patch, "-o", out)
    same(out, new, "zstd")
    return Row("zstd -9 --patch-from", "from this one image only", patch.stat().st_size, 1, make, apply)


def xdelta(folder, old, new):
    out, patch = folder / "xdelta.erofs", folder / "patch.vcdiff"
    window = ["-B", str(512 << 20)]
    make = measured("xdelta3", "xdelta3", "-e", "-9", "-S", "lzma", *window, "-f", "-s", old, new, patch)
    apply = measured("xdelta3", "xdelta3", "-d", *window, "-f", "-s", old, patch, out)
    same(out, new, "xdelta3")
    return Row("xdelta3 -9 -S lzma", "from this one image only", patch.stat().st_size, 1, make, apply)


def rauc(folder, old, new):
    """A bundle of RAUC's, and what its block-hash-index lets a device leave out: blocks of 4 KiB in their places."""
    content = folder / "rauc"
    content.mkdir()
    shutil.copy(new, content / "rootfs.img")
    (content / "manifest.raucm").write_text(
        "[update]\ncompatible=bench\nversion=2\n\n[bundle]\nformat=verity\n\n"
        "[image.rootfs]\nfilename=rootfs.img\nadaptive=block-hash-index\n"
    )
    key = [f"--cert={folder / 'signer.pem'}", f"--key={folder / 'signer.key'}"]
    make = measured("rauc", "rauc", "bundle", *key, content, folder / "new.raucb")
    known = set()
    with open(old, "rb") as file:
        while block := file.read(4096):
            known.add(hashlib.sha256(block).digest())
    missing, seen, ranges, lacked = folder / "missing", set(), 0, False
    with open(new, "rb") as file, open(missing, "wb") as out:
        while block := file.read(4096):
            digest = hashlib.sha256(block).digest()
            lacks = digest not in known and digest not in seen
            ranges += lacks and not lacked
            lacked = lacks
            if lacks:
                seen.add(digest)
                out.write(block)
    index = new.stat().st_size // 4096 * 32
    sh("zstd", "-3", "-q", "-f", missing, "-o", folder / "missing.zst")
    size = (folder / "missing.zst").stat().st_size + index
    note = "counted: blocks that the old image lacks, as small as zstd -3 makes them, and the index"
    return Row("RAUC block-hash-index", "any old image", size, ranges + 1, make, None, note)


def squash(tar, image):
    """The whole, as most updaters carry it."""
    options = ["-tar", "-comp", "zstd", "-Xcompression-level", "15", "-b", "128K", "-quiet", "-no-progress"]
    with open(tar, "rb") as content:
        result = subprocess.run(
            ["mksquashfs", "-", str(image), *options], stdin=content, capture_output=True, check=False
        )
    if result.returncode != 0:
        sys.exit(f"FAILED: mksquashfs\n{result.stderr.decode(errors='replace')}")


COLOURS = {"signet": "#1b6e5a", "full": "#9aa0a6", "peer": "#5b7db1"}


def picture(rows, full, path):
    """Bars of what is downloaded, shortest first, as SVG."""
    rows = sorted(rows, key=lambda row: row.download) + [
        Row("whole image", "squashfs, zstd -15", full, 1, None, None)
    ]
    left, width, step = 190, 430, 34
    height = step * len(rows) + 70
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" font-family="sans-serif" font-size="13">',
        "<title>What a device downloads for a Debian security update</title>",
        f'<rect width="760" height="{height}" fill="#ffffff"/>',
        '<text x="16" y="26" font-size="15" font-weight="bold">What a device downloads for a Debian security update'
        "</text>",
    ]
    for number, row in enumerate(rows):
        y = 46 + number * step
        length = max(2, width * row.download / full)
        kind = "signet" if row.name.startswith("signet") else "full" if row.name == "whole image" else "peer"
        share = 100 * row.download / full
        parts += [
            f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{row.name}</text>',
            f'<rect x="{left}" y="{y}" width="{length:.1f}" height="22" fill="{COLOURS[kind]}"/>',
            f'<text x="{left + length + 6:.1f}" y="{y + 15}">{row.download / 1e6:.1f} MB, {share:.0f} %</text>',
        ]
    parts.append(f'<text x="16" y="{height - 8}" fill="#5f6368">made by bench/update_bench.py</text></svg>')
    path.write_text("\n".join(parts) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--signet", type=pathlib.Path, default=HERE.parent / "build/release/cli/signet")
    parser.add_argument("--pair", type=pathlib.Path, default=HERE.parent / "build/bench/update-pair")
    parser.add_argument("--picture", type=pathlib.Path)
    parser.add_argument("--markdown", type=pathlib.Path)
    options = parser.parse_args()
    sh(sys.executable, HERE / "update_pair.py", options.pair)
    old, new = options.pair / "old.erofs", options.pair / "new.erofs"
    with tempfile.TemporaryDirectory(dir=options.pair) as work:
        folder = pathlib.Path(work)
        make_certificates(folder)
        squash(options.pair / "new.tar", folder / "full.squashfs")
        full = (folder / "full.squashfs").stat().st_size
        rows = [peer(folder, old, new) for peer in (zstd, xdelta, casync, zchunk, rauc)]
        rows = ours(options.signet.resolve(), folder, old, new) + rows
    titles = ["way", "download", "of the whole", "requests", "make", "apply"]
    lines = [titles, *(row.cells(full) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(titles))]
    print(f"  new image {new.stat().st_size / 1e6:.1f} MB, whole as squashfs (zstd -15, 128 KiB) {full / 1e6:.1f} MB")
    for line in lines:
        print("  " + "  ".join(cell.ljust(size) for cell, size in zip(line, widths)).rstrip())
    for row in rows:
        if row.note:
            print(f"  {row.name}: {row.note}")
    if options.markdown:
        table = ["| " + " | ".join(line) + " |" for line in lines]
        options.markdown.write_text("\n".join([table[0], "|---" * len(titles) + "|", *table[1:]]) + "\n")
    if options.picture:
        picture(rows, full, options.picture)


if __name__ == "__main__":
    main()
