#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything that a device refuses to install, through the shipped program: P_UPDATED_001, P_BUNDLE_010 and their kin.

Each refusal has its own reason and its exit code, under --json and as text, from a file and from standard input, and
leaves the device's folder (both slots, the boot state, the floor) as it was, to the byte.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import hashlib
import pathlib
import struct
import subprocess
import sys
from typing import Iterator, NamedTuple

from journey import EXIT_CODES, Device, Maker, Signet, difference, expect, sample, snapshot, travel

IMAGES = {"kernel": "kernel.img", "rootfs": "rootfs.img"}
PAGE = 4096


class Refusal(NamedTuple):
    case: str
    bundle: str
    reason: str
    code: str
    device: str = "device"


CASES = (
    Refusal("P_BUNDLE_010 unsigned", "unsigned", "bundle.unsigned", "untrusted"),
    Refusal("P_BUNDLE_010 altered manifest, front mended", "altered", "bundle.altered", "untrusted"),
    Refusal("P_BUNDLE_001 altered front", "damaged", "bundle.damaged", "invalid_input"),
    Refusal("P_BUNDLE_001 altered image", "payload", "bundle.payload-altered", "untrusted"),
    Refusal("P_BUNDLE_001 altered padding at the end", "padding", "bundle.payload-altered", "untrusted"),
    Refusal("P_BUNDLE_010 wrong signer", "stranger", "bundle.wrong-signer", "untrusted"),
    Refusal("P_BUNDLE_010 too few signers", "alice", "bundle.too-few-signers", "untrusted"),
    Refusal("P_BUNDLE_011 a stranger does not count", "alice-stranger", "bundle.wrong-signer", "untrusted"),
    Refusal("P_BUNDLE_010 expired signer", "expired", "bundle.signer-expired", "expired"),
    Refusal("P_BUNDLE_010 signer not yet valid", "early", "bundle.signer-not-yet-valid", "expired"),
    Refusal("P_BUNDLE_010 revoked signer", "revoked", "bundle.signer-revoked", "untrusted"),
    Refusal("P_BUNDLE_010 certificate without codeSigning", "server", "bundle.signer-usage", "untrusted"),
    Refusal("P_UPDATED_002 wrong product", "product", "updated.wrong-product", "incompatible"),
    Refusal("P_UPDATED_002 wrong hardware", "hardware", "updated.wrong-hardware", "incompatible"),
    Refusal("P_UPDATED_002 missing role", "missing-role", "updated.missing-role", "incompatible"),
    Refusal("P_UPDATED_002 unknown role", "unknown-role", "updated.unknown-role", "incompatible"),
    Refusal("P_UPDATED_002 oversized for a file", "good", "updated.too-large", "incompatible", "small-file"),
    Refusal("P_UPDATED_002 oversized for a block device", "good", "updated.too-large", "incompatible", "small-block"),
    Refusal("P_UPDATED_003 older security version", "older", "updated.rollback", "rollback"),
    Refusal("P_BUNDLE_002 cut off in an image", "cut-image", "bundle.truncated", "invalid_input"),
    Refusal("P_BUNDLE_002 cut off in the front", "cut-front", "bundle.truncated", "invalid_input"),
    Refusal("P_BUNDLE_002 bytes behind the end", "trailing", "bundle.trailing-bytes", "invalid_input"),
    Refusal("not a bundle", "no-bundle", "bundle.not-a-bundle", "invalid_input"),
    Refusal("a release is being tried", "good", "updated.trying", "conflict", "trying"),
)


class Shop:
    """Makes every bundle of the table, and the devices."""

    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.folder = signet.folder
        self.maker = Maker(signet)
        for label in ("alice", "bob", "carol"):
            self.maker.issue(label)
        self.maker.issue("server", "tls-server", "--name", "vendor.example")
        self.stranger = Maker(signet, "stranger")
        for label in ("mallory", "mallet"):
            self.stranger.issue(label)
        for seed, file in enumerate(IMAGES.values()):
            (self.folder / file).write_bytes(sample((1 << 20) + 7, seed))
        self.make_openssl_signers()
        self.make_bundles()
        self.maker.revoke("carol", "vendor.crl")
        self.make_devices()

    def pack(self, name: str, *signers: str, **more: object) -> pathlib.Path:
        images = more.pop("images", IMAGES)
        self.maker.pack(f"{name}.bundle", images, signers, **({"version": "3.0", "security_version": 7} | more))
        return self.folder / f"{name}.bundle"

    def make_bundles(self) -> None:
        self.pack("old", "alice", "bob", version="1.0", security_version=6)
        self.pack("good", "alice", "bob")
        self.pack("unsigned")
        self.pack("alice", "alice")
        self.pack("server", "alice", "server")
        self.pack("revoked", "alice", "carol")
        self.pack("product", "alice", "bob", product="cam-b")
        self.pack("hardware", "alice", "bob", hardware="cam-a-r1")
        self.pack("older", "alice", "bob", security_version=5)
        self.pack("missing-role", "alice", "bob", images={"rootfs": "rootfs.img"})
        self.pack("unknown-role", "alice", "bob", images=IMAGES | {"extra": "kernel.img"})
        self.pack("stranger")
        self.stranger.sign("stranger.bundle", "mallory")
        self.stranger.sign("stranger.bundle", "mallet")
        self.pack("alice-stranger", "alice")
        self.stranger.sign("alice-stranger.bundle", "mallory")
        for name in ("expired", "early"):
            self.pack(name, "alice")
            self.attach(name)
        self.make_broken()

    def make_broken(self) -> None:
        good = (self.folder / "good.bundle").read_bytes()
        manifest_size, records_size = struct.unpack(">II", good[12:20])
        front = -(-(64 + manifest_size + records_size) // PAGE) * PAGE

        def save(name: str, content: bytes) -> None:
            (self.folder / f"{name}.bundle").write_bytes(content)

        def flipped(at: int) -> bytearray:
            changed = bytearray(good)
            changed[at] ^= 1
            return changed

        save("damaged", flipped(64 + 20))
        save("payload", flipped(front + PAGE + 100))
        save("padding", flipped(len(good) - 1))
        save("cut-image", good[: front + PAGE + 500_000])
        save("cut-front", good[: front - 1000])
        save("trailing", good + bytes(PAGE))
        save("no-bundle", sample(100_000, 9))
        altered = bytearray(good)
        at = good.index(b'"3.0"')
        altered[at : at + 5] = b'"3.1"'
        used = 64 + manifest_size + records_size
        altered[32:64] = hashlib.sha256(altered[:32] + altered[64:used]).digest()
        save("altered", altered)

    def openssl(self, *words: str) -> None:
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"openssl {' '.join(words)} succeeds", done.stderr)

    def make_openssl_signers(self) -> None:
        """Signers whose time is over or has not come; the program itself issues only from now on."""
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=ca.index\nnew_certs_dir=.\n"
            "rand_serial=yes\ndefault_md=sha256\npolicy=p\n"
            "x509_extensions=e\nunique_subject=no\n[p]\ncommonName=supplied\n"
            "[e]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\nsubjectKeyIdentifier=hash\n"
            "authorityKeyIdentifier=keyid\n[r]\nbasicConstraints=critical,CA:TRUE\n"
            "keyUsage=critical,keyCertSign,cRLSign\n"
            "subjectKeyIdentifier=hash\n[req]\ndistinguished_name=n\n[n]\n",
            encoding="utf-8",
        )
        (self.folder / "ca.index").write_text("", encoding="utf-8")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "ca.cnf")
        self.openssl(
            "req",
            "-x509",
            *key,
            "-keyout",
            "second-root.key",
            "-out",
            "second-root.pem",
            "-days",
            "3650",
            "-subj",
            "/CN=second root",
            "-extensions",
            "r",
        )
        for name, begin, end in (
            ("expired", "20200101000000Z", "20210101000000Z"),
            ("early", "20900101000000Z", "20910101000000Z"),
        ):
            self.openssl("req", "-new", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            self.openssl(
                "ca",
                "-batch",
                "-notext",
                "-config",
                "ca.cnf",
                "-cert",
                "second-root.pem",
                "-keyfile",
                "second-root.key",
                "-in",
                f"{name}.csr",
                "-out",
                f"{name}.pem",
                "-startdate",
                begin,
                "-enddate",
                end,
            )

    def attach(self, name: str) -> None:
        """A signature by openssl, as docs/formats/firmware-bundle.md says."""
        self.signet.must("firmware", "inspect", f"{name}.bundle", "--extract", f"{name}-parts")
        self.openssl(
            "cms",
            "-sign",
            "-binary",
            "-md",
            "sha256",
            "-signer",
            f"{name}.pem",
            "-inkey",
            f"{name}.key",
            "-in",
            f"{name}-parts/manifest.json",
            "-outform",
            "DER",
            "-nosmimecap",
            "-out",
            f"{name}.p7s",
        )
        self.signet.must("firmware", "sign", f"{name}.bundle", "--attach", f"{name}.p7s")

    def make_devices(self) -> None:
        device = Device.make(self.signet, "device", self.maker.root, tuple(IMAGES), signers=2)
        for name in ("second-root.pem", "vendor.crl"):
            (device.folder / "trust" / name).write_bytes((self.folder / name).read_bytes())

        def trust(config: dict) -> None:
            config["trust"]["anchors"].append("trust/second-root.pem")
            config["trust"]["crls"] = ["trust/vendor.crl"]

        device.edit(trust)
        for _ in range(2):  # fills both slots
            device.update(self.folder / "old.bundle")
        self.devices = {"device": device}
        for name in ("small-file", "small-block", "trying"):
            self.devices[name] = device.copy(name)

        def small_file(config: dict) -> None:
            for slot in "ab":
                config["slots"][slot]["rootfs"]["size_bytes_max"] = (1 << 20) + 6

        def small_block(config: dict) -> None:
            for slot in "ab":
                config["slots"][slot]["rootfs"] = {"block": f"disk-{slot}"}
                (self.devices["small-block"].folder / f"disk-{slot}").write_bytes(b"\xff" * ((1 << 20) + 6))

        self.devices["small-file"].edit(small_file)
        self.devices["small-block"].edit(small_block)
        self.devices["trying"].must("install", self.folder / "good.bundle")
        self.devices["trying"].must("start")


@contextlib.contextmanager
def unchanged(device: Device, case: str) -> Iterator[None]:
    """P_UPDATED_001: whatever happens meanwhile leaves the device as it was."""
    before = snapshot(device.folder)
    yield
    changed = difference(before, snapshot(device.folder))
    expect(not changed, f"{case}: the device is as it was", changed)


def refuse_all(shop: Shop) -> None:
    for case in CASES:
        device, bundle = shop.devices[case.device], shop.folder / f"{case.bundle}.bundle"
        with unchanged(device, case.case):
            error = shop.signet.refused(case.reason, case.code, *device.words("install", bundle))
            text = shop.signet.run(*device.words("install", bundle))
            expect(
                text.code == EXIT_CODES[case.code] and text.out == b"", f"{case.case}: the same without --json", text
            )
            shown = text.err.decode()
            expect(
                error["message"] in shown and error["hint"] in shown,
                f"{case.case}: what is wrong and what to do",
                text,
            )
            with open(bundle, "rb") as stream:
                shop.signet.refused(case.reason, case.code, *device.words("install", "-"), stdin=stream.fileno())
        print(f"  {case.case:<46} {case.reason}")


def judge_at_other_times(shop: Shop) -> None:
    """P_BUNDLE_010: one and the same bundle, judged as of different times."""
    verify = ("firmware", "verify", "good.bundle", "--anchor", shop.maker.root, "--signers", "2", "--at")
    today = datetime.datetime.now(datetime.timezone.utc)

    def at(years: int) -> str:
        return (today + datetime.timedelta(days=365 * years + 10)).strftime("%Y-%m-%dT%H:%M:%SZ")

    shop.signet.must(*verify, at(0))
    shop.signet.refused("bundle.signer-expired", "expired", *verify, at(2))
    shop.signet.refused("bundle.signer-not-yet-valid", "expired", *verify, at(-2))
    print("  P_BUNDLE_010 judged earlier and later          bundle.signer-not-yet-valid, bundle.signer-expired")


def refuse_second_installer(shop: Shop) -> None:
    """P_UPDATED_005: while one installer waits for the rest of a bundle, a second one is refused."""
    device, bundle = shop.devices["device"], shop.folder / "good.bundle"
    content = bundle.read_bytes()
    with unchanged(device, "two installers"):
        first = subprocess.Popen(
            [shop.signet.program, *device.words("install", "-"), "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            # More than a pipe holds: when this is written, the first one is at work.
            first.stdin.write(content[:300_000])
            first.stdin.flush()
            for verb in ("install", "confirm"):
                shop.signet.refused(
                    "os.locked", "conflict", *device.words(verb, *([bundle] if verb == "install" else []))
                )
            out, _ = first.communicate(timeout=60)
        finally:
            if first.poll() is None:
                first.kill()
        expect(
            first.returncode == EXIT_CODES["invalid_input"] and b"bundle.truncated" in out,
            "the first installer finds its bundle cut off",
            out,
        )
    print("  P_UPDATED_005 two installers at once           os.locked")


def refuse_full_disk(shop: Shop) -> None:
    """P_UPDATED_006: a limit on the size of files, and, where we may mount one, a disk that is too small."""
    device, bundle = shop.devices["device"], shop.folder / "good.bundle"
    with unchanged(device, "file too big"):
        shop.signet.refused(
            "os.file-too-big", "exhausted", *device.words("install", bundle), limits=(f"--fsize={1 << 20}",)
        )
    print("  P_UPDATED_006 a limit on the size of files     os.file-too-big")
    mount = shop.folder / "small-disk"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", mount], capture_output=True, check=False)
    if done.returncode != 0:
        print("  P_UPDATED_006 full disk: not tried, mounting a small one needs root")
        return
    try:
        small = shop.devices["device"].copy("small-disk/device")  # two slots of 2 MiB fit, a third does not
        with unchanged(small, "full disk"):
            shop.signet.refused("os.disk-full", "exhausted", *small.words("install", bundle))
    finally:
        subprocess.run(["umount", mount], check=True)
    print("  P_UPDATED_006 full disk                        os.disk-full")


def check_exit_codes(signet: Signet) -> None:
    table = {row["name"]: row["code"] for row in signet.must("help", "exit-codes")["exit_codes"]}
    expect(table == EXIT_CODES, "the documented exit codes", table)


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    check_exit_codes(signet)
    shop = Shop(signet)
    refuse_all(shop)
    judge_at_other_times(shop)
    refuse_second_installer(shop)
    refuse_full_disk(shop)
    device = shop.devices["device"]
    device.update(shop.folder / "good.bundle")  # after all that, a good one is taken
    expect(device.floor() == 7, "the floor is that of the confirmed release", device.floor())
    print(f"P_UPDATED_001: {len(CASES) + 4} refusals, each with its reason, and nothing changed")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
