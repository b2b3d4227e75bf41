#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Takes a firmware bundle apart, checks every digest, and writes its parts to a folder: bundle_parts.py BUNDLE FOLDER

A second reader of the format, from its page alone. It judges no signature; openssl does.
"""

import hashlib
import json
import pathlib
import struct
import sys

CHUNK, ALIGN = 1 << 20, 4096


def pad(size):
    return -size % ALIGN


def demand(holds, what):
    if not holds:
        sys.exit(f"not a sound bundle: {what}")


def take(size):
    data = bundle.read(size)
    demand(len(data) == size, "it ends too early")
    return data


bundle, folder = open(sys.argv[1], "rb"), pathlib.Path(sys.argv[2])
header = take(64)
magic, version, records, manifest_size, records_size = struct.unpack(">8sHHII", header[:20])
demand(magic == b"SIGNETFW" and version == 1 and not any(header[20:32]), "header")
demand(records <= 32 and manifest_size <= 256 << 10 and records_size <= 1 << 20, "bounds")
manifest, section = take(manifest_size), take(records_size)
demand(hashlib.sha256(header[:32] + manifest + section).digest() == header[32:], "digest of the front")
demand(not any(take(pad(64 + manifest_size + records_size))), "padding")

folder.mkdir(exist_ok=True)
(folder / "manifest.json").write_bytes(manifest)
numbers = {1: 0, 2: 0, 3: 0, 4: 0}
for _ in range(records):
    demand(len(section) >= 8, "records")
    kind, size = struct.unpack(">B3xI", section[:8])
    demand(kind in numbers and not any(section[1:4]) and size <= len(section) - 8, "records")
    numbers[kind] += 1
    pattern = {1: "signature-%d.p7s", 2: "release-%d.tlog-proof", 3: "floor-%d.json", 4: "signature-%d.hss"}[kind]
    name = pattern % numbers[kind]
    (folder / name).write_bytes(section[8:8 + size])
    section = section[8 + size:]
demand(not section, "records")

for image in json.loads(manifest)["images"]:
    demand("/" not in image["role"], "role")
    size = image["size_bytes"]
    table = take(-(-size // CHUNK) * 32)
    demand(hashlib.sha256(table).hexdigest() == image["chunks_sha256"], f"table of {image['role']}")
    demand(not any(take(pad(len(table)))), "padding")
    with open(folder / f"{image['role']}.img", "wb") as out:
        for at in range(0, size, CHUNK):
            chunk = take(min(CHUNK, size - at))
            demand(hashlib.sha256(chunk).digest() == table[at // CHUNK * 32:][:32], f"chunk {at // CHUNK}")
            out.write(chunk)
    demand(not any(take(pad(size))), "padding")
demand(bundle.read(1) == b"", "bytes follow its end")
