#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_KEYSTORED_026: 64 programs at a time get fair shares of the TPM, for as long as it lasts, and nothing leaks.
P_KEYSTORED_027: a TPM that is killed and restarted in mid-load loses no key, and no client for good.

signet-keystored beside swtpm; clients speak docs/formats/keystored-protocol.md over its socket, one connection each.
`--seconds` is how long each half takes: 5 unless told otherwise, 1800 in a long run.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, Iterator

CLIENTS = 64
KEYS = 8
PATIENCE = 60
GROWTH_KIB_MAX = 6 * 1024
OUTAGES = 2
PASSING = {"unavailable", "io", "not_found"}  # while there is no TPM, or it has just come back


class Refused(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['reason']}: {error['text']}")
        self.code = error["code"]


class Client:
    """One program's connection."""

    def __init__(self, path: pathlib.Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.reader = self.socket.makefile("rb")

    def ask(self, op: str, **arguments: str) -> dict[str, Any]:
        message = json.dumps({"op": op, "arguments": arguments}).encode()
        self.socket.sendall(len(message).to_bytes(4, "big") + message)
        reply = json.loads(self.reader.read(int.from_bytes(self.reader.read(4), "big")))
        if "error" in reply:
            raise Refused(reply["error"])
        return reply["answer"]

    def sign(self, label: str, digest: bytes) -> bytes:
        answer = self.ask(
            "sign", label=label, purpose="tls", scheme="ecdsa-sha256", input=base64.b64encode(digest).decode()
        )
        return base64.b64decode(answer["signature"])

    def close(self) -> None:
        self.reader.close()
        self.socket.close()


class Device:
    def __init__(self, build: pathlib.Path, folder: pathlib.Path) -> None:
        self.folder = folder
        self.tpm_socket, self.socket = folder / "tpm.sock", folder / "keystored.sock"
        (folder / "tpm").mkdir()
        self.tpm = self.start_tpm()
        words = [build / "device/keystored/signet-keystored", "--tpm", f"swtpm:path={self.tpm_socket}"]
        words += ["--state", folder / "state", "--socket", self.socket]
        self.keeper = self.start(words, self.socket)

    def start(self, words: list[object], path: pathlib.Path) -> subprocess.Popen:
        path.unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with; ended by end()
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE
        while not path.exists():
            assert process.poll() is None and time.monotonic() < deadline, f"{words[0]} does not start"
            time.sleep(0.01)
        return process

    def start_tpm(self) -> subprocess.Popen:
        words = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}/tpm"]
        words += ["--flags", "not-need-init,startup-clear", "--server", f"type=unixio,path={self.tpm_socket}"]
        words += ["--ctrl", f"type=unixio,path={self.tpm_socket}.ctrl"]
        return self.start(words, self.tpm_socket)

    def cut_tpm(self) -> None:
        self.tpm.kill()
        self.tpm.wait()
        time.sleep(0.2)
        self.tpm = self.start_tpm()

    def of_process(self, name: str) -> int:
        for line in pathlib.Path(f"/proc/{self.keeper.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise AssertionError(f"{name} of a process that runs")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.keeper.pid}/fd"))

    def end(self) -> None:
        for process in (self.keeper, self.tpm):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def crowd(device: Device) -> Iterator[list[Client]]:
    clients = [Client(device.socket) for _ in range(CLIENTS)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


class Load:
    """All clients sign, each as fast as it is answered, until the time is up."""

    def __init__(self, clients: list[Client], labels: list[str], seconds: float, outages: bool) -> None:
        self.counts = [0] * len(clients)
        self.waits: list[float] = []
        self.refusals: list[Refused] = []
        self.last: list[tuple[str, bytes, bytes]] = []
        self.failures: list[BaseException] = []
        self.until = time.monotonic() + seconds
        self.outages = outages
        self.threads = [
            threading.Thread(target=self._run, args=(number, client, labels[number % len(labels)]))
            for number, client in enumerate(clients)
        ]
        for thread in self.threads:
            thread.start()

    def _run(self, number: int, client: Client, label: str) -> None:
        try:
            while time.monotonic() < self.until:
                digest = hashlib.sha256(b"%d %d" % (number, self.counts[number])).digest()
                began = time.monotonic()
                try:
                    signature = client.sign(label, digest)
                except Refused as refused:
                    if not self.outages or refused.code not in PASSING:
                        raise
                    self.refusals.append(refused)
                    time.sleep(0.05)
                    continue
                self.waits.append(time.monotonic() - began)
                self.counts[number] += 1
            self.last.append((label, digest, signature))
        except BaseException as failure:  # pylint: disable=broad-except
            self.failures.append(failure)

    def wait(self) -> Load:
        for thread in self.threads:
            thread.join(PATIENCE + self.until - time.monotonic())
            assert not thread.is_alive(), "a client that is never answered"
        if self.failures:
            raise self.failures[0]
        return self

    def __str__(self) -> str:
        waits = sorted(self.waits)
        return (
            f"{sum(self.counts)} signatures; of one client {min(self.counts)} to {max(self.counts)}; "
            f"waits {1000 * statistics.median(waits):.0f} ms, p99 {1000 * waits[int(0.99 * len(waits))]:.0f} ms"
        )


def verify(folder: pathlib.Path, public: dict[str, str], made: list[tuple[str, bytes, bytes]]) -> None:
    """With OpenSSL, from the public keys that were there before."""
    for label, digest, signature in made:
        (folder / "key.der").write_bytes(base64.b64decode(public[label]))
        (folder / "digest").write_bytes(digest)
        (folder / "signature").write_bytes(signature)
        words = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der"]
        words += ["-in", "digest", "-sigfile", "signature"]
        done = subprocess.run(words, cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, f"a signature by {label}: {done.stdout!r} {done.stderr!r}"


def run(device: Device, seconds: float) -> None:
    first = Client(device.socket)
    labels = [f"key{number}" for number in range(KEYS)]
    public = {
        label: first.ask("generate", label=label, purpose="tls", algorithm="p256")["public_key"] for label in labels
    }
    with crowd(device) as clients:
        Load(clients, labels, 1, False).wait()  # threads and their memory, before it is looked at
        before = device.of_process("VmRSS"), device.descriptors()
        load = Load(clients, labels[:1], seconds, False).wait()
        print(f"one key: {load}", flush=True)
        mean = sum(load.counts) / CLIENTS
        assert min(load.counts) >= mean / 2 and max(load.counts) <= 2 * mean, f"fair shares: {load.counts}"
        verify(device.folder, public, load.last[:KEYS])
        mixed = Load(clients, labels, seconds, True)
        for _ in range(OUTAGES):
            time.sleep(seconds / (OUTAGES + 2))
            device.cut_tpm()
        print(
            f"{KEYS} keys, {OUTAGES} power cuts: {mixed.wait()}; {len(mixed.refusals)} refusals meanwhile", flush=True
        )
        assert min(mixed.counts) > 0 and len(mixed.last) == CLIENTS, "everybody is served again"
        verify(device.folder, public, sorted(mixed.last)[:: CLIENTS // KEYS])
        after = device.of_process("VmRSS"), device.descriptors()
    print(f"resident {before[0]} to {after[0]} KiB, descriptors {before[1]} to {after[1]}")
    assert after[0] <= before[0] + GROWTH_KIB_MAX and after[1] <= before[1], "nothing leaks"
    deadline = time.monotonic() + PATIENCE
    while device.of_process("Threads") > 4:
        assert time.monotonic() < deadline, "threads end with their clients"
        time.sleep(0.1)
    shown = {key["label"]: key["public_key"] for key in first.ask("list")["keys"]}
    assert all(shown[label] == public[label] for label in labels), "no key is lost"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signet", required=True, help="a program of the build under test")
    parser.add_argument("--crash-lib", help="not used here")
    parser.add_argument("--seconds", type=float, default=5, help="of each half")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="signet-journey-") as name:
        device = Device(pathlib.Path(arguments.signet).resolve().parents[1], pathlib.Path(name))
        try:
            run(device, arguments.seconds)
        except Exception:
            print((pathlib.Path(name) / "log").read_text(errors="replace")[-4000:], file=sys.stderr)
            raise
        finally:
            device.end()
    print("P_KEYSTORED_026: fair shares for 64 clients, nothing leaks; P_KEYSTORED_027: power cuts lose no key")
    return 0


if __name__ == "__main__":
    sys.exit(main())
