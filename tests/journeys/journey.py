# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""What the journeys share: the program under test, a maker with keys and a certificate authority, a device in files."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
from typing import Any, Callable, NamedTuple

ANYBODY = 65534  # the user "nobody"


class Failure(AssertionError):
    """Something is not as promised."""


def expect(holds: object, expected: str, seen: object = "") -> None:
    if not holds:
        raise Failure(f"expected: {expected}" + (f"\n    seen: {seen}" if seen != "" else ""))


class Done(NamedTuple):
    """How a command ended; a negative code is the signal that ended it."""

    words: tuple[str, ...]
    code: int
    out: bytes
    err: bytes
    peak_rss_kib: int
    timed_out: bool

    @property
    def json(self) -> dict[str, Any]:
        try:
            value = json.loads(self.out)
        except ValueError:
            value = None
        expect(isinstance(value, dict) and self.out.endswith(b"\n"), "one JSON object on standard output", self)
        return value

    def __str__(self) -> str:
        def text(data: bytes) -> str:
            return data[:600].decode(errors="replace").strip()

        late = ", stopped by the time limit" if self.timed_out else ""
        ended = f"`signet {' '.join(self.words)}` ended with {self.code}{late}"
        return f"{ended}\n      out: {text(self.out)}\n      err: {text(self.err)}"


class Signet:
    """Runs the program in one folder; relative paths in its arguments start there."""

    def __init__(self, program: str, crash_lib: str | None, folder: pathlib.Path) -> None:
        self.program = os.path.abspath(program)
        self.crash_lib = os.path.abspath(crash_lib) if crash_lib else None
        self.folder = folder

    def run(
        self,
        *words: object,
        stdin: bytes | int = b"",
        stdout: int | None = None,
        crash_at: int = 0,
        torn: bool = False,
        count_file: pathlib.Path | None = None,
        seconds: float = 120,
        limits: tuple[str, ...] = (),
        as_anybody: bool = False,
    ) -> Done:
        """Runs one command to its end. stdin: bytes, or an open file; limits: as prlimit(1) takes them; as_anybody:
        root gives up its rights first."""
        texts = tuple(str(word) for word in words)
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            if isinstance(stdin, bytes):
                given.write(stdin)
                given.seek(0)
            before = ["prlimit", *limits] if limits else []
            user = {"user": ANYBODY, "group": ANYBODY, "extra_groups": []} if as_anybody and os.geteuid() == 0 else {}
            child = subprocess.Popen(
                [*before, self.program, *texts],
                cwd=self.folder,
                **user,
                env=self._environment(crash_at, torn, count_file),
                stdin=given if isinstance(stdin, bytes) else stdin,
                stdout=out if stdout is None else stdout,
                stderr=err,
            )
            late = threading.Event()
            timer = threading.Timer(seconds, lambda: (late.set(), os.kill(child.pid, 9)))
            timer.start()
            _, status, usage = os.wait4(child.pid, 0)
            timer.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            return Done(texts, child.returncode, out.read(), err.read(), usage.ru_maxrss, late.is_set())

    def must(self, *words: object, **more: Any) -> dict[str, Any]:
        """The result of a command that must succeed."""
        done = self.run(*words, "--json", **more)
        expect(done.code == 0, "success", done)
        return done.json["result"]

    def refused(self, reason: str, code: str, *words: object, **more: Any) -> dict[str, Any]:
        """The error of a command that must fail with this reason and this kind of error, in JSON and as text alike."""
        done = self.run(*words, "--json", **more)
        expect(done.code == EXIT_CODES[code], f"exit code {EXIT_CODES[code]} ({code}, {reason})", done)
        expect(done.err == b"", "nothing on standard error under --json", done)
        answer = done.json
        expect(answer.get("ok") is False, "ok is false", done)
        error = answer["error"]
        expect((error["reason"], error["code"]) == (reason, code), f"the reason {reason} ({code})", done)
        expect(error["message"] and error["hint"], "a message and a hint", done)
        return error

    def _environment(self, crash_at: int, torn: bool, count_file: pathlib.Path | None) -> dict[str, str]:
        environment = dict(os.environ)
        environment.pop("SIGNET_CRASH_AT", None)
        if not crash_at and not count_file:
            return environment
        expect(self.crash_lib, "--crash-lib to be given")
        # A build with sanitizers wants its own library first, and says so unless told that it is fine.
        options = environment.get("ASAN_OPTIONS", "")
        environment |= {
            "LD_PRELOAD": str(self.crash_lib),
            "SIGNET_CRASH_TORN": "1" if torn else "0",
            "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0",
        }
        if crash_at:
            environment["SIGNET_CRASH_AT"] = str(crash_at)
        if count_file:
            environment["SIGNET_CRASH_COUNT"] = str(count_file)
        return environment


# The program's table, checked against `signet help exit-codes` by firmware_refusals.py.
EXIT_CODES = {
    name: number
    for number, name in enumerate(
        (
            "internal",
            "usage",
            "invalid_input",
            "untrusted",
            "expired",
            "rollback",
            "incompatible",
            "not_found",
            "conflict",
            "denied",
            "unsupported",
            "unavailable",
            "io",
            "exhausted",
        ),
        1,
    )
}


class Maker:
    """Keys and a certificate authority in the program's folder, and what they make."""

    def __init__(self, signet: Signet, name: str = "vendor") -> None:
        self.signet = signet
        self.name = name
        self.store = f"file:{name}-keys?passphrase=none"
        self.root = f"{name}-root.pem"
        self.ca = f"{name}-ca"
        self.serials: dict[str, str] = {}
        self.make_key("root")
        signet.must(
            "ca", "init", self.ca, "--key", self.key("root"), "--subject", f"CN={name} root", "--out", self.root
        )

    def key(self, label: str) -> str:
        return f"file:{self.name}-keys?label={label}&passphrase=none"

    def make_key(self, label: str, algorithm: str = "p256") -> None:
        self.signet.must("key", "generate", self.store, "--label", label, "--algorithm", algorithm)

    def certificate(self, label: str) -> str:
        return f"{self.name}-{label}.pem"

    def issue(self, label: str, profile: str = "firmware-signing", *more: str) -> str:
        """A key and its certificate; returns the name of the certificate's file."""
        self.make_key(label)
        request = f"{self.name}-{label}.csr"
        self.signet.must("ca", "request", "--key", self.key(label), "--subject", f"CN={label}", "--out", request)
        issued = self.signet.must(
            "ca",
            "issue",
            self.ca,
            "--key",
            self.key("root"),
            "--profile",
            profile,
            "--request",
            request,
            "--out",
            self.certificate(label),
            *more,
        )
        self.serials[label] = issued["serial"]
        return self.certificate(label)

    def revoke(self, label: str, crl: str) -> None:
        self.signet.must("ca", "revoke", self.ca, self.serials[label], "--reason", "key-compromise")
        self.signet.must("ca", "crl", self.ca, "--key", self.key("root"), "--out", crl)

    def sign(self, bundle: str, label: str) -> None:
        self.signet.must(
            "firmware", "sign", bundle, "--key", self.key(label), "--certificate", self.certificate(label)
        )

    def pack(
        self,
        bundle: str,
        images: dict[str, str],
        signers: tuple[str, ...] = (),
        *,
        version: str = "1.0",
        security_version: int = 1,
        hardware: str = "cam-a-r2",
        product: str = "cam-a",
    ) -> str:
        self.signet.must(*pack_words(bundle, images, version, security_version, hardware, product))
        for label in signers:
            self.sign(bundle, label)
        return bundle


def pack_words(
    bundle: str,
    images: dict[str, str],
    version: str = "1.0",
    security_version: int = 1,
    hardware: str = "cam-a-r2",
    product: str = "cam-a",
) -> list[str]:
    words = [
        "firmware",
        "pack",
        bundle,
        "--product",
        product,
        "--hardware",
        hardware,
        "--version",
        version,
        "--security-version",
        str(security_version),
        "--released",
        "2026-06-01T12:00:00Z",
    ]
    for role, file in images.items():
        words += ["--image", f"{role}={file}"]
    return words


class Device:
    """A device in files, as docs/formats/device-config.md describes it; read here without the program's help."""

    def __init__(self, signet: Signet, folder: pathlib.Path) -> None:
        self.signet = signet
        self.folder = folder
        self.config = folder / "device.json"

    @staticmethod
    def make(signet: Signet, name: str, anchor: str, roles: tuple[str, ...], signers: int = 1) -> Device:
        words = [
            "firmware",
            "device",
            name,
            "--product",
            "cam-a",
            "--hardware",
            "cam-a-r2",
            "--anchor",
            anchor,
            "--signers",
            str(signers),
        ]
        for role in roles:
            words += ["--role", role]
        signet.must(*words)
        return Device(signet, signet.folder / name)

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        config = json.loads(self.config.read_text(encoding="utf-8"))
        change(config)
        self.config.write_text(json.dumps(config), encoding="utf-8")

    def words(self, verb: str, *more: object) -> list[str]:
        return ["firmware", verb, *(str(word) for word in more), "--device", str(self.config)]

    def must(self, verb: str, *more: object, **options: Any) -> dict[str, Any]:
        return self.signet.must(*self.words(verb, *more), **options)

    def update(self, bundle: object) -> None:
        """Installs, starts and confirms."""
        self.must("install", bundle)
        self.must("start")
        self.must("confirm")

    def place(self, slot: str, role: str) -> pathlib.Path:
        target = json.loads(self.config.read_text(encoding="utf-8"))["slots"][slot][role]
        return self.folder / (target.get("file") or target["block"])

    def state(self, file: str) -> Any:
        """The JSON of a file in the state folder, or None where there is none."""
        path = self.folder / "state" / file
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def boot(self) -> dict[str, Any]:
        empty = {"tries_left": 0, "version": "", "security_version": 0, "manifest_sha256": ""}
        return self.state("boot.json") or {
            "active": "a",
            "booted": "a",
            "slots": {"a": {"state": "good", **empty}, "b": {"state": "empty", **empty}},
        }

    def floor(self) -> int:
        state = self.state("floor.json")
        return state["security_version"] if state else 0

    def starts(self) -> str | None:
        """The slot that a loader would start."""
        boot = self.boot()
        for name in (boot["active"], "ab".replace(boot["active"], "")):
            slot = boot["slots"][name]
            if slot["state"] == "good" or (slot["state"] == "ready" and slot["tries_left"] > 0):
                return name
        return None

    def copy(self, name: str) -> Device:
        folder = self.folder.parent / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        return Device(self.signet, folder)


def snapshot(folder: pathlib.Path) -> dict[str, str]:
    """Every name below a folder, with mode and digest: what must stay as it was."""
    seen = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "-"
        seen[str(path.relative_to(folder))] = f"{status.st_mode:o} {content}"
    return seen


def difference(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def sample(size: int, seed: int) -> bytes:
    """Bytes that look random and are the same in every run."""
    return hashlib.shake_128(f"{seed}".encode()).digest(size)


def travel(
    text: str, journey: Callable[[argparse.Namespace, Signet], None], *options: tuple[str, dict[str, Any]]
) -> int:
    """The frame of a journey: arguments, a folder of its own, and a plain word about what went wrong."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--signet", required=True, help="the program under test")
    parser.add_argument("--crash-lib", help="libsignet_crash_at.so")
    for name, how in options:
        parser.add_argument(name, **how)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="signet-journey-") as folder:
        try:
            journey(arguments, Signet(arguments.signet, arguments.crash_lib, pathlib.Path(folder)))
        except Failure as failure:
            print(f"FAILED {failure}", file=sys.stderr)
            return 1
    return 0
