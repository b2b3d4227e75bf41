#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""The life of keys, in a folder and on a token: made, listed, shown, used to sign, retired; and what is refused.

Each case is one function, named with the promise that it proves. Everything runs twice where the two kinds of store
agree; `openssl` and OpenSC's pkcs11-spy judge from outside.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN, WRONG_PIN = "2345", "9999"
PASSPHRASE, WRONG_PASSPHRASE = "correct horse battery staple", "incorrect horse"
ALGORITHMS = ("p256", "p384", "rsa2048", "rsa3072", "rsa4096", "ed25519")
EXIT = {
    "usage": 2,
    "invalid_input": 3,
    "not_found": 8,
    "conflict": 9,
    "denied": 10,
    "unsupported": 11,
    "unavailable": 12,
}


class Bench:
    """A folder with a token, a key store and their secrets, and the program under test; it keeps all that is said."""

    def __init__(self, signet: str, folder: pathlib.Path) -> None:
        self.signet = signet
        self.folder = folder
        self.said: list[bytes] = []
        tokens = folder / "tokens"
        tokens.mkdir()
        self.config = folder / "softhsm2.conf"
        self.config.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.environment = dict(os.environ) | {"SOFTHSM2_CONF": str(self.config), "TMPDIR": str(folder)}
        for name, secret in (
            ("pin", PIN),
            ("wrong-pin", WRONG_PIN),
            ("pass", PASSPHRASE),
            ("wrong-pass", WRONG_PASSPHRASE),
        ):
            self.write_secret(name, f"{secret}\n".encode())
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "bench", "--so-pin", "123456", "--pin", PIN],
            env=self.environment,
            check=True,
            capture_output=True,
        )
        self.token = self.token_uri()
        self.files = self.folder_uri()

    def write_secret(self, name: str, content: bytes) -> pathlib.Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        return path

    def token_uri(self, pin: str = "pin", module: str = SOFTHSM, token: str = "bench") -> str:
        return f"pkcs11:token={token}?module-path={module}&pin-source=file:{self.folder / pin}"

    def folder_uri(self, passphrase: str = "pass", store: str = "keys") -> str:
        return f"file:{self.folder / store}?passphrase-file={self.folder / passphrase}"

    def run(
        self, *words: str, environment: dict[str, str] | None = None, before: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess:
        # A session of its own: nobody can be asked on a terminal, so nothing waits for an answer.
        done = subprocess.run(
            [*before, self.signet, *words],
            env=self.environment | (environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            cwd=self.folder,
            start_new_session=True,
        )
        self.said += [done.stdout, done.stderr]
        return done

    def must(self, *words: str, **options: object) -> dict:
        """What a command that succeeds tells machines."""
        done = self.run(*words, "--json", **options)
        assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        assert done.stderr == b"", done.stderr
        answer = json.loads(done.stdout)
        assert answer["ok"] is True and done.stdout.count(b"\n") == 1, done.stdout
        return answer["result"]

    def refused(self, code: str, reason: str, *words: str, **options: object) -> str:
        """Runs a command that is refused alike for people and for machines; gives the message."""
        done = self.run(*words, "--json", **options)
        error = json.loads(done.stdout)["error"]
        assert (error["code"], error["reason"]) == (code, reason), (words, error)
        assert done.returncode == EXIT[code] and done.stderr == b"", (words, done.returncode, done.stderr)
        plain = self.run(*words, **options)
        assert plain.returncode == EXIT[code] and plain.stdout == b"", (words, plain.returncode, plain.stdout)
        assert error["message"].encode() in plain.stderr, (plain.stderr, error)
        return error["message"]

    def labels(self, store: str) -> set[str]:
        return {key["label"] for key in self.must("key", "list", store)["keys"]}


def check_certificate(certificate: pathlib.Path, public_key_pem: str) -> None:
    """openssl finds the certificate signed by this key."""
    subprocess.run(
        ["openssl", "verify", "-x509_strict", "-check_ss_sig", "-CAfile", certificate, certificate],
        check=True,
        capture_output=True,
    )
    inside = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True, text=True
    ).stdout
    assert inside == public_key_pem, (inside, public_key_pem)


def live(bench: Bench, store: str, algorithm: str, protection: str, extractable: str) -> None:
    label = f"life-{algorithm}"
    made = bench.must("key", "generate", store, "--label", label, "--algorithm", algorithm)
    assert (made["label"], made["algorithm"]) == (label, algorithm), made
    assert (made["protection"], made["extractable"]) == (protection, extractable), made
    listed = [key for key in bench.must("key", "list", store)["keys"] if key["label"] == label]
    assert listed == [made], (listed, made)
    assert bench.must("key", "show", made["uri"]) == made
    pem = bench.run("key", "show", made["uri"], "--public-key").stdout.decode()
    assert pem == made["public_key"], pem
    der = base64.b64decode("".join(pem.split("\n")[1:-2]), validate=True)
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=der, capture_output=True, check=True).stdout
    assert digest.split()[0].decode() == made["fingerprint"], digest
    shown = bench.run("key", "show", made["uri"])
    assert shown.returncode == 0 and made["fingerprint"].encode() in shown.stdout, shown
    certificate = bench.folder / f"{label}.pem"
    bench.must(
        "ca",
        "init",
        str(bench.folder / f"ca-{label}"),
        "--key",
        made["uri"],
        "--subject",
        f"CN={label}",
        "--out",
        str(certificate),
    )
    check_certificate(certificate, pem)
    bench.refused("usage", "key.not-confirmed", "key", "retire", made["uri"])
    assert label in bench.labels(store)
    retired = bench.must("key", "retire", made["uri"], "--yes")
    assert retired["destroyed"] is True and retired["public_key"] == pem, retired
    assert label not in bench.labels(store)
    bench.refused("not_found", "keystore.no-key", "key", "show", made["uri"])


def P_KEYSTORE_001_keys_of_a_folder_live_and_end(bench: Bench) -> None:
    for algorithm in ALGORITHMS:
        live(bench, bench.files, algorithm, "software", "yes")


def P_KEYSTORE_001_keys_on_a_token_live_and_end(bench: Bench) -> None:
    for algorithm in ALGORITHMS:
        live(bench, bench.token, algorithm, "token", "never")


def P_KEYSTORE_002_a_label_that_is_taken_stays_with_its_key(bench: Bench) -> None:
    for store in (bench.files, bench.token):
        first = bench.must("key", "generate", store, "--label", "taken")
        bench.refused("conflict", "keystore.label-taken", "key", "generate", store, "--label", "taken")
        assert bench.must("key", "show", first["uri"]) == first
        bench.must("key", "retire", first["uri"], "--yes")


def P_KEYSTORE_004_a_wrong_pin_is_tried_once(bench: Bench) -> None:
    spies = list(pathlib.Path("/usr/lib").glob("*/pkcs11/pkcs11-spy.so")) or [
        pathlib.Path("/usr/lib/pkcs11/pkcs11-spy.so")
    ]
    log = bench.folder / "spy.log"
    spied = {"PKCS11SPY": SOFTHSM, "PKCS11SPY_OUTPUT": str(log)}
    for words in (("key", "list"), ("key", "generate", "--label", "never")):
        for json_too in ((), ("--json",)):
            log.unlink(missing_ok=True)
            done = bench.run(*words, bench.token_uri("wrong-pin", str(spies[0])), *json_too, environment=spied)
            assert done.returncode == EXIT["denied"], done
            logins = log.read_text(encoding="utf-8", errors="replace").count("C_Login\n")
            assert logins == 1, f"{words}: {logins} logins"
    bench.refused("denied", "keystore.pin-wrong", "key", "list", bench.token_uri("wrong-pin"))
    assert "never" not in bench.labels(bench.token)  # and the right PIN still opens the token


def P_KEYSTORE_010_a_wrong_passphrase_opens_nothing(bench: Bench) -> None:
    made = bench.must("key", "generate", bench.files, "--label", "closed")
    wrong = made["uri"].replace("/pass", "/wrong-pass")
    assert wrong != made["uri"]
    authority = bench.folder / "ca-closed"
    bench.refused("denied", "keystore.passphrase", "ca", "init", str(authority), "--key", wrong, "--subject", "CN=no")
    assert not authority.exists() or not any(authority.iterdir()), list(authority.iterdir())
    assert bench.must("key", "show", made["uri"]) == made  # a refusal changes nothing
    bench.must("key", "retire", made["uri"], "--yes")


def P_KEYSTORE_013_what_cannot_be_opened_says_why(bench: Bench) -> None:
    missing = str(bench.folder / "no-module.so")
    assert missing in bench.refused("unavailable", "keystore.module", "key", "list", bench.token_uri(module=missing))
    bench.refused("unavailable", "keystore.module", "key", "list", bench.token_uri(module=str(bench.config)))
    bench.refused("not_found", "keystore.no-store", "key", "list", bench.token_uri(token="nobody"))
    bench.refused("not_found", "keystore.no-store", "key", "list", bench.folder_uri(store="nowhere"))
    bench.refused("usage", "keystore.uri", "key", "list", "file:")
    bench.refused("usage", "keystore.scheme", "key", "list", "vault:keys")
    bench.refused("usage", "keystore.no-pin", "key", "list", f"pkcs11:token=bench?module-path={SOFTHSM}")
    bench.refused("not_found", "keystore.no-key", "key", "show", bench.token_uri(token="bench;object=nobody"))
    bench.refused("usage", "keystore.uri-names-no-key", "key", "show", bench.token)
    bench.refused("usage", "cli.bad-choice", "key", "generate", bench.token, "--label", "x", "--algorithm", "p521")
    bench.refused("invalid_input", "keystore.label", "key", "generate", bench.files, "--label", "../x")


def spellings(secret: bytes) -> set[bytes]:
    """The secret as it may stand in a text: raw, hexadecimal, and base64 whatever stands before it."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + secret)
        found.add(text[4 if shift else 0 : -4])
    return found


def P_KEYSTORE_014_a_private_key_shows_nowhere(bench: Bench) -> None:
    key = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-outform", "DER"],
        check=True,
        capture_output=True,
    ).stdout
    der = subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-outform", "DER"],
        input=key,
        check=True,
        capture_output=True,
    ).stdout
    scalar = der[der.index(b"\x02\x01\x01\x04\x20") + 5 :][:32]  # RFC 5915: version 1, then the private key
    secrets = {"private key": scalar, "passphrase": PASSPHRASE.encode()}
    assert any(word in base64.b64encode(der) for word in spellings(scalar)), "the search misses what is there"
    source = bench.write_secret("import.p8", der)
    traces = []
    for store in (bench.files, bench.token):
        trace = bench.folder / "trace"
        by = ("strace", "-f", "-qq", "-v", "-s", "100000", "-e", "trace=execve", "-o", str(trace))
        quiet = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}  # not possible under strace
        made = bench.must(
            "key", "import", store, "--label", "known", "--from", str(source), before=by, environment=quiet
        )
        assert made["extractable"] != "never", made
        traces.append(trace.read_bytes())
        for words in (
            ("key", "show", made["uri"]),
            ("key", "list", store),
            (
                "ca",
                "init",
                str(bench.folder / f"ca-known-{made['protection']}"),
                "--key",
                made["uri"],
                "--subject",
                "CN=known",
            ),
            ("key", "retire", made["uri"], "--yes"),
        ):
            bench.must(*words, before=by, environment=quiet)
            traces.append(trace.read_bytes())
            if words[1] != "retire":
                bench.run(*words)
    source.unlink()
    assert len(traces) == 10
    for started in traces:
        assert started.count(b"execve(") == 1, "a child was started: judge what it is given"
        for what, secret in secrets.items():
            assert not any(word in started for word in spellings(secret)), f"{what} in arguments or environment"
    for what, secret in secrets.items():
        for word in spellings(secret):
            assert not any(word in text for text in bench.said), f"the {what} was printed"
            for path in bench.folder.rglob("*"):
                if path.is_file() and path.name not in ("pass", "trace"):
                    assert word not in path.read_bytes(), f"the {what} stands in {path}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signet", required=True, help="the program under test")
    parser.add_argument("--crash-lib", help="taken like every journey takes it; nothing is killed here")
    arguments = parser.parse_args()
    for program in ("softhsm2-util", "openssl", "strace"):
        assert shutil.which(program), f"{program} is missing"
    signet = str(pathlib.Path(arguments.signet).resolve())
    cases = [(name, case) for name, case in globals().items() if name.startswith("P_")]
    for name, case in cases:
        with tempfile.TemporaryDirectory(prefix="signet-keys-") as folder:
            case(Bench(signet, pathlib.Path(folder)))
        print(name, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
