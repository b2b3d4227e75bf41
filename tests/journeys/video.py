#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Recordings through the program: exit codes, reports in three forms, signed reports, live signing, clips.

P_VIDEO_020: the exit code is the answer: 0, 1 or 2, and nothing else ends with these.
P_VIDEO_021: every report is valid by docs/formats/video-report.schema.json.
P_VIDEO_022: nothing from a recording is anything but text in a report for people, and the report needs nothing else.
P_VIDEO_023: a signed report is refused if it is altered, by a stranger, or speaks of another file.
P_VIDEO_024: a clip verifies to its last picture, from whichever GOP to whichever.
P_VIDEO_025: a stream that is signed as it arrives has every unit of its source, in order, and is authentic.
P_VIDEO_028: the decoder's parameters are covered where the signer states them, and an alteration is found.
"""

from __future__ import annotations

import argparse
import html.parser
import json
import pathlib
import re
import shutil
import sys
import threading
import os
from typing import Any

from journey import Maker, Signet, expect, travel

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests/vectors/video"
SCHEMA = json.loads((ROOT / "docs/formats/video-report.schema.json").read_text(encoding="utf-8"))
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
START_CODE = b"\0\0\0\1"


# --- JSON Schema, as much of draft 2020-12 as the schema uses ---

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
KNOWN = {
    *("$schema", "$id", "title", "description", "type", "required", "properties", "items"),
    *("maxItems", "enum", "const", "pattern", "minimum"),
}


def is_type(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def faults(value: Any, schema: dict[str, Any], where: str = "report") -> list[str]:
    """What in a value is not as the schema says."""
    found = [f"{where}: the schema has {key}" for key in schema.keys() - KNOWN]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where} is {value!r}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{where} is {value!r}")
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_type(value, name) for name in types):
        return [*found, f"{where} is {value!r}, not of {types}"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{where} is {value!r}")
    if "minimum" in schema and value is not None and value < schema["minimum"]:
        found.append(f"{where} is {value!r}")
    if isinstance(value, dict):
        found += [f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value]
        unknown = value.keys() - schema.get("properties", value).keys()
        found += [f"{where}.{name} is not in the schema" for name in unknown]
        for name, inner in schema.get("properties", {}).items():
            found += faults(value[name], inner, f"{where}.{name}") if name in value else []
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            found.append(f"{where} has {len(value)} elements")
        for index, each in enumerate(value):
            found += faults(each, schema.get("items", {}), f"{where}[{index}]")
    return found


def check_schema(report: dict[str, Any], of: object) -> None:
    members = {name: value for name, value in report.items() if name not in ("ok", "result", "error")}
    found = faults(members, SCHEMA)
    expect(not found, f"a report of {of} that is valid by the schema", found[:5])


def check_checker(report: dict[str, Any]) -> None:
    """The checker above would say so."""
    for spoilt in ({"authenticity": "fine"}, {"first_bad_gop": -1}, {"cut": 0}, {"new": 1}, {"judged_at": "today"}):
        expect(faults({**report, **spoilt}, SCHEMA), "the checker to refuse", spoilt)
    expect(faults({k: v for k, v in report.items() if k != "coverage"}, SCHEMA), "the checker to miss coverage")


# --- Verdicts ---

CODES = {"authentic": 0, "not_signed": 2}


def rows() -> list[dict[str, str]]:
    folders = [VECTORS]
    if "SIGNET_VECTORS" in os.environ:
        folders.append(pathlib.Path(os.environ["SIGNET_VECTORS"]) / "video")
    found = []
    for folder in folders:
        lines = (folder / "expected.tsv").read_text(encoding="utf-8").splitlines()
        names = lines[0].split("\t")
        found += [{**dict(zip(names, line.split("\t"))), "folder": str(folder)} for line in lines[1:]]
    return found


def check_verdicts(signet: Signet) -> None:
    count = 0
    for row in rows():
        folder = pathlib.Path(row["folder"])
        anchor = [] if row["trust_anchor"] == "-" else ["--anchor", folder / row["trust_anchor"]]
        done = signet.run("video", "verify", folder / row["file"], *anchor, "--json")
        answer = done.json
        code = CODES.get(answer.get("authenticity", ""), 1)
        if "authenticity" not in answer:  # hostile bytes that are no recording
            expect(row["authenticity"] == "?" and done.code > 2, f"a verdict on {row['file']}", done)
            continue
        expect(done.code == code and answer["ok"] is (code == 0), f"exit code {code} for {row['file']}", done)
        allowed = {row["authenticity"], *re.findall(r"also_ok=(\w+)", row["note"])}
        expect("?" in allowed or answer["authenticity"] in allowed, f"{row['authenticity']} for {row['file']}", done)
        expect(row["provenance"] in ("?", answer["provenance"]), f"{row['provenance']} for {row['file']}", done)
        check_schema(answer, row["file"])
        count += 1
    check_checker({k: v for k, v in answer.items() if k not in ("ok", "result", "error")})
    print(f"P_VIDEO_020, P_VIDEO_021: {count} verdicts, each with its exit code and a valid report")


def check_exit_codes(signet: Signet) -> None:
    good = VECTORS / "axis-repo/signed_vendor_axis.h264"
    anchor = ("--anchor", VECTORS / "certs/axis_edge_vault_ca_ecc.pem")
    table: tuple[tuple[int, tuple[object, ...], str], ...] = (
        (0, (good, *anchor, "--require", "trusted"), ""),
        (1, (good, *anchor, "--strict"), "video.not-covered"),
        (1, (good, "--require", "trusted"), "video.not-trusted"),
        (1, (good, *anchor, "--require", "trusted", "--require", "parameters"), "video.parameters-not-covered"),
        (1, (VECTORS / "generated/onvif-intime/modify_P_gop3.h265",), "video.not-authentic"),
        (2, (VECTORS / "base/base.h264",), "video.not-signed"),
        (64, (good, "--nonsense"), "cli.unknown-option"),
        (64, (good, "--sign", "file:nowhere?label=x"), "video.sign-needs-report"),
        (64, (), "cli.missing-argument"),
        (8, ("missing.mp4",), "os.not-found"),
        (3, (VECTORS / "expected.tsv",), "video.unknown-container"),
    )
    for code, words, reason in table:
        done = signet.run("video", "verify", *words, "--json")
        expect(done.code == code, f"exit code {code}", done)
        found = done.json.get("error", {}).get("reason", "")
        unreadable = reason == "video.unknown-container" and found.startswith("media.")
        expect(found == reason or unreadable, f"the reason {reason!r}", done)
        expect(signet.run("video", "verify", *words).code == done.code, "the same exit code without --json", done)


# --- Reports for people ---


class Page(html.parser.HTMLParser):
    """Every tag and attribute of a report, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


TAGS = set(
    "html head meta title style body main header section div h1 h2 h3 p b span code a ol ul li table tr th td dl dt dd"
    " figure figcaption img footer svg defs pattern rect path circle".split()
)


def check_page(path: pathlib.Path) -> Page:
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    for tag, attributes in page.tags:
        expect(tag in TAGS, "only known tags", tag)
        for name, value in attributes.items():
            expect(not name.startswith("on"), "no handlers", (tag, name))
            if name in ("src", "href"):
                expect((value or "").startswith(("data:image/jpeg;base64,", "#")), "no address", (tag, value))
    expect("default-src 'none'" in text, "a content security policy")
    expect("url(http" not in text and "@import" not in text, "nothing from elsewhere")
    return page


def check_pages(signet: Signet, maker: Maker) -> None:
    folder = signet.folder
    name = "<b onclick=x>&'.h264"
    words = ("--key", maker.key("camera"), "--chain", maker.certificate("camera"))
    fields = [
        word for field in ("manufacturer", "hardware", "firmware", "serial") for word in (f"--{field}", HOSTILE)
    ]
    signet.must("video", "sign", VECTORS / "base/base.h264", *words, *fields, "--out", name)
    done = signet.run("video", "verify", name, "--anchor", maker.root, "--html", "hostile.html", "--json")
    expect(
        done.code == 0 and done.json["device"]["serial"] == HOSTILE, "the hostile serial number in the report", done
    )
    page = check_page(folder / "hostile.html")
    expect(page.text.count(HOSTILE) >= 3 and name in page.text, "hostile strings as text")
    expect(done.json["file"]["sha256"] in page.text, "the file's SHA-256 on the page")
    for title, file in (
        ("Authentic", "axis-repo/signed_vendor_axis.h264"),
        ("Not authentic", "generated/onvif-intime/modify_P_gop3.h265"),
        ("Not signed", "base/base.h264"),
    ):
        out = f"{title.replace(' ', '-')}.html"
        signet.run("video", "verify", VECTORS / file, "--html", out)
        page = check_page(folder / out)
        expect(page.text.lstrip().startswith(title), f"the answer '{title}' first", page.text[:80])
        for words_there in ("What was not covered", "decoder settings", "SHA-256 of the file"):
            expect(words_there.lower() in page.text.lower(), f"'{words_there}' on the page of {file}")
    done = signet.run("video", "verify", name, "--html", "hostile.html", "--json")
    expect(done.json["error"]["reason"] == "os.exists", "a report that exists already is kept", done)
    print("P_VIDEO_022: four reports for people, hostile strings as text in them, and no address")


# --- Signed reports ---


def check_signed_reports(signet: Signet, maker: Maker) -> None:
    folder = signet.folder
    file = folder / "recording.h264"
    shutil.copy(VECTORS / "axis-repo/signed_vendor_axis.h264", file)
    words = ("--report", "report.dsse", "--html", "signed.html", "--sign", maker.key("examiner"))
    done = signet.run("video", "verify", file, "--anchor", VECTORS / "certs/axis_edge_vault_ca_ecc.pem", *words)
    expect(done.code == 0, "a signed report", done)
    key = ("--key", maker.certificate("examiner"))
    seen = signet.must("video", "report-verify", "report.dsse", file, *key, "--html", "signed.html")
    expect(seen["authenticity"] == "authentic" and seen["recording_compared"], "what the report says", seen)
    check = ("video", "report-verify")
    other = VECTORS / "generated/onvif/rsa.h264"
    signet.refused("video.other-recording", "untrusted", *check, "report.dsse", other, *key)
    signet.refused("video.other-html", "untrusted", *check, "report.dsse", "--html", "hostile.html", *key)
    stranger = ("--key", maker.certificate("camera"))
    signet.refused("documents.wrong-signer", "untrusted", *check, "report.dsse", file, *stranger)
    envelope = json.loads((folder / "report.dsse").read_text(encoding="utf-8"))
    payload = envelope["payload"]
    (folder / "bent.dsse").write_text(json.dumps({**envelope, "payload": "A" * 4 + payload[4:]}), encoding="utf-8")
    signet.refused("documents.altered", "untrusted", *check, "bent.dsse", file, *key)
    signet.run("video", "verify", file, "--report", "plain.json")
    check_schema(json.loads((folder / "plain.json").read_text(encoding="utf-8")), "--report")
    print("P_VIDEO_023: a signed report holds, and four that should not do not")


# --- Live signing ---


def units(stream: bytes) -> list[bytes]:
    return [unit.rstrip(b"\0") for unit in re.split(b"\0\0\1", stream) if unit.strip(b"\0")]


def is_own_sei(unit: bytes) -> bool:
    return bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")[4:] in unit


def check_live(signet: Signet, maker: Maker) -> None:
    base = (VECTORS / "base/base.h264").read_bytes()
    words = ("--key", maker.key("camera"), "--chain", maker.certificate("camera"), "--codec", "h264")
    read_end, write_end = os.pipe()

    def feed() -> None:  # in crumbs, as a network brings them
        for at in range(0, len(base), 1777):
            os.write(write_end, base[at : at + 1777])
        os.close(write_end)

    feeder = threading.Thread(target=feed)
    feeder.start()
    done = signet.run("video", "sign", "-", *words, "--queue", "1", "--out", "-", stdin=read_end)
    feeder.join()
    os.close(read_end)
    expect(done.code == 0, "a live stream signed", done)
    (signet.folder / "live.h264").write_bytes(done.out)
    kept = [unit for unit in units(done.out) if not is_own_sei(unit)]
    expect(kept == units(base), "every unit of the source, in order")
    judged = signet.run("video", "verify", "live.h264", "--strict", "--json")
    expect(judged.code == 0, "a live stream that is authentic to its last picture", judged)
    signed = signet.must("video", "sign", VECTORS / "containers/tables.mp4", *words[:4], "--out", "from-mp4.h264")
    expect(signed["latency_us"]["max"] >= signed["latency_us"]["mean"] >= 0, "latency", signed)
    judged = signet.run("video", "verify", "from-mp4.h264", "--strict", "--json")
    expect(judged.code == 0, "a stream taken out of MP4 that is authentic to its last picture", judged)
    expect(judged.json["coverage"]["parameter_sets"] >= 2, "the parameter sets of MP4 in front", judged)
    print("P_VIDEO_025: signed live and out of MP4, every unit there")


# --- Clips ---


def check_clips(signet: Signet, maker: Maker) -> None:
    words = ("--key", maker.key("camera"), "--chain", maker.certificate("camera"))
    sources: dict[str, pathlib.Path | str] = {}
    for name, base, more in (
        ("each.h264", "base.h264", ()),
        ("certificate.h265", "base.h265", ("--certificate-sei",)),
        ("parts.h264", "base.h264", ("--part-frames", "10")),
        ("axis.obu", "base.obu", ("--format", "axis-v2", "--certificate-sei")),
        ("third.h264", "base.h264", ("--sign-every", "3")),
    ):
        signet.must("video", "sign", VECTORS / "base" / base, *words, *more, "--out", f"whole-{name}")
        sources[name] = f"whole-{name}"
    sources["camera.h264"] = VECTORS / "axis-repo/signed_vendor_axis.h264"
    sources["onvif.h265"] = VECTORS / "onvif-repo/test_signed_h265.mp4"
    count = 0
    for name, source in sources.items():
        whole = signet.run("video", "verify", source, "--json").json
        last = max(gop["gop"] for gop in whole["gops"] if gop["verdict"] == "authentic")
        for first, end in {
            (0, last),
            (min(2, last), last),
            (min(1, last), min(3, last)),
            (min(2, last), min(2, last)),
        }:
            clip = f"clip-{first}-{end}-{name}"
            made = signet.must("video", "export", source, clip, "--from", f"gop:{first}", "--to", f"gop:{end}")
            expect(made["frames_authentic"] >= made["frames_authentic_before"] > 0, f"all of {clip} to verify", made)
            judged = signet.run("video", "verify", clip, "--json")
            expect(judged.code == 0, f"{clip} to be authentic", judged)
            count += 1
    moved = signet.must(
        "video", "export", sources["onvif.h265"], "by-time.h265", "--from", "0:00:03.5", "--to", "0:00:05"
    )
    expect(moved["first_gop"] > 0 and moved["authenticity"] == "authentic", "a clip by its times", moved)
    signet.refused("video.no-times", "unsupported", "video", "export", "whole-each.h264", "x.h264", "--from", "3")
    signet.refused("video.place", "usage", "video", "export", "whole-each.h264", "x.h264", "--from", "gop:x")
    signet.refused(
        "video.place-outside", "not_found", "video", "export", "whole-each.h264", "x.h264", "--to", "gop:99"
    )
    print(f"P_VIDEO_024: {count + 1} clips of {len(sources)} recordings, each authentic to its last picture")


def units_of(stream: bytes) -> list[bytes]:
    return [unit for unit in re.split(b"\0*\0\0\1", stream) if unit]


def check_parameters(signet: Signet, maker: Maker) -> None:
    words = ("--key", maker.key("camera"), "--chain", maker.certificate("camera"), "--sign-parameters")
    demands = ("--anchor", maker.root, "--require", "trusted", "--require", "parameters")
    for source, name in (
        ("base/base.h264", "parameters.h264"),
        ("base/base.h265", "parameters.h265"),
        ("base/base.h264", "parameters.mp4"),
        ("containers/tables.mp4", "parameters-boxed.mp4"),
        ("containers/tables.mp4", "parameters-inside.h264"),
    ):
        signet.must("video", "sign", VECTORS / source, *words, "--out", name)
        done = signet.run("video", "verify", name, *demands, "--json")
        expect(done.code == 0, f"the parameters of {name} to be covered", done)
        expect(done.json["coverage"]["decoder_parameters"] == "covered", "and the report to say so", done)
        check_schema(done.json, name)
    signet.must("video", "export", "parameters.h264", "parameters-clip.h264", "--from", "gop:2", "--to", "gop:4")
    expect(signet.run("video", "verify", "parameters-clip.h264", *demands).code == 0, "a clip keeps them")
    units = units_of((signet.folder / "parameters.h264").read_bytes())
    sets = next(unit for unit in units if unit[0] & 31 == 7)
    altered = sets[:-2] + bytes([sets[-2] ^ 4]) + sets[-1:]
    boxed = (signet.folder / "parameters.mp4").read_bytes()
    expect(boxed.count(sets) > 1, "an MP4 that has its parameters in avcC and in the stream")
    without = [unit for unit in units if b"\x8d\x1c\x5a\x3e\x62\xf0" not in unit]
    cropped = [altered if unit == sets else unit for unit in units]
    for name, content, code, reason in (
        ("cropped.h264", START_CODE + START_CODE.join(cropped), 1, "video.not-authentic"),
        ("cropped.mp4", boxed.replace(sets, altered, 1), 1, "video.not-authentic"),
        ("cropped-inside.mp4", altered.join(boxed.rsplit(sets, 1)), 1, "video.not-authentic"),
        ("unstated.h264", START_CODE + START_CODE.join(without), 1, "video.parameters-not-covered"),
    ):
        (signet.folder / name).write_bytes(content)
        done = signet.run("video", "verify", name, *demands, "--json")
        expect(done.code == code and done.json["error"]["reason"] == reason, f"{reason} for {name}", done)
    expect(signet.run("video", "verify", "unstated.h264").code == 0, "an ordinary stream without its statements")
    print("P_VIDEO_028: decoder parameters covered in streams, in MP4, in a clip; altered or unstated ones are told")


def journey(_arguments: argparse.Namespace, signet: Signet) -> None:
    check_verdicts(signet)
    check_exit_codes(signet)
    maker = Maker(signet)
    maker.issue("camera")
    maker.issue("examiner")
    check_pages(signet, maker)
    check_signed_reports(signet, maker)
    check_live(signet, maker)
    check_clips(signet, maker)
    check_parameters(signet, maker)


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
