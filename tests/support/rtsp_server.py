#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""A RTSP server on the loopback (gst-rtsp-server): plays one H.264 or H.265 byte stream, as a camera does, or with
--record takes one, as a recorder does.

Writes its URL into a file once it answers; ends with its parent.
"""

from __future__ import annotations

import argparse
import ctypes
import pathlib
import signal

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stream")
    parser.add_argument("--codec", choices=("h264", "h265"), required=True)
    parser.add_argument("--url-file", type=pathlib.Path, required=True)
    parser.add_argument("--rate", type=int, default=25, help="pictures a second")
    parser.add_argument("--record", action="store_true", help="write into the stream's file what a client sends")
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory.new()
    if given.record:
        caps = f"video/x-{given.codec},stream-format=byte-stream,alignment=au"
        factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
        factory.set_launch(
            f"( rtp{given.codec}depay name=depay0 ! {caps} ! "
            f'filesink location="{given.stream}" buffer-mode=unbuffered )'
        )
    else:
        caps = f"video/x-{given.codec},framerate={given.rate}/1"
        factory.set_launch(
            f'( filesrc location="{given.stream}" ! {caps} ! {given.codec}parse ! rtp{given.codec}pay name=pay0 pt=96 )'
        )
    factory.set_shared(False)
    server.get_mount_points().add_factory("/stream", factory)
    server.attach(None)
    part = given.url_file.with_suffix(".part")
    part.write_text(f"rtsp://user:secret@127.0.0.1:{server.get_bound_port()}/stream", encoding="ascii")
    part.rename(given.url_file)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
