#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Makes the files beside this one: one birth, and what it leaves. Prints the blocks of docs/formats/device-identity.md."""

from __future__ import annotations

import argparse
import base64
import json
import pathlib
import subprocess
import sys
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "journeys"))
# pylint: disable=wrong-import-position
from factory import Line
from journey import Signet, expect, travel

NONCE = "8f1c2a90d75e43b6a1f00c9be2d71634"

# (bytes, what) of each structure; a size of None is that of the two bytes before.
PUBLIC = [
    (2, "type: TPM_ALG_ECC"),
    (2, "nameAlg: TPM_ALG_SHA256"),
    (4, "objectAttributes: {attributes}"),
    (2, "authPolicy: size"),
    (None, "  of template H-2"),
    (2, "symmetric: TPM_ALG_NULL"),
    (4, "scheme: TPM_ALG_ECDSA, TPM_ALG_SHA256"),
    (2, "curveID: TPM_ECC_NIST_P256"),
    (2, "kdf: TPM_ALG_NULL"),
    (2, "unique.x: size"),
    (None, ""),
    (2, "unique.y: size"),
    (None, ""),
]
CREATION = [
    (4, "magic: TPM_GENERATED_VALUE"),
    (2, "type: TPM_ST_ATTEST_CREATION"),
    (2, "qualifiedSigner: size"),
    (None, "  of the attestation key"),
    (2, "extraData: size"),
    (None, "  birth_nonce"),
    (8, "clockInfo.clock, ms"),
    (4, "clockInfo.resetCount"),
    (4, "clockInfo.restartCount"),
    (1, "clockInfo.safe"),
    (8, "firmwareVersion"),
    (2, "objectName: size"),
    (None, "  TPM_ALG_SHA256, SHA-256 of idevid.public_area"),
    (2, "creationHash: size"),
    (None, ""),
]
SIGNATURE = [
    (2, "sigAlg: TPM_ALG_ECDSA"),
    (2, "hash: TPM_ALG_SHA256"),
    (2, "r: size"),
    (None, ""),
    (2, "s: size"),
    (None, ""),
]


def block(name: str, data: bytes, layout: list[tuple[int | None, str]], **words: str) -> str:
    lines = [f"```hex {name}"]
    at = 0
    for size, what in layout:
        size = int.from_bytes(data[at - 2 : at], "big") if size is None else size
        first = True
        for start in range(at, at + size, 16):
            part = data[start : min(start + 16, at + size)].hex(" ", 2)
            lines.append(f"{part:<40}{f'# {what.format(**words)}' if first and what else ''}".rstrip())
            first = False
        at += size
    expect(at == len(data), f"the layout of {name} fits", (at, len(data)))
    return "\n".join([*lines, "```"])


def shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shortened(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shortened(each) for each in value]
    return value[:24] + "..." if isinstance(value, str) and len(value) > 64 else value


def page(statement: dict[str, Any]) -> None:
    idevid = statement["idevid"]
    print(f"```json statement.json\n{json.dumps(shortened(statement), indent=1)}\n```\n")
    common = "fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, adminWithPolicy, "
    for name, own in (("idevid", "sign"), ("iak", "restricted, sign")):
        area = base64.b64decode(statement[name]["public_area"])
        print(block(f"{name}.public_area", area, PUBLIC, attributes=common + own), "\n")
    print(block("idevid.statement", base64.b64decode(idevid["statement"]), CREATION), "\n")
    print(block("idevid.signature", base64.b64decode(idevid["signature"]), SIGNATURE), "\n")
    for name in ("idevid.pem", "iak.pem"):
        print(f"```pem {name}\n{(HERE / name).read_text(encoding='utf-8')}```\n")
    print(f"```json record.json\n{(HERE / 'record.json').read_text(encoding='utf-8')}```\n")
    print(f"```text receipt\n{statement['receipt']}```")


def journey(_arguments: argparse.Namespace, signet: Signet) -> None:
    line = Line(signet)
    try:
        line.start_station()
        with line.unit("unit") as unit:
            done = unit.birth("CAM0001")
            expect(done.code == 0, "a birth", done)
            signet.must("id", "show", "--keystored", unit.keeper_socket, "--nonce", NONCE, "--out", "statement.json")
    finally:
        line.end()
    kept = {"statement.json": "statement.json", "vendor-root.pem": "vendor-root.pem", "line.vkey": "line.vkey"}
    kept |= {"vendor-factory.pem": "factory.pem", "station.pem": "station.pem"}
    for made, name in kept.items():
        (HERE / name).write_bytes((signet.folder / made).read_bytes())
    statement = json.loads((HERE / "statement.json").read_text(encoding="utf-8"))
    for name in ("idevid", "iak"):
        der = base64.b64decode(statement[name]["certificates"][0])
        words = ["openssl", "x509", "-inform", "DER", "-out", str(HERE / f"{name}.pem")]
        subprocess.run(words, input=der, check=True)
    envelope = json.loads(base64.b64decode(statement["birth_record"]))
    record = json.loads(base64.b64decode(envelope["payload"]))
    (HERE / "record.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    page(statement)


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
