#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Recordings in MP4: signed in MP4, cut into MP4, cut away by edit lists; ffmpeg made them, and plays what we write.

P_VIDEO_031: what is written as MP4 has every unit of its source, plays with the source's times, and verifies.
P_VIDEO_032: pictures that an edit list cuts away are judged as all others, and counted.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
from typing import Any

from journey import Maker, Signet, expect, travel

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests/vectors/video"
PATTERN = ("-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25:duration=4", "-pix_fmt", "yuv420p", "-threads", "1")
SOURCES = {
    "reordered.mp4": ("-c:v", "libx264", "-bf", "3", "-g", "25"),
    "fragments.mp4": ("-c:v", "libx264", "-bf", "2", "-g", "25", "-movflags", "frag_keyframe+empty_moov"),
    "open-gop.mp4": (
        "-c:v",
        "libx265",
        "-x265-params",
        "open-gop=1:keyint=25:min-keyint=25:bframes=3:log-level=none",
    ),
    "reordered.h264": ("-c:v", "libx264", "-bf", "3", "-g", "25", "-f", "h264"),
    "open-gop.h265": (
        *("-c:v", "libx265", "-f", "hevc"),
        *("-x265-params", "open-gop=1:keyint=25:min-keyint=25:bframes=3:log-level=none"),
    ),
    "av1.mp4": ("-c:v", "libsvtav1", "-g", "25", "-preset", "10"),
}


def ffmpeg(folder: pathlib.Path, *words: str) -> None:
    done = subprocess.run(["ffmpeg", "-v", "error", "-y", *words], cwd=folder, capture_output=True, check=False)
    expect(done.returncode == 0, f"ffmpeg {' '.join(words)}", done.stderr.decode(errors="replace"))


def encoders() -> str:
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        return ""
    return subprocess.run(["ffmpeg", "-hide_banner", "-encoders"], capture_output=True, text=True, check=False).stdout


def complaints(errors: str) -> str:
    """What ffmpeg has against a file; that it does not know the OBU of a signature is no fault."""
    known = ("Unknown Metadata OBU", "Last message repeated")
    return "\n".join(line for line in errors.splitlines() if not any(each in line for each in known)).strip()


def probe(folder: pathlib.Path, name: str, *what: str) -> dict[str, Any]:
    words = ["ffprobe", "-v", "error", "-select_streams", "v", *what, "-of", "json", name]
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False)
    expect(done.returncode == 0 and not complaints(done.stderr.decode()), f"ffprobe to read {name}", done.stderr)
    return json.loads(done.stdout)


def times(folder: pathlib.Path, name: str) -> list[float]:
    """When the pictures of a file are shown, as a player decodes them."""
    frames = probe(folder, name, "-show_entries", "frame=pts_time")["frames"]
    return [float(frame["pts_time"]) for frame in frames]


def decoded(folder: pathlib.Path, name: str) -> list[str]:
    """A digest of each picture that a player shows."""
    words = ["ffmpeg", "-v", "error", "-i", name, "-map", "0:v", "-f", "framemd5", "-"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    expect(done.returncode == 0 and not complaints(done.stderr), f"ffmpeg to play {name}", done.stderr)
    return [line.split(",")[-1].strip() for line in done.stdout.splitlines() if not line.startswith("#")]


def near(found: list[float], expected: list[float]) -> bool:
    return len(found) == len(expected) and all(abs(a - b) < 0.000_002 for a, b in zip(found, expected))


def check_signed(signet: Signet, maker: Maker, name: str) -> None:
    words = ["--key", maker.key("camera"), "--chain", maker.certificate("camera"), "--rate", "25"]
    if name.startswith("av1"):
        words += ["--format", "axis-v2"]
    out = f"signed-{name.replace('.', '-')}.mp4"
    signet.must("video", "sign", name, *words, "--out", out)
    shown = times(signet.folder, name) if name.endswith(".mp4") else [i / 25 for i in range(100)]
    found = times(signet.folder, out)
    expect(near(found, shown), f"the times of {name} in {out}", list(zip(found, shown))[:8])
    expect(decoded(signet.folder, out) == decoded(signet.folder, name), f"the pictures of {name} in {out}")
    judged = signet.run("video", "verify", out, "--anchor", maker.root, "--json")
    is_open = name.startswith("open-gop")
    expect(judged.json["authenticity"] == ("partly_unprotected" if is_open else "authentic"), f"{out} judged", judged)
    coverage = judged.json["coverage"]
    expect(coverage["frames"] == 100 and coverage["not_presented"] == 0, "all pictures are there", coverage)
    expect(is_open == (coverage["unprotected_slices"] > 0), "RASL pictures, and only these, unprotected", coverage)
    check_clip(signet, maker, out, is_open)


def check_clip(signet: Signet, maker: Maker, source: str, is_open: bool) -> None:
    clip = f"clip-of-{source}"
    made = signet.must("video", "export", source, clip, "--from", "gop:1", "--to", "gop:2", "--anchor", maker.root)
    expect(made["frames_authentic"] >= made["frames_authentic_before"] > 0, f"all of {clip} to verify", made)
    judged = signet.run("video", "verify", clip, "--json")
    expect(judged.json["authenticity"] == ("partly_unprotected" if is_open else "authentic"), clip, judged)
    expect(judged.json["coverage"]["frames"] == made["frames"], "the pictures of the clip", judged)
    # Pictures that lead an open GOP need the one before, which is not in the clip: no player shows those of its first.
    shown = times(signet.folder, clip)
    leading = made["frames"] - len(shown)
    expect(leading == 0 or (is_open and leading <= 3), f"{clip} to play", (made, len(shown)))
    steps = {round((b - a) * 1000) for a, b in zip(shown, shown[1:])}
    expect(steps == {40} and 0 <= shown[0] <= 0.12, "an even pace from zero on", (shown[:3], steps))
    whole = decoded(signet.folder, source)
    part = decoded(signet.folder, clip)
    expect(any(whole[at : at + len(part)] == part for at in range(len(whole))), f"the pictures of {clip} in {source}")


def check_edit_list(signet: Signet, maker: Maker) -> None:
    ffmpeg(signet.folder, "-ss", "1.4", "-i", "signed-reordered-mp4.mp4", "-c", "copy", "cut.mp4")
    shown = times(signet.folder, "cut.mp4")
    judged = signet.run("video", "verify", "cut.mp4", "--anchor", maker.root, "--json")
    coverage = judged.json["coverage"]
    expect(judged.json["authenticity"] == "authentic", "a recording that ffmpeg has cut", judged)
    expect(
        coverage["frames"] == coverage["not_presented"] + len(shown) > len(shown),
        "pictures that are not shown",
        (coverage, len(shown)),
    )
    said = signet.run("video", "verify", "cut.mp4", "--html", "cut.html")
    expect(b"cut away by the file's edit list" in said.out, "the report says so", said)
    expect("cut away by the file" in (signet.folder / "cut.html").read_text("utf-8"), "and the page")
    made = signet.must("video", "export", "cut.mp4", "cut-again.mp4")
    # ffmpeg drops what the edit list of a fragmented file cuts away no earlier than by its time, which is below zero.
    again = [time for time in times(signet.folder, "cut-again.mp4") if time > -0.000_001]
    expect(near(again, shown), "what is cut away stays away", (again[:4], shown[:4], len(again), len(shown), made))
    judged = signet.run("video", "verify", "cut-again.mp4", "--json")
    expect(judged.json["coverage"]["not_presented"] == coverage["not_presented"], "and is counted", judged)


def journey(_arguments: argparse.Namespace, signet: Signet) -> None:
    maker = Maker(signet)
    maker.issue("camera")
    signet.must(
        "video", "export", VECTORS / "onvif-repo/test_signed_h265.mp4", "clip.mp4", "--from", "gop:1", "--to", "gop:3"
    )
    judged = signet.run("video", "verify", "clip.mp4", "--json")
    expect(judged.code == 0, "a clip in MP4", judged)
    known = encoders()
    missing = [name for name in ("libx264", "libx265", "libsvtav1") if f" {name} " not in known]
    if missing:
        print(f"P_VIDEO_031: not tried without {', '.join(missing)} of ffmpeg")
        return
    for name, words in SOURCES.items():
        ffmpeg(signet.folder, *PATTERN, *words, name)
        check_signed(signet, maker, name)
    print(f"P_VIDEO_031: {len(SOURCES)} recordings signed and cut in MP4: all pictures, all times, authentic")
    check_edit_list(signet, maker)
    print("P_VIDEO_032: pictures that an edit list cuts away are judged and counted")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
