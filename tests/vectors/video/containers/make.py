#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Puts the first pictures of ../base into the containers that lib/video reads, byte by byte from ISO/IEC 14496-12 and
14496-15 and from the description of IVF, so that the reader is not judged by its own idea of them."""

from __future__ import annotations

import pathlib
import re
import struct

HERE = pathlib.Path(__file__).resolve().parent
PICTURES = 6


def nal_units(stream: bytes) -> list[bytes]:
    starts = [match.end() for match in re.finditer(b"\0\0\1", stream)]
    ends = [match.start() for match in re.finditer(b"\0\0\1", stream)][1:] + [len(stream)]
    return [stream[start:end].rstrip(b"\0") for start, end in zip(starts, ends)]


def samples(units: list[bytes]) -> list[list[bytes]]:
    """One sample a picture; what stands before a slice belongs to its sample."""
    out: list[list[bytes]] = [[]]
    for unit in units:
        out[-1].append(unit)
        if unit[0] & 31 in (1, 5):
            out.append([])
    return out[:PICTURES]


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name) + body


def full(name: bytes, flags: int, *content: bytes, version: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags), *content)


def track(stbl: bytes) -> bytes:
    tkhd = full(b"tkhd", 3, struct.pack(">IIII", 0, 0, 1, 0), bytes(64))
    mdhd = full(b"mdhd", 0, struct.pack(">IIIII", 0, 0, 1000, 0, 0))
    hdlr = full(b"hdlr", 0, bytes(4), b"vide", bytes(13))
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", stbl)))


def stsd() -> bytes:
    avcc = box(b"avcC", bytes([1, 66, 0, 30, 0xFF, 0xE0, 0]))
    return full(b"stsd", 0, struct.pack(">I", 1), box(b"avc1", bytes(78), avcc))


def movie(trak: bytes, *more: bytes) -> bytes:
    created = 3_863_000_000  # seconds since 1904: 2026-05-30T15:33:20Z
    mvhd = full(b"mvhd", 0, struct.pack(">IIII", created, created, 1000, 0), bytes(80))
    return box(b"moov", mvhd, trak, *more)


def plain(content: list[bytes]) -> bytes:
    head = box(b"ftyp", b"isom", bytes(4), b"avc1")
    offset = len(head) + 8
    chunks = [content[:4], content[4:]]  # two chunks, of four samples and of the rest
    offsets = [offset, offset + sum(map(len, chunks[0]))]
    stbl = box(
        b"stbl",
        stsd(),
        full(b"stts", 0, struct.pack(">III", 1, len(content), 40)),
        full(b"stsc", 0, struct.pack(">IIIIIII", 2, 1, 4, 1, 2, len(chunks[1]), 1)),
        full(b"stsz", 0, struct.pack(">II", 0, len(content)), *(struct.pack(">I", len(each)) for each in content)),
        full(b"stco", 0, struct.pack(">III", 2, *offsets)),
    )
    return head + box(b"mdat", *content) + movie(track(stbl))


def fragmented(content: list[bytes]) -> bytes:
    trex = full(b"trex", 0, struct.pack(">IIIII", 1, 1, 40, 0, 0))
    out = box(b"ftyp", b"iso5", bytes(4)) + movie(track(box(b"stbl", stsd())), box(b"mvex", trex))
    for number, part in enumerate((content[:3], content[3:])):
        entries = b"".join(struct.pack(">I", len(each)) for each in part)
        tfhd = full(b"tfhd", 0x20000, struct.pack(">I", 1))
        tfdt = full(b"tfdt", 0, struct.pack(">I", number * 3 * 40))

        def moof(data_offset: int) -> bytes:
            trun = full(b"trun", 0x201, struct.pack(">Ii", len(part), data_offset), entries)
            return box(b"moof", full(b"mfhd", 0, struct.pack(">I", number + 1)), box(b"traf", tfhd, tfdt, trun))

        out += moof(len(moof(0)) + 8) + box(b"mdat", *part)
    return out


def ivf(obus: bytes) -> bytes:
    units = []
    at = 0
    while at < len(obus) and len(units) <= PICTURES:
        start = at
        at += 1
        size = shift = 0
        while True:
            byte = obus[at]
            at += 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        at += size
        if obus[start] >> 3 & 15 == 2:  # a temporal delimiter opens a temporal unit
            units.append(b"")
        units[-1] += obus[start:at]
    units = units[:PICTURES]
    out = b"DKIF" + struct.pack("<HH4sHHIIII", 0, 32, b"AV01", 320, 240, 25, 1, len(units), 0)
    for number, unit in enumerate(units):
        out += struct.pack("<IQ", len(unit), number) + unit
    return out


def main() -> None:
    units = samples(nal_units((HERE.parent / "base/base.h264").read_bytes()))
    content = [b"".join(struct.pack(">I", len(unit)) + unit for unit in sample) for sample in units]
    (HERE / "tables.mp4").write_bytes(plain(content))
    (HERE / "fragments.mp4").write_bytes(fragmented(content))
    (HERE / "units.ivf").write_bytes(ivf((HERE.parent / "base/base.obu").read_bytes()))


if __name__ == "__main__":
    main()
