#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Every command of the program with every kind of bad input in every place where it reads one.

Missing, empty, a folder for a file and a file for a folder, random, cut off, of another type, malformed, without
permission, endless; and an output that takes nothing. Each time: an exit code of the table and never `internal`, a word
about what is wrong and what to do, one JSON object under --json, and nothing changed. A command that the program has
and the table below does not is a failure, so a new command cannot be forgotten.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import sys
from typing import NamedTuple

from journey import ANYBODY, EXIT_CODES, Device, Done, Maker, Signet, difference, expect, sample, snapshot, travel

SECONDS_MAX = 20
ANYHOW = {
    "as_anybody": True,
    "limits": (f"--as={1 << 30}",),
}  # with little memory, and as one who may not read everything
IMAGE = "rootfs.img"
HSS_KEY = pathlib.Path(__file__).resolve().parents[1] / "vectors/lms/rfc8554-1.public-key.hex"
VIDEO = pathlib.Path(__file__).resolve().parents[1] / "vectors/video/base/base.h264"

# The parts of a command line in braces are what it reads: {name:kind}. What a kind may be replaced with is in KINDS.
KEY = "file:vendor-keys?label=alice&passphrase=none"
ROOT_KEY = "file:vendor-keys?label=root&passphrase=none"
LOG_KEY = "file:vendor-keys?label=log&passphrase=none"
PUBLISHER = [
    *("--publisher", "Example", "--url", "https://example.com", "--base", "https://example.com/security"),
    *("--prefix", "X", "--contact", "mailto:psirt@example.com"),
]
COMMANDS: dict[str, list[str]] = {
    "key generate": ["file:{vendor-keys:store}?passphrase=none", "--label", "new"],
    "key import": ["file:{vendor-keys:store}?passphrase=none", "--label", "new", "--from", "{key.p8:pkcs8}"],
    "key list": ["file:{vendor-keys:store}?passphrase=none"],
    "key show": ["file:{vendor-keys:keys}?label=alice&passphrase=none"],
    "key retire": ["file:{vendor-keys:keys}?label=alice&passphrase=none", "--yes"],
    "key policy": ["check", "--policy", "{policy.json:json}"],
    "key attest": ["file:{vendor-keys:keys}?label=alice&passphrase=none", "--out", "new.json"],
    "key attest-verify": ["{key.attestation:json}", "--public-key", "{alice.pub:public-key}"],
    "ca init": [
        "new-ca",
        "--key",
        "file:{vendor-keys:keys}?label=below&passphrase=none",
        "--certificate",
        "{vendor-below.pem:certificate}",
    ],
    "ca issue": [
        "{vendor-ca:ca}",
        "--key",
        "file:{vendor-keys:keys}?label=root&passphrase=none",
        "--profile",
        "firmware-signing",
        "--request",
        "{vendor-alice.csr:request}",
        "--attestation",
        "{key.attestation:json}",
        "--out",
        "new.pem",
    ],
    "ca require": ["{vendor-ca:ca}", "--profile", "tls-server", "--strength", "strong"],
    "ca revoke": ["{vendor-ca:ca}", "SERIAL"],
    "ca crl": ["{vendor-ca:ca}", "--key", ROOT_KEY, "--out", "new.crl"],
    "ca list": ["{vendor-ca:ca}"],
    "ca show": ["{vendor-ca:ca}"],
    "ca request": [
        "--key",
        "file:{vendor-keys:keys}?label=alice&passphrase=none",
        "--subject",
        "CN=x",
        "--out",
        "new.csr",
    ],
    "firmware pack": [
        "new.bundle",
        "--product",
        "cam-a",
        "--hardware",
        "x",
        "--version",
        "1",
        "--security-version",
        "1",
        "--image",
        "rootfs={rootfs.img:any}",
        "--sbom",
        "{sbom.json:any}",
    ],
    "firmware sign": [
        "{unsigned.bundle:bundle}",
        "--key",
        "file:{vendor-keys:keys}?label=alice&passphrase=none",
        "--certificate",
        "{vendor-alice.pem:certificate}",
    ],
    "firmware record": ["{cam.bundle:bundle}", "--ledger", "{releases:ledger}"],
    "firmware prove": ["{cam.bundle:bundle}", "--ledger", "{releases:ledger}"],
    "firmware inspect": ["{cam.bundle:bundle}", "--extract", "new-parts"],
    "firmware verify": [
        "{cam.bundle:whole-bundle}",
        "--anchor",
        "{vendor-root.pem:certificate}",
        "--crl",
        "{vendor.crl:crl}",
        "--log-key",
        "{log.vkey:vkey}",
        "--witness-key",
        "{witness.vkey:vkey}",
    ],
    "firmware delta-make": ["{rootfs.img:any}", "{rootfs.img:any}", "new.bundle", "--release", "{cam.bundle:bundle}"],
    "firmware delta-plan": [
        *("{chunks.bundle:bundle}", "--old", "{rootfs.img:any}", "--old-bundle", "{chunks.bundle:bundle}"),
        *("--anchor", "{vendor-root.pem:certificate}", "--hss-key", "{release.hss:hss-key}"),
    ],
    "firmware delta-apply": [
        *("{chunks.bundle:whole-bundle}", "new.img", "--old", "{rootfs.img:any}"),
        *("--anchor", "{vendor-root.pem:certificate}"),
    ],
    "firmware device": [
        "new-device",
        "--product",
        "cam-a",
        "--hardware",
        "x",
        "--role",
        "rootfs",
        "--anchor",
        "{vendor-root.pem:certificate}",
        "--log-key",
        "{log.vkey:vkey}",
    ],
    "firmware install": ["{cam.bundle:whole-bundle}", "--device", "{device/device.json:json}"],
    "firmware start": ["--device", "{device/device.json:json}"],
    "firmware confirm": ["--device", "{device/device.json:json}"],
    "firmware check": [
        "{updates/public:repo}",
        "--root",
        "{updates/public/metadata/1.root.json:json}",
        *("--product", "cam-a", "--hardware", "cam-a-r2", "--installed", "1.0"),
    ],
    "firmware status": ["--device", "{device/device.json:json}"],
    "ledger init": ["new-ledger", "--origin", "example.com/new"],
    "ledger append": ["{releases:ledger}", "--file", "{entry:entry}"],
    "ledger checkpoint": ["{releases:ledger}", "--key", LOG_KEY],
    "ledger witness": [
        "{releases/checkpoint:checkpoint}",
        "--log-key",
        "{log.vkey:vkey}",
        "--key",
        "file:{vendor-keys:keys}?label=witness&passphrase=none",
        "--name",
        "example.org/witness",
        "--state",
        "{witness.state:checkpoint}",
        "--ledger",
        "releases",
    ],
    "ledger publish": ["{releases:ledger}", "{releases/checkpoint:checkpoint}", "--log-key", "{log.vkey:vkey}"],
    "floor approve": ["--key", KEY, "--bundle", "{unsigned.bundle:bundle}"],
    "floor approve-lower": [
        *("--key", "file:{vendor-keys:keys}?label=alice&passphrase=none", "--from", "2", "--to", "1"),
        *("--device-name", "000b" + "5a" * 32, "--reset-count", "1", "--out", "new-lower.json"),
    ],
    "floor check": ["{floor.json:json}"],
    "station policy": [
        "new-policy.json",
        "--key",
        KEY,
        "--product",
        "cam-a",
        "--floor",
        "7",
        "--floor-key",
        "file:{vendor-keys:keys}?label=alice&passphrase=none",
        "--escrow-key",
        "{escrow.pem:public-key}",
        "--anchor",
        "{vendor-root.pem:certificate}",
    ],
    "station init": ["{station.json:json}"],
    "station status": ["{line.json:json}"],
    "station units": ["{line.json:json}"],
    "repo init": [
        "new-repo",
        *("--root-key", "{escrow.pem:public-key}", "--targets-key", KEY),
        *("--snapshot-key", "file:{vendor-keys:keys}?label=alice&passphrase=none"),
        *("--timestamp-key", LOG_KEY),
    ],
    "repo add-product": ["{updates:repo}", "cam-b", "--product-key", "{escrow.pem:public-key}"],
    "repo publish": ["{updates:repo}", "{cam.bundle:bundle}", "--track", "lts-2026"],
    "repo track": ["{updates:repo}", "cam-a", "lts-2026", "--kind", "long-term", "--until", "2031-06-30"],
    "repo promote": ["{updates:repo}", "cam-a", "2.0", "--to", "lts-2026"],
    "repo withdraw": ["{updates:repo}", "cam-a", "2.0"],
    "repo rotate": ["{updates:repo}", "targets", "--add", "{escrow.pem:public-key}"],
    "repo sign": ["{updates:repo}", "--attach", "{updates/drafts/root.json:draft}"],
    "repo status": ["{updates:repo}"],
    "ledger vkey": ["--key", "file:{vendor-keys:keys}?label=log&passphrase=none", "--name", "example.com/releases"],
    "ledger prove": ["{releases:ledger}", "0"],
    "ledger check": ["{entry.tlog-proof:proof}", "{entry:other-entry}", "--log-key", "{log.vkey:vkey}"],
    "ledger verify": [
        "{releases:ledger}",
        "--log-key",
        "{log.vkey:vkey}",
        "--held",
        "{releases/checkpoint:checkpoint}",
    ],
    "ledger compare": [
        "{releases/checkpoint:checkpoint}",
        "{held:checkpoint}",
        "--log-key",
        "{log.vkey:vkey}",
        "--ledger",
        "releases",
    ],
    "video verify": ["{signed.h264:video}", "--anchor", "{vendor-root.pem:certificate}"],
    "video report-verify": [
        "{report.dsse:json}",
        "{signed.h264:any}",
        "--key",
        "{vendor-alice.pem:certificate}",
    ],
    "video export": ["{signed.h264:video}", "new-clip.h264", "--anchor", "{vendor-root.pem:certificate}"],
    "video sign": [
        "{base.h264:video}",
        "--key",
        "file:{vendor-keys:keys}?label=alice&passphrase=none",
        "--chain",
        "{vendor-alice.pem:certificate}",
        "--out",
        "new.h264",
    ],
    "video inspect": ["{signed.h264:video}"],
    "sbom make": ["{parts.cdx.json:json}"],
    "sbom merge": ["{parts.cdx.json:json}", "{parts.spdx.json:json}", "--out", "new.json"],
    "sbom diff": ["{parts.cdx.json:json}", "{parts.spdx.json:json}"],
    "sbom coverage": ["{root-tree:ledger}"],
    "cvss score": ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
    "cvss explain": ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
    "vuln compare-versions": ["deb", "1.0", "1.1"],
    "vuln purl": ["pkg:deb/debian/curl@7.88.1"],
    "vuln in-range": ["vers:deb/<2.0", "1.0"],
    "advisory validate": ["--links", "{links.txt:any}", "{advisory.json:json}"],
    "cve validate": ["{record.json:json}"],
    "advisory init": ["new-cases", *PUBLISHER],
    "advisory new": ["{cases:cases}", "--title", "x", "--facts", "{facts.json:json}"],
    "advisory list": ["{cases:cases}"],
    "advisory show": ["{cases:cases}", "X-1"],
    "advisory set": ["{cases:cases}", "X-1", "--facts", "{facts.json:json}"],
    "advisory advance": ["{cases:cases}", "X-1", "triaged"],
    "advisory document": ["{cases:cases}", "X-1", "--form", "text"],
    "advisory publish": ["{cases:cases}", "new-site"],
    "advisory clocks": ["{cases:cases}"],
    "vuln index": ["update", "{feed.json:json}", "--index", "{vuln.index:index}"],
    "vuln match": ["{parts.cdx.json:json}", "--index", "{vuln.index:index}", "--vex", "{feed.json:json}"],
    "vuln device": ["{root-tree:ledger}", "--index", "{vuln.index:index}"],
    "vuln show": ["PYSEC-1", "--index", "{vuln.index:index}"],
    "help": ["firmware"],
    "completion bash": [],
    "completion zsh": [],
    "completion fish": [],
}
NEEDS_TPM = "it needs a born device: tests/journeys/birth_kill.py; below are its refusals"
NEEDS_KEYSTORED = "it needs a signet-keystored: device/keystored; below are its refusals"
NOT_HERE = {
    **{name: NEEDS_KEYSTORED for name in ("key watch", "key rotate")},
    "tour": "it makes all of its input itself",
    "key backend-test": "it answers by its exit code: tests/journeys/key_attest.py; below are its refusals",
    **{
        name: NEEDS_TPM
        for name in ("floor show", "floor apply", "id show", "id certificate", "id birth", "id verify")
    },
    **{name: "it needs a line with births; below are its refusals" for name in ("station release", "station batch")},
}

BIRTH = ["--keystored", "missing", "--serial", "A1", "--product", "cam-a", "--hardware", "x"]

# Stores that cannot be reached, what one of their URIs may not say, and commands for which there is no good input here.
REFUSED: tuple[tuple[str, list[str]], ...] = tuple(
    (f"key {verb}", [store + ("&label=a" if verb in ("show", "retire") else ""), *words])
    for verb, words in (
        ("generate", ["--label", "new"]),
        ("import", ["--label", "new", "--from", "key.p8"]),
        ("list", []),
        ("show", []),
        ("retire", ["--yes"]),
    )
    for store in (
        "tpm:vendor-keys?tcti=swtpm:path=missing",  # nobody there
        "tpm:vendor-keys?tcti=nonsense:",
        "tpm:vendor-keys?tcti=device:key.p8",
        "tpm:vendor-keys?owner-auth-file=missing&tcti=swtpm:path=missing",
        "tpm:vendor-keys?owner-auth=secret",
        "tpm:?purpose=tls",
        "keystored:missing?purpose=tls",
        "keystored:key.p8?purpose=tls",  # a file, no socket
        "keystored:missing?purpose=everything",
    )
) + (
    *(
        ("key backend-test", [store])
        for store in ("tpm:vendor-keys?tcti=swtpm:path=missing", "keystored:missing", "keystored:key.p8")
    ),
    ("key attest", ["keystored:missing?label=a", "--out", "new.json"]),
    ("key attest", ["file:vendor-keys?label=alice&passphrase=none", "--out", "new.json", "--nonce", "00ff"]),
    ("key attest-verify", ["key.attestation", "--require-strength", "strong"]),
    ("key attest-verify", ["key.attestation", "--serial", "CAM0001"]),
    ("key attest-verify", ["key.attestation", "--nonce", "8f1c2a90d75e43b6a1f00c9be2d71634"]),
    *(
        (command, ["--keystored", socket])
        for command in ("floor show", "id show")
        for socket in ("missing", "key.p8")
    ),
    *(("id certificate", ["video", "--keystored", socket, "--out", "c.pem"]) for socket in ("missing", "key.p8")),
    ("id birth", [*BIRTH, "--station", "tcp:127.0.0.1:1"]),  # nobody listens
    *(("id birth", [*BIRTH, "--station", where]) for where in ("", "tcp:", "tcp:host", "serial:key.p8@9600", "x:y")),
    *(("id birth", [*BIRTH, "--station", "tcp:127.0.0.1:1", "--vendor-key", file]) for file in ("missing", "key.p8")),
    *(
        ("id verify", [what, "--anchor", "vendor-root.pem"])
        for what in ("missing", "key.p8", "sbom.json", "https://", "https://h:x", "https://[::1", "http://h")
    ),
    ("id verify", ["https://127.0.0.1:1", "--anchor", "vendor-root.pem"]),
    ("id verify", ["sbom.json", "--anchor", "missing"]),
    *(("station release", [config, "A1"]) for config in ("line.json", "station.json", "sbom.json", "missing")),
    *(("station batch", [config, "new.json"]) for config in ("line.json", "station.json", "sbom.json", "missing")),
    *(
        ("key policy", words)
        for words in (
            ["explain", "--user", "0", "--key", "a", "--keystored", "missing"],
            ["explain", "--user", "no-such-user", "--key", "a", "--policy", "policy.json"],
            ["explain", "--user", "0", "--policy", "policy.json"],
            ["explain", "--user", "0", "--key", "a", "--policy", "policy.json", "--time", "now"],
            ["explain", "--key", "a"],
            ["check"],
            ["change"],
        )
    ),
    *(("key watch", [*words, "--keystored", "missing"]) for words in ([], ["--count", "x"])),
    *(("key rotate", [key]) for key in ("keystored:missing?label=a", KEY, "keystored:missing")),
    ("floor apply", ["floor.json", "--device", "device/device.json"]),  # a floor in a file
    ("floor apply", ["missing", "--device", "device/device.json"]),
    ("floor approve", ["--key", KEY, "--value", "7"]),  # and where to?
    ("floor approve", ["--key", KEY, "--value", "x", "--out", "new-floor.json"]),
    ("video sign", ["-", "--key", KEY, "--out", "new.h264"]),  # what does it hold?
    *(
        ("vuln index", words)
        for words in (
            ["build", "--index", "new.index"],
            ["build", "missing", "--index", "new.index"],
            ["build", "key.p8", "--index", "new.index"],
            ["build", "sbom.json", "--index", "new.index"],  # nothing that is read
            ["build", "feed.json", "--index", "new.index", "--openpgp-keys", "key.p8"],
            ["info", "--index", "missing"],
            ["shrink", "--index", "vuln.index"],
        )
    ),
    *(
        (f"advisory {verb}", ["cases", *words])
        for verb, words in (
            ("init", PUBLISHER),  # there is one
            ("new", ["--title", ""]),
            ("new", ["--title", "x", "--id", "../x"]),
            ("new", ["--title", "x", "--at", "yesterday"]),
            ("new", ["--title", "x", "--at", "2999-01-01T00:00:00Z"]),
            ("show", ["X-2"]),
            ("show", ["../publisher"]),
            ("set", ["X-1"]),  # nothing
            ("set", ["X-1", "--cvss", "9.8"]),
            ("set", ["X-1", "--cwe", "CWE-0"]),
            ("set", ["X-1", "--embargo", "soon"]),
            ("set", ["X-1", "--sent", "flowers"]),
            ("advance", ["X-1", "published"]),
            ("advance", ["X-1", "fixed"]),
            ("document", ["X-1", "--form", "cve-5.1"]),
            ("document", ["X-1", "--form", "text", "--published"]),
            ("publish", ["cases"]),  # holds something else
            ("publish", ["new-site", "--openpgp-home", "cases"]),
            ("publish", ["new-site", "--openpgp-key", "alice"]),
            ("clocks", ["X-2"]),
        )
    ),
    ("advisory list", ["missing"]),
    ("vuln show", ["CVE-2024-0001", "--index", "vuln.index"]),
    ("vuln show", ["PYSEC-1", "--index", "missing"]),
    ("vuln match", ["parts.cdx.json", "--index", "missing"]),
    ("vuln match", ["parts.cdx.json", "--index", "vuln.index", "--debian-root", "missing"]),
    *(
        ("video export", ["signed.h264", "new.h264", *words])
        for words in (["--from", "gop:x"], ["--to", "gop:999"], ["--from", "1:2:3:4"], ["--from", "12"])
    ),
)

# More files that a command reads without naming them: (command, file, kind).
UNNAMED = (
    *((f"advisory {verb}", "cases/publisher.json", "json") for verb in ("new", "list", "document", "publish")),
    *((f"advisory {verb}", "cases/cases/X-1.json", "json") for verb in ("list", "set", "publish", "clocks")),
    *(
        (command, f"device/state/{file}", "json")
        for command in ("firmware install", "firmware confirm", "firmware status")
        for file in ("boot.json", "floor.json")
    ),
    ("firmware start", "device/state/boot.json", "json"),
    ("firmware install", "device/trust/anchor-1.pem", "certificate"),
)

FILE_FAULTS = ("missing", "folder", "denied", "endless")
CONTENT_FAULTS = ("empty", "random", "cut", "other", "malformed")
FOLDER_FAULTS = ("a-file", "denied-folder", "broken")
# The key of docs/formats/dsse.md, and a station whose CA and policy nobody has to open here.
ESCROW_PEM = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ805D3eqNZywjCI19lInBJOp7YMr
CrzAH3CVTAOQ0jgMeCvVTiaRJaRPRDOv8UMs6U4SvKc6pnrIDOoSYI3fdA==
-----END PUBLIC KEY-----
"""
STATION = {
    "station": "station-1",
    "line": "line-7",
    "listen": "127.0.0.1:0",
    "hardware_type": "1.3.6.1.4.1.32473.1",
    "state": "station-state",
    "ca": {"folder": "vendor-ca", "key": ROOT_KEY},
    "signing": {"key": KEY, "certificate": "vendor-alice.pem"},
    "ledger": {"folder": "births", "origin": "example.com/line-7", "key": LOG_KEY},
    "vendor": {"policy": "birth-policy.json", "key": "escrow.pem"},
    "tpm": {"makers": [{"certificate": "vendor-root.pem", "strength": "SOFTWARE"}]},
}
KINDS: dict[str, tuple[str, ...]] = {
    "any": FILE_FAULTS,
    "entry": (*FILE_FAULTS, "random"),  # too large for an entry
    "hss-key": (
        *FILE_FAULTS,
        "empty",
        "random",
        "cut",
        "other",
    ),  # any bytes in its middle are a hash (RFC 8554, 5.3)
    "other-entry": (*FILE_FAULTS, *CONTENT_FAULTS),
    **{
        kind: (*FILE_FAULTS, *CONTENT_FAULTS)
        for kind in (
            "bundle",
            "whole-bundle",
            "certificate",
            "crl",
            "request",
            "pkcs8",
            "public-key",
            "json",
            "vkey",
            "checkpoint",
            "proof",
        )
    },
    "video": (*FILE_FAULTS, "empty", "random", "other"),  # a damaged recording gets a verdict, which is no refusal
    "index": (*FILE_FAULTS, *CONTENT_FAULTS),
    "store": ("a-file", "denied-folder"),  # one that is missing or empty is an empty store
    "keys": ("missing", *FOLDER_FAULTS),
    "ca": ("missing", "empty-folder", *FOLDER_FAULTS),
    "ledger": ("missing", "empty-folder", *FOLDER_FAULTS),
    "repo": ("missing", "empty-folder", *FOLDER_FAULTS),
    "draft": (*FILE_FAULTS, *CONTENT_FAULTS),
    "cases": ("missing", "empty-folder", *FOLDER_FAULTS),
}
# What may be missing by design, and then means what docs/formats say.
OPTIONAL = {
    ("device/state/boot.json", "missing"),
    ("device/state/floor.json", "missing"),
    ("witness.state", "missing"),
    ("vuln.index", "missing"),
    ("cases/cases/X-1.json", "missing"),
}


class Input(NamedTuple):
    command: str
    words: list[str]
    path: str
    kind: str


def plain(word: str) -> str:
    """A word of COMMANDS as the program gets it."""
    begin, end = word.find("{"), word.find("}")
    return word if begin < 0 else word[:begin] + word[begin + 1 : end].partition(":")[0] + word[end + 1 :]


def inputs_of(command: str, template: list[str]) -> list[Input]:
    words = [plain(word) for word in template]
    found = []
    for word in template:
        if "{" in word:
            path, _, kind = word[word.index("{") + 1 : word.index("}")].partition(":")
            found.append(Input(command, words, path, kind))
    return found + [Input(command, words, path, kind) for name, path, kind in UNNAMED if name == command]


def make_videos(signet: Signet, maker: Maker) -> None:
    shutil.copy(VIDEO, signet.folder / "base.h264")
    words = ("--key", maker.key("alice"), "--chain", "vendor-alice.pem", "--out", "signed.h264")
    signet.must("video", "sign", "base.h264", *words)
    signet.must("video", "verify", "signed.h264", "--report", "report.dsse", "--sign", maker.key("alice"))


def make_attestation(signet: Signet) -> None:
    signet.must("key", "attest", KEY, "--out", "key.attestation")
    (signet.folder / "alice.pub").write_bytes(signet.run("key", "show", KEY, "--public-key").out)


def make_updates(signet: Signet) -> None:
    signet.must(
        *("repo", "init", "updates", "--root-key", KEY, "--targets-key", KEY),
        *("--snapshot-key", LOG_KEY, "--timestamp-key", LOG_KEY),
    )
    signet.must("repo", "add-product", "updates", "cam-a", "--product-key", KEY)
    signet.must("repo", "publish", "updates", "next.bundle", "--key", KEY)
    signet.must("repo", "rotate", "updates", "root", "--add", "escrow.pem")


def make_parts(signet: Signet) -> None:
    dpkg = signet.folder / "root-tree/var/lib/dpkg"
    (dpkg / "info").mkdir(parents=True)
    (dpkg / "info/curl.list").write_text("/usr/bin/curl\n")
    (dpkg / "status").write_text(
        "Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10\n"
    )
    signet.must("sbom", "make", "root-tree", "--out", "parts.cdx.json")
    signet.must("sbom", "make", "root-tree", "--format", "spdx", "--out", "parts.spdx.json")
    django = {"package": {"ecosystem": "PyPI", "name": "django"}, "versions": ["1.0"]}
    feed = {"id": "PYSEC-1", "modified": "2024-01-01T00:00:00Z", "affected": [django]}
    (signet.folder / "feed.json").write_text(json.dumps(feed), encoding="utf-8")
    signet.must("vuln", "index", "build", "feed.json", "--index", "vuln.index")


def make_advisories(folder: pathlib.Path) -> None:
    """One that is valid as far as its schema goes, and the answer of a link."""
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    (folder / "advisory.json").write_text(json.dumps(bill, indent=1), encoding="utf-8")
    (folder / "links.txt").write_text("https://example.com/ 200\n", encoding="utf-8")
    published = "2026-02-01T00:00:00Z"
    owner = "8254265b-2729-46b6-b9e3-3dfca2d5bfca"
    record = {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {
            "cveId": "CVE-2026-12345",
            "assignerOrgId": owner,
            "state": "PUBLISHED",
            "datePublished": published,
        },
        "containers": {
            "cna": {
                "providerMetadata": {"orgId": owner},
                "descriptions": [{"lang": "en", "value": "A flaw in the example camera lets anyone restart it."}],
                "references": [{"url": "https://example.com/1"}],
                "affected": [{"vendor": "Example", "product": "Camera", "defaultStatus": "affected"}],
            }
        },
    }
    (folder / "record.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def make_cases(signet: Signet) -> None:
    signet.must("advisory", "init", "cases", *PUBLISHER)
    signet.must("advisory", "new", "cases", "--title", "A flaw in the camera", "--id", "X-1")
    facts = {"description": "A flaw in the example camera lets anyone restart it.", "cwe": ["CWE-306"]}
    (signet.folder / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


def make_settings(folder: pathlib.Path) -> None:
    rule = {"name": "all", "who": {"user": "0"}, "may": ["all"]}
    (folder / "policy.json").write_text(json.dumps({"version": 1, "rules": [rule]}), encoding="utf-8")
    (folder / "escrow.pem").write_text(ESCROW_PEM, encoding="ascii")
    (folder / "station.json").write_text(json.dumps(STATION), encoding="utf-8")
    begun = {**STATION, "state": "line-state", "ledger": {**STATION["ledger"], "folder": "line-ledger"}}
    (folder / "line.json").write_text(json.dumps(begun), encoding="utf-8")


def make_parts_of_updates(signet: Signet, maker: Maker) -> None:
    pack = ["--product", "cam-a", "--hardware", "x", "--version", "1", "--security-version", "1"]
    signet.must("firmware", "pack", "chunks.bundle", *pack, "--image", f"rootfs={IMAGE}", "--delta-index")
    maker.sign("chunks.bundle", "alice")
    (signet.folder / "release.hss").write_bytes(bytes.fromhex(HSS_KEY.read_text(encoding="ascii").replace("\n", "")))


def make_world(signet: Signet) -> None:
    make_parts(signet)
    maker = Maker(signet)
    maker.issue("alice")
    maker.issue("carol")
    maker.issue("below", "fleet-ca")
    maker.revoke("carol", "vendor.crl")
    for label in ("log", "witness"):
        maker.make_key(label, "ed25519")
    folder = signet.folder
    (folder / IMAGE).write_bytes(sample(300_000, 1))
    (folder / "sbom.json").write_text("{}\n", encoding="utf-8")
    make_advisories(folder)
    make_cases(signet)
    maker.pack("unsigned.bundle", {"rootfs": IMAGE})
    maker.pack("cam.bundle", {"rootfs": IMAGE}, ("alice",))
    maker.pack("next.bundle", {"rootfs": IMAGE}, ("alice",), version="2.0", security_version=2)
    make_parts_of_updates(signet, maker)
    (folder / "entry").write_text("the first", encoding="utf-8")
    (folder / "key.p8").write_bytes(
        bytes.fromhex(  # a P-256 key of RFC 6979, A.2.5, in PKCS #8
            "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
        )
    )
    make_settings(folder)
    signet.must("floor", "approve", "--key", KEY, "--value", "5", "--out", "floor.json")
    make_attestation(signet)
    signet.must("station", "init", "line.json")
    signet.must("ledger", "init", "releases", "--origin", "example.com/releases")
    signet.must("ledger", "append", "releases", "--file", "entry")
    signet.must("ledger", "checkpoint", "releases", "--key", LOG_KEY)
    for name, words in (
        ("log", ["--name", "example.com/releases"]),
        ("witness", ["--name", "example.org/witness", "--witness"]),
    ):
        signet.must("ledger", "vkey", "--key", maker.key(name), *words, "--out", f"{name}.vkey")
    signet.must("ledger", "prove", "releases", "0", "--out", "entry.tlog-proof")
    shutil.copy(folder / "releases" / "checkpoint", folder / "held")
    cosign = ("--log-key", "log.vkey", "--key", maker.key("witness"), "--name", "example.org/witness")
    signet.must("ledger", "witness", "held", *cosign, "--state", "witness.state", "--first")
    signet.must("firmware", "record", "cam.bundle", "--ledger", "releases")
    signet.must("ledger", "checkpoint", "releases", "--key", LOG_KEY)
    make_videos(signet, maker)
    make_updates(signet)
    device = Device.make(signet, "device", maker.root, ("rootfs",))
    device.update(folder / "cam.bundle")
    for command, words in COMMANDS.items():
        COMMANDS[command] = [maker.serials["alice"] if word == "SERIAL" else word for word in words]


def spoil(path: pathlib.Path, fault: str, root: pathlib.Path) -> None:
    """Puts a fault in a place where a file or a folder was."""
    content = path.read_bytes() if path.is_file() else b""
    other = root / ("vendor-root.pem" if content[:8] == b"SIGNETFW" or path.name == "key.p8" else "key.p8")
    replacement = {
        "empty": b"",
        "random": sample(1 << 20, 4),
        "cut": content[: min(2000, len(content) * 6 // 10)],
        "other": other.read_bytes(),
        "a-file": b"not a folder\n",
        "malformed": malformed(content),
    }
    if fault in ("denied", "denied-folder"):
        path.chmod(0)
        return
    if fault == "broken":
        for file in path.rglob("*"):
            if file.is_file() and file.stat().st_size > 0:
                file.write_bytes(sample(5000, 3))
        return
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if fault in ("folder", "empty-folder"):
        path.mkdir()
    elif fault == "endless":
        path.symlink_to("/dev/zero")
    elif fault != "missing":
        path.write_bytes(replacement[fault])


def malformed(content: bytes) -> bytes:
    """As it was, but for a few bytes in its middle."""
    text = bytearray(content)
    if text[:8] == b"SIGNETFW":
        middle = 100
    else:
        middle = len(text) // 2
    text[middle : middle + 4] = b"\x00}\xff{"
    return bytes(text)


def fit_for_anybody(root: pathlib.Path) -> None:
    """Root may read everything, so the program runs as nobody, who owns all of it."""
    if os.geteuid() == 0:
        for path in (root, *root.rglob("*")):
            os.chown(path, ANYBODY, ANYBODY, follow_symlinks=False)


class Trial:
    """One command and the world, of which each fault gets a copy."""

    def __init__(self, signet: Signet, world: pathlib.Path, command: str) -> None:
        self.signet = signet
        self.world = world
        self.copy = signet.folder / command.replace(" ", "-")
        self.faults: list[str] = []
        self.count = 0

    def clear(self) -> None:
        if self.copy.exists():
            for path in self.copy.rglob("*"):
                if path.is_dir() and not path.is_symlink():
                    path.chmod(0o700)
            shutil.rmtree(self.copy)

    def fresh(self) -> Signet:
        self.clear()
        shutil.copytree(self.world, self.copy, symlinks=True)
        return Signet(self.signet.program, None, self.copy)

    def blame(self, what: str, done: Done) -> None:
        self.faults.append(f"{what}: {done}")

    def refused(self, what: str, done: Done, as_json: bool) -> None:
        self.count += 1
        codes = set(EXIT_CODES.values()) - {EXIT_CODES["internal"]}
        if done.timed_out:
            return self.blame(f"{what}: not refused within {SECONDS_MAX} s", done)
        if done.code not in codes:
            return self.blame(f"{what}: expected an exit code of a refusal", done)
        if not as_json:
            lines = done.err.decode(errors="replace").splitlines()
            if (
                done.out
                or not lines
                or not lines[0].startswith("signet: ")
                or not any("->" in line for line in lines[1:])
            ):
                self.blame(
                    f"{what}: expected what is wrong and a next step on standard error, and nothing on standard output",
                    done,
                )
            return None
        try:
            error = done.json["error"]
            if (
                done.json["ok"] is not False
                or EXIT_CODES[error["code"]] != done.code
                or not error["hint"]
                or done.err
            ):
                raise KeyError
        except (AssertionError, KeyError, TypeError):
            self.blame(
                f"{what}: expected one JSON object with ok=false, code and hint, and a silent standard error",
                done,
            )
        return None

    def bad_inputs(self, place: Input) -> None:
        for fault in KINDS[place.kind]:
            if (place.path, fault) in OPTIONAL:
                continue
            signet = self.fresh()
            path = signet.folder / place.path
            if place.command == "firmware install" and place.path != "cam.bundle":
                shutil.copy(signet.folder / "next.bundle", signet.folder / "cam.bundle")
            spoil(path, fault, signet.folder)
            fit_for_anybody(signet.folder)
            before = snapshot(signet.folder)
            for as_json in (False, True):
                words = (*place.command.split(), *place.words, *(["--json"] if as_json else []))
                done = signet.run(*words, **ANYHOW, seconds=SECONDS_MAX)
                what = f"{place.command}, {place.path} {fault}"
                self.refused(what, done, as_json)
                changed = difference(before, snapshot(signet.folder))
                if changed:
                    self.blame(f"{what}: expected nothing to change, changed: {changed}", done)
                    break

    def full_output(self, command: str, words: list[str]) -> None:
        """An output that takes nothing is an error of its own, never silence."""
        for as_json in (False, True):
            signet = self.fresh()
            fit_for_anybody(signet.folder)
            if command == "firmware install":
                shutil.copy(signet.folder / "next.bundle", signet.folder / "cam.bundle")
            with open("/dev/full", "wb") as full:
                done = signet.run(
                    *command.split(),
                    *words,
                    *(["--json"] if as_json else []),
                    stdout=full.fileno(),
                    **ANYHOW,
                    seconds=SECONDS_MAX,
                )
            self.count += 1
            if done.code != EXIT_CODES["io"] or b"->" not in done.err:
                self.blame(
                    f"{command} > /dev/full{' --json' if as_json else ''}: expected exit {EXIT_CODES['io']} and a hint",
                    done,
                )

    def works(self, command: str, words: list[str]) -> None:
        """With good input it does its work; else a refusal would say nothing about the fault."""
        signet = self.fresh()
        fit_for_anybody(signet.folder)
        done = signet.run(*command.split(), *words, **ANYHOW, seconds=60)
        if done.code != 0:
            self.blame(f"{command} with good input: expected success", done)


def try_command(signet: Signet, world: pathlib.Path, command: str, template: list[str]) -> Trial:
    trial = Trial(signet, world, command)
    words = [plain(word) for word in template]
    trial.works(command, words)
    trial.full_output(command, words)
    for place in inputs_of(command, template):
        trial.bad_inputs(place)
    trial.clear()
    return trial


def try_refused(signet: Signet, world: pathlib.Path) -> Trial:
    trial = Trial(signet, world, "refused as it is")
    world_signet = trial.fresh()
    fit_for_anybody(world_signet.folder)
    before = snapshot(world_signet.folder)
    for command, words in REFUSED:
        for as_json in (False, True):
            done = world_signet.run(
                *command.split(), *words, *(["--json"] if as_json else []), **ANYHOW, seconds=SECONDS_MAX
            )
            trial.refused(f"{command} {words[0]}", done, as_json)
    changed = difference(before, snapshot(world_signet.folder))
    if changed:
        trial.faults.append(f"stores out of reach: expected nothing to change, changed: {changed}")
    trial.clear()
    return trial


def check_complete(signet: Signet) -> None:
    listed = {f"{command['noun']} {command['verb']}".strip() for command in signet.must("--help")["commands"]}
    known = COMMANDS.keys() | NOT_HERE.keys()
    expect(listed <= known, "every command to be in the table of this journey", sorted(listed - known))
    expect(known <= listed, "the program to have every command of the table", sorted(known - listed))


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    check_complete(signet)
    signet.folder.chmod(0o755)
    world = signet.folder / "world"
    world.mkdir()
    make_world(Signet(signet.program, None, world))
    chosen = {command: words for command, words in COMMANDS.items() if command.startswith(arguments.only)}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        trials = list(pool.map(lambda command: try_command(signet, world, command, chosen[command]), chosen))
    trials.append(try_refused(signet, world))
    faults = [fault for trial in trials for fault in trial.faults]
    count = sum(trial.count for trial in trials)
    for fault in faults:
        print(f"  {fault}")
    expect(not faults, f"all of {count} bad inputs refused as promised", f"{len(faults)} faults, above")
    print(f"bad input: {len(chosen)} commands, {count} refusals, each with a reason and a next step, nothing changed")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey, ("--only", {"help": "only commands that begin with this", "default": ""})))
