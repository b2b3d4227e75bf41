#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_IDENTITY_006, P_IDENTITY_007: `signet id verify https://HOST:PORT` against live servers on loopback, good and bad.

A unit with a software TPM is born at a station, and serves TLS with the key in its TPM: OpenSSL's server reaches it
through libsignet-pkcs11.so and signet-keystored. Its certificates are public, so the attack that matters is a server
that shows them without the key. The other servers are Python's ssl, which takes keys from files only; so the devices
there hold theirs in files, under certificates that the line's authority issued by hand (`signet ca issue --profile
idevid`). A handshake cannot tell the two kinds apart, and the verdict says so: "certificate", the factory's word about
where the key is, while the born unit's own statement is "attested".
"""

from __future__ import annotations

import argparse
import base64
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
from typing import Any, Callable

from factory import Line, Unit
from journey import Done, Maker, Signet, expect, sample, travel
from programs import free_port, run, serving
from servers import Server, TlsServer, hear, noise_after_hello, reset, say

PATIENCE = 15  # seconds that the program has for name, connection and handshake
SOON = 8  # seconds in which an answer that needs no waiting comes on a busy machine
AUTHORITIES = {
    "factory-ca": "file:vendor-keys?label=factory&passphrase=none",
    "vendor-ca": "file:vendor-keys?label=root&passphrase=none",
    "stranger-ca": "file:stranger-keys?label=root&passphrase=none",
}
HARDWARE = ("--hardware-type", "1.3.6.1.4.1.32473.1")
OLD_CA = """
[ca]
default_ca = old
[old]
database = old-index
serial = old-serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = device
[any]
commonName = supplied
[device]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
"""


def openssl(folder: pathlib.Path, *words: str) -> bytes:
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=False)
    expect(done.returncode == 0, f"openssl {words[0]} works", done.stderr.decode(errors="replace"))
    return done.stdout


class World:
    """A line with a born unit, and devices and others that serve with keys in files."""

    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.folder = signet.folder
        self.serials: dict[str, str] = {}
        line = Line(signet)
        try:
            line.start_station()
            with line.unit("unit") as unit:
                done = unit.birth("BORN-1")
                expect(done.code == 0, "a birth", done)
                keeper = ("--keystored", unit.keeper_socket)
                signet.must("id", "certificate", "idevid", *keeper, "--out", "born.pem")
                signet.must("id", "show", *keeper, "--out", "born.json")
                check_key_in_tpm(self, line, unit)
        finally:
            line.end()
        Maker(signet, "stranger")

    def certify(self, name: str, authority: str, *words: str, algorithm: str = "EC") -> None:
        """A key in NAME.key and its certificate in NAME.pem."""
        how = ["ec_paramgen_curve:P-256"] if algorithm == "EC" else ["rsa_keygen_bits:2048"]
        openssl(self.folder, "genpkey", "-algorithm", algorithm, "-pkeyopt", *how, "-out", f"{name}.key")
        openssl(self.folder, "req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
        issued = self.signet.must(
            *("ca", "issue", authority, "--key", AUTHORITIES[authority], "--request", f"{name}.csr"),
            *("--out", f"{name}.pem", *words),
        )
        self.serials[name] = issued["serial"]

    def device(self, name: str, authority: str = "factory-ca", algorithm: str = "EC") -> None:
        words = ("--profile", "idevid", "--device-serial", name.upper(), *HARDWARE)
        self.certify(name, authority, *words, algorithm=algorithm)

    def serve(
        self, name: str, *, chain: tuple[str, ...] = ("vendor-factory.pem",), key: str = "", **how: Any
    ) -> Server:
        version = how.pop("version", ssl.TLSVersion.TLSv1_3)
        return TlsServer(self.folder, [f"{name}.pem", *chain], key or f"{name}.key", version, **how)

    def words(self, url: str, *more: str) -> tuple[str, ...]:
        return ("id", "verify", url, *(() if "--anchor" in more else ("--anchor", "vendor-root.pem")), *more)

    def genuine(self, url: str, *more: str) -> dict[str, Any]:
        return self.signet.must(*self.words(url, *more))

    def refused(self, reason: str, code: str, url: str, *more: str) -> dict[str, Any]:
        return self.signet.refused(reason, code, *self.words(url, *more))


VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def check_key_in_tpm(world: World, line: Line, unit: Unit) -> None:
    """The born unit serves with the key that it was born with, which never leaves its TPM."""
    module = line.beside("libsignet-pkcs11.so", "device/pkcs11")
    expect(pathlib.Path(module).exists(), "libsignet-pkcs11.so of the same build", module)
    place = ["env", f"SIGNET_KEYSTORED_SOCKET={unit.keeper_socket}", f"PKCS11_MODULE_PATH={module}"]
    for words in (
        ("--init-token", "--label", "signet", "--so-pin", "12345678"),
        ("--login", "--login-type", "so", "--so-pin", "12345678", "--init-pin", "--pin", "1234"),
    ):
        run(*place, "pkcs11-tool", "--module", module, *words)
    key = "pkcs11:token=signet;object=idevid;type=private;pin-value=1234"
    for version in ("-tls1_2", "-tls1_3"):
        port = free_port()
        server = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", version, "-www"]
        server += ["-engine", "pkcs11", "-keyform", "engine", "-key", key]
        server += ["-cert", "born.pem", "-cert_chain", "vendor-factory.pem"]
        with serving(port, *place, *server, folder=world.folder):
            seen = world.genuine(f"https://127.0.0.1:{port}", "--serial", "BORN-1")
        expect((seen["serial"], seen["present"]) == ("BORN-1", True), "the born unit, here now", seen)


def check_genuine(world: World) -> None:
    """Whose, which serial, resident where, by which proof."""
    world.device("soft-rsa", algorithm="RSA")
    for name in ("soft", "soft-rsa"):
        for version in VERSIONS:
            server = world.serve(name, version=version)
            seen = world.genuine(server.url, "--serial", name.upper())
            failure = server.failure()
            expect(failure is None, f"the server sees a whole handshake in {version.name}", failure)
            expect(
                (seen["genuine"], seen["serial"], seen["vendor"], seen["present"])
                == (True, name.upper(), "CN=vendor root", True),
                "whose, which serial, here now",
                seen,
            )
            expect((seen["residency"], seen["recorded"]) == ("certificate", "unproven"), "the factory's word", seen)
            expect(len(seen["notes"]) == 1 and "handshake" in seen["notes"][0], "what is not known is said", seen)
    attested = world.genuine("born.json")
    expect((attested["serial"], attested["residency"]) == ("BORN-1", "attested"), "a statement proves more", attested)
    done: Done = world.signet.run(*world.words(server.url))
    for words in (b"Genuine: device SOFT-RSA of CN=vendor root.", b"yes, it used its key", b"factory's certificate"):
        expect(done.code == 0 and words in done.out, words.decode(), done)


def check_names(world: World) -> None:
    """A name is told to the server, a number is not (RFC 6066 section 3)."""
    server = world.serve("soft")
    for host in ("127.0.0.1", "localhost"):
        world.genuine(f"https://{host}:{server.port}/")
    expect(server.names == [None, "localhost"], "the name that was asked for", server.names)


def check_copied_certificate(world: World) -> None:
    """The certificates of the born unit in the hands of somebody else. OpenSSL serves with a key only if its public
    half is the certificate's, and takes that half from the key's file (RFC 5915): so it is put there beside another
    scalar."""
    public = openssl(world.folder, "x509", "-in", "born.pem", "-noout", "-pubkey")
    (world.folder / "born.pub").write_bytes(public)
    point = openssl(world.folder, "pkey", "-pubin", "-in", "born.pub", "-outform", "DER")[-65:]
    own = openssl(world.folder, "ec", "-in", "soft.key", "-outform", "DER")
    expect(len(own) == 121 and own[-65] == point[0] == 4, "a P-256 key that ends with its public point", own.hex())
    lines = base64.encodebytes(own[:-65] + point).decode()
    pem = f"-----BEGIN EC PRIVATE KEY-----\n{lines}-----END EC PRIVATE KEY-----\n"
    (world.folder / "copied.key").write_text(pem, encoding="utf-8")
    for version in VERSIONS:
        server = world.serve("born", chain=(), key="copied.key", version=version)  # the file holds the whole chain
        error = world.refused("id.not-its-key", "untrusted", server.url)
        expect("does not hold the key" in error["message"], "what is wrong", error)
        failure = server.failure()
        expect("DECRYPT_ERROR" in str(failure), "the handshake fails at the signature", failure)


def check_other_certificates(world: World) -> None:
    world.device("foreign", "stranger-ca")
    server = world.serve("foreign", chain=("stranger-root.pem",))
    error = world.refused("pki.no-anchor", "untrusted", server.url)
    expect("another vendor's" in error["hint"], "what it may be", error)
    world.genuine(server.url, "--anchor", "stranger-root.pem")  # nothing else is wrong with it

    error = world.refused("pki.no-anchor", "untrusted", world.serve("soft", chain=()).url)
    expect("its own certificate alone" in error["hint"], "a chain that is not sent is named", error)

    server = world.serve("soft")
    error = world.refused("id.other-device", "untrusted", server.url, "--serial", "BORN-1")
    expect("SOFT" in error["message"] and "BORN-1" in error["message"], "both serials", error)

    world.certify("web", "vendor-ca", "--profile", "tls-server", "--name", "localhost")
    world.refused("pki.wrong-usage", "untrusted", world.serve("web", chain=()).url)
    world.certify("iak", "factory-ca", "--profile", "iak", "--device-serial", "SOFT", *HARDWARE)
    world.refused("pki.wrong-usage", "untrusted", world.serve("iak").url)

    world.signet.must("ca", "revoke", "factory-ca", world.serials["soft"], "--reason", "key-compromise")
    world.signet.must("ca", "crl", "factory-ca", "--key", AUTHORITIES["factory-ca"], "--out", "factory.crl")
    world.refused("pki.revoked", "untrusted", server.url, "--crl", "factory.crl")


def check_expired(world: World) -> None:
    """A certificate that ended, and a device's own, which never ends, under an issuer that did."""
    folder = world.folder
    (folder / "old.conf").write_text(OLD_CA, encoding="utf-8")
    (folder / "old-index").touch()
    (folder / "old-serial").write_text("01\n", encoding="utf-8")
    for name in ("old-root", "old"):
        openssl(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key")
    usage = ("-addext", "keyUsage=critical,keyCertSign")
    openssl(folder, "req", "-x509", "-key", "old-root.key", "-subj", "/CN=old root", *usage, "-out", "old-root.pem")
    openssl(folder, "req", "-new", "-key", "old.key", "-subj", "/CN=old", "-out", "old.csr")
    openssl(
        folder,
        *("ca", "-batch", "-config", "old.conf", "-cert", "old-root.pem", "-keyfile", "old-root.key"),
        *("-startdate", "20200101000000Z", "-enddate", "20210101000000Z", "-in", "old.csr", "-out", "old.pem"),
        "-notext",
    )
    server = world.serve("old", chain=("old-root.pem",))
    world.refused("pki.expired", "expired", server.url, "--anchor", "old-root.pem")
    error = world.refused("pki.expired", "expired", world.serve("soft").url, "--at", "2090-01-01T00:00:00Z")
    expect("clock" in error["hint"], "what to look at", error)


def check_handshakes(world: World) -> None:
    """A genuine device whose server will not talk to this client."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old = ssl.TLSVersion.TLSv1_1
    error = world.refused("id.handshake", "unavailable", world.serve("soft", version=old).url)
    expect("neither TLS 1.2 nor 1.3" in error["message"], "which versions are missing", error)
    closed_club = world.serve("soft", version=ssl.TLSVersion.TLSv1_2, clients=True)
    error = world.refused("id.handshake", "unavailable", closed_club.url)
    expect("certificates of its clients" in error["hint"], "a server that wants certificates", error)


def timed(world: World, reason: str, code: str, url: str) -> float:
    began = time.monotonic()
    world.refused(reason, code, url)
    return time.monotonic() - began


def check_no_server(world: World) -> None:
    """What is no TLS server is told at once, each with its reason."""
    unused = socket.socket()
    unused.bind(("127.0.0.1", 0))  # and does not listen
    page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    genuine = world.serve("soft")
    cases = (
        ("nobody listens", "id.connect", "unavailable", f"https://127.0.0.1:{unused.getsockname()[1]}"),
        ("a page without TLS", "id.no-tls", "invalid_input", Server(say(page)).url),
        ("noise", "id.no-tls", "invalid_input", Server(say(sample(1 << 16, 1))).url),
        (
            "noise in a record",
            "id.no-tls",
            "invalid_input",
            Server(say(b"\x16\x03\x03\x40\0" + sample(1 << 14, 2))).url,
        ),
        ("noise after a hello", "id.handshake", "unavailable", Server(noise_after_hello(genuine)).url),
        ("closed after the hello", "id.handshake", "unavailable", Server(hear).url),
        ("reset after the hello", "id.handshake", "unavailable", Server(reset).url),
    )
    for what, reason, code, url in cases:
        seconds = timed(world, reason, code, url)
        expect(seconds < SOON, f"an answer at once: {what}", f"{seconds:.1f} s")
    unused.close()


# Run in namespaces of its own: a resolver that hears every question and answers none, patiently asked.
NO_ANSWER = """#!/usr/bin/env python3
import fcntl, os, socket, struct, subprocess, sys
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flags = struct.pack("16sH14x", b"lo", 1)  # IFF_UP
fcntl.ioctl(deaf, 0x8914, flags)  # SIOCSIFFLAGS
deaf.bind(("127.0.0.1", 53))
deaf.set_inheritable(True)
subprocess.run(["mount", "--bind", "resolv.conf", os.path.realpath("/etc/resolv.conf")], check=True)
os.execv(PROGRAM, [PROGRAM, *sys.argv[1:]])
"""


def asks_nobody(world: World) -> Signet | None:
    """The program where no name is ever resolved; None where this user may not make such a place."""
    place = ["unshare", "--map-root-user", "--net", "--mount"]
    if subprocess.run([*place, "true"], capture_output=True, check=False).returncode != 0:
        print("skipped: namespaces are not allowed here, so only P_OS_010 shows a resolver that never answers")
        return None
    folder = world.folder
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n", encoding="utf-8")
    program = str(pathlib.Path(world.signet.program).resolve())
    for name, text in (
        ("inside", NO_ANSWER.replace("PROGRAM", repr(program))),
        ("asks-nobody", f'#!/bin/sh\nexec {" ".join(place)} ./inside "$@"\n'),
    ):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    return Signet(str(folder / "asks-nobody"), None, folder)


def check_patience(world: World) -> None:
    """Silence, a server that speaks so slowly that it is never done, and a name that nobody resolves."""

    def silent(connection: socket.socket) -> None:
        while connection.recv(1 << 16):
            pass

    def slow(connection: socket.socket) -> None:
        hello = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(4 * PATIENCE)
        for each in hello:
            connection.sendall(bytes([each]))
            time.sleep(0.5)

    seconds: dict[str, float] = {}
    failures: list[BaseException] = []

    def wait(what: str, reason: str, signet: Signet, url: str) -> None:
        try:
            began = time.monotonic()
            signet.refused(reason, "unavailable", *world.words(url))
            seconds[what] = time.monotonic() - began
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)

    servers = {"silence": Server(silent), "a byte now and then": Server(slow)}
    cases = [(what, "id.timeout", world.signet, server.url) for what, server in servers.items()]
    if elsewhere := asks_nobody(world):
        cases.append(("a resolver's silence", "id.connect", elsewhere, "https://camera.example"))
    waiting = [threading.Thread(target=wait, args=case) for case in cases]
    for each in waiting:
        each.start()
    for each in waiting:
        each.join()
    if failures:
        raise failures[0]
    for what, taken in seconds.items():
        expect(PATIENCE - 1 < taken < PATIENCE + SOON, f"{what} ends after {PATIENCE} s", f"{taken:.1f} s")


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    world = World(signet)
    world.device("soft")
    for check in (check_genuine, check_names, check_copied_certificate, check_other_certificates, check_expired):
        check(world)
    print("P_IDENTITY_006: a device on the network is genuine by the key it uses; nine others have their reasons")
    for check in (check_handshakes, check_no_server, check_patience):
        check(world)
    print(f"P_IDENTITY_007: nobody, noise, refusals and silence are told apart, and end within {PATIENCE} s")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
