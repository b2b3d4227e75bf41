#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_PKCS11_008: a device comes onto an 802.1X network with the key that it was born with, which is in no file.

A unit with a software TPM is born at a station. wpa_supplicant, as Debian ships it, then does EAP-TLS on a wire (a veth
pair between two network namespaces) with hostapd, through Debian's pkcs11 engine and libsignet-pkcs11.so. hostapd knows
the vendor's root alone, and its own certificate is of the vendor's authority. What says whether the device came in is
hostapd. Debian's wpa_supplicant takes paths below /usr/lib only, so its configuration names none: OpenSSL finds the
engine, and the engine the module by PKCS11_MODULE_PATH. Namespaces need root; without, this says so and ends.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import time
from typing import Iterator

from factory import Line, Unit
from journey import Maker, Signet, expect, travel
from programs import run

PIN, SO_PIN = "1234", "12345678"
SECONDS = 30
ROOT_KEY = "file:vendor-keys?label=root&passphrase=none"
ACCEPTED, REFUSED = "IEEE 802.1X: authenticated", "CTRL-EVENT-EAP-FAILURE "
NO_KEY = "EAP-TLS: Failed to initialize SSL"  # the device's own word; hostapd waits on

SWITCH = """
interface={port}
driver=wired
logger_stdout=-1
logger_stdout_level=2
ieee8021x=1
eapol_version=2
use_pae_group_addr=1
eap_server=1
eap_user_file={folder}/eap-users
ca_cert={folder}/vendor-root.pem
server_cert={folder}/radius.pem
private_key={folder}/radius.key
tls_flags={flags}
"""
DEVICE = """
ap_scan=0
eapol_version=2
network={{
  key_mgmt=IEEE8021X
  eap=TLS
  identity="BORN-1"
  ca_cert="{folder}/vendor-root.pem"
  domain_match="radius.example"
  client_cert="{folder}/{certificate}"
  engine=1
  engine_id="pkcs11"
  key_id="pkcs11:token=signet;object={label};type=private"
  pin="{pin}"
  phase1="{phase1}"
  eapol_flags=0
}}
"""
VERSIONS = {
    "TLS 1.2": ("[DISABLE-TLSv1.3]", "tls_disable_tlsv1_3=1"),
    "TLS 1.3": ("[ENABLE-TLSv1.3]", "tls_disable_tlsv1_3=0"),
}


def why_not() -> str:
    """Why no network namespace can be made here; empty if it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return tried.stderr.decode(errors="replace").strip() if tried.returncode else ""


@contextlib.contextmanager
def running(words: list[object], log: pathlib.Path, **more: str) -> Iterator[subprocess.Popen]:
    with log.open("wb") as out:
        process = subprocess.Popen(  # pylint: disable=consider-using-with; ended below
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=os.environ | more,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(process: subprocess.Popen, lines: tuple[str, ...], *logs: pathlib.Path) -> str:
    """The first of the lines that one of the logs has."""
    deadline = time.monotonic() + SECONDS
    while True:
        text = "".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)
        found = [line for line in lines if line in text]
        if found:
            return found[0]
        expect(process.poll() is None and time.monotonic() < deadline, f"one of {lines}", text)
        time.sleep(0.05)


class Wire:
    """Two sets of namespaces with a cable between them; they end with the processes that hold them."""

    def __init__(self, holders: list[subprocess.Popen]) -> None:
        switch, device = (holder.pid for holder in holders)
        own = os.stat("/proc/self/ns/net").st_ino
        deadline = time.monotonic() + SECONDS
        while any(os.stat(f"/proc/{pid}/ns/net").st_ino == own for pid in (switch, device)):
            expect(time.monotonic() < deadline, "namespaces of their own")
            time.sleep(0.01)
        cable = ("type", "veth", "peer", "name", "eth0")
        run("ip", "link", "add", "port0", "netns", switch, *cable, "netns", device)
        self.switch = ["nsenter", f"--net=/proc/{switch}/ns/net"]
        self.device = ["nsenter", f"--net=/proc/{device}/ns/net"]
        run(*self.switch, "ip", "link", "set", "port0", "up")
        run(*self.device, "ip", "link", "set", "eth0", "up")


class Network:
    def __init__(self, signet: Signet, line: Line, wire: Wire) -> None:
        self.folder = signet.folder
        self.wire = wire
        self.module = line.beside("libsignet-pkcs11.so", "device/pkcs11")
        self.tries = 0
        run(
            "openssl",
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
            self.at("radius.key"),
        )
        run(
            "openssl",
            "req",
            "-new",
            "-key",
            self.at("radius.key"),
            "-subj",
            "/CN=radius",
            "-out",
            self.at("radius.csr"),
        )
        signet.must(
            *("ca", "issue", "vendor-ca", "--key", ROOT_KEY, "--profile", "tls-server", "--name", "radius.example"),
            *("--request", "radius.csr", "--out", "radius.pem"),
        )
        self.at("eap-users").write_text("* TLS\n", encoding="utf-8")

    def at(self, name: str) -> pathlib.Path:
        return self.folder / name

    def join(self, unit: Unit, version: str, label: str = "idevid", certificate: str = "born.pem") -> tuple[str, str]:
        """How it ended, and all that both said."""
        self.tries += 1
        flags, phase1 = VERSIONS[version]
        names = {"folder": self.folder, "pin": PIN, "port": "port0"}
        names |= {"label": label, "certificate": certificate, "flags": flags, "phase1": phase1}
        for name, text in (("hostapd.conf", SWITCH), ("wpa.conf", DEVICE)):
            self.at(name).write_text(text.format(**names), encoding="utf-8")
        switch_log, device_log = (self.at(f"{who}-{self.tries}.log") for who in ("hostapd", "wpa"))
        hostapd = [*self.wire.switch, "hostapd", self.at("hostapd.conf")]
        supplicant = [*self.wire.device, "wpa_supplicant", "-D", "wired", "-i", "eth0", "-c", self.at("wpa.conf")]
        with running(hostapd, switch_log) as switch:
            wait_for(switch, ("AP-ENABLED",), switch_log)
            where = {"SIGNET_KEYSTORED_SOCKET": str(unit.keeper_socket), "PKCS11_MODULE_PATH": str(self.module)}
            with running(supplicant, device_log, **where) as device:
                said = wait_for(device, (ACCEPTED, REFUSED, NO_KEY), switch_log, device_log)
                if said == ACCEPTED:
                    wait_for(device, ("CTRL-EVENT-CONNECTED",), device_log)
        return said, switch_log.read_text(errors="replace") + device_log.read_text(errors="replace")


def give_pins(network: Network, unit: Unit) -> None:
    tool = ["env", f"SIGNET_KEYSTORED_SOCKET={unit.keeper_socket}", "pkcs11-tool", "--module", network.module]
    run(*tool, "--init-token", "--label", "signet", "--so-pin", SO_PIN)
    run(*tool, "--login", "--login-type", "so", "--so-pin", SO_PIN, "--init-pin", "--pin", PIN)


def check_no_key_in_files(network: Network) -> None:
    """Of the device's side there is a configuration and certificates."""
    for name in ("wpa.conf", "born.pem", "vendor-root.pem"):
        expect("PRIVATE KEY" not in network.at(name).read_text(encoding="utf-8"), f"no private key in {name}")
    expect("private_key" not in network.at("wpa.conf").read_text(encoding="utf-8"), "no key file is named")


def check_others(network: Network, signet: Signet, unit: Unit) -> None:
    """A key of the same TPM under a stranger's certificate, and a device whose keystored is gone."""
    Maker(signet, "stranger")
    place = f"keystored:{unit.keeper_socket}?purpose=network"
    signet.must("key", "generate", place, "--label", "other")
    signet.must("ca", "request", "--key", f"{place}&label=other", "--subject", "CN=BORN-1", "--out", "other.csr")
    signet.must(
        *(
            "ca",
            "issue",
            "stranger-ca",
            "--key",
            "file:stranger-keys?label=root&passphrase=none",
            "--profile",
            "idevid",
        ),
        *("--request", "other.csr", "--device-serial", "BORN-1", "--hardware-type", "1.3.6.1.4.1.32473.1"),
        *("--out", "other.pem"),
    )
    said, logs = network.join(unit, "TLS 1.2", "other", "other.pem")
    expect(said == REFUSED, "a stranger's certificate does not come in", logs)
    expect("certificate verify failed" in logs or "unknown ca" in logs.lower(), "because of its authority", logs)
    unit.keeper.kill()
    unit.keeper.wait()
    said, logs = network.join(unit, "TLS 1.2")
    expect(said == NO_KEY and ACCEPTED not in logs, "without keystored there is no key", logs)


def journey(_: argparse.Namespace, signet: Signet) -> None:
    reason = why_not()
    if reason:
        print(f"P_PKCS11_008: left out: {reason}")
        return
    with contextlib.ExitStack() as stack:
        line = Line(signet)
        stack.callback(line.end)
        line.start_station()
        unit = stack.enter_context(line.unit("unit"))
        done = unit.birth("BORN-1")
        expect(done.code == 0, "a birth", done)
        signet.must("id", "certificate", "idevid", "--keystored", unit.keeper_socket, "--out", "born.pem")
        hold = ["unshare", "--net", "sleep", "600"]
        holders = [stack.enter_context(running(hold, signet.folder / "holder.log")) for _ in range(2)]
        network = Network(signet, line, Wire(holders))
        give_pins(network, unit)
        for version in VERSIONS:
            said, logs = network.join(unit, version)
            expect(said == ACCEPTED, f"the born unit comes in with {version}", logs)
        check_no_key_in_files(network)
        check_others(network, signet, unit)
        print("P_PKCS11_008: wpa_supplicant came in with the born key under TLS 1.2 and 1.3; a stranger's did not")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
