#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Bundles beside their peers, in one run: time of a decision, speed of verifying a payload, memory.

Peers: `openssl dgst -sha256` (the speed of hashing alone) and RAUC (Debian package), each as a process, as users
run them.
A row whose peer did not run fails. Times are the best of several interleaved runs; ratios are what counts.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time


class Run:
    """One command, run several times: best wall and CPU seconds, peak memory."""

    def __init__(self, name, command):
        self.name, self.command = name, [str(part) for part in command]
        self.wall = self.cpu = float("inf")
        self.rss_mib = 0.0

    def once(self):
        # Started through time(1): a child of Python itself would carry Python's memory in its peak.
        with tempfile.NamedTemporaryFile("r") as account:
            began = time.monotonic()
            result = subprocess.run(
                ["/usr/bin/time", "-f", "%U %S %M", "-o", account.name, *self.command],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                check=False,
            )
            self.wall = min(self.wall, time.monotonic() - began)
            if result.returncode != 0:
                sys.exit(f"FAILED: {self.name}: {' '.join(self.command)}\n{result.stderr.decode(errors='replace')}")
            user, system, rss_kib = account.read().split()
        self.cpu = min(self.cpu, float(user) + float(system))
        self.rss_mib = max(self.rss_mib, int(rss_kib) / 1024)


def sh(*command, cwd=None):
    result = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, check=False)
    if result.returncode != 0:
        sys.exit(f"FAILED: {' '.join(map(str, command))}\n{result.stderr.decode(errors='replace')}")


def make_certificates(folder):
    """A root and a signer that both sides accept."""
    (folder / "ext.cnf").write_text(
        "[ext]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning,emailProtection\n"
    )
    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    sh(
        "openssl",
        "req",
        "-x509",
        *ec,
        "-subj",
        "/CN=Bench Root",
        "-keyout",
        "root.key",
        "-out",
        "root.pem",
        "-days",
        "30",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
        cwd=folder,
    )
    sh("openssl", "req", *ec, "-subj", "/CN=Bench Signer", "-keyout", "signer.key", "-out", "signer.csr", cwd=folder)
    sh(
        "openssl",
        "x509",
        "-req",
        "-in",
        "signer.csr",
        "-CA",
        "root.pem",
        "-CAkey",
        "root.key",
        "-CAcreateserial",
        "-days",
        "20",
        "-extfile",
        "ext.cnf",
        "-extensions",
        "ext",
        "-out",
        "signer.pem",
        cwd=folder,
    )


def make_bundles(signet, folder, size_mib):
    """The same image as a bundle of ours and of RAUC's."""
    image = folder / "rootfs.img"
    with open(image, "wb") as out:
        for _ in range(size_mib):
            out.write(os.urandom(1 << 20))  # cannot be compressed: both sides handle the same number of bytes
    sh(
        signet,
        "firmware",
        "pack",
        "--product",
        "bench",
        "--hardware",
        "bench",
        "--version",
        "1",
        "--security-version",
        "1",
        "--image",
        f"rootfs={image}",
        folder / "ours.bundle",
    )
    sh(signet, "firmware", "inspect", folder / "ours.bundle", "--extract", folder / "parts")
    sh(
        "openssl",
        "cms",
        "-sign",
        "-binary",
        "-md",
        "sha256",
        "-nosmimecap",
        "-signer",
        folder / "signer.pem",
        "-inkey",
        folder / "signer.key",
        "-in",
        folder / "parts/manifest.json",
        "-outform",
        "DER",
        "-out",
        folder / "signature.p7s",
    )
    sh(signet, "firmware", "sign", folder / "ours.bundle", "--attach", folder / "signature.p7s")
    content = folder / "content"
    content.mkdir()
    os.link(image, content / "rootfs.img")
    (content / "manifest.raucm").write_text(
        "[update]\ncompatible=bench\nversion=1\n\n[image.rootfs]\nfilename=rootfs.img\n"
    )
    sh(
        "rauc",
        "--cert",
        folder / "signer.pem",
        "--key",
        folder / "signer.key",
        "bundle",
        content,
        folder / "theirs.raucb",
    )


def measure(runs, times):
    for _ in range(times):
        for run in runs:
            run.once()


def row(what, ours, peer, unit, better):
    ratio = ours / peer if better == "higher" else peer / ours
    return {
        "what": what,
        "ours": round(ours, 4),
        "peer": round(peer, 4),
        "unit": unit,
        "times_better": round(ratio, 3),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signet", default="build/release/cli/signet", type=pathlib.Path)
    parser.add_argument("--size-mib", default=256, type=int)
    parser.add_argument("--times", default=5, type=int)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    signet = arguments.signet.resolve()
    with tempfile.TemporaryDirectory(prefix="signet-bench-") as name:
        folder = pathlib.Path(name)
        make_certificates(folder)
        make_bundles(signet, folder, arguments.size_mib)
        trust = ["--anchor", folder / "root.pem"]
        decide = Run("signet decide", [signet, "firmware", "verify", folder / "ours.bundle", *trust, "--front-only"])
        verify = Run("signet verify", [signet, "firmware", "verify", folder / "ours.bundle", *trust])
        hashing = Run("openssl dgst -sha256", ["openssl", "dgst", "-sha256", folder / "rootfs.img"])
        rauc = Run("rauc info", ["rauc", "--keyring", folder / "root.pem", "info", folder / "theirs.raucb"])
        measure([decide, verify, hashing, rauc], arguments.times)
        rows = [
            row("decide on a bundle, beside rauc info (plain)", decide.wall * 1000, rauc.wall * 1000, "ms", "lower"),
            row(
                "verify every byte, beside openssl dgst -sha256",
                arguments.size_mib / verify.cpu,
                arguments.size_mib / hashing.cpu,
                "MiB/s CPU",
                "higher",
            ),
            row(
                "verify every byte, beside rauc info (plain)",
                arguments.size_mib / verify.cpu,
                arguments.size_mib / rauc.cpu,
                "MiB/s CPU",
                "higher",
            ),
            row("peak memory while verifying, beside rauc info", verify.rss_mib, rauc.rss_mib, "MiB", "lower"),
            row("peak memory while verifying, beside openssl dgst", verify.rss_mib, hashing.rss_mib, "MiB", "lower"),
        ]
    if arguments.json:
        print(json.dumps({"size_mib": arguments.size_mib, "rows": rows}, indent=2))
        return
    print(f"{'bundle of ' + str(arguments.size_mib) + ' MiB':52} {'ours':>10} {'peer':>10}  unit        times better")
    for one in rows:
        print(
            f"{one['what']:52} {one['ours']:10.2f} {one['peer']:10.2f}  {one['unit']:10} {one['times_better']:8.2f}"
        )


if __name__ == "__main__":
    main()
