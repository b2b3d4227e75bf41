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
import signal
import sys
import time

from factory import Line
from journey import Signet, expect, travel

STRIDE = 7  # with one unit for each N this visits each kind of write; --full visits every one


def born_through_kills(line: Line, serial: str, crash_at: int) -> bool:
    """One unit, and one kill of the station on its way; whether there was a kill."""
    with line.unit(serial) as unit:
        line.start_station(crash_at)
        killed = False
        for _ in range(6):  # the station may still take the old connection for a live one
            done = unit.birth(serial) if line.port else None
            # An orderly end, so that what the unit said last is in the books, unless the kill came before.
            if line.stop_station() == -signal.SIGKILL:
                killed = True
            elif done and done.code == 0:
                break
            line.start_station()
        expect(done.code == 0, f"{serial} is born after a kill at {crash_at}", done)
        line.signet.must("id", "show", "--keystored", unit.keeper_socket, "--out", f"{serial}.json")
    verdict = line.signet.must(
        *("id", "verify", f"{serial}.json", "--anchor", "vendor-root.pem", "--line-key", "line.vkey")
    )
    expect(verdict["serial"] == serial and verdict["recorded"] == "ledger", "the identity holds", verdict)
    return killed


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    line = Line(signet)
    serials: list[str] = []
    kills = 0
    crash_at = 1
    began = time.monotonic()
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
        line.check_books(serials)
    finally:
        line.end()
    expect(kills >= 3, "the station was killed on its way", kills)
    took = f"{time.monotonic() - began:.0f} s"
    print(f"P_STATION_017: {kills} kills, {len(serials)} units, each with one identity and one entry, {took}")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey, ("--full", {"action": "store_true", "help": "kill at every write"})))
