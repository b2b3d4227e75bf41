#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_CASE_024: one case by the command line alone, from the report to the published folder.

The clocks of the law and of the CVE program, an embargo that holds, every document judged by `signet advisory
validate`, digests and signatures checked by other programs, the published folder read back by `signet vuln`, the
ledger's proof of each step; kills at every write, and several writers at once.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import email
import email.policy
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree
from typing import Any

from journey import Signet, difference, expect, snapshot, travel
from kills import kill_through

ID = "EXAMPLE-2026-001"
FACTS: dict[str, Any] = {
    "title": "Restart of Camera OS without login",
    "description": "A missing check in Camera OS lets anybody on the network restart the camera.",
    "cve": "CVE-2026-12345",
    "cwe": ["CWE-306"],
    "cvss": ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"],
    "products": [
        {
            "vendor": "Example Company",
            "name": "Camera OS",
            "purl": "pkg:generic/example/camera-os",
            "cpe": "cpe:2.3:o:example:camera_os:*:*:*:*:*:*:*:*",
            "status": "affected",
            "affected": "vers:semver/>=1.0.0|<1.2.3|>=2.0.0|<2.0.5",
            "fixed": ["1.2.3", "2.0.5"],
            "releases": ["0.9.0", "1.0.0", "1.2.2", "1.2.3", "2.0.4", "2.0.5"],
        },
        {
            "vendor": "Example Company",
            "name": "Recorder",
            "purl": "pkg:generic/example/recorder",
            "status": "not_affected",
            "justification": "vulnerable_code_not_present",
        },
    ],
    "credits": [{"name": "A. Finder", "role": "finder"}],
    "references": [{"summary": "How to update", "url": "https://example.com/update"}],
    "made_available": ["DE", "FR"],
}
# Where a version stands, as the facts above say it.
VERDICTS = {"0.9.0": 0, "1.0.0": 1, "1.2.2": 1, "1.2.3": 0, "1.9.0": 0, "2.0.4": 1, "2.0.5": 0}
FORMS = ("csaf-2.0", "csaf-2.1", "cve-5.1", "cve-5.2", "openvex", "cyclonedx")


class Case:
    def __init__(self, signet: Signet) -> None:
        self.signet = signet
        self.folder = signet.folder

    def must(self, verb: str, *words: object) -> dict[str, Any]:
        return self.signet.must("advisory", verb, "cases", *words)

    def refused(self, reason: str, code: str, verb: str, *words: object) -> None:
        self.signet.refused(reason, code, "advisory", verb, "cases", *words)

    def advance(self, state: str, *more: str) -> None:
        done = self.must("advance", ID, state, "--by", "alice", *more)
        expect(done["state"] == state, state, done)

    def begin(self) -> None:
        self.refused("store.none", "not_found", "list")
        words = ("--publisher", "Example Company", "--url", "https://example.com", "--prefix", "EXAMPLE")
        more = ("--base", "https://example.com/security", "--contact", "mailto:psirt@example.com")
        cna = ("--cna-org", "8254265b-2729-46b6-b9e3-3dfca2d5bfca", "--cna-name", "example")
        self.must("init", *words, *more, *cna)
        expect((self.folder / "cases").stat().st_mode & 0o77 == 0, "nobody else may look into the cases")
        report = ("--title", "Restart", "--reporter", "Secret Person", "--at", "2026-02-01T08:00:00Z")
        begun = self.must("new", *report, "--id", ID)
        expect(begun["id"] == ID and begun["entry"] == 0, "the first case", begun)
        (self.folder / "facts.json").write_text(json.dumps(FACTS), encoding="utf-8")

    def deadlines(self, at: str, code: int) -> dict[str, str]:
        done = self.signet.run("advisory", "clocks", "cases", ID, "--at", at, "--json")
        expect(done.code == code, f"exit code {code} of the clocks at {at}", done)
        answer = done.json
        return {one["what"]: one["state"] for one in (answer if code else answer["result"])["clocks"]}

    def handle(self) -> None:
        """The states and the clocks."""
        expect(self.deadlines("2026-02-02T00:00:00Z", 0) == {"cna-answer": "running"}, "one clock")
        expect(self.deadlines("2026-02-05T00:00:00Z", 1) == {"cna-answer": "overdue"}, "an answer that is overdue")
        self.refused("case.step", "conflict", "advance", ID, "published")
        self.advance("triaged", "--at", "2026-02-02T08:00:00Z")
        self.refused("case.needs", "conflict", "advance", ID, "confirmed")
        self.refused("case.range", "invalid_input", "set", ID, "--facts", self.spoilt("affected", "before 1.2.3"))
        self.refused("case.purl", "invalid_input", "set", ID, "--facts", self.spoilt("purl", "pkg:generic/x@1"))
        self.must("set", ID, "--facts", "facts.json", "--at", "2026-02-03T08:00:00Z")
        self.refused("case.same", "usage", "set", ID, "--facts", "facts.json")
        self.advance("confirmed", "--at", "2026-02-03T09:00:00Z")
        self.must("set", ID, "--exploited", "2026-02-04T10:00:00Z", "--at", "2026-02-04T11:00:00Z")
        running = self.deadlines("2026-02-05T09:59:59Z", 0)
        expect(running["cra-early-warning"] == "running", "an early warning in 24 hours", running)
        expect(self.deadlines("2026-02-05T10:00:01Z", 1)["cra-early-warning"] == "overdue", "24 hours are over")
        self.must("set", ID, "--sent", "cra-early-warning", "--at", "2026-02-05T09:00:00Z")
        expect(self.deadlines("2026-02-06T00:00:00Z", 0)["cra-early-warning"] == "met", "it was sent in time")
        draft = self.signet.run("advisory", "document", "cases", ID, "--form", "cra-notification").out.decode()
        expect("2026-02-07T10:00:00Z (Regulation (EU) 2024/2847 Article 14(2)(b))" in draft, "72 hours", draft)

    def spoilt(self, member: str, value: str) -> str:
        products = [dict(FACTS["products"][0], **{member: value})]
        (self.folder / "spoilt.json").write_text(json.dumps({"products": products}), encoding="utf-8")
        return "spoilt.json"

    def embargo(self) -> None:
        """Nothing is public before the agreed time, whatever is tried."""
        self.must("set", ID, "--embargo", "2999-01-01T00:00:00Z")
        self.refused("case.embargo", "denied", "advance", ID, "published")
        made = self.must("publish", "site")
        expect(made["advisories"] == 0, "nothing to be published", made)
        everything = b"".join(path.read_bytes() for path in (self.folder / "site").rglob("*") if path.is_file())
        expect(b"Restart" not in everything and ID.encode() not in everything, "no word of the case in the site")
        self.must("set", ID, "--embargo", "none")
        self.advance("fix_available")
        self.advance("published", "--note", "Initial version.")
        self.must("publish", "site")
        before = snapshot(self.folder / "site")
        self.must("set", ID, "--embargo", "2999-01-01T00:00:00Z")
        self.refused("case.embargo", "denied", "publish", "site")
        expect(not difference(before, snapshot(self.folder / "site")), "the site as it was")
        self.must("set", ID, "--embargo", "none")

    def documents(self) -> None:
        """Every form, judged; the same again is the same."""
        site = self.folder / "site"
        for folder in (self.document(site).parent, "openvex", "cyclonedx", ".well-known/csaf"):
            judged = self.signet.must("advisory", "validate", site / folder)
            expect(judged["documents"] == 1 and judged["not_valid"] == 0, f"a valid document in {folder}", judged)
        judged = self.signet.must("cve", "validate", site / "cve")
        expect(judged["documents"] == 1 and judged["not_valid"] == 0, "a valid record", judged)
        weights = {finding["weight"] for report in judged["reports"] for finding in report["findings"]}
        expect(weights <= {"note"}, "nothing but notes on the record", judged)
        for form in FORMS:
            words = ("advisory", "document", "cases", ID, "--form", form, "--published")
            self.signet.must(*words, "--out", f"{form}.json")
            self.signet.must("advisory", "validate", f"{form}.json")
            text = (self.folder / f"{form}.json").read_text(encoding="utf-8")
            expect("Secret" not in text and "alice" not in text, "nothing of the inside")
            expect(self.signet.run(*words).out.decode() == text, "the same document again")
        self.refused("document.no-ecosystem", "unsupported", "document", ID, "--form", "osv")
        mail = email.message_from_bytes(
            self.signet.run("advisory", "document", "cases", ID, "--form", "mail").out, policy=email.policy.default
        )
        expect(mail["Subject"] == f"{ID} (HIGH): {FACTS['title']}" and not mail.defects, "a mail", mail["Subject"])
        expect("1.2.3" in mail.get_content(), "the fixed version in the mail", mail.get_content())
        feed = xml.etree.ElementTree.parse(site / "feed.atom").getroot()
        entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
        expect(len(entries) == 1, "one entry in the feed", entries)
        self.digests()

    @staticmethod
    def document(site: pathlib.Path) -> pathlib.Path:
        """The one CSAF document, by the provider's own index."""
        index = (site / "csaf/white/index.txt").read_text(encoding="ascii")
        expect(index.endswith("/example-2026-001.json\n") and index.count("\n") == 1, "one line in index.txt", index)
        return site / "csaf/white" / index.strip()

    def digests(self) -> None:
        site = self.folder / "site"
        document = self.document(site)
        for name in ("sha256", "sha512"):
            line = document.with_name(f"{document.name}.{name}").read_text(encoding="ascii")
            digest = hashlib.new(name, document.read_bytes()).hexdigest()
            expect(line == f"{digest}  {document.name}\n", f"the {name} of the document", line)
        base = "https://example.com/security/"
        metadata = json.loads((site / ".well-known/csaf/provider-metadata.json").read_text(encoding="utf-8"))
        rolie = metadata["distributions"][1]["rolie"]["feeds"][0]["url"]
        feed = json.loads((site / rolie.removeprefix(base)).read_text(encoding="utf-8"))["feed"]
        for link in feed["entry"][0]["link"]:
            expect((site / link["href"].removeprefix(base)).is_file(), "what the feed links to", link)

    def read_back(self) -> None:
        """The published folder as a feed: the same verdict on each version, by all documents together and by each."""
        sources = [self.folder / "site"] + [self.folder / f"{form}.json" for form in FORMS]
        for source in sources:
            self.signet.must("vuln", "index", "build", source, "--index", "site.index")
            for version, is_open in VERDICTS.items():
                if version == "1.9.0" and source.name == "openvex.json":
                    continue  # it lists releases, and this was never one
                component = {
                    "type": "firmware",
                    "name": "Camera OS",
                    "version": version,
                    "purl": f"pkg:generic/example/camera-os@{version}",
                    "cpe": f"cpe:2.3:o:example:camera_os:{version}:*:*:*:*:*:*:*",
                }
                bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [component]}
                (self.folder / "bill.json").write_text(json.dumps(bill), encoding="utf-8")
                done = self.signet.run("vuln", "match", "bill.json", "--index", "site.index", "--json")
                expect(done.code == is_open, f"{source.name} on {version}: {'open' if is_open else 'nothing'}", done)

    def ledger(self) -> None:
        """The last step is proven by the ledger alone."""
        must = self.signet.must
        must("key", "generate", "file:keys?passphrase=none", "--label", "log", "--algorithm", "ed25519")
        key = "file:keys?label=log&passphrase=none"
        must("ledger", "checkpoint", "cases/ledger", "--key", key)
        must("ledger", "vkey", "--key", key, "--name", "example.com/advisories", "--out", "log.vkey")
        shown = self.must("show", ID, "--entry")
        (self.folder / "entry").write_text(shown["entry"], encoding="utf-8")
        must("ledger", "prove", "cases/ledger", str(shown["index"]), "--out", "proof")
        must("ledger", "check", "proof", "entry", "--log-key", "log.vkey")
        digest = hashlib.sha256((self.folder / f"cases/cases/{ID}.json").read_bytes()).hexdigest()
        expect(json.loads(shown["entry"])["sha256"] == digest, "the digest of the case's file in the ledger", shown)

    def kills(self) -> int:
        """A step is in the file and in the ledger or in neither; a site is the old one or the new one."""
        if self.signet.crash_lib is None:
            print("  no --crash-lib: kills were not tried")
            return 0
        count = 0
        for torn in (False, True):
            title = f"Killed {torn}"
            before = self.must("show", ID)

            def after_kill() -> None:
                seen = self.must("show", ID)
                expect(
                    len(seen["history"]) in (len(before["history"]), len(before["history"]) + 1), "one step at most"
                )

            words = ("advisory", "set", "cases", ID, "--title", title, "--json")
            done, kills = kill_through(lambda call: self.signet.run(*words, crash_at=call, torn=torn), after_kill)
            # A kill after the ledger's entry leaves the step done: then nothing is left to change.
            expect(done.code == 0 or done.json["error"]["reason"] == "case.same", "the step is done", done)
            count += kills
            after = self.must("show", ID)
            entries = [step["entry"] for step in after["history"]]
            expect(after["facts"]["title"] == title, "the new title", after["facts"])
            expect(entries == list(range(len(entries))), "every step is in the ledger once, in order", entries)
            self.advance("published", "--note", title)
            old, site = snapshot(self.folder / "site"), self.folder / "site"
            self.must("publish", "other")
            new = snapshot(self.folder / "other")
            shutil.rmtree(self.folder / "other")

            def site_is_whole() -> None:
                expect(snapshot(site) in (old, new), "the old site or the new one, whole")

            words = ("advisory", "publish", "cases", "site", "--json")
            done, kills = kill_through(lambda call: self.signet.run(*words, crash_at=call, torn=torn), site_is_whole)
            expect(done.code == 0 and snapshot(site) == new, "the new site", done)
            count += kills
        expect(not (self.folder / ".site.new").exists(), "nothing left beside the site")
        return count

    def writers_at_once(self) -> None:
        before = len(self.must("show", ID)["history"])
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            words = [("--description", f"Written by {number}, and long enough.") for number in range(8)]
            done = list(pool.map(lambda more: self.signet.run("advisory", "set", "cases", ID, *more), words))
        expect(all(one.code == 0 for one in done), "every writer gets through", [one.code for one in done])
        history = self.must("show", ID)["history"]
        expect(len(history) == before + 8, "eight more steps", len(history))
        expect([step["entry"] for step in history] == list(range(len(history))), "one entry for each step", history)

    def signed(self) -> None:
        """A trusted provider: signatures by GnuPG, kept as long as the documents are the same."""
        if shutil.which("gpg") is None:
            print("  gpg is not installed: signatures were not tried")
            return
        home = self.folder / "gnupg"
        home.mkdir(mode=0o700)
        environment = {**os.environ, "GNUPGHOME": str(home)}

        def gpg(*words: str) -> bytes:
            command = ["gpg", "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", *words]
            return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

        try:
            gpg("--quick-gen-key", "psirt <psirt@example.com>", "ed25519", "sign", "never")
            listed = gpg("--list-secret-keys", "--with-colons").decode().splitlines()
            fingerprint = next(line.split(":")[9] for line in listed if line.startswith("fpr:"))
            words = ("signed", "--openpgp-key", fingerprint, "--openpgp-home", home)
            self.refused("openpgp.key", "not_found", "publish", "signed", "--openpgp-key", "0" * 40, *words[3:])
            first = self.must("publish", *words)
            expect(first["signatures_new"] == 1, "one signature", first)
            before = snapshot(self.folder / "signed")
            again = self.must("publish", *words)
            expect(not again["changed"] and again["signatures_new"] == 0, "nothing new", again)
            expect(not difference(before, snapshot(self.folder / "signed")), "the same folder")
            site = self.folder / "signed"
            document = self.document(site)
            gpg("--verify", f"{document}.asc", str(document))
            public = site / f"openpgp/{fingerprint}.asc"
            self.signet.must("vuln", "index", "build", site, "--openpgp-keys", public, "--index", "signed.index")
            judged = self.signet.must("advisory", "validate", site / ".well-known/csaf")
            expect(judged["not_valid"] == 0, "valid metadata", judged)
            metadata = json.loads((site / ".well-known/csaf/provider-metadata.json").read_text(encoding="utf-8"))
            expect(metadata["role"] == "csaf_trusted_provider", "a trusted provider", metadata)
            expect(metadata["public_openpgp_keys"][0]["fingerprint"] == fingerprint, "its key", metadata)
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False)


def life(_: argparse.Namespace, signet: Signet) -> None:
    case = Case(signet)
    case.begin()
    case.handle()
    case.embargo()
    case.documents()
    case.read_back()
    case.ledger()
    case.signed()
    kills = case.kills()
    case.writers_at_once()
    print(f"P_CASE_024: one case from report to publication, {len(FORMS)} forms read back, {kills} kills")


if __name__ == "__main__":
    sys.exit(travel(__doc__, life))
