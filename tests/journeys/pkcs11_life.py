#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_PKCS11_009: libsignet-pkcs11.so in a program that runs threads, forks, and unloads it, with keystored behind it.

The module is called as any program calls it, by dlopen and the functions of PKCS#11, here through Python's ctypes. Each
part is a process of its own beside one device (tools/with-device); every signature is verified.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
from ctypes import byref, c_char_p, c_ubyte, c_ulong, c_void_p
from typing import Callable

import _ctypes

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = 120
PIN = b"1234"
THREADS = 16
OK, ARGUMENTS_BAD, OPERATION_ACTIVE = 0x0, 0x7, 0x90
NOT_INITIALIZED, ALREADY_INITIALIZED, SESSION_INVALID, OPERATION_NOT_INITIALIZED = 0x190, 0x191, 0xB3, 0x91
ALREADY_LOGGED_IN = 0x100
COUNT_LOW, FINAL_TRY, LOCKED = 0x10000, 0x20000, 0x40000  # CK_TOKEN_INFO.flags, of the user's PIN
TOKEN_INFO_FLAGS_AT, TOKEN_INFO_BYTES = 96, 256
SO, USER = 0, 1
SERIAL, WRITING, OS_LOCKING = 0x4, 0x2, 0x2
CLASS, TOKEN, LABEL, SIGN, EC_PARAMS = 0x0, 0x1, 0x3, 0x108, 0x180
PUBLIC, PRIVATE = 2, 3
EC_KEY_PAIR_GEN, ECDSA_SHA256 = 0x1040, 0x1044
P256 = bytes.fromhex("06082a8648ce3d030107")


class Attribute(ctypes.Structure):
    _fields_ = [("type", c_ulong), ("value", c_void_p), ("size", c_ulong)]


class Mechanism(ctypes.Structure):
    _fields_ = [("mechanism", c_ulong), ("parameter", c_void_p), ("size", c_ulong)]


class InitArguments(ctypes.Structure):
    _fields_ = [("mutexes", c_void_p * 4), ("flags", c_ulong), ("reserved", c_void_p)]


class Refused(Exception):
    """A function that answers otherwise than CKR_OK."""

    def __init__(self, name: str, code: int) -> None:
        super().__init__(f"{name}: {code:#x}")
        self.code = code


class Template:
    """Attributes, and the bytes that they point to."""

    def __init__(self, **values: bytes | int | bool) -> None:
        types = {"cls": CLASS, "token": TOKEN, "label": LABEL, "sign": SIGN, "params": EC_PARAMS}
        self.kept = []
        rows = []
        for name, value in values.items():
            if isinstance(value, bool):
                value = bytes([value])
            elif isinstance(value, int):
                value = value.to_bytes(ctypes.sizeof(c_ulong), sys.byteorder)
            self.kept.append(ctypes.create_string_buffer(value, len(value)))
            rows.append(Attribute(types[name], ctypes.cast(self.kept[-1], c_void_p), len(value)))
        self.array = (Attribute * len(rows))(*rows)
        self.count = c_ulong(len(rows))


class Module:
    """The module as a program has it open."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(os.environ["SIGNET_PKCS11_MODULE"])

    def raw(self, name: str, *arguments: object) -> int:
        function = getattr(self.library, name)
        function.restype = c_ulong
        return function(*arguments)

    def call(self, name: str, *arguments: object) -> None:
        code = self.raw(name, *arguments)
        if code != OK:
            raise Refused(name, code)

    def start(self) -> None:
        self.call("C_Initialize", byref(InitArguments(flags=OS_LOCKING)))

    def unload(self) -> None:
        _ctypes.dlclose(self.library._handle)  # pylint: disable=protected-access

    def session(self) -> int:
        handle = c_ulong()
        self.call("C_OpenSession", c_ulong(0), c_ulong(SERIAL | WRITING), None, None, byref(handle))
        return handle.value

    def try_pin(self, session: int, pin: bytes, user: int = USER) -> int:
        return self.raw("C_Login", c_ulong(session), c_ulong(user), c_char_p(pin), c_ulong(len(pin)))

    def login(self, session: int) -> None:
        code = self.try_pin(session, PIN)
        assert code in (OK, ALREADY_LOGGED_IN), f"C_Login: {code:#x}"

    def logout(self, session: int) -> None:
        self.call("C_Logout", c_ulong(session))

    def pin_flags(self) -> int:
        info = (c_ubyte * TOKEN_INFO_BYTES)()
        self.call("C_GetTokenInfo", c_ulong(0), info)
        flags = int.from_bytes(bytes(info)[TOKEN_INFO_FLAGS_AT : TOKEN_INFO_FLAGS_AT + 8], sys.byteorder)
        return flags & (COUNT_LOW | FINAL_TRY | LOCKED)

    def make(self, session: int, label: bytes) -> None:
        public, private = Template(params=P256, token=True, label=label), Template(token=True, sign=True, label=label)
        self.call(
            "C_GenerateKeyPair",
            *(c_ulong(session), byref(Mechanism(EC_KEY_PAIR_GEN, None, 0)), public.array, public.count),
            *(private.array, private.count, byref(c_ulong()), byref(c_ulong())),
        )

    def find(self, session: int, cls: int, label: bytes) -> int:
        wanted, found, count = Template(cls=cls, label=label), c_ulong(), c_ulong()
        self.call("C_FindObjectsInit", c_ulong(session), wanted.array, wanted.count)
        self.call("C_FindObjects", c_ulong(session), byref(found), c_ulong(1), byref(count))
        self.call("C_FindObjectsFinal", c_ulong(session))
        assert count.value == 1, f"one object {label!r}"
        return found.value

    def sign(self, session: int, key: int, data: bytes) -> bytes:
        out, size = (c_ubyte * 128)(), c_ulong(128)
        self.call("C_SignInit", c_ulong(session), byref(Mechanism(ECDSA_SHA256, None, 0)), c_ulong(key))
        self.call("C_Sign", c_ulong(session), c_char_p(data), c_ulong(len(data)), out, byref(size))
        return bytes(out[: size.value])

    def verify(self, session: int, key: int, data: bytes, signature: bytes) -> None:
        self.call("C_VerifyInit", c_ulong(session), byref(Mechanism(ECDSA_SHA256, None, 0)), c_ulong(key))
        self.call(
            *("C_Verify", c_ulong(session), c_char_p(data), c_ulong(len(data))),
            *(c_char_p(signature), c_ulong(len(signature))),
        )

    def work(self, session: int, times: int, name: bytes = b"") -> None:
        """Signs and verifies."""
        private, public = self.find(session, PRIVATE, b"life"), self.find(session, PUBLIC, b"life")
        for i in range(times):
            data = name + b" %d" % i
            self.verify(session, public, data, self.sign(session, private, data))

    def started(self) -> int:
        """A session of a logged-in user."""
        self.start()
        session = self.session()
        self.login(session)
        return session


def together(work: Callable[[int], None], count: int = THREADS) -> None:
    """In threads; the first failure is raised."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive(), "a thread that does not end"
    if failures:
        raise failures[0]


def in_child(work: Callable[[], None]) -> None:
    """After a fork: what fails there fails here."""
    child = os.fork()
    if child == 0:
        signal.alarm(30)  # a lock that nobody opens any more
        try:
            work()
        except BaseException as failure:  # pylint: disable=broad-except
            print(f"in the child: {failure!r}", flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the child ended with {status:#x}"


def part_sessions() -> None:
    """16 threads, each with a session of its own, in one process."""
    module = Module()
    first = module.started()
    module.make(first, b"life")

    def work(number: int) -> None:
        session = module.session()
        module.work(session, 8, b"thread %d" % number)
        module.call("C_CloseSession", c_ulong(session))

    together(work)
    module.call("C_Finalize", None)


def part_one_session() -> None:
    """16 threads in one session get in each other's way, as PKCS#11 says; none gets a signature of another's data."""
    module = Module()
    session = module.started()
    private = module.find(session, PRIVATE, b"life")
    made: list[tuple[bytes, bytes]] = []

    def work(number: int) -> None:
        for i in range(8):
            data = b"thread %d, %d" % (number, i)
            try:
                made.append((data, module.sign(session, private, data)))
            except Refused as refused:
                assert refused.code in (OPERATION_ACTIVE, OPERATION_NOT_INITIALIZED), refused

    together(work)
    assert made, "somebody signs"
    other = module.session()
    public = module.find(other, PUBLIC, b"life")
    datas = {data for data, _ in made}
    for data, signature in made:
        # C_SignInit of one thread and C_Sign of another make one signature, over the data of the latter.
        module.verify(other, public, data, signature)
    assert len(datas) == len(made)
    module.call("C_Finalize", None)


def part_start_and_stop() -> None:
    """C_Initialize and C_Finalize from many threads at once: one of each gets through at a time."""
    module = Module()

    def work(_: int) -> None:
        for _ in range(20):
            assert module.raw("C_Initialize", None) in (OK, ALREADY_INITIALIZED)
            session = c_ulong()
            code = module.raw("C_OpenSession", c_ulong(0), c_ulong(SERIAL), None, None, byref(session))
            assert code in (OK, NOT_INITIALIZED), hex(code)
            assert module.raw("C_Finalize", None) in (OK, NOT_INITIALIZED)

    together(work)
    assert module.raw("C_Finalize", None) == NOT_INITIALIZED
    some_mutexes = InitArguments(flags=0)
    some_mutexes.mutexes[0] = 1
    assert module.raw("C_Initialize", byref(some_mutexes)) == ARGUMENTS_BAD, "all four or none (section 5.4)"


def part_fork() -> None:
    """Children start anew while threads of the parent sign; the parent's sessions and connections stay its own."""
    module = Module()
    session = module.started()
    stop = threading.Event()

    def child() -> None:
        assert module.raw("C_CloseSession", c_ulong(session)) == NOT_INITIALIZED, "a parent's session"
        assert module.raw("C_Finalize", None) == NOT_INITIALIZED
        module.start()
        assert module.raw("C_CloseSession", c_ulong(session)) == SESSION_INVALID
        own = module.session()
        module.login(own)
        module.work(own, 3, b"child")
        in_child(lambda: module.work(module.started(), 1, b"grandchild"))
        module.call("C_Finalize", None)

    def work(number: int) -> None:
        if number > 0:
            mine = module.session()
            while not stop.is_set():
                module.work(mine, 1, b"parent %d" % number)
            return
        try:
            for _ in range(8):
                in_child(child)
        finally:
            stop.set()

    together(work, 5)
    module.work(session, 3, b"parent, afterwards")
    module.call("C_Finalize", None)


def loaded() -> bool:
    return "libsignet-pkcs11" in pathlib.Path("/proc/self/maps").read_text(encoding="utf-8")


def part_unload() -> None:
    """Unloaded and loaded again, after C_Finalize and without, in a parent and in its child; forks go on working."""
    for finalize in (True, False):
        for _ in range(3):
            module = Module()
            module.work(module.started(), 1, b"loaded")
            if finalize:
                module.call("C_Finalize", None)
            module.unload()
            assert not loaded(), "the module is gone"
            in_child(lambda: None)  # no handler of the module is left behind
    module = Module()
    session = module.started()
    module.work(session, 1)

    def child() -> None:
        module.unload()
        in_child(lambda: None)
        again = Module()
        again.work(again.started(), 1, b"child")
        again.unload()

    in_child(child)
    module.work(session, 1, b"the parent, afterwards")


PARTS = {name[5:]: part for name, part in list(globals().items()) if name.startswith("part_")}


def inside(script: str, parts: dict[str, Callable[[], None]]) -> int:
    for name in parts:
        done = subprocess.run([sys.executable, script, "--part", name], timeout=SECONDS, check=False)
        print(f"{name}: {'well' if done.returncode == 0 else done.returncode}", flush=True)
        if done.returncode:
            return 1
    return 0


def travel_with(
    text: str | None, script: str, parts: dict[str, Callable[[], None]], promise: str, rules: str | None = None
) -> int:
    """Runs the parts, each in a process of its own, beside one device that has those rules."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--signet", help="a program of the build under test")
    parser.add_argument("--crash-lib", help="not used here")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--part", choices=parts, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        parts[arguments.part]()
        return 0
    if arguments.inside:
        return inside(script, parts)
    build = pathlib.Path(arguments.signet).resolve().parents[1]
    with tempfile.TemporaryDirectory(prefix="signet-journey-") as name:
        device = [
            str(ROOT / "tools" / "with-device"),
            "--build",
            str(build),
            "--keep",
            str(pathlib.Path(name, "device")),
        ]
        if rules:
            policy = pathlib.Path(name, "policy.json")
            policy.write_text(rules, encoding="ascii")
            device += ["--policy", str(policy)]
        code = subprocess.run([*device, "--", sys.executable, script, "--inside"], check=False).returncode
    print("failed:" if code else "well:", promise)
    return code


if __name__ == "__main__":
    sys.exit(
        travel_with(__doc__, __file__, PARTS, "P_PKCS11_009: threads, forks and unloading, every signature verifies")
    )
