#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_STATION_017: a station that is killed at any write gives each unit one identity, and forgets nobody.

Real parts: swtpm with endorsement certificates, signet-keystored, signet-station, `signet id birth`. The station is
killed at the N-th call that changes a file, N going up in strides, started again, and the birth is begun again, until
it gets through. The oracle is the outside: the entries of the line's ledger, what the authority lists, and the unit's
own statement, judged by `signet id verify`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import Iterator

from journey import Done, Maker, Signet, expect, travel

STRIDE = 7  # with one unit for each N this visits each kind of write; --full visits every one
ROOM = 60


def wait_for(condition, what: str, process: subprocess.Popen | None = None) -> None:
    deadline = time.monotonic() + ROOM
    while not condition():
        expect(process is None or process.poll() is None, f"{what} before its program ends")
        expect(time.monotonic() < deadline, f"{what} within {ROOM} s")
        time.sleep(0.01)


class Line:
    """A factory with one line, and the maker of its units' TPMs."""

    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.folder = signet.folder
        self.bin = pathlib.Path(signet.program).resolve().parent
        self.crash_lib = signet.crash_lib
        self.children: list[subprocess.Popen] = []
        self.port = ""
        self.station: subprocess.Popen | None = None
        self.make_vendor()
        self.make_tpm_maker()

    def beside(self, name: str, folder: str) -> str:
        beside = self.bin / name
        return str(beside if beside.exists() else (self.bin / ".." / folder / name).resolve())

    def make_vendor(self) -> None:
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

    def begin(self, words: list[str], name: str, environment: dict[str, str] | None = None) -> subprocess.Popen:
        with open(self.folder / f"{name}.log", "ab") as log:
            child = subprocess.Popen(
                words, cwd=self.folder, stdout=log, stderr=log, env={**os.environ, **(environment or {})}
            )
        self.children.append(child)
        return child

    @contextlib.contextmanager
    def unit(self, name: str) -> Iterator[str]:
        """A box that is switched on; gives the socket of its keystored."""
        folder = self.folder / name
        (folder / "tpm").mkdir(parents=True)
        subprocess.run(
            ["swtpm_setup", "--tpm2", "--tpmstate", f"dir://{folder}/tpm", "--create-ek-cert", "--lock-nvram"]
            + ["--pcr-banks", "sha256", "--config", f"{self.folder}/tpm-ca/setup.conf", "--logfile", f"{folder}/log"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        sockets = folder / "tpm.sock", folder / "keystored.sock"
        tpm = self.begin(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}/tpm", "--flags", "not-need-init,startup-clear"]
            + ["--server", f"type=unixio,path={sockets[0]}", "--ctrl", f"type=unixio,path={sockets[0]}.ctrl"],
            f"{name}-tpm",
        )
        wait_for(sockets[0].exists, "swtpm starts", tpm)
        program = self.beside("signet-keystored", "device/keystored")
        keeper = self.begin(
            [program, "--tpm", f"swtpm:path={sockets[0]}", "--state", f"{folder}/disk", "--socket", str(sockets[1])],
            f"{name}-keystored",
        )
        wait_for(sockets[1].exists, "signet-keystored starts", keeper)
        try:
            yield str(sockets[1])
        finally:
            for child in (keeper, tpm):
                child.kill()
                child.wait()

    def start_station(self, crash_at: int = 0) -> None:
        environment = {"LD_PRELOAD": self.crash_lib, "SIGNET_CRASH_AT": str(crash_at)} if crash_at else None
        log = self.folder / "station.log"
        before = log.stat().st_size if log.exists() else 0
        program = self.beside("signet-station", "factory/station")
        self.station = self.begin([program, "line.json"], "station", environment)

        def ready() -> bool:
            text = log.read_bytes()[before:].decode()
            if "ready units=" in text:
                self.port = text.partition("ready units=")[2].split()[0]
            return bool(self.port) or self.station.poll() is not None

        self.port = ""
        wait_for(ready, "signet-station starts")

    def stop_station(self) -> int:
        self.station.terminate()
        return self.station.wait()

    def birth(self, serial: str, socket: str) -> Done:
        return self.signet.run(
            *("id", "birth", "--station", f"tcp:127.0.0.1:{self.port}", "--keystored", socket, "--serial", serial),
            *("--product", "cam-a", "--hardware", "cam-a-r2", "--vendor-key", "orders.pub", "--json"),
        )


def born_through_kills(line: Line, serial: str, crash_at: int) -> bool:
    """One unit, and one kill of the station on its way; whether there was a kill."""
    with line.unit(serial) as socket:
        line.start_station(crash_at)
        killed = False
        for _ in range(6):  # the station may still take the old connection for a live one
            done = line.birth(serial, socket) if line.port else None
            # An orderly end, so that what the unit said last is in the books, unless the kill came before.
            if line.stop_station() == -signal.SIGKILL:
                killed = True
            elif done and done.code == 0:
                break
            line.start_station()
        expect(done.code == 0, f"{serial} is born after a kill at {crash_at}", done)
        line.signet.must("id", "show", "--keystored", socket, "--out", f"{serial}.json")
    verdict = line.signet.must(
        *("id", "verify", f"{serial}.json", "--anchor", "vendor-root.pem", "--line-key", "line.vkey")
    )
    expect(verdict["serial"] == serial and verdict["recorded"] == "ledger", "the identity holds", verdict)
    return killed


def check_books(line: Line, serials: list[str]) -> None:
    units = line.signet.must("station", "units", "line.json")["units"]
    expect(sorted(u["serial"] for u in units) == serials, "each unit is in the books once", units)
    expect({u["phase"] for u in units} == {"born"}, "each unit is born", units)
    expect(len({u["ledger_index"] for u in units}) == len(serials), "each has an entry of its own", units)
    status = line.signet.must("station", "status", "line.json")
    expect(status["identities_issued"] == status["ledger_entries"] == len(serials), "identities are entries", status)
    listed = line.signet.must("ca", "list", "factory-ca")["certificates"]
    issued = [c["subject"] for c in listed if c["profile"] == "idevid"]
    expect(len(issued) == len(set(issued)) == len(serials), "one device ID for each serial", issued)


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    line = Line(signet)
    serials: list[str] = []
    kills = 0
    crash_at = 1
    try:
        while True:
            serial = f"CAM{len(serials) + 1:04}"
            killed = born_through_kills(line, serial, crash_at)
            serials.append(serial)
            kills += killed
            if not killed:
                break
            crash_at += 1 if arguments.full else STRIDE
            expect(crash_at < 2000, "the station gets through")
        check_books(line, serials)
    finally:
        for child in line.children:
            if child.poll() is None:
                child.kill()
                child.wait()
    expect(kills >= 3, "the station was killed on its way", kills)
    print(f"P_STATION_017: {kills} kills, {len(serials)} units, each with one identity and one entry")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey, ("--full", {"action": "store_true", "help": "kill at every write"})))
