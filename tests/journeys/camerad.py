#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""signet-camerad with real parts: what it serves and writes is authentic, whatever happens to it.

The picture is GStreamer's test pattern, encoded by x264 or x265; ffmpeg reads the RTSP stream as any recorder would;
`signet video verify` is the judge. The slow key is one in a software TPM that is stopped for a while.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.parse
from typing import Any, Callable

from journey import Maker, Signet, expect, travel

ROOM = 60
SEGMENT = re.compile(r"\d{8,}-\d{8}T\d{6}Z\.(mp4|h264|h265)")


def wait_for(condition: Callable[[], object], what: str, process: subprocess.Popen | None = None) -> None:
    deadline = time.monotonic() + ROOM
    while not condition():
        expect(process is None or process.poll() is None, f"{what} before its program ends")
        expect(time.monotonic() < deadline, f"{what} within {ROOM} s")
        time.sleep(0.05)


class Camera:
    """One run of signet-camerad in a folder of its own."""

    def __init__(self, scene: Scene, name: str, config: dict[str, Any]) -> None:
        self.scene = scene
        self.folder = scene.signet.folder / name
        self.folder.mkdir(exist_ok=True)
        self.segments = self.folder / "segments"
        whole = {
            "source": "test:",
            "encoder": {"width": 320, "height": 240, "rate": 25, "gop_frames": 10, "bitrate_kbps": 400},
            "key": scene.key,
            "chain": [str(scene.signet.folder / scene.chain)],
            "rtsp": {"listen": "127.0.0.1:0"},
            "record": {"folder": "segments", "segment_seconds": 1},
            "status": "status.sock",
        }
        for member, value in config.items():
            whole[member] = {**whole[member], **value} if isinstance(value, dict) else value
        (self.folder / "camera.json").write_text(json.dumps({k: v for k, v in whole.items() if v is not None}))
        self.port = 0
        self.process = self.start()

    def start(self) -> subprocess.Popen:
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(
                [self.scene.camerad, "camera.json"],
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.scene.children.append(process)
        line = process.stdout.readline().decode()
        found = re.fullmatch(r"ready rtsp=(\d+)\n", line)
        expect(found, "signet-camerad gets ready", line + (self.folder / "log").read_text())
        self.port = int(found[1])
        return process

    def status(self) -> dict[str, Any]:
        asked = subprocess.run(
            [self.scene.camerad, "--ask", str(self.folder / "status.sock"), "--json"], capture_output=True, check=True
        )
        return json.loads(asked.stdout)

    def watch(self, name: str, seconds: float) -> subprocess.Popen:
        words = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-rtsp_transport", "tcp"]
        words += ["-i", f"rtsp://127.0.0.1:{self.port}/video", "-t", str(seconds), "-c", "copy", name]
        watcher = subprocess.Popen(words, cwd=self.folder)
        self.scene.children.append(watcher)
        return watcher

    def finished(self) -> list[pathlib.Path]:
        if not self.segments.exists():
            return []
        return sorted(path for path in self.segments.iterdir() if SEGMENT.fullmatch(path.name))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        expect(self.process.wait(ROOM) == 0, "an orderly end", (self.folder / "log").read_text()[-2000:])


class Scene:
    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.children: list[subprocess.Popen] = []
        here = pathlib.Path(signet.program).resolve().parent
        beside = here / "signet-camerad"
        self.camerad = str(beside if beside.exists() else (here / "../device/camerad/signet-camerad").resolve())
        self.maker = Maker(signet)
        self.chain = self.maker.issue("video")
        self.key = f"file:{signet.folder}/vendor-keys?label=video&passphrase=none"

    def authentic(self, file: pathlib.Path, *more: str) -> None:
        done = self.signet.run("video", "verify", file, "--anchor", self.maker.root, *more)
        expect(done.code == 0, f"{file.name} is authentic", done)

    def not_authentic(self, file: pathlib.Path) -> None:
        done = self.signet.run("video", "verify", file, "--anchor", self.maker.root, "--json")
        expect(done.code == 1 and done.json["error"]["reason"] == "video.not-authentic", f"{file.name} is not", done)

    def altered(self, file: pathlib.Path) -> pathlib.Path:
        """A copy with one bit of a slice turned: the middle of the largest run of coded bytes."""
        content = bytearray(file.read_bytes())
        at = content.index(b"mdat") + (len(content) - content.index(b"mdat")) // 2
        content[at] ^= 0x10
        copy = file.with_name("altered" + file.suffix)
        copy.write_bytes(content)
        return copy


def P_CAMERAD_001_several_clients_and_the_segments_are_authentic(scene: Scene) -> None:
    camera = Camera(scene, "live", {})
    watchers = [camera.watch("a.mp4", 4), camera.watch("b.h264", 4), camera.watch("c.mkv", 3)]
    wait_for(lambda: camera.status()["rtsp"]["clients"] == 3, "three clients at once", camera.process)
    for watcher in watchers:
        expect(watcher.wait(ROOM) == 0, "ffmpeg reads the stream")
    # A client joins and leaves within a GOP; what it saw of it is not covered, so not --strict.
    for name in ("a.mp4", "b.h264"):
        scene.authentic(camera.folder / name)
    wait_for(lambda: len(camera.finished()) >= 3, "three segments", camera.process)
    for segment in camera.finished():
        scene.authentic(segment, "--strict")
    status = camera.status()
    expect(status["state"] == "streaming" and status["pictures_dropped"] == 0, "nothing is dropped", status)
    camera.stop()


def P_CAMERAD_004_one_altered_byte_is_found(scene: Scene) -> None:
    camera = Camera(scene, "altered", {})
    wait_for(lambda: len(camera.finished()) >= 2, "two segments", camera.process)
    camera.stop()
    for segment in camera.finished()[:2]:
        scene.authentic(segment, "--strict")
        scene.not_authentic(scene.altered(segment))


def P_CAMERAD_012_the_last_gop_is_signed_at_the_end(scene: Scene) -> None:
    for name, more in (
        ("end-h264", {}),
        ("end-h265", {"encoder": {"codec": "h265"}}),
        ("end-annexb", {"record": {"format": "annexb"}}),
    ):
        camera = Camera(scene, name, {**more, "rtsp": {"listen": ""}})
        wait_for(lambda: len(camera.finished()) >= 1, "a segment", camera.process)
        camera.stop()
        expect(len(camera.finished()) >= 2, "the last segment is there as well", camera.finished())
        for segment in camera.finished():
            scene.authentic(segment, "--strict")
            if segment.suffix != ".mp4":
                continue  # a bare stream ends with SEI that have no picture, which ffmpeg remarks on
            played = subprocess.run(
                ["ffmpeg", "-nostdin", "-loglevel", "error", "-xerror", "-i", segment, "-f", "null", "-"],
                capture_output=True,
                check=False,
            )
            expect(played.returncode == 0 and not played.stderr, "ffmpeg plays it", played.stderr)


def P_CAMERAD_005_a_kill_leaves_no_torn_segment(scene: Scene) -> None:
    camera = Camera(scene, "killed", {"rtsp": {"listen": ""}})
    for kills in range(1, 4):
        wait_for(lambda: len(camera.finished()) >= 2 * kills, "segments", camera.process)
        time.sleep(0.37 * kills)
        camera.process.kill()
        camera.process.wait()
        for segment in camera.finished():
            scene.authentic(segment, "--strict")
        torn = {path.name for path in camera.segments.iterdir() if ".new-" in path.name}
        camera.process = camera.start()
        wait_for(lambda: camera.status()["state"] == "streaming", "it goes on", camera.process)
        left = torn.intersection(path.name for path in camera.segments.iterdir())
        expect(not left, "what the kill left is removed", left)
    camera.stop()
    numbers = [int(path.name.split("-")[0]) for path in camera.finished()]
    expect(len(numbers) == len(set(numbers)), "no number twice", numbers)


def P_CAMERAD_006_disk_use_is_bounded(scene: Scene) -> None:
    config = {
        "encoder": {"bitrate_kbps": 8000, "width": 640, "height": 480, "gop_frames": 1},
        "record": {"keep_mib": 1},
        "rtsp": {"listen": ""},
    }
    camera = Camera(scene, "bounded", config)
    largest = 0
    wait_for(lambda: camera.status()["record"]["segments"] >= 1, "a segment", camera.process)
    deadline = time.monotonic() + ROOM
    while camera.status()["record"]["segments_removed"] < 2 and time.monotonic() < deadline:
        sizes = []
        for path in camera.segments.iterdir():
            try:
                sizes.append(path.stat().st_size)
            except FileNotFoundError:
                pass
        largest = max(largest, sum(sizes))
        time.sleep(0.05)
    status = camera.status()
    expect(status["record"]["segments_removed"] >= 2, "the oldest are removed", status)
    expect(largest <= 1.1 * 2**20, "no more than is to be kept, and one SEI", largest)
    camera.stop()
    for segment in camera.finished():
        scene.authentic(segment, "--strict")


def P_CAMERAD_008_a_lost_source_is_tried_again(scene: Scene) -> None:
    first = Camera(scene, "source", {"record": None})
    second = Camera(
        scene,
        "gateway",
        {"source": f"rtsp://watcher:pass-phrase@127.0.0.1:{first.port}/video", "rtsp": {"listen": ""}},
    )
    # The first one signs already, in the same format: the second one must not sign over it.
    wait_for(lambda: second.status().get("last_error"), "the signed source is refused", second.process)
    status = second.status()
    expect(status["last_error"]["reason"] == "video.already-signed", "it is signed already", status)
    expect("pass-phrase" not in json.dumps(status) + (second.folder / "log").read_text(), "no password is shown")
    first.stop()
    wait_for(lambda: second.status()["losses"] >= 3, "it tries again", second.process)
    second.stop()


def P_CAMERAD_008_each_stream_is_signed_anew(scene: Scene) -> None:
    """A source that signs in the other format is passed on, and signed over its signatures; it goes and comes back."""
    source = Camera(scene, "axis", {"format": "axis-v2", "record": None, "rtsp": {"listen": "127.0.0.1:0"}})
    camera = Camera(
        scene, "again", {"source": f"rtsp://127.0.0.1:{source.port}/video", "rtsp": {"listen": "127.0.0.1:0"}}
    )
    wait_for(lambda: len(camera.finished()) >= 2, "segments", camera.process)
    port = source.port
    source.stop()
    wait_for(lambda: camera.status()["losses"] >= 1, "the source is lost", camera.process)
    config = json.loads((source.folder / "camera.json").read_text())
    config["rtsp"]["listen"] = f"127.0.0.1:{port}"
    (source.folder / "camera.json").write_text(json.dumps(config))
    source.process = source.start()
    before = len(camera.finished())
    wait_for(lambda: len(camera.finished()) >= before + 2, "segments of the new stream", camera.process)
    expect(camera.status()["streams"] >= 2, "a new stream", camera.status())
    camera.stop()
    source.stop()
    # Those where the source went or came may hold no more of its signatures than such over what is not there.
    expect(len(camera.finished()) >= 4, "segments before and after", camera.finished())
    for segment in camera.finished():
        scene.authentic(segment)


def P_CAMERAD_003_a_slow_key_drops_pictures_and_signs_the_rest(scene: Scene) -> None:
    folder = scene.signet.folder
    state = folder / "tpm-state"
    state.mkdir()
    sockets = folder / "tpm.sock", folder / "tpm.sock.ctrl"
    words = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--flags", "not-need-init,startup-clear"]
    words += ["--server", f"type=unixio,path={sockets[0]}", "--ctrl", f"type=unixio,path={sockets[1]}"]
    tpm = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    scene.children.append(tpm)
    wait_for(lambda: sockets[0].exists() and sockets[1].exists(), "swtpm starts", tpm)
    store = f"tpm:{folder}/tpm-keys?tcti=" + urllib.parse.quote(f"swtpm:path={sockets[0]}", safe="")
    must = scene.signet.must
    key = f"{store}&label=video"
    must("key", "generate", store, "--label", "video")
    must("ca", "request", "--key", key, "--subject", "CN=tpm", "--out", "tpm.csr")
    must(
        *("ca", "issue", scene.maker.ca, "--key", scene.maker.key("root"), "--profile", "firmware-signing"),
        *("--request", "tpm.csr", "--out", "tpm.pem"),
    )
    camera = Camera(scene, "slow", {"key": key, "chain": [str(folder / "tpm.pem")], "queue_pictures": 15})
    watcher = camera.watch("seen.h264", 8)
    wait_for(lambda: len(camera.finished()) >= 1, "a segment", camera.process)
    tpm.send_signal(signal.SIGSTOP)
    try:
        wait_for(lambda: camera.status()["pictures_dropped"] > 20, "pictures are dropped", camera.process)
        signed = camera.status()["pictures_signed"]
        time.sleep(0.5)
        status = camera.status()
        expect(status["pictures_signed"] == signed, "nothing leaves without the key", status)
        expect(status["pictures_waiting"] <= 15, "what waits is bounded", status)
    finally:
        tpm.send_signal(signal.SIGCONT)
    before = len(camera.finished())
    wait_for(lambda: len(camera.finished()) >= before + 2, "it goes on", camera.process)
    status = camera.status()
    expect(status["queue_overflows"] >= 1 and status["losses"] == 0, "the stream went on", status)
    watcher.wait(ROOM)
    camera.stop()
    scene.authentic(camera.folder / "seen.h264")
    for segment in camera.finished():
        scene.authentic(segment, "--strict")


def P_CAMERAD_013_the_devices_own_key_signs(scene: Scene) -> None:
    """Through signet-keystored, in the TPM; what it signs verifies down to the decoder's parameters."""
    folder = scene.signet.folder / "device"
    (folder / "tpm").mkdir(parents=True)
    tpm, socket = folder / "tpm.sock", folder / "keystored.sock"
    words = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder / 'tpm'}"]
    words += ["--flags", "not-need-init,startup-clear", "--server", f"type=unixio,path={tpm}"]
    words += ["--ctrl", f"type=unixio,path={tpm}.ctrl"]
    swtpm = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    scene.children.append(swtpm)
    wait_for(tpm.exists, "swtpm starts", swtpm)
    daemon = pathlib.Path(scene.camerad).parent / "signet-keystored"
    if not daemon.exists():
        daemon = pathlib.Path(scene.camerad).parent.parent / "keystored" / "signet-keystored"
    words = [str(daemon), "--tpm", f"swtpm:path={tpm}", "--state", str(folder / "state"), "--socket", str(socket)]
    with open(folder / "keystored.log", "ab") as log:
        keystored = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    scene.children.append(keystored)
    wait_for(socket.exists, "signet-keystored starts", keystored)
    must = scene.signet.must
    must("key", "generate", f"keystored:{socket}?purpose=video", "--label", "camera")
    key = f"keystored:{socket}?label=camera&purpose=video"
    must("ca", "request", "--key", key, "--subject", "CN=camera", "--out", "camera.csr")
    must(
        *("ca", "issue", scene.maker.ca, "--key", scene.maker.key("root"), "--profile", "firmware-signing"),
        *("--request", "camera.csr", "--out", "camera.pem"),
    )
    chain = [str(scene.signet.folder / "camera.pem")]
    camera = Camera(scene, "own", {"key": key, "chain": chain, "sign_parameters": True})
    watcher = camera.watch("seen.h264", 3)
    wait_for(lambda: len(camera.finished()) >= 2, "two segments", camera.process)
    expect(watcher.wait(ROOM) == 0, "ffmpeg reads the stream")
    camera.stop()
    for segment in camera.finished():
        scene.authentic(segment, "--strict", "--require", "trusted", "--require", "parameters")
    scene.authentic(camera.folder / "seen.h264", "--require", "trusted")
    scene.not_authentic(scene.altered(camera.finished()[0]))


def P_CAMERAD_014_a_camera_that_is_not_there_is_told(scene: Scene) -> None:
    camera = Camera(scene, "no-camera", {"source": "v4l2:/dev/video-none", "rtsp": {"listen": "127.0.0.1:0"}})
    wait_for(lambda: camera.status()["losses"] >= 2, "it tries again", camera.process)
    status = camera.status()
    expect(status["last_error"]["reason"].startswith("camerad."), "and says why", status)
    expect(not camera.finished(), "nothing is written", camera.finished())
    camera.stop()


def P_CAMERAD_007_a_second_service_on_the_folder_is_refused(scene: Scene) -> None:
    camera = Camera(scene, "twice", {"rtsp": {"listen": ""}})
    again = subprocess.run(
        [scene.camerad, "camera.json", "--status", "other.sock"], cwd=camera.folder, capture_output=True, check=False
    )
    expect(again.returncode == 9 and b"os.locked" in again.stderr, "a conflict", again)
    camera.stop()


CASES = (
    P_CAMERAD_001_several_clients_and_the_segments_are_authentic,
    P_CAMERAD_004_one_altered_byte_is_found,
    P_CAMERAD_012_the_last_gop_is_signed_at_the_end,
    P_CAMERAD_005_a_kill_leaves_no_torn_segment,
    P_CAMERAD_006_disk_use_is_bounded,
    P_CAMERAD_008_a_lost_source_is_tried_again,
    P_CAMERAD_008_each_stream_is_signed_anew,
    P_CAMERAD_003_a_slow_key_drops_pictures_and_signs_the_rest,
    P_CAMERAD_013_the_devices_own_key_signs,
    P_CAMERAD_014_a_camera_that_is_not_there_is_told,
    P_CAMERAD_007_a_second_service_on_the_folder_is_refused,
)


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    scene = Scene(signet)
    try:
        for case in CASES:
            if arguments.only and arguments.only not in case.__name__:
                continue
            began = time.monotonic()
            case(scene)
            print(f"{case.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    finally:
        for child in scene.children:
            if child.poll() is None:
                child.kill()
                child.wait()


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey, ("--only", {"help": "the cases whose name holds this"})))
