#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_ATTEST_020, P_CA_008, P_CONFORM_001: where keys live, proven from the device to the certificate.

Real parts: a station whose makers of TPMs count as strong, two born units with a software TPM and signet-keystored
each, keys made by a program and through the PKCS#11 module. The oracle is the vendor's root alone; at the end an
authority certifies what is proven, and nothing else. Then `signet key backend-test` tries both stores of a device.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import pathlib
import subprocess
import sys

from factory import Line
from journey import Signet, expect, travel

NONCE = "8f1c2a90d75e43b6a1f00c9be2d71634"
OTHER_NONCE = "00112233445566778899aabbccddeeff"
FLEET = "file:vendor-keys?label=fleet&passphrase=none"
ROOT = ("--anchor", "vendor-root.pem")
STRONG_MAKERS = {
    "makers": [{"certificate": "tpm-ca/swtpm-localca-rootca-cert.pem", "strength": "STRONG"}],
    "intermediates": ["tpm-ca/issuercert.pem"],
}


def journey(_: argparse.Namespace, signet: Signet) -> None:
    line = Line(signet, tpm=STRONG_MAKERS)
    try:
        with line.unit("CAM0001") as first, line.unit("CAM0002") as second, line.unit("CAM0003") as unborn:
            line.start_station()
            for unit, serial in ((first, "CAM0001"), (second, "CAM0002")):
                born = line.birth(serial, str(unit.keeper_socket))
                expect(born.code == 0, f"{serial} is born", born)
            check_keys(signet, str(first.keeper_socket))
            check_boot_state(signet, str(first.keeper_socket))
            check_token(line, str(first.keeper_socket))
            check_weaker(signet, str(unborn.keeper_socket))
            check_attacks(signet, str(first.keeper_socket), str(second.keeper_socket))
            check_issuing(signet, str(first.keeper_socket))
            check_rotation(signet, str(first.keeper_socket))
            check_backends(signet, str(first.keeper_socket))
    finally:
        line.end()


def attest(signet: Signet, key: str, out: str, nonce: str = NONCE) -> dict:
    return signet.must("key", "attest", key, "--out", out, "--nonce", nonce)


def verify(*words: str) -> list[str]:
    return ["key", "attest-verify", *words]


def check_keys(signet: Signet, socket: str) -> None:
    """Keys of every purpose, with the vendor's root alone."""
    folder = signet.folder
    for purpose, algorithm in (("tls", "p256"), ("network", "p384"), ("video", "p256"), ("storage", "rsa2048")):
        store = f"keystored:{socket}?purpose={purpose}"
        made = signet.must("key", "generate", store, "--label", f"{purpose}-key", "--algorithm", algorithm)
        done = attest(signet, made["uri"], f"{purpose}.json")
        expect(done["basis"] == "certified" and done["fingerprint"] == made["fingerprint"], "the TPM vouches", done)
        shown = signet.must(*verify(f"{purpose}.json", *ROOT, "--nonce", NONCE, "--require-strength", "strong"))
        expect((shown["basis"], shown["strength"], shown["fresh"]) == ("certified", "STRONG", True), "proven", shown)
        expect(shown["serial"] == "CAM0001" and shown["public_key"] == made["public_key"], "of this device", shown)
        expect(shown["notes"] == [], "nothing is left open", shown)
    words = signet.run(*verify("tls.json", *ROOT, "--serial", "CAM0001"))
    expect(words.code == 0 and b"CAM0001" in words.out and b"STRONG" in words.out, "words for people", words)
    # Without the station's certificates the record counts only with whoever knows the line.
    bare = json.loads((folder / "tls.json").read_text())
    expect(len(bare["tpm"].pop("station")) == 2, "the station's and its authority's are in it", bare)
    (folder / "bare.json").write_text(json.dumps(bare), encoding="ascii")
    shown = signet.must(*verify("bare.json", *ROOT, "--nonce", NONCE))
    expect((shown["basis"], shown["strength"]) == ("certified", "SOFTWARE"), "nobody says what kind of TPM", shown)
    signet.refused("key.strength", "untrusted", *verify("bare.json", *ROOT, "--require-strength", "strong"))
    shown = signet.must(*verify("bare.json", *ROOT, "--line-key", "line.vkey"))
    expect((shown["strength"], shown["recorded"]) == ("STRONG", "ledger"), "the line's ledger says", shown)


def check_boot_state(signet: Signet, socket: str) -> None:
    """A key that the TPM binds to the boot state is shown to be bound, and to no other state."""
    folder = signet.folder
    made = signet.must("key", "generate", f"keystored:{socket}?purpose=tls", "--label", "bound", "--pcrs", "7,11")
    attest(signet, made["uri"], "bound.json")
    shown = signet.must(*verify("bound.json", *ROOT, "--nonce", NONCE, "--require-strength", "strong"))
    expect(shown["boot_state"] == made["boot_state"], "the state that the TPM demands", shown)
    words = signet.run(*verify("bound.json", *ROOT))
    expect(b"works while   PCR 11 is " in words.out, "words for people", words)
    good = json.loads((folder / "bound.json").read_text())
    free = json.loads((folder / "tls.json").read_text())
    for name, statement, pcrs in (
        ("other-state.json", good, {**good["tpm"]["pcrs"], "11": base64.b64encode(bytes(31) + b"1").decode()}),
        ("fewer.json", good, {"7": good["tpm"]["pcrs"]["7"]}),
        ("claimed.json", free, good["tpm"]["pcrs"]),
    ):
        lie = {**statement, "format": good["format"], "tpm": {**statement["tpm"], "pcrs": pcrs}}
        (folder / name).write_text(json.dumps(lie), encoding="ascii")
        signet.refused("attest.boot-state", "untrusted", *verify(name, *ROOT))


def check_token(line: Line, socket: str) -> None:
    """A key that a program made through PKCS#11 is a key of the TPM like any other."""
    signet = line.signet
    module = line.beside("libsignet-pkcs11.so", "device/pkcs11")
    needs = subprocess.run(["ldd", module], capture_output=True, text=True, check=True).stdout
    sanitizer = [word for word in needs.split() if word.startswith("/") and "libasan" in word]
    environment = {**os.environ, "SIGNET_KEYSTORED_SOCKET": socket, "ASAN_OPTIONS": "detect_leaks=0"}
    if sanitizer:
        environment["LD_PRELOAD"] = sanitizer[0]
    before = {key["label"] for key in signet.must("key", "list", f"keystored:{socket}")["keys"]}
    subprocess.run(
        ["pkcs11-tool", "--module", module, "--keypairgen", "--key-type", "EC:prime256v1"]
        + ["--usage-sign", "--label", "web", "--id", "01"],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    made = [key for key in signet.must("key", "list", f"keystored:{socket}")["keys"] if key["label"] not in before]
    expect(len(made) == 1, "one new key", made)
    attest(signet, made[0]["uri"], "web.json")
    shown = signet.must(*verify("web.json", *ROOT, "--nonce", NONCE, "--require-strength", "strong"))
    expect(shown["public_key"] == made[0]["public_key"], "the token's key is proven", shown)


def check_weaker(signet: Signet, unborn: str) -> None:
    """Keys that nobody vouches for say so, and a device that was not born says nothing."""
    done = attest(signet, "file:vendor-keys?label=floor&passphrase=none", "file.json")
    expect(done["basis"] == "possession", "a file", done)
    shown = signet.must(*verify("file.json", "--nonce", NONCE))
    expect((shown["basis"], shown["strength"], shown["fresh"]) == ("possession", "SOFTWARE", True), "a file", shown)
    signet.refused("key.other-device", "untrusted", *verify("file.json", "--serial", "CAM0001"))
    store = f"keystored:{unborn}?purpose=tls"
    made = signet.must("key", "generate", store, "--label", "early")
    signet.refused("keystored.unborn", "not_found", "key", "attest", made["uri"], "--out", "early.json")


def check_attacks(signet: Signet, ours: str, theirs: str) -> None:
    folder = signet.folder
    other = signet.must("key", "generate", f"keystored:{theirs}?purpose=tls", "--label", "tls-key")
    attest(signet, other["uri"], "theirs.json")
    signet.refused("key.other-device", "untrusted", *verify("theirs.json", *ROOT, "--serial", "CAM0001"))
    (folder / "theirs.pub").write_text(other["public_key"], encoding="ascii")
    signet.refused("attest.other-key", "untrusted", *verify("tls.json", *ROOT, "--public-key", "theirs.pub"))
    signet.refused("attest.replayed", "untrusted", *verify("tls.json", *ROOT, "--nonce", OTHER_NONCE))
    signet.refused("pki.no-anchor", "untrusted", *verify("tls.json"))
    good = json.loads((folder / "tls.json").read_text())
    stolen = json.loads((folder / "theirs.json").read_text())
    claimed = json.loads((folder / "file.json").read_text())

    def forged(name: str, **changes: object) -> str:
        (folder / name).write_text(json.dumps({**good, **changes}), encoding="ascii")
        return name

    mixed = {**good["tpm"], **{part: stolen["tpm"][part] for part in ("public_area", "statement", "signature")}}
    theirs_as_ours = forged("mixed.json", public_key=stolen["public_key"], tpm=mixed)
    signet.refused("tpm.bad-signature", "untrusted", *verify(theirs_as_ours, *ROOT))
    signet.refused(
        "attest.other-key", "untrusted", *verify(forged("swapped.json", public_key=claimed["public_key"]), *ROOT)
    )
    claimed["claims"]["backend"] = "tpm"
    (folder / "claims.json").write_text(json.dumps(claimed), encoding="ascii")
    signet.refused("attest.no-possession", "untrusted", *verify("claims.json", *ROOT))
    # An imported key was outside once, whatever the TPM says of it now.
    signet.must(
        *("key", "import", f"keystored:{ours}?purpose=tls", "--label", "imported", "--from", make_pkcs8(folder).name)
    )
    attest(signet, f"keystored:{ours}?label=imported", "imported.json")
    signet.refused("attest.not-resident", "untrusted", *verify("imported.json", *ROOT))


def make_pkcs8(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "outside.p8"
    path.write_bytes(
        bytes.fromhex(  # a P-256 key of RFC 6979, A.2.5, in PKCS #8
            "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
        )
    )
    return path


def check_issuing(signet: Signet, socket: str) -> None:
    """An authority that demands strong keys certifies no other."""
    signet.must("key", "generate", "file:vendor-keys?passphrase=none", "--label", "fleet")
    signet.must("ca", "init", "fleet", "--key", FLEET, "--subject", "CN=Fleet")
    demanded = signet.must("ca", "require", "fleet", "--profile", "tls-server", "--strength", "strong")
    expect(demanded["demands"] == {"tls-server": "STRONG"}, "the demand is on record", demanded)
    names = ("--subject", "CN=cam", "--name", "cam.invalid")

    def issue(key: str, *words: str) -> list[str]:
        signet.must("ca", "request", "--key", key, *names, "--out", "cam.csr")
        return [
            *("ca", "issue", "fleet", "--key", FLEET, "--profile", "tls-server", "--request", "cam.csr"),
            *("--out", "cam.pem", *words),
        ]

    ours = f"keystored:{socket}?label=tls-key"
    in_file = "file:vendor-keys?label=floor&passphrase=none"
    signet.refused("ca.no-attestation", "denied", *issue(ours))
    signet.refused("ca.attestation-key", "denied", *issue(in_file, "--attestation", "tls.json", *ROOT))
    signet.refused("ca.strength", "denied", *issue(in_file, "--attestation", "file.json", *ROOT))
    signet.refused("ca.strength", "denied", *issue(ours, "--attestation", "bare.json", *ROOT))
    signet.refused(
        "attest.replayed", "untrusted", *issue(ours, "--attestation", "tls.json", *ROOT, "--nonce", OTHER_NONCE)
    )
    expect(signet.must("ca", "list", "fleet")["certificates"] == [], "nothing was issued")
    signet.must(*issue(ours, "--attestation", "tls.json", *ROOT, "--nonce", NONCE))
    listed = signet.must("ca", "list", "fleet")["certificates"]
    expect([entry.get("strength") for entry in listed] == ["STRONG"], "what was proven is on record", listed)


def check_rotation(signet: Signet, socket: str) -> None:
    """P_KEYSTORED_039: key and certificate of a service change together, and the old ones are kept."""
    folder = signet.folder
    key = signet.must("key", "generate", f"keystored:{socket}?purpose=tls", "--label", "site")["uri"]

    def issue(request: str, out: str) -> str:
        words = ("ca", "issue", "vendor-ca", "--key", "file:vendor-keys?label=root&passphrase=none")
        signet.must(*words, "--profile", "tls-server", "--name", "site.invalid", "--request", request, "--out", out)
        return (folder / out).read_text()

    signet.must("ca", "request", "--key", key, "--subject", "CN=site", "--out", "site.csr")
    old = issue("site.csr", "site.pem")
    (folder / "service.pem").write_text(old)
    before = signet.must("key", "show", key)["fingerprint"]
    signet.refused("key.rotate-not-prepared", "not_found", "key", "rotate", key, "--certificate", "site.pem")
    begun = signet.must("key", "rotate", key, "--request", "next.csr", "--subject", "CN=site")
    expect(signet.must("key", "show", key)["fingerprint"] == before, "the old key is in use", begun)
    again = signet.must("key", "rotate", key, "--request", "next.csr", "--subject", "CN=site")
    expect(again["fingerprint"] == begun["fingerprint"], "asked twice, it is one key", again)
    exchange = ("key", "rotate", key, "--install", "service.pem", "--certificate")
    signet.refused("key.other-key", "untrusted", *exchange, "site.pem")
    expect(signet.must("key", "show", key)["fingerprint"] == before, "nothing was changed")
    new = issue("next.csr", "next.pem")
    done = signet.must(*exchange, "next.pem")
    expect(done["fingerprint"] == begun["fingerprint"] and done["old_fingerprint"] == before, "exchanged", done)
    expect((folder / "service.pem").read_text() == new, "the service has the new certificate")
    expect((folder / "service.pem.old").read_text() == old, "and the old one is kept")
    for label, certificate in (("site", "service.pem"), ("site.old", "service.pem.old")):
        shown = signet.must("key", "show", f"keystored:{socket}?label={label}")
        words = ["openssl", "x509", "-in", folder / certificate, "-noout", "-pubkey"]
        named = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        expect(named == shown["public_key"], f"{certificate} is of {label}", shown)
    signet.must("key", "retire", f"keystored:{socket}?label=site.old", "--yes")
    print("P_KEYSTORED_039: a rotation in two steps, key and certificate at once")


def check_backends(signet: Signet, socket: str) -> None:
    before = signet.must("key", "list", f"keystored:{socket}")["keys"]
    kinds = ("--algorithm", "p256", "--algorithm", "rsa2048", "--measure-ms", "20")
    done = signet.run("key", "backend-test", f"keystored:{socket}", *kinds, "--json")
    expect(done.code == 2, "all works; a software TPM is not hardware", done)
    report = done.json["report"]
    expect(report["counts"]["fails"] == 0, "nothing fails", report)
    weak = [row["operation"] for row in report["operations"] if row["outcome"] == "weak"]
    expect(weak == ["the store is guarded"], "what is weak", weak)
    speeds = [row for row in report["operations"] if "speed" in row]
    expect(len(speeds) >= 7 and all(row["speed"]["per_second"] > 0 for row in speeds), "speeds", speeds)
    after = signet.must("key", "list", f"keystored:{socket}")["keys"]
    expect(after == before, "no key is touched and none left", after)
    text = signet.run("key", "backend-test", f"keystored:{socket}", "--algorithm", "p256", "--measure-ms", "20")
    expect(text.code == 2 and b"ops/s" in text.out and b"derive by ECDH with p256" in text.out, "a table", text)
    print(f"P_CONFORM_001: {report['counts']} through signet-keystored")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
