#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_PKCS11_010: where the policy asks for a PIN, a program signs after its login and at no other time.

libsignet-pkcs11.so as in pkcs11_life.py, beside a keystored whose policy wants the token's user PIN for signing.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
from ctypes import c_char_p, c_ulong

from keystored_load import Client
from keystored_load import Refused as Denied
from pkcs11_life import COUNT_LOW, FINAL_TRY, LOCKED, OK, PIN, SO
from pkcs11_life import Module, Refused, in_child, together, travel_with

NOT_LOGGED_IN, PIN_INCORRECT, PIN_LOCKED = 0x101, 0xA0, 0xA4
SO_PIN, TRIES = b"12345678", 10


def signs(module: Module, session: int) -> bool:
    """Whether the key "life" is there for the program, and signs."""
    try:
        module.work(session, 1)
    except Refused as refused:
        assert refused.code == NOT_LOGGED_IN, refused
        return False
    except AssertionError:  # a private key is not even found without a login
        return False
    return True


def asked_directly() -> str:
    """What keystored itself says to a program that goes round the module and has not logged in."""
    client = Client(pathlib.Path(os.environ["SIGNET_KEYSTORED_SOCKET"]))
    try:
        key = client.ask("list")["keys"][0]["label"]
        client.sign(key, bytes(32))
    except Denied as refused:
        return str(refused).partition(":")[0]
    finally:
        client.close()
    return "signed"


def pin_login() -> None:
    """Under a policy that asks for the PIN: before the login nothing is signed, after it every session signs, also over
    further connections; after the logout nothing again. Another process has to log in for itself."""
    module = Module()
    session = module.started()
    module.make(session, b"life")
    module.logout(session)
    assert not signs(module, session), "before the login"
    assert asked_directly() == "keystored.pin"
    module.login(session)
    assert asked_directly() == "keystored.pin", "another connection is not logged in by that"
    module.work(session, 2)
    own = os.getpid()

    def work(number: int) -> None:
        mine = module.session()
        module.work(mine, 4, b"%d thread %d" % (own, number))
        module.call("C_CloseSession", c_ulong(mine))

    together(work)

    def child() -> None:
        other = Module()
        other.start()
        assert not signs(other, other.session()), "a login is the process's own"
        assert asked_directly() == "keystored.pin"

    in_child(child)
    module.logout(session)
    assert not signs(module, session), "after the logout"
    module.login(session)
    module.work(session, 1)
    module.call("C_Finalize", None)


def pin_lock() -> None:
    """Wrong PINs are counted, shown and end in a lock, which a restart does not lift and the security officer does."""
    module = Module()
    module.start()
    session = module.session()
    assert module.pin_flags() == 0
    assert module.try_pin(session, b"0000") == PIN_INCORRECT
    assert module.pin_flags() == COUNT_LOW
    module.login(session)
    module.logout(session)
    assert module.pin_flags() == 0, "the right one begins anew"
    for number in range(TRIES - 1):
        assert module.try_pin(session, b"%04d" % number) == PIN_INCORRECT, number
    assert module.pin_flags() & FINAL_TRY, "the last one is announced"
    assert module.try_pin(session, b"9999") in (PIN_INCORRECT, PIN_LOCKED)
    assert module.pin_flags() & LOCKED
    assert module.try_pin(session, PIN) == PIN_LOCKED, "the right one comes too late"
    assert not signs(module, session)
    assert module.try_pin(session, SO_PIN, SO) == OK
    module.call("C_InitPIN", c_ulong(session), c_char_p(b"4321"), c_ulong(4))
    module.logout(session)
    assert module.try_pin(session, PIN) == PIN_INCORRECT, "the old one"
    assert module.try_pin(session, b"4321") == OK
    module.work(session, 1)
    module.call("C_Finalize", None)


PARTS = {"login": pin_login, "lock": pin_lock}


def rules() -> str:
    """Everything but signing is free; that takes the PIN."""
    who = {"user": str(os.geteuid())}
    free = {"name": "administration", "who": who, "may": ["list", "generate", "destroy", "token", "objects"]}
    return json.dumps({"version": 1, "rules": [free, {"name": "signing", "who": who, "may": ["sign"], "pin": True}]})


if __name__ == "__main__":
    sys.exit(
        travel_with(__doc__, __file__, PARTS, "P_PKCS11_010: no PIN, no signature; ten wrong ones lock it", rules())
    )
