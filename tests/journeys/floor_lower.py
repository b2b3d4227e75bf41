#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_UPDATED_014: the floor of a real TPM goes down only by an approval for this device, once, and it is on record.

Real parts: two units born at a station, each with its software TPM and signet-keystored; devices whose floor is in
them. The vendor's floor key approves what `signet floor show` on one unit asks for. The oracle is the TPM's index,
read through the other command, and the files of the device's audit ledger, read here.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys

from factory import Line
from journey import Signet, expect, travel

EVENTS = ("floor-change-begins", "floor-changed", "floor-change-refused")


def audit(device: pathlib.Path) -> dict[str, int]:
    """How often each event stands in the files of the audit ledger."""
    folder = device / "state" / "audit"
    text = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return {event: text.count(f'"event":"{event}"'.encode()) for event in EVENTS}


class Unit:
    """A born unit with a device in files whose floor is in its TPM."""

    def __init__(self, line: Line, serial: str, socket: str) -> None:
        self.signet = line.signet
        self.socket = socket
        born = line.birth(serial, socket)
        expect(born.code == 0, f"{serial} is born", born)
        self.device = line.folder / f"device-{serial}"
        self.signet.must(
            *("firmware", "device", self.device.name, "--product", "cam-a", "--hardware", "cam-a-r2"),
            *("--role", "rootfs", "--anchor", "vendor-root.pem", "--keystored", socket),
        )

    def floor(self) -> dict:
        return self.signet.must("floor", "show", "--keystored", self.socket)

    def apply(self, approval: str) -> list[str]:
        return ["floor", "apply", approval, "--device", str(self.device / "device.json")]


def approve_lower(signet: Signet, shown: dict, to: int, out: str) -> str:
    signet.must(
        *("floor", "approve-lower", "--key", "file:vendor-keys?label=floor&passphrase=none", "--out", out),
        *("--from", str(shown["value"]), "--to", str(to), "--device-name", shown["device_name"]),
        *("--reset-count", str(shown["reset_count"])),
    )
    return out


def journey(_: argparse.Namespace, signet: Signet) -> None:
    line = Line(signet)
    try:
        with line.unit("CAM0001") as first, line.unit("CAM0002") as second:
            line.start_station()
            ours = Unit(line, "CAM0001", str(first.keeper_socket))
            other = Unit(line, "CAM0002", str(second.keeper_socket))
            check(signet, ours, other)
    finally:
        line.end()


def check(signet: Signet, ours: Unit, other: Unit) -> None:
    expect(ours.floor()["value"] == other.floor()["value"] == 3, "the birth founded the floor", ours.floor())
    expect(ours.floor()["device_name"] != other.floor()["device_name"], "two devices have two names")
    lower = approve_lower(signet, ours.floor(), 2, "lower.json")

    signet.refused("tpm.policy", "denied", *other.apply(lower))
    expect(other.floor()["value"] == 3, "another device keeps its floor", other.floor())
    expect(audit(other.device) == dict(zip(EVENTS, (1, 0, 1))), "a refused try is on record", audit(other.device))

    done = signet.must(*ours.apply(lower))
    expect(done["value"] == ours.floor()["value"] == 2, "the floor is lowered", done)
    expect(audit(ours.device) == dict(zip(EVENTS, (1, 1, 0))), "intent and outcome are on record", audit(ours.device))

    signet.refused("tpm.policy", "denied", *ours.apply(lower))
    expect(ours.floor()["value"] == 2, "an approval works once", ours.floor())

    # Back up, and the old approval fits the floor's value again, but the floor was not at rest in between.
    key = "file:vendor-keys?label=floor&passphrase=none"
    signet.must("floor", "approve", "--key", key, "--value", "5", "--out", "raise.json")
    signet.must(*ours.apply("raise.json"))
    signet.refused("tpm.policy", "denied", *ours.apply(lower))
    expect(ours.floor()["value"] == 5, "an approval for another floor changes nothing", ours.floor())

    # What somebody changed on its way, and what a stranger's key signed.
    approval = json.loads((signet.folder / approve_lower(signet, ours.floor(), 4, "four.json")).read_text())
    approval["value"] = 1
    (signet.folder / "altered.json").write_text(json.dumps(approval))
    done = signet.run(*ours.apply("altered.json"), "--json")
    expect(done.code != 0 and ours.floor()["value"] == 5, "an altered approval changes nothing", done)
    expect(sum(audit(ours.device).values()) >= 8, "every try is on record", audit(ours.device))
    print(f"P_UPDATED_014: lowered on one device, refused on the other and when replayed; {audit(ours.device)}")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
