#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_BUNDLE_004: the commands of docs/formats/firmware-bundle.md do what it says, with openssl and coreutils alone.

The commands are taken out of the page and run as they stand there, so the page cannot go stale. `signet` makes the
bundle, and then is out of reach except where the page names it.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import subprocess
import sys

from journey import Maker, Signet, expect, sample, travel

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "formats" / "firmware-bundle.md"
SECTION = "## Check it without Signet"


def blocks_of_page() -> list[str]:
    section = PAGE.read_text(encoding="utf-8").split(SECTION)[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


class Page:
    """The page's commands, found by what they begin with."""

    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.blocks = blocks_of_page()
        self.used: set[str] = set()

    def block(self, contains: str) -> str:
        found = [block for block in self.blocks if contains in block]
        expect(len(found) >= 1, f"{PAGE.name} has a command with '{contains}'")
        self.used.add(found[0])
        return found[0]

    def run(self, script: str, with_signet: bool = False) -> subprocess.CompletedProcess[str]:
        folder = self.signet.folder
        path = f"{folder / 'bin'}:/usr/bin:/bin" if with_signet else "/usr/bin:/bin"
        return subprocess.run(
            ["bash", "-euc", script],
            cwd=folder,
            env={"PATH": path, "HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, script: str, with_signet: bool = False) -> str:
        done = self.run(script, with_signet)
        expect(done.returncode == 0, f"the page's command succeeds:\n{script}", done.stderr + done.stdout)
        return done.stdout

    def must_not(self, script: str, why: str) -> None:
        done = self.run(script)
        expect(done.returncode != 0, f"openssl refuses {why}:\n{script}", done.stderr + done.stdout)


def prepare(signet: Signet) -> None:
    folder = signet.folder
    (folder / "bin").mkdir()
    (folder / "bin" / "signet").symlink_to(signet.program)
    (folder / "docs").symlink_to(ROOT / "docs")
    (folder / "rootfs.img").write_bytes(sample((2 << 20) + 5, 1))
    maker = Maker(signet)
    maker.issue("release-1")
    maker.issue("release-3")
    maker.pack("cam-a.bundle", {"rootfs": "rootfs.img"}, ("release-1",))
    maker.pack("revoked.bundle", {"rootfs": "rootfs.img"}, ("release-3",))
    maker.revoke("release-3", "vendor-root.crl.pem")
    done = subprocess.run(
        [
            "openssl",
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "release-2.key",
            "-subj",
            "/CN=release-2",
            "-out",
            "release-2.csr",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    expect(done.returncode == 0, "openssl makes a key and a request", done.stderr)
    signet.must(
        "ca",
        "issue",
        maker.ca,
        "--key",
        maker.key("root"),
        "--profile",
        "firmware-signing",
        "--request",
        "release-2.csr",
        "--out",
        "release-2.pem",
    )
    Maker(signet, "stranger")


def take_apart(page: Page) -> dict:
    """Three ways to the same parts."""
    folder = page.signet.folder
    page.must(page.block("signet firmware inspect"), with_signet=True)
    manifest = (folder / "parts" / "manifest.json").read_bytes()
    expect(
        (folder / "parts" / "rootfs.img").read_bytes() == (folder / "rootfs.img").read_bytes(),
        "the second reader's image",
    )
    (folder / "parts" / "manifest.json").unlink()
    page.must(page.block("od -An"))
    expect((folder / "parts" / "manifest.json").read_bytes() == manifest, "coreutils take out the same manifest")
    return json.loads(manifest)


def check_signature(page: Page) -> str:
    verify = page.block("openssl cms -verify -binary")
    page.must(verify)
    page.must_not(verify.replace("vendor-root.pem", "stranger-root.pem"), "a stranger's root")
    page.must("sed s/1.0/1.1/ parts/manifest.json > parts/altered.json")
    page.must_not(verify.replace("parts/manifest.json", "parts/altered.json"), "an altered manifest")
    shown = page.must(page.block("openssl pkcs7"))
    expect("release-1" in shown and "Code Signing" in shown, "the signer and its usage are shown", shown)
    return verify


def check_revocation(page: Page, verify: str) -> None:
    trust, _, check = page.block("-crl_check").partition("\n")
    page.must(trust)
    whole = verify.replace("openssl cms -verify", "openssl cms -verify -crl_check").replace(
        "vendor-root.pem", "trust.pem"
    )
    expect("-crl_check -CAfile trust.pem" in check, "the page names -crl_check and the file", check)
    page.must(whole)
    page.must("docs/formats/bundle_parts.py revoked.bundle revoked-parts")
    revoked = whole.replace("parts/signature-1.p7s", "revoked-parts/signature-1.p7s").replace(
        "parts/manifest", "revoked-parts/manifest"
    )
    page.must_not(revoked, "a revoked signer")
    page.must(revoked.replace("-crl_check ", ""))  # and nothing else is wrong with it


def sign_elsewhere(page: Page) -> None:
    page.must(page.block("openssl cms -sign"), with_signet=True)
    result = page.signet.must("firmware", "verify", "cam-a.bundle", "--anchor", "vendor-root.pem", "--signers", "2")
    signers = [signature["signer"] for signature in result["signatures"] if signature["counts"]]
    expect(
        len(signers) == 2 and any("release-2" in signer for signer in signers), "openssl's signature counts", signers
    )


def refuse_damage(page: Page) -> None:
    """The second reader finds any changed byte that it is asked to look at."""
    folder = page.signet.folder
    good = (folder / "cam-a.bundle").read_bytes()
    for at in (0, 9, 40, 100, 4095, len(good) // 2, len(good) - 1):
        changed = bytearray(good)
        changed[at] ^= 1
        (folder / "changed.bundle").write_bytes(changed)
        page.must_not("docs/formats/bundle_parts.py changed.bundle changed-parts", f"byte {at} changed")


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    prepare(signet)
    page = Page(signet)
    manifest = take_apart(page)
    verify = check_signature(page)
    table = page.must(page.block("split -b")).split()[0]
    expect(table == manifest["images"][0]["chunks_sha256"], "coreutils find the digest of the chunk table", table)
    check_revocation(page, verify)
    sign_elsewhere(page)
    refuse_damage(page)
    expect(
        set(page.blocks) == page.used,
        "every command of the page was run",
        [b for b in page.blocks if b not in page.used],
    )
    print(f"P_BUNDLE_004: {len(page.blocks)} blocks of commands of {PAGE.name} do what it says")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
