# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""A factory with one line, for journeys: its station, the maker of its units' TPMs, and units with a software TPM."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
from typing import Any, Callable

from journey import Done, Maker, Signet, expect

ROOM = 60  # seconds for a program to do what it must


def wait_for(condition: Callable[[], object], what: str, process: subprocess.Popen | None = None) -> None:
    deadline = time.monotonic() + ROOM
    while not condition():
        expect(process is None or process.poll() is None, f"{what} before its program ends")
        expect(time.monotonic() < deadline, f"{what} within {ROOM} s")
        time.sleep(0.01)


class Line:
    """A factory with one line, and the maker of its units' TPMs."""

    def __init__(self, signet: Signet, **config: Any) -> None:
        """config: members of the station's configuration that differ from the usual."""
        self.signet = signet
        self.folder = signet.folder
        self.bin = pathlib.Path(signet.program).resolve().parent
        self.crash_lib = signet.crash_lib
        self.children: list[subprocess.Popen] = []
        self.port = ""
        self.page = ""
        self.station: subprocess.Popen | None = None
        self.make_vendor(config)
        self.make_tpm_maker()

    def beside(self, name: str, folder: str) -> str:
        beside = self.bin / name
        return str(beside if beside.exists() else (self.bin / ".." / folder / name).resolve())

    def make_vendor(self, changes: dict[str, Any]) -> None:
        maker = Maker(self.signet)
        must = self.signet.must
        maker.issue("factory", "factory-ca")
        must("ca", "init", "factory-ca", "--key", maker.key("factory"), "--certificate", maker.certificate("factory"))
        for label in ("station", "floor", "orders", "escrow"):
            maker.make_key(label)
        maker.make_key("line", "ed25519")
        must("ca", "request", "--key", maker.key("station"), "--subject", "CN=Station", "--out", "station.csr")
        must(
            *("ca", "issue", "factory-ca", "--key", maker.key("factory"), "--profile", "station"),
            *("--request", "station.csr", "--out", "station.pem"),
        )
        for label in ("orders", "escrow"):
            shown = must("key", "show", maker.key(label))
            (self.folder / f"{label}.pub").write_text(shown["public_key"], encoding="utf-8")
        must(
            *("station", "policy", "policy.json", "--key", maker.key("orders"), "--product", "cam-a"),
            *("--floor", "3", "--floor-key", maker.key("floor"), "--escrow-key", "escrow.pub"),
            *("--anchor", "vendor-root.pem", "--minimum-strength", "SOFTWARE"),
        )
        must("ledger", "vkey", "--key", maker.key("line"), "--name", "example.com/line", "--out", "line.vkey")
        config = {
            "station": "station-1",
            "line": "line-1",
            "listen": "127.0.0.1:0",
            "hardware_type": "1.3.6.1.4.1.32473.1",
            "state": "state",
            "ca": {"folder": "factory-ca", "key": maker.key("factory")},
            "signing": {"key": maker.key("station"), "certificate": "station.pem"},
            "ledger": {"folder": "line", "origin": "example.com/line", "key": maker.key("line")},
            "vendor": {"policy": "policy.json", "key": "orders.pub"},
            "tpm": {
                "makers": [{"certificate": "tpm-ca/swtpm-localca-rootca-cert.pem", "strength": "SOFTWARE"}],
                "intermediates": ["tpm-ca/issuercert.pem"],
            },
            "quarantine": {"failures_of_the_line": 1000},
            **changes,
        }
        (self.folder / "line.json").write_text(json.dumps(config), encoding="utf-8")
        must("station", "init", "line.json")

    def make_tpm_maker(self) -> None:
        authority = self.folder / "tpm-ca"
        authority.mkdir()
        (authority / "options").write_text("")
        (authority / "localca.conf").write_text(
            f"statedir = {authority}\nsigningkey = {authority}/signkey.pem\n"
            f"issuercert = {authority}/issuercert.pem\ncertserial = {authority}/certserial\n"
        )
        (authority / "setup.conf").write_text(
            "create_certs_tool = /usr/bin/swtpm_localca\n"
            f"create_certs_tool_config = {authority}/localca.conf\ncreate_certs_tool_options = {authority}/options\n"
        )
        self.unit(f"sample-{time.monotonic_ns()}")  # the maker's certificates are made with its first TPM

    def begin(self, words: list[str], name: str, environment: dict[str, str] | None = None) -> subprocess.Popen:
        with open(self.folder / f"{name}.log", "ab") as log:
            child = subprocess.Popen(
                words, cwd=self.folder, stdout=log, stderr=log, env={**os.environ, **(environment or {})}
            )
        self.children.append(child)
        return child

    def unit(self, name: str) -> Unit:
        return Unit(self, name)

    def start_station(self, crash_at: int = 0, under: tuple[str, ...] = ()) -> None:
        """crash_at: dies at that change of a file; under: words of a program that starts it."""
        environment = {}
        if crash_at:
            # A build with sanitizers wants its own library first, and says so unless told that it is fine.
            options = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"
            environment = {"LD_PRELOAD": self.crash_lib, "SIGNET_CRASH_AT": str(crash_at), "ASAN_OPTIONS": options}
        log = self.folder / "station.log"
        before = log.stat().st_size if log.exists() else 0
        program = self.beside("signet-station", "factory/station")
        self.station = self.begin([*under, program, "line.json"], "station", environment)

        def ready() -> bool:
            text = log.read_bytes()[before:].decode()
            if "ready units=" in text:
                self.port, self.page = text.partition("ready units=")[2].replace("page=", "").split()[:2]
            return bool(self.port) or self.station.poll() is not None

        self.port = ""
        wait_for(ready, "signet-station starts")
        expect(self.port or crash_at, "signet-station starts", log.read_bytes()[before:].decode())

    def stop_station(self) -> int:
        self.station.terminate()
        return self.station.wait()

    def birth(self, serial: str, keeper: str, port: str = "") -> Done:
        """One birth by the keystored behind a socket; port: where the station is, if not where it listens."""
        return self.signet.run(
            *("id", "birth", "--station", f"tcp:127.0.0.1:{port or self.port}", "--keystored", keeper),
            *("--serial", serial, "--product", "cam-a", "--hardware", "cam-a-r2", "--vendor-key", "orders.pub"),
            "--json",
        )

    def check_books(self, serials: list[str]) -> None:
        """Each of these units was born once, and nobody else was."""
        units = self.signet.must("station", "units", "line.json")["units"]
        expect(sorted(u["serial"] for u in units) == sorted(serials), "each unit is in the books once", units)
        expect({u["phase"] for u in units} == {"born"}, "each unit is born", units)
        expect(len({u["ledger_index"] for u in units}) == len(serials), "each has an entry of its own", units)
        status = self.signet.must("station", "status", "line.json")
        issued = status["identities_issued"]
        expect(issued == status["ledger_entries"] == len(serials), "identities are entries", status)
        listed = self.signet.must("ca", "list", "factory-ca")["certificates"]
        subjects = [c["subject"] for c in listed if c["profile"] == "idevid"]
        expect(len(subjects) == len(set(subjects)) == len(serials), "one device ID for each serial", subjects)

    def end(self) -> None:
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()


class Unit:
    """A box with a TPM of its own; switched on as long as the `with` lasts."""

    def __init__(self, line: Line, name: str) -> None:
        self.line = line
        self.name = name
        self.folder = line.folder / name
        self.tpm_socket = self.folder / "tpm.sock"
        self.keeper_socket = self.folder / "keystored.sock"
        self.asked_socket = self.tpm_socket  # where keystored looks for its TPM
        self.tpm: subprocess.Popen | None = None
        self.keeper: subprocess.Popen | None = None
        (self.folder / "tpm").mkdir(parents=True)
        words = ["swtpm_setup", "--tpm2", "--tpmstate", f"dir://{self.folder}/tpm", "--create-ek-cert"]
        words += ["--lock-nvram", "--pcr-banks", "sha256", "--config", f"{line.folder}/tpm-ca/setup.conf"]
        subprocess.run(words + ["--logfile", f"{self.folder}/log"], check=True, stdout=subprocess.DEVNULL)

    def switch_on(self, keeper: bool = True) -> None:
        for stale in (self.tpm_socket, pathlib.Path(f"{self.tpm_socket}.ctrl"), self.keeper_socket):
            stale.unlink(missing_ok=True)
        self.tpm = self.line.begin(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}/tpm", "--flags"]
            + ["not-need-init,startup-clear", "--server", f"type=unixio,path={self.tpm_socket}"]
            + ["--ctrl", f"type=unixio,path={self.tpm_socket}.ctrl"],
            f"{self.name}-tpm",
        )
        wait_for(self.tpm_socket.exists, "swtpm starts", self.tpm)
        if not keeper:
            return
        self.keeper = self.line.begin(
            [self.line.beside("signet-keystored", "device/keystored"), "--tpm", f"swtpm:path={self.asked_socket}"]
            + ["--state", f"{self.folder}/disk", "--socket", str(self.keeper_socket)],
            f"{self.name}-keystored",
        )
        wait_for(self.keeper_socket.exists, "signet-keystored starts", self.keeper)

    def lose_tpm(self) -> None:
        self.tpm.kill()
        self.tpm.wait()

    def switch_off(self) -> None:
        for child in (self.keeper, self.tpm):
            if child and child.poll() is None:
                child.kill()
                child.wait()

    def birth(self, serial: str, port: str = "") -> Done:
        return self.line.birth(serial, str(self.keeper_socket), port)

    def __enter__(self) -> Unit:
        self.switch_on()
        return self

    def __exit__(self, *_: object) -> None:
        self.switch_off()


class Tap:
    """Sits between units and the station, and sees each message (docs/formats/birth-protocol.md) before it goes on.

    seen(connection, from_station, name) is called from a thread of each direction."""

    def __init__(self, station_port: str, seen: Callable[[int, bool, str], None]) -> None:
        self.station_port = int(station_port)
        self.seen = seen
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = str(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                unit, _ = self.listener.accept()
            except OSError:
                return
            station = socket.create_connection(("127.0.0.1", self.station_port))
            for end in (unit, station):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            for source, target, from_station in ((unit, station, False), (station, unit, True)):
                words = (self.connections, source, target, from_station)
                threading.Thread(target=self._carry, args=words, daemon=True).start()

    def _carry(self, number: int, source: socket.socket, target: socket.socket, from_station: bool) -> None:
        try:
            with source.makefile("rb") as stream:
                while len(head := stream.read(8)) == 8:
                    body = stream.read(int.from_bytes(head[:4], "big"))
                    self.seen(number, from_station, json.loads(body)["message"])
                    target.sendall(head + body)
            target.shutdown(socket.SHUT_WR)
        except (OSError, ValueError):
            source.close()
            target.close()

    def close(self) -> None:
        self.listener.close()
