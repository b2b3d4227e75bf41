#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_KEYSTORED_038: a key that is bound to the boot state works in that state only, for every program, and says so.

signet-keystored beside swtpm, whose PCRs are extended while keystored is away, as a boot of another image does. The key
is used by the command line and, through libsignet-pkcs11.so, by pkcs11-tool.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys

from journey import Signet, expect, travel
from keystored_load import Device

IMAGE = 11
SESSIONS, NO_SESSIONS = 0x8002, 0x8001
PCR_EXTEND, PASSWORD, SHA256 = 0x182, 0x40000009, 0xB
PROHIBITED = b"(0x1b)"  # CKR_ACTION_PROHIBITED, as pkcs11-tool prints it


def extend(tpm: pathlib.Path, pcr: int, what: bytes) -> None:
    """TPM2_PCR_Extend, as a boot loader says it (TPM 2.0 Library, Part 3, section 22.2)."""
    auth = PASSWORD.to_bytes(4, "big") + bytes(2) + bytes(1) + bytes(2)
    body = pcr.to_bytes(4, "big") + len(auth).to_bytes(4, "big") + auth
    body += (1).to_bytes(4, "big") + SHA256.to_bytes(2, "big") + hashlib.sha256(what).digest()
    head = SESSIONS.to_bytes(2, "big") + (10 + len(body)).to_bytes(4, "big") + PCR_EXTEND.to_bytes(4, "big")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(20)
        connection.connect(str(tpm))
        connection.sendall(head + body)
        answer = connection.recv(4096)
    expect(len(answer) >= 10 and answer[6:10] == bytes(4), "the TPM extends a PCR", answer)


class Machine(Device):
    """A device whose keystored starts anew with it."""

    def stop(self) -> None:
        self.keeper.terminate()
        self.keeper.wait(20)

    def go_on(self) -> None:
        self.keeper = self.start(self.keeper.args, self.socket)

    def boot_another_image(self) -> None:
        self.stop()
        extend(self.tpm_socket, IMAGE, b"another image")
        self.go_on()

    def boot_as_before(self) -> None:
        self.stop()
        self.cut_tpm()
        self.go_on()


def pkcs11_tool(signet: Signet, machine: Machine, *words: object) -> tuple[int, bytes]:
    module = pathlib.Path(signet.program).resolve().parents[1] / "device/pkcs11/libsignet-pkcs11.so"
    needs = subprocess.run(["ldd", module], capture_output=True, text=True, check=True).stdout
    sanitizer = [word for word in needs.split() if word.startswith("/") and "libasan" in word]
    environment = {**os.environ, "SIGNET_KEYSTORED_SOCKET": str(machine.socket), "ASAN_OPTIONS": "detect_leaks=0"}
    if sanitizer:
        environment["LD_PRELOAD"] = sanitizer[0]
    called = ["pkcs11-tool", "--module", module, *words]
    done = subprocess.run([str(word) for word in called], env=environment, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def through_pkcs11(signet: Signet, machine: Machine, label: str = "web") -> tuple[int, bytes]:
    """A signature by the key as pkcs11-tool makes it, which finds a key to sign with by its ID alone."""
    _, listed = pkcs11_tool(signet, machine, "--list-objects", "--type", "privkey")
    objects = listed.decode(errors="replace").split("Private Key Object")
    found = [one.partition("ID:")[2].split()[0] for one in objects if label in one.partition("label:")[2].split()[:1]]
    expect(len(found) == 1, f"one key named {label}", listed)
    (signet.folder / "digest").write_bytes(hashlib.sha256(b"data").digest())
    words = ["--sign", "--mechanism", "ECDSA", "--id", found[0]]
    words += ["-i", signet.folder / "digest", "-o", signet.folder / "signature"]
    return pkcs11_tool(signet, machine, *words)


def check(signet: Signet, machine: Machine) -> None:
    store = f"keystored:{machine.socket}?purpose=tls"
    made = signet.must("key", "generate", store, "--label", "web", "--pcrs", f"7,{IMAGE}")
    expect(set(made["boot_state"]) == {"7", str(IMAGE)}, "bound to two PCRs", made)
    signet.refused("cli.usage", "usage", "key", "generate", store, "--label", "odd", "--pcrs", "99")
    shown = signet.must("key", "show", made["uri"])
    expect(shown["boot_state"] == made["boot_state"], "the key shows it", shown)
    words = signet.run("key", "show", made["uri"])
    expect(b"works while  PCR 11 is " in words.out, "in words", words)
    free = signet.must("key", "generate", store, "--label", "free")
    expect("boot_state" not in free, "other keys are not bound", free)
    ask = (
        "key",
        "policy",
        "explain",
        "--keystored",
        str(machine.socket),
        "--user",
        str(os.geteuid()),
        "--key",
        "web",
    )
    told = signet.must(*ask)["explanation"]
    expect(told["allowed"] and told["boot_state"]["state"] == "holds", "it may sign", told)
    code, said = through_pkcs11(signet, machine)
    expect(code == 0, "a program signs", said)

    machine.boot_another_image()
    request = ("ca", "request", "--key", made["uri"], "--subject", "CN=web", "--out", "web.csr")
    refused = signet.refused("keystore.boot-state", "denied", *request)
    expect("PCR 11 differs" in refused["message"], "which one", refused)
    signet.refused("policy.boot-state", "denied", *ask)
    code, said = through_pkcs11(signet, machine)
    expect(code != 0 and PROHIBITED in said, "a program is refused", said)
    code, said = through_pkcs11(signet, machine, "free")
    expect(code == 0, "and signs with a key that is not bound", said)
    signet.must("ca", "request", "--key", free["uri"], "--subject", "CN=free", "--out", "free.csr")

    machine.boot_as_before()
    signet.must(*request)
    code, said = through_pkcs11(signet, machine)
    expect(code == 0, "a program signs again", said)

    machine.boot_another_image()
    begun = signet.must("key", "rotate", made["uri"], "--request", "next.csr")
    expect(begun["next_label"] == "web.next", "the next key waits", begun)
    signet.must("key", "rotate", made["uri"])
    signet.must(*request)
    now = signet.must("key", "show", made["uri"])
    expect(now["fingerprint"] == begun["fingerprint"], "the prepared key", now)
    expect(now["boot_state"]["11"] != made["boot_state"]["11"], "bound to the state of now", now)


def journey(_: object, signet: Signet) -> None:
    if not shutil.which("pkcs11-tool"):
        print("pkcs11-tool is not installed: apt install opensc")
        sys.exit(1)
    machine = Machine(pathlib.Path(signet.program).resolve().parents[1], signet.folder)
    try:
        check(signet, machine)
        print("P_KEYSTORED_038: bound keys work in their boot state only")
    finally:
        machine.end()


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
