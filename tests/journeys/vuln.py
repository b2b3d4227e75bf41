#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_VULN_023: what a device is exposed to, from feeds to findings, by the command line alone.

A small Debian root is made without the network and described; feeds are read, from a folder, archives, and a signed
CSAF provider; findings come with their reasons, the distribution and VEX take back what does not apply; feeds that lie,
climb, swell or are altered are refused and the old index stays.
P_VULN_024: also where the reader is killed at any of its writes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from typing import Any

from journey import Signet, expect, travel
from kills import kill_through

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors/psirt/feeds"
CURL = "7.88.1-10+deb12u5"
PACKAGES = {"curl": ("curl", CURL), "libcurl4": ("curl", CURL), "zlib1g": ("zlib", "1:1.2.13.dfsg-1")}
CHANGELOG = f"curl ({CURL}) bookworm-security; urgency=high\n\n  * Fix CVE-2099-0002\n\n -- A <a@b>  x\n"


def record(cve: str, product: str, before: str, **more: Any) -> dict[str, Any]:
    """A CVE record with one upstream range."""
    version = {"status": "affected", "version": "0", "lessThan": before, "versionType": "semver"}
    metrics = [{"cvssV3_1": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]
    cna = {
        "providerMetadata": {"orgId": "x"},
        "title": f"Something in {product}",
        "descriptions": [{"lang": "en", "value": "<script>alert(1)</script>"}],
        "affected": [{"vendor": product, "product": product, "versions": [version]}],
        "metrics": metrics,
        **more,
    }
    metadata = {"cveId": cve, "state": "PUBLISHED", "dateUpdated": "2024-01-01T00:00:00.000Z"}
    metadata |= {"datePublished": "2024-01-01T00:00:00", "assignerShortName": "x"}
    return {"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": metadata, "containers": {"cna": cna}}


def vex(product: str, cve: str, status: str) -> dict[str, Any]:
    statement = {"vulnerability": {"name": cve}, "products": [{"@id": product}], "status": status}
    statement["justification"] = "vulnerable_code_not_in_execute_path"
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex/1",
        "author": "A",
        "timestamp": "2024-06-01T00:00:00Z",
        "version": 1,
        "statements": [statement],
    }


class Journey:
    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.folder = signet.folder
        self.index = self.folder / "vuln.index"

    def write(self, name: str, value: Any) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return name

    def make_root(self) -> None:
        status = "".join(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nSource: {source}\n"
            f"Version: {version}\n\n"
            for name, (source, version) in PACKAGES.items()
        )
        self.write("root/var/lib/dpkg/status", status)
        self.write("root/etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
        for name in ("curl", "libcurl4"):
            path = self.folder / f"root/usr/share/doc/{name}/changelog.Debian.gz"
            path.parent.mkdir(parents=True)
            path.write_bytes(gzip.compress(CHANGELOG.encode(), mtime=0))
        self.signet.must("sbom", "make", "root", "--name", "cam-a", "--version", "5.2.0", "--out", "sbom.json")

    def make_feeds(self) -> None:
        shutil.copytree(VECTORS, self.folder / "feeds/public")
        for number, (product, before) in enumerate(
            (("curl", "8.4.0"), ("curl", "8.0"), ("curl", "8.1"), ("zlib", "1.3")), 1
        ):
            self.write(f"feeds/CVE-2099-000{number}.json", record(f"CVE-2099-000{number}", product, before))
        tracker = {
            "resolved": {"status": "resolved", "fixed_version": "7.88.1-10+deb12u4"},
            "open": {"status": "open"},
        }
        self.write(
            "feeds/tracker.json",
            {
                "curl": {
                    "CVE-2099-0001": {"releases": {"bookworm": tracker["resolved"]}},
                    "CVE-2099-0003": {"releases": {"bookworm": tracker["open"]}},
                }
            },
        )
        self.write("feeds/epss.csv", "cve,epss,percentile\nCVE-2099-0003,0.5,0.9\n")
        kev = {"cveID": "CVE-2099-0003", "dateAdded": "2024-02-01", "dueDate": "2024-03-01"}
        self.write("feeds/kev.json", {"catalogVersion": "1", "vulnerabilities": [kev]})
        made = self.signet.must("vuln", "index", "build", "feeds", "--index", self.index)
        expect(made["new"] >= 25 and made["ignored"] == 0, "all documents to be read", made)

    def match(self, *words: object) -> dict[str, Any]:
        done = self.signet.run("vuln", "match", "sbom.json", "--index", self.index, *words, "--json")
        expect(done.code in (0, 1), "an answer", done)
        report = done.json["report"]
        expect(done.code == (1 if report["open"] else 0), "the exit code to say whether something is open", done)
        return report

    @staticmethod
    def statuses(report: dict[str, Any]) -> dict[str, str]:
        found = {}
        for finding in report["open"] + report["resolved"]:
            if finding["vulnerability"].startswith("CVE-2099"):
                found[f"{finding['component']['name']} {finding['vulnerability'][-1]}"] = finding["status"]
        return found

    def find(self) -> None:
        expected = {f"{name} {cve}": "fixed" for name in ("curl", "libcurl4") for cve in "1"}
        # The tracker has curl and not 2: a guess by name becomes doubtful. It has 3 as open. It has no zlib at all.
        expected |= {
            f"{name} {cve}": status
            for name in ("curl", "libcurl4")
            for cve, status in (("2", "unknown"), ("3", "affected"))
        }
        expected["zlib1g 4"] = "affected"
        report = self.match("--html", "report.html")
        expect(self.statuses(report) == expected, f"the findings {expected}", self.statuses(report))
        first = report["open"][0]
        expect(first["known_exploited"]["added"] == "2024-02-01", "what is exploited to stand first", first)
        expect(first["epss"]["probability"] == 0.5 and first["score"] == 9.8, "scores", first)
        expect(first["evidence"][0]["kind"] == "debian", "the tracker to decide", first["evidence"])
        expect("before 8.1" in first["evidence"][1]["because"], "the range of the record", first["evidence"])
        html = (self.folder / "report.html").read_text(encoding="utf-8")
        expect(
            "<svg" in html and "<script" not in html and "src=" not in html and "href" not in html,
            "one page that fetches nothing",
        )
        device = self.signet.run("vuln", "device", "root", "--index", self.index, "--json").json["report"]
        for name in ("curl 2", "libcurl4 2"):
            expected[name] = "fixed"  # the tracker is silent, the installed changelog is not
        expect(self.statuses(device) == expected, f"the same of the root: {expected}", self.statuses(device))
        none = self.match("--no-names")
        expect("zlib1g 4" not in self.statuses(none), "no guess by name", self.statuses(none))
        shown = self.signet.must("vuln", "show", "CVE-2099-0003", "--index", self.index)
        expect(len(shown["documents"]) == 2 and shown["known_exploited"], "what is known of one", shown)

    def apply_vex(self) -> None:
        self.write("vex/zlib.json", vex("pkg:deb/debian/zlib1g", "CVE-2099-0004", "not_affected"))
        report = self.match("--vex", "vex")
        expect(self.statuses(report)["zlib1g 4"] == "not_affected", "VEX to take it back", report)
        decided = next(f for f in report["resolved"] if f["vulnerability"] == "CVE-2099-0004")
        expect(decided["evidence"][0]["authority"] == "given", "VEX to be the reason", decided)
        expect(decided["evidence"][1]["status"] == "affected", "the record to stay as evidence", decided)

    def unchanged(self, reason: str, code: str, *words: object) -> None:
        before = self.index.read_bytes()
        for mode in ("build", "update"):
            self.signet.refused(reason, code, "vuln", "index", mode, *words, "--index", self.index)
        expect(self.index.read_bytes() == before, f"the old index to stay ({reason})")

    def zipped(self, name: str, entries: dict[str, bytes]) -> str:
        with zipfile.ZipFile(self.folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, content in entries.items():
                archive.writestr(entry, content)
        return name

    def refuse(self) -> None:
        good = json.dumps(record("CVE-2099-0009", "a", "1")).encode()
        self.unchanged("feed.path", "invalid_input", self.zipped("climb.zip", {"a.json": good, "../b.json": good}))
        self.unchanged("feed.path", "invalid_input", self.zipped("root.zip", {"/b.json": good}))
        with tarfile.open(self.folder / "link.tar.gz", "w:gz") as archive:
            entry = tarfile.TarInfo("b.json")
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(entry)
        self.unchanged("feed.link", "invalid_input", "link.tar.gz")
        blank = b" " * (80 << 20)
        bomb = subprocess.run(["xz", "-6"], input=blank, capture_output=True, check=True).stdout
        (self.folder / "bomb.json.xz").write_bytes(bomb)
        self.unchanged("feed.bomb", "invalid_input", "bomb.json.xz")
        cut = (self.folder / self.zipped("cut.zip", {"a.json": good * 50})).read_bytes()
        (self.folder / "cut.zip").write_bytes(cut[:200])
        self.unchanged("feed.archive", "invalid_input", "cut.zip")
        inner = (self.folder / self.zipped("inner.zip", {"a.json": good})).read_bytes()
        for level in range(3):
            inner = (self.folder / self.zipped("outer.zip", {f"{level}.zip": inner})).read_bytes()
        self.unchanged("feed.archive", "invalid_input", "outer.zip")
        self.unchanged("feed.duplicate", "invalid_input", self.write("twice.json", '{"a":{"b":1,"b":2}}'))
        self.unchanged("feed.json", "invalid_input", self.write("deep.json", "[" * 100 + "]" * 100))
        (self.folder / "latin.json").write_bytes(b'{"a":"\xe9"}')
        self.unchanged("feed.json", "invalid_input", "latin.json")
        self.unchanged(
            "feed.cve",
            "invalid_input",
            self.write("bad.json", {**record("CVE-2099-0001", "a", "1"), "dataVersion": "9"}),
        )

    def archives(self) -> None:
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as archive:
            archive.writestr("cves/CVE-2099-0009.json", json.dumps(record("CVE-2099-0009", "a", "1")))
            archive.writestr("cves/notes.txt", "x")
        self.zipped("all.zip.zip", {"cves.zip": inner.getvalue()})
        made = self.signet.must("vuln", "index", "build", "all.zip.zip", "--index", "other.index")
        expect(made["new"] == 1, "an archive within an archive", made)
        again = self.signet.must("vuln", "index", "update", "all.zip.zip", "--index", "other.index")
        expect((again["same"], again["index"]["documents"]) == (1, 1), "the same to be known", again)

    def provider(self) -> None:
        """A CSAF provider with digests and signatures; skipped without GnuPG."""
        home = self.folder / "gnupg"
        home.mkdir(mode=0o700)
        environment = {**os.environ, "GNUPGHOME": str(home)}

        def gpg(*words: str) -> bytes:
            command = ["gpg", "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", *words]
            return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

        if shutil.which("gpg") is None:
            print("  gpg is not installed: signatures were not tried")
            return
        try:
            for name in ("publisher", "mallory"):
                gpg("--quick-gen-key", f"{name} <{name}@example.com>", "ed25519", "sign", "never")
                (self.folder / f"{name}.asc").write_bytes(gpg("--armor", "--export", name))
            document = self.folder / "csaf/2023/icsa-23-206-01.json"
            document.parent.mkdir(parents=True)
            shutil.copy(VECTORS / "csaf/icsa-23-206-01.json", document)
            digest = hashlib.sha512(document.read_bytes()).hexdigest()
            document.with_name(document.name + ".sha512").write_text(f"{digest}  {document.name}\n", encoding="ascii")
            self.write("csaf/index.txt", "2023/icsa-23-206-01.json\n")
            self.write("csaf/changes.csv", '"2023/icsa-23-206-01.json","2023-07-25T00:00:00Z"\n')
            words = ("csaf", "--openpgp-keys", "publisher.asc")
            self.unchanged("feed.signature", "untrusted", *words)
            gpg("--local-user", "publisher", "--armor", "--detach-sign", str(document))
            made = self.signet.must("vuln", "index", "build", *words, "--index", "csaf.index")
            expect(made["new"] == 1, "a signed document", made)
            gpg("--local-user", "mallory", "--armor", "--detach-sign", str(document))
            self.unchanged("feed.signature", "untrusted", *words)
            document.write_bytes(document.read_bytes() + b"\n")
            self.unchanged("feed.hash", "untrusted", "csaf")
            self.write("csaf/index.txt", "2023/icsa-23-206-01.json\n2023/other.json\n")
            self.unchanged("feed.listed", "not_found", "csaf")
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False)

    def kill(self) -> None:
        if self.signet.crash_lib is None:
            print("  no --crash-lib: kills were not tried")
            return
        before = self.index.read_bytes()

        def check() -> None:
            expect(self.index.read_bytes() == before, "the old index after a kill, or the new one whole")

        self.write("one.json", record("CVE-2099-0009", "a", "1"))
        words = ("vuln", "index", "update", "one.json", "--index", self.index, "--json")
        seen = []

        def after() -> None:
            if self.index.read_bytes() != before:
                seen.append(self.signet.must("vuln", "index", "info", "--index", self.index))
            else:
                check()

        done, kills = kill_through(lambda call: self.signet.run(*words, crash_at=call), after)
        expect(done.code == 0 and kills >= 3, "the update to get through after some kills", (done, kills))
        left = [path.name for path in self.folder.iterdir() if ".new-" in path.name]
        expect(left == [], "nothing to be left over", left)
        print(f"P_VULN_024: {kills} kills, an index after each of them")


# The promises that a run proves, by name.
PROVEN = ("P_VULN_023", "P_VULN_024")


def journey(_: argparse.Namespace, signet: Signet) -> None:
    one = Journey(signet)
    one.make_root()
    one.make_feeds()
    one.find()
    one.apply_vex()
    one.refuse()
    one.archives()
    one.provider()
    one.kill()
    print(f"{', '.join(PROVEN)}: proven")


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey))
