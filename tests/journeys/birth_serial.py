#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_STATION_026: units are born over a serial line, whichever side opens it first, and in spite of noise.

Real parts: swtpm with endorsement certificates, signet-keystored, signet-station, `signet id birth`. The line is two
pseudo-terminals with a wire between them, which loses what is said to nobody and damages what it is told to. The
station knows TPMs by their RSA endorsement keys, and asks for them: left to itself a software TPM shows a P-384 one.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
import threading
import tty
from typing import Callable

from factory import Line, Unit
from journey import Done, Signet, expect, travel

BAUD = 115200
BOOT = b"U-Boot 2023.01 (Jan 01 2023)\r\nStarting kernel ...\r\n"


class Wire:
    """Carries what one end of a serial line says to the other. seen(bytes) may change it."""

    def __init__(self) -> None:
        self.seen: Callable[[bytes], bytes] = lambda data: data
        self.unit_is_on = False  # what is said to a unit that is off is lost
        self.masters: list[int] = []
        self.names: list[str] = []
        for _ in range(2):
            master, slave = os.openpty()
            tty.setraw(master)
            os.set_blocking(master, False)
            self.masters.append(master)
            self.names.append(os.ttyname(slave))  # stays open: else the far end would read an error in between
        self.station, self.unit = self.names
        threading.Thread(target=self._carry, daemon=True).start()

    def _carry(self) -> None:
        station, unit = self.masters
        while True:
            for master in select.select(self.masters, [], [])[0]:
                data = self.seen(os.read(master, 4096))
                if master == unit or self.unit_is_on:
                    self.say(unit if master == station else station, data)

    @staticmethod
    def say(master: int, data: bytes) -> None:
        while data:
            select.select([], [master], [])
            data = data[os.write(master, data) :]


def birth(line: Line, wire: Wire, unit: Unit, serial: str) -> Done:
    wire.unit_is_on = True
    done = line.signet.run(
        *("id", "birth", "--station", f"serial:{wire.unit}@{BAUD}", "--keystored", unit.keeper_socket),
        *("--serial", serial, "--product", "cam-a", "--hardware", "cam-a-r2", "--vendor-key", "orders.pub", "--json"),
    )
    wire.unit_is_on = False
    return done


def check_identity(line: Line, unit: Unit, serial: str) -> None:
    line.signet.must("id", "show", "--keystored", unit.keeper_socket, "--out", f"{serial}.json")
    verdict = line.signet.must(
        *("id", "verify", f"{serial}.json", "--anchor", "vendor-root.pem", "--line-key", "line.vkey")
    )
    expect(verdict["serial"] == serial and verdict["recorded"] == "ledger", "the identity holds", verdict)


def check_born(line: Line, wire: Wire, serial: str) -> None:
    with line.unit(serial) as unit:
        done = birth(line, wire, unit, serial)
        expect(done.code == 0, f"{serial} is born over a serial line", done)
        check_identity(line, unit, serial)


def check_unit_first(line: Line, wire: Wire, serial: str) -> None:
    """The unit listens before there is a station."""
    with line.unit(serial) as unit:
        outcome: list[Done] = []
        waiting = threading.Thread(target=lambda: outcome.append(birth(line, wire, unit, serial)))
        waiting.start()
        wire.say(wire.masters[0], BOOT)  # to the station, and lost with its start
        line.start_station()
        waiting.join()
        expect(outcome and outcome[0].code == 0, f"{serial} is born by a station that came later", outcome)
        check_identity(line, unit, serial)


def check_noise(line: Line, wire: Wire, serial: str, message: str) -> None:
    """One damaged byte of a message ends the try, and holds nobody back: the next one leads to the one identity."""
    with line.unit(serial) as unit:
        damaged = threading.Event()

        def damage(data: bytes) -> bytes:
            at = data.find(f'"message":"{message}"'.encode()) + 40
            if at < 40 or at >= len(data) or damaged.is_set():
                return data
            damaged.set()
            return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]

        wire.seen = damage
        first = birth(line, wire, unit, serial)
        wire.seen = lambda data: data
        expect(damaged.is_set() and first.code != 0, f"a damaged {message} ends a birth", first)
        expect(b"birth.noise" in first.out, "and is told by its name", first)
        done = birth(line, wire, unit, serial)
        expect(done.code == 0, f"{serial} is born after noise in its {message}", done)
        check_identity(line, unit, serial)


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    wire = Wire()
    makers = [{"certificate": "tpm-ca/swtpm-localca-rootca-cert.pem", "strength": "SOFTWARE"}]
    tpm = {"makers": makers, "intermediates": ["tpm-ca/issuercert.pem"], "endorsement_key": "rsa2048"}
    line = Line(signet, serial=[f"{wire.station}@{BAUD}"], tpm=tpm, timeout_seconds=12)
    noises = ("claim", "challenge", "proof")
    serials = ["FIRST", "NEXT", *(f"NOISE-{message}" for message in noises)]
    try:
        check_unit_first(line, wire, serials[0])
        wire.say(wire.masters[0], BOOT)  # of the next unit, as it starts
        check_born(line, wire, serials[1])
        for message, serial in zip(noises, serials[2:]):
            check_noise(line, wire, serial, message)
        line.stop_station()
        line.check_books(serials)
    finally:
        line.end()
    print(f"P_STATION_026: {len(serials)} units over a serial line, {len(noises)} in spite of noise, each born once")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
