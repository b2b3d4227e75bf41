#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_STATION_024: a unit whose TPM vanishes in mid-birth is shown with its reason, and is born later, once.
P_STATION_022: the shipped station does not start on a ledger that was changed, and says what to do.
P_STATION_023: the shipped station survives a full disk, and nobody gets half an identity.

Real parts: swtpm with endorsement certificates, signet-keystored, signet-station, `signet id birth`. A tap on the line
between unit and station says when a message passes, and that is when the TPM is killed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from factory import Line, Tap, wait_for
from journey import EXIT_CODES, Done, Signet, expect, travel

# When the TPM is killed. At "begin" the unit has not said yet who it is, so the station has nobody to note.
MOMENTS = ("begin", "claim", "challenge", "identity")


def failed(line: Line) -> list[dict]:
    return line.signet.must("station", "units", "line.json", "--failed")["failed"]


def lose_tpm_at(line: Line, message: str, serial: str) -> str:
    """One unit whose TPM dies at this message; what the station says of it."""
    with line.unit(serial) as unit:

        def seen(connection: int, _from_station: bool, name: str) -> None:
            if connection == 1 and name == message:
                unit.lose_tpm()

        tap = Tap(line.port, seen)
        first = unit.birth(serial, tap.port)
        expect(first.code != 0, f"no birth without a TPM since '{message}'", first)
        expect(b"tpm" in first.out.lower() or b"TPM" in first.out, "the unit says that it is the TPM", first)
        if message != "begin":  # the station hears of it at the same time as the unit's program, and has to write it
            wait_for(lambda: any(each["serial"] == serial for each in failed(line)), "the station knows it")
        known = [each for each in failed(line) if each["serial"] == serial]
        expect(bool(known) == (message != "begin"), f"the station knows it after '{message}'", known)
        shown = "nobody in particular"
        if known:
            held = "quarantined" if known[0]["quarantined"] else "may try again"
            shown = f"{known[0]['reason']} at {known[0]['step']}, {held}"
            expect("tpm" in known[0]["text"].lower(), "the station shows that it is the TPM", known)
            if known[0]["quarantined"]:
                line.signet.must("station", "release", "line.json", serial)
        unit.switch_off()
        unit.switch_on()
        again = unit.birth(serial, tap.port)
        expect(again.code == 0, f"{serial} is born after its TPM is back", again)
        tap.close()
        line.signet.must("id", "show", "--keystored", unit.keeper_socket, "--out", f"{serial}.json")
    expect(not [each for each in failed(line) if each["serial"] == serial], "a unit that is born is no failure")
    line.signet.must("id", "verify", f"{serial}.json", "--anchor", "vendor-root.pem", "--line-key", "line.vkey")
    return shown


def refuse_changed_ledger(line: Line) -> None:
    entries = line.folder / "line" / "journal" / "entries"
    good = entries.read_bytes()
    line.stop_station()
    entries.write_bytes(good[:200] + bytes([good[200] ^ 1]) + good[201:])
    program = line.beside("signet-station", "factory/station")
    done = subprocess.run([program, "line.json"], cwd=line.folder, capture_output=True, check=False, timeout=60)
    expect(done.returncode == EXIT_CODES["untrusted"], "the station does not start", done)
    expect(b"ledger" in done.stderr and done.stderr.count(b"\n") >= 2, "it says what is wrong and what to do", done)
    entries.write_bytes(good)
    line.start_station()
    print("  P_STATION_022 a changed ledger          not gone on with")


def survive_full_disk(line: Line, serial: str) -> bool:
    """Whether it could be tried: a small disk needs the right to mount one. The unit tests fill it page by page."""
    small = line.folder / "state"
    kept = line.folder / "state-kept"
    line.stop_station()
    small.rename(kept)
    small.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        small.rmdir()
        kept.rename(small)
        line.start_station()
        print("  P_STATION_023 a full disk: not tried here, mounting a small one needs root")
        return False
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", small], check=True)
        line.start_station()
        expect(line.port, "the station starts on the small disk")
        with line.unit(serial) as unit:
            fill(small / "filler")
            first = unit.birth(serial)
            expect(first.code != 0 and b"station.fault" in first.out, "no birth while the disk is full", first)
            (small / "filler").unlink()
            done: Done = unit.birth(serial)  # the same station goes on
            expect(done.code == 0, "a birth when there is room again", done)
        line.stop_station()
        subprocess.run(["cp", "-a", f"{small}/.", kept], check=True)
    finally:
        line.stop_station()
        subprocess.run(["umount", small], check=True)
    small.rmdir()
    kept.rename(small)
    line.start_station()
    print("  P_STATION_023 a full disk               station.fault, then born")
    return True


def fill(path: os.PathLike) -> None:
    with open(path, "wb", buffering=0) as out:
        for size in (4096, 1):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                continue


def journey(_: argparse.Namespace, signet: Signet) -> None:
    line = Line(signet)
    serials = []
    try:
        line.start_station()
        for number, message in enumerate(MOMENTS):
            serials.append(f"LOST{number}")
            shown = lose_tpm_at(line, message, serials[-1])
            print(f"  P_STATION_024 TPM gone at {message:<14} {shown}")
        refuse_changed_ledger(line)
        if survive_full_disk(line, "FULL0"):
            serials.append("FULL0")
        line.stop_station()
        line.check_books(serials)
    finally:
        line.end()
    print(f"P_STATION_024: {len(serials)} units after faults, each with one identity and one entry")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
