#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Births at a station beside their peer, in one run: births per second with 1, 4 and 16 units, and where the time goes.

Real programs: signet-station, and for each unit a swtpm, signet-keystored and `signet id birth`. The peer is tpm2-tools
(Debian package) on the same kind of swtpm. It does each kind of TPM command that a birth needs, and what counts is the
bare time in the TPM: a tap on its socket takes the time from a command to its answer, for both sides alike. The peer's
sum is one birth's number of commands of each kind, each at the peer's median. A row whose peer did not run fails.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "journeys"))
# pylint: disable=wrong-import-position
from factory import Line, Tap, Unit, wait_for
from journey import Failure, Signet, expect

# TPM 2.0 Library, Part 2, table 12.
COMMANDS = {
    0x11F: "NV_UndefineSpaceSpecial", 0x120: "EvictControl", 0x121: "HierarchyControl", 0x122: "NV_UndefineSpace",
    0x126: "Clear", 0x127: "ClearControl", 0x129: "HierarchyChangeAuth", 0x12A: "NV_DefineSpace",
    0x131: "CreatePrimary", 0x137: "NV_Write", 0x138: "NV_WriteLock", 0x139: "DictionaryAttackLockReset",
    0x13A: "DictionaryAttackParameters", 0x144: "Startup", 0x145: "Shutdown", 0x147: "ActivateCredential",
    0x148: "Certify", 0x149: "PolicyNV", 0x14A: "CertifyCreation", 0x14D: "GetSessionAuditDigest", 0x14E: "NV_Read",
    0x14F: "NV_ReadLock", 0x151: "PolicySecret", 0x153: "Create", 0x157: "Load", 0x15D: "Sign", 0x161: "ContextLoad",
    0x162: "ContextSave", 0x165: "FlushContext", 0x167: "LoadExternal", 0x168: "MakeCredential",
    0x169: "NV_ReadPublic", 0x16A: "PolicyAuthorize", 0x16C: "PolicyCommandCode", 0x16E: "PolicyCpHash",
    0x173: "ReadPublic", 0x176: "StartAuthSession", 0x177: "VerifySignature", 0x17A: "GetCapability",
    0x17B: "GetRandom", 0x181: "ReadClock", 0x184: "NV_Certify", 0x18A: "TestParms", 0x18F: "PolicyNvWritten",
}  # fmt: skip


SIGNATURES = 3  # by the station: the certificates of IDevID and IAK, and the record; the checkpoint is Ed25519's


class TpmTap:
    """A socket in front of a TPM's, which takes the time of each command."""

    def __init__(self, real: pathlib.Path, asked: pathlib.Path) -> None:
        self.times: list[tuple[str, float]] = []
        for suffix, timed in (("", True), (".ctrl", False)):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(f"{asked}{suffix}")
            listener.listen()
            threading.Thread(target=self._accept, args=(listener, f"{real}{suffix}", timed), daemon=True).start()

    def _accept(self, listener: socket.socket, real: str, timed: bool) -> None:
        while True:
            client, _ = listener.accept()
            there = socket.socket(socket.AF_UNIX)
            there.connect(real)
            threading.Thread(target=self._carry, args=(client, there, timed), daemon=True).start()

    def _carry(self, client: socket.socket, there: socket.socket, timed: bool) -> None:
        pick = selectors.DefaultSelector()
        pick.register(client, selectors.EVENT_READ, there)
        pick.register(there, selectors.EVENT_READ, client)
        name, began = "", 0.0
        with contextlib.suppress(OSError):
            while True:
                for key, _ in pick.select():
                    data = key.fileobj.recv(65536)
                    if timed and name and key.fileobj is there:
                        self.times.append((name, time.perf_counter() - began))
                        name = ""
                    if not data:
                        raise OSError
                    if timed and key.fileobj is client and len(data) >= 10:
                        code = int.from_bytes(data[6:10], "big")
                        name, began = COMMANDS.get(code, hex(code)), time.perf_counter()
                    key.data.sendall(data)
        client.close()
        there.close()

    def by_kind(self) -> dict[str, list[float]]:
        kinds: dict[str, list[float]] = {}
        for name, seconds in self.times:
            kinds.setdefault(name, []).append(seconds)
        return kinds


class Tools:
    """tpm2-tools on one TPM, doing what a unit's TPM does at its birth."""

    def __init__(self, folder: pathlib.Path, tcti: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, "TPM2TOOLS_TCTI": tcti}

    def run(self, tool: str, *words: str) -> None:
        for command in ([f"tpm2_{tool}", *words, "-Q"], ["tpm2_flushcontext", "-t"]):
            done = subprocess.run(
                command, cwd=self.folder, env=self.environment, capture_output=True, check=False, timeout=60
            )
            if done.returncode != 0:
                sys.exit(f"FAILED: the peer: {' '.join(command)}\n{done.stderr.decode(errors='replace')}")

    def birth(self) -> None:
        run = self.run
        fixed = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth"
        run("createprimary", "-C", "e", "-G", "ecc256", "-c", "parent.ctx")
        for name in ("iak", "idevid"):
            use = fixed + ("|restricted|sign" if name == "iak" else "|sign")
            run(
                *("createprimary", "-C", "e", "-G", "ecc256:ecdsa-sha256:null", "-a", use, "-c", f"{name}.ctx"),
                *("-d", f"{name}.hash", "-t", f"{name}.ticket"),
            )
        for name in ("attester", "video"):
            use = fixed + ("|restricted|sign" if name == "attester" else "|sign")
            files = ("-u", f"{name}.pub", "-r", f"{name}.priv")
            run("create", "-C", "parent.ctx", "-G", "ecc256:ecdsa-sha256:null", "-a", use, *files)
            run("load", "-C", "parent.ctx", *files, "-c", f"{name}.ctx", "-n", f"{name}.name")
        run("readpublic", "-c", "0x81010016", "-o", "ek.pub")
        (self.folder / "secret").write_bytes(bytes(range(32)))
        name = (self.folder / "attester.name").read_bytes().hex()
        run("makecredential", "-u", "ek.pub", "-s", "secret", "-n", name, "-o", "credential")
        run("activatecredential", "-c", "attester.ctx", "-C", "0x81010016", "-i", "credential", "-o", "opened")
        expect((self.folder / "opened").read_bytes() == bytes(range(32)), "the peer opens its credential")
        for name, signer in (("iak", "attester"), ("idevid", "iak")):
            run(
                *("certifycreation", "-C", f"{signer}.ctx", "-c", f"{name}.ctx", "-g", "sha256", "-s", "ecdsa"),
                *("-d", f"{name}.hash", "-t", f"{name}.ticket", "-o", "signature", "--attestation", "said"),
            )
        run("certify", "-C", "iak.ctx", "-c", "video.ctx", "-g", "sha256", "-s", "signature", "-o", "said")
        run("nvdefine", "0x1800101", "-C", "o", "-s", "8", "-a", "authread|authwrite|ownerread|ownerwrite|no_da")
        (self.folder / "floor").write_bytes(bytes(8))
        run("nvwrite", "0x1800101", "-C", "o", "-i", "floor")
        run("nvreadpublic", "0x1800101")
        run("nvcertify", "-C", "iak.ctx", "-c", "o", "-g", "sha256", "-o", "signature", "--attestation", "said",
            "--size", "8", "0x1800101")  # fmt: skip
        run("nvread", "0x1800101", "-C", "o", "-s", "8", "-o", "read")
        run("nvundefine", "0x1800101", "-C", "o")
        run("sign", "-c", "idevid.ctx", "-g", "sha256", "-d", "-o", "signature", "secret")
        run("getrandom", "32", "-o", "random")
        run("evictcontrol", "-C", "o", "-c", "idevid.ctx", "0x81020000")
        run("evictcontrol", "-C", "o", "-c", "0x81020000")
        run("clearcontrol", "-C", "l", "s")
        run("clearcontrol", "-C", "p", "c")
        run("changeauth", "-c", "l", "lockout")
        run("changeauth", "-c", "l", "-p", "lockout", "")


def manufacture(line: Line, count: int, prefix: str) -> list[Unit]:
    return [line.unit(f"{prefix}{number}") for number in range(count)]


def rate(line: Line, units: list[Unit], parallel: int) -> float:
    """Births per second, of units that are switched on already, so many at a time."""
    for unit in units:
        unit.switch_on()
    left = list(units)
    lock = threading.Lock()
    failures: list[str] = []

    def work() -> None:
        while True:
            with lock:
                if not left:
                    return
                unit = left.pop()
            done = unit.birth(unit.name.upper())
            if done.code != 0:
                failures.append(str(done))

    threads = [threading.Thread(target=work) for _ in range(parallel)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    for unit in units:
        unit.switch_off()
    expect(not failures, "every unit is born", failures[:1])
    return len(units) / took


def taken_apart(line: Line, unit: Unit) -> tuple[float, dict[str, float], dict[str, list[float]]]:
    """One birth: its whole time, the time between its messages, and its TPM commands by kind."""
    unit.asked_socket = unit.folder / "tapped.sock"
    tpm = TpmTap(unit.tpm_socket, unit.asked_socket)
    unit.switch_on()
    seen: list[tuple[str, float]] = []
    tap = Tap(line.port, lambda _n, _s, name: seen.append((name, time.perf_counter())))
    wait_for(lambda: len(tpm.times) > 0, "keystored asks its TPM")
    time.sleep(1)  # whatever it does at its start
    tpm.times.clear()
    began = time.perf_counter()
    done = unit.birth(unit.name.upper(), tap.port)
    took = time.perf_counter() - began
    expect(done.code == 0, "a birth", done)
    tap.close()
    unit.switch_off()
    at = dict(seen)
    steps = {
        "unit: keys made, claim": at["claim"] - at["begin"],
        "station: claim and endorsement certificate judged": at["challenge"] - at["claim"],
        "unit: credential opened, hierarchies closed, all proved": at["proof"] - at["challenge"],
        "station: proof judged, certificates, record, ledger, receipt": at["identity"] - at["proof"],
        "unit: identity checked and kept": at["installed"] - at["identity"],
    }
    steps["rest: processes, connection, last word"] = took - sum(steps.values())
    return took, steps, tpm.by_kind()


SYNC = re.compile(r"f(?:data)?sync\(\d+<(.*?)>\).*<([\d.]+)>$", re.MULTILINE)
BOOKS = {"state": "registry", "line": "ledger", "factory-ca": "authority"}


def syncs_of(line: Line, births: int) -> dict[str, tuple[float, float]]:
    """How often one birth makes the station wait for its disk, and for how long (ms), by what is written there."""
    found = {name: (0.0, 0.0) for name in BOOKS.values()}
    for path, seconds in SYNC.findall((line.folder / "syncs").read_text(encoding="utf-8", errors="replace")):
        first = pathlib.Path(path).relative_to(line.folder).parts[0]
        count, took = found[BOOKS[first]]
        found[BOOKS[first]] = (count + 1 / births, took + float(seconds) * 1000 / births)
    expect(found["ledger"][0] >= 1, "strace sees how the station waits for its disk", found)
    return found


def signature_ms() -> float:
    """One P-256 signature of OpenSSL, the station's provider where keys are in files."""
    words = ["openssl", "speed", "-mr", "-seconds", "1", "ecdsap256"]
    done = subprocess.run(words, capture_output=True, check=False, text=True)
    rates = re.findall(r"^\+F4:\d+:\d+:([\d.]+):", done.stdout, re.MULTILINE)
    expect(done.returncode == 0 and rates, "openssl speed", done.stdout[-400:] + done.stderr[-400:])
    value = float(rates[0])
    return 1000 * value if value < 1 else 1000 / value


def median_of(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def measure(signet: Signet, arguments: argparse.Namespace) -> dict:
    line = Line(signet, units_parallel=16)
    try:
        line.start_station(under=("strace", "-D", "-f", "--seccomp-bpf", "-y", "-T", "-e", "trace=fsync,fdatasync")
                           + ("-o", str(line.folder / "syncs")))  # fmt: skip
        (line.folder / "syncs").write_text("")  # without those of its start
        apart = [taken_apart(line, unit) for unit in manufacture(line, arguments.times, "apart")]
        line.stop_station()
        syncs = syncs_of(line, len(apart))
        line.start_station()
        peer_unit = manufacture(line, 1, "peer")[0]
        peer_unit.asked_socket = peer_unit.folder / "tapped.sock"
        tpm = TpmTap(peer_unit.tpm_socket, peer_unit.asked_socket)
        peer_unit.switch_on(keeper=False)
        tools = Tools(peer_unit.folder, f"swtpm:path={peer_unit.asked_socket}")
        began = time.perf_counter()
        for _ in range(arguments.times):
            tools.birth()
        tools_seconds = (time.perf_counter() - began) / arguments.times
        peer_unit.switch_off()
        peer = {kind: statistics.median(all_) for kind, all_ in tpm.by_kind().items()}
        rates = {}
        for parallel in arguments.units:
            count = max(parallel, 4)
            rates[parallel] = rate(line, manufacture(line, count, f"n{parallel}x"), parallel)
        line.stop_station()
    finally:
        line.end()
    return report(apart, peer, tools_seconds, rates, syncs)


def report(apart: list, peer: dict[str, float], tools_seconds: float, rates: dict[int, float], syncs: dict) -> dict:
    counts = {kind: len(all_) for kind, all_ in apart[0][2].items()}
    ours = {kind: statistics.median(sum(run[2].get(kind, [])) for run in apart) for kind in counts}
    both = [kind for kind in counts if kind in peer]
    for kind in ("CreatePrimary", "Create", "ActivateCredential", "CertifyCreation", "NV_Certify"):
        expect(kind in both, f"{kind} at the unit and at the peer", (sorted(counts), sorted(peer)))
    peer_sum = sum(counts[kind] * peer[kind] for kind in both)
    return {
        "births_per_second": {str(n): round(r, 2) for n, r in rates.items()},
        "peer_births_per_second": round(1 / peer_sum, 2),
        "one_birth_ms": round(statistics.median(run[0] for run in apart) * 1000, 1),
        "tpm_ms": {
            kind: {
                "count": counts[kind],
                "ours": round(ours[kind] * 1000, 2),
                "peer": round(counts[kind] * peer[kind] * 1000, 2) if kind in peer else None,
            }
            for kind in sorted(counts, key=lambda kind: -ours[kind])
        },
        "tpm_ours_ms": round(sum(ours.values()) * 1000, 1),
        "tpm_shared_ours_ms": round(sum(ours[kind] for kind in both) * 1000, 1),
        "tpm_peer_ms": round(peer_sum * 1000, 1),
        "tools_with_processes_ms": round(tools_seconds * 1000, 1),
        "steps_ms": {name: round(value * 1000, 1) for name, value in median_of([run[1] for run in apart]).items()},
        "station_syncs": {name: [round(count, 1), round(ms, 2)] for name, (count, ms) in syncs.items()},
        "station_signatures_ms": round(SIGNATURES * signature_ms(), 3),
    }


def show(found: dict) -> None:
    peer_rate = found["peer_births_per_second"]
    print(f"{'births on swtpm':62} {'per s':>8} {'peer':>8}  of the bare TPM work")
    for units, births in found["births_per_second"].items():
        what = f"{units} unit(s) at a time, real programs, one station"
        print(f"{what:62} {births:8.2f} {peer_rate:8.2f}  {100 * births / peer_rate:6.0f} %")
    print(f"\n{'one birth, by TPM command':48} {'count':>6} {'ours ms':>9} {'peer ms':>9}")
    for kind, row in found["tpm_ms"].items():
        beside = "-" if row["peer"] is None else f"{row['peer']:.2f}"
        print(f"{kind:48} {row['count']:6} {row['ours']:9.2f} {beside:>9}")
    shared, peer = found["tpm_shared_ours_ms"], found["tpm_peer_ms"]
    print(f"{'kinds that both use':55} {shared:9.2f} {peer:9.2f}  times better {peer / shared:.2f}")
    print(f"\n{'one birth, by step':62} {'ms':>8}  of the birth")
    for name, value in found["steps_ms"].items():
        print(f"{name:62} {value:8.1f}  {100 * value / found['one_birth_ms']:6.0f} %")
    whole = found["one_birth_ms"]
    print(f"{'whole; of it in the TPM':62} {whole:8.1f}  {100 * found['tpm_ours_ms'] / whole:6.0f} %")
    for name, (count, took) in found["station_syncs"].items():
        print(f"{f'of it the station, waiting for its disk: {name}, {count:.0f} times':62} {took:8.2f}")
    what = f"of it the station, {SIGNATURES} P-256 signatures (openssl speed)"
    print(f"{what:62} {found['station_signatures_ms']:8.2f}")
    tools = found["tools_with_processes_ms"]
    print(f"{'tpm2-tools, once each command, with its processes':62} {tools:8.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signet", default="build/release/cli/signet")
    parser.add_argument("--times", default=3, type=int, help="births that are taken apart, and rounds of the peer")
    parser.add_argument("--units", default=[1, 4, 16], type=int, nargs="+", help="how many at a time")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="signet-bench-") as folder:
        try:
            found = measure(Signet(arguments.signet, None, pathlib.Path(folder)), arguments)
        except Failure as failure:
            print(f"FAILED {failure}", file=sys.stderr)
            return 1
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
