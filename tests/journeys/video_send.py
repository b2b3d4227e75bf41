#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Streams that are signed and sent on: as RTP to one receiver, and to an RTSP server that records them.

P_VIDEO_029: what is sent on is authentic where it arrives, picture by picture; what cannot be sent is an error.

The receiver of RTP writes its packets into a capture, which `signet video verify` judges; the RTSP server is
gst-rtsp-server, as recorders use it.
"""

from __future__ import annotations

import argparse
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time

from journey import Maker, Signet, expect, travel

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASE = ROOT / "tests/vectors/video/base"
RATE = "100"  # pictures a second: hurried, so that a recording of some seconds takes less
ROOM = 60
ETHERNET = bytes(12) + b"\x08\x00"


def in_packet(payload: bytes, port: int) -> bytes:
    """Ethernet, IPv4 and UDP around a payload, as a capture has them."""
    udp = struct.pack(">HHHH", 40000, port, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
    return ETHERNET + head + udp


class Receiver:
    """Takes RTP on a port of its own until nothing has come for a second after it was told to end."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(1)
        self.port = self.socket.getsockname()[1]
        self.packets: list[bytes] = []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.take)
        self.thread.start()

    def take(self) -> None:
        while True:
            try:
                self.packets.append(self.socket.recv(65536))
            except TimeoutError:
                if self.is_over.is_set():
                    return

    def capture(self, file: pathlib.Path) -> None:
        self.is_over.set()
        self.thread.join()
        self.socket.close()
        content = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        for number, payload in enumerate(self.packets):
            packet = in_packet(payload, self.port)
            content += struct.pack("<IIII", 1_800_000_000, number, len(packet), len(packet)) + packet
        file.write_bytes(content)


def key_words(maker: Maker) -> tuple[str, ...]:
    return ("--key", maker.key("camera"), "--chain", maker.certificate("camera"), "--rate", RATE)


def check_rtp(signet: Signet, maker: Maker) -> None:
    for codec in ("h264", "h265"):
        receiver = Receiver()
        place = ("--out", f"rtp://127.0.0.1:{receiver.port}", "--sdp-out", f"{codec}.sdp")
        try:
            sent = signet.must("video", "sign", BASE / f"base.{codec}", *key_words(maker), *place)
        finally:
            receiver.capture(signet.folder / f"{codec}.pcap")
        demands = ("--anchor", maker.root, "--require", "trusted", "--strict")
        done = signet.run("video", "verify", f"{codec}.pcap", "--sdp", f"{codec}.sdp", *demands, "--json")
        expect(done.code == 0, f"RTP of {codec} that is authentic to its last picture", done)
        expect(done.json["coverage"]["frames"] == sent["pictures"], "every picture there", done)
    print("P_VIDEO_029: H.264 and H.265 sent as RTP, authentic to the last picture")


class Recorder:
    def __init__(self, folder: pathlib.Path, codec: str) -> None:
        self.file = folder / f"recorded.{codec}"
        url_file = folder / f"{codec}.url"
        server = ROOT / "tests/support/rtsp_server.py"
        words = ["/usr/bin/python3", str(server), str(self.file), "--codec", codec, "--url-file", str(url_file)]
        self.process = subprocess.Popen([*words, "--record"])
        deadline = time.monotonic() + ROOM
        while not url_file.exists():
            expect(time.monotonic() < deadline and self.process.poll() is None, "the RTSP server to answer")
            time.sleep(0.05)
        self.url = url_file.read_text()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def check_rtsp(signet: Signet, maker: Maker) -> None:
    for codec in ("h264", "h265"):
        recorder = Recorder(signet.folder, codec)
        try:
            signet.must("video", "sign", BASE / f"base.{codec}", *key_words(maker), "--out", recorder.url)
            size = -1
            while size != (size := recorder.file.stat().st_size):  # what is on its way arrives
                time.sleep(0.5)
        finally:
            recorder.stop()
        # A server may drop the last picture when its client leaves, so not --strict.
        done = signet.run(
            "video", "verify", recorder.file.name, "--anchor", maker.root, "--require", "trusted", "--json"
        )
        expect(done.code == 0 and done.json["coverage"]["frames_authentic"] > 0, f"{codec} as it was recorded", done)
    print("P_VIDEO_029: H.264 and H.265 handed to an RTSP server, authentic as recorded")


def check_refusals(signet: Signet, maker: Maker) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"rtsp://somebody:secret@127.0.0.1:{closed.getsockname()[1]}/stream"
        for source, words, reason in (
            ("base.h264", ("--out", nobody), "media.not-sent"),
            ("base.h264", ("--out", "rtp://127.0.0.1"), "media.address"),
            ("base.h264", ("--out", "rtp://127.0.0.1:70000"), "media.address"),
            ("base.h264", ("--out", "signed.h264", "--sdp-out", "x.sdp"), "media.address"),
            ("base.obu", ("--format", "axis-v2", "--out", "rtp://127.0.0.1:9"), "media.send-codec"),
        ):
            done = signet.run("video", "sign", BASE / source, *key_words(maker), *words, "--json")
            expect(done.code not in (0, 1, 2) or reason == "media.address", f"an error for {words}", done)
            expect(done.json["error"]["reason"] == reason, f"{reason} for {words}", done)
            expect(b"secret" not in done.out + done.err, "no password in an error text", done)
    print("P_VIDEO_029: what cannot be sent is an error")


def journey(_arguments: argparse.Namespace, signet: Signet) -> None:
    maker = Maker(signet)
    maker.issue("camera")
    check_rtp(signet, maker)
    check_rtsp(signet, maker)
    check_refusals(signet, maker)


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
