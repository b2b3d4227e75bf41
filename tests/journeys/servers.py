# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Servers on loopback, for journeys: with TLS and keys in files, and such as only look like it."""

from __future__ import annotations

import pathlib
import queue
import socket
import ssl
import struct
import threading
import time
import warnings
from typing import Callable

from journey import sample

ROOM = 60  # seconds for the other side to come to an end


class Server:
    """Listens on loopback and hands each connection to `serve`, in a thread of its own."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self.serve = serve
        self.outcomes: queue.Queue[OSError | None] = queue.Queue()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(ROOM)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self.serve(connection)
                self.outcomes.put(None)
            except OSError as failure:  # ssl.SSLError is one
                self.outcomes.put(failure)

    def failure(self) -> OSError | None:
        """What went wrong with the next connection, as seen from here."""
        return self.outcomes.get(timeout=ROOM)


class TlsServer(Server):
    """A server with certificates and a key in files of the program's folder."""

    def __init__(
        self, folder: pathlib.Path, chain: list[str], key: str, version: ssl.TLSVersion, clients: bool = False
    ) -> None:
        """clients: wants certificates of them."""
        self.names: list[str | None] = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shown = folder / f"shown-{time.monotonic_ns()}.pem"
        shown.write_text("".join((folder / name).read_text(encoding="utf-8") for name in chain), encoding="utf-8")
        if version < ssl.TLSVersion.TLSv1_2:
            self.context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are old
            self.context.minimum_version = self.context.maximum_version = version
        self.context.load_cert_chain(shown, folder / key)
        self.context.sni_callback = lambda _connection, name, _context: self.names.append(name)
        if clients:
            self.context.load_verify_locations(folder / "vendor-root.pem")
            self.context.verify_mode = ssl.CERT_REQUIRED
        super().__init__(self._shake_hands)

    def _shake_hands(self, connection: socket.socket) -> None:
        with self.context.wrap_socket(connection, server_side=True) as shaken:
            shaken.recv(1)


def hear(connection: socket.socket) -> None:
    """Reads the ClientHello, whole: a connection that is closed with bytes unread is reset instead."""
    head = connection.recv(5, socket.MSG_WAITALL)
    connection.recv(int.from_bytes(head[3:], "big"), socket.MSG_WAITALL)


def say(words: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        hear(connection)
        connection.sendall(words)
        connection.recv(1 << 16)

    return serve


def reset(connection: socket.socket) -> None:
    hear(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def noise_after_hello(genuine: Server) -> Callable[[socket.socket], None]:
    """Hands on the first record of a genuine server, then noise in records."""

    def serve(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", genuine.port)) as behind:
            behind.sendall(connection.recv(1 << 16))
            head = behind.recv(5, socket.MSG_WAITALL)
            connection.sendall(head + behind.recv(int.from_bytes(head[3:], "big"), socket.MSG_WAITALL))
            connection.sendall(b"\x17\x03\x03\x10\x00" + sample(4096, 3))
            connection.recv(1 << 16)

    return serve
