#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Advisories and records by the command line alone: an advisory that is good, each way to spoil it with the test that
says so, folders, one document a line, recorded links, spelling, and records whose scores and ranges are wrong."""

from __future__ import annotations

import argparse
import copy
import json
import sys
from typing import Any, Callable

from journey import Signet, expect, travel

TIME = "2026-03-01T10:00:00Z"
ADVISORY: dict[str, Any] = {
    "document": {
        "category": "csaf_security_advisory",
        "csaf_version": "2.0",
        "distribution": {"tlp": {"label": "WHITE"}},
        "lang": "en",
        "notes": [{"category": "summary", "text": "A flaw lets anyone restart the camera.", "title": "Summary"}],
        "publisher": {"category": "vendor", "name": "Example Company", "namespace": "https://example.com"},
        "references": [
            {
                "category": "self",
                "summary": "Canonical URL",
                "url": "https://example.com/csaf/white/2026/example-2026-001.json",
            }
        ],
        "title": "Restart without login",
        "tracking": {
            "current_release_date": TIME,
            "id": "EXAMPLE-2026-001",
            "initial_release_date": TIME,
            "revision_history": [{"date": TIME, "number": "1", "summary": "Initial version."}],
            "status": "final",
            "version": "1",
        },
    },
    "product_tree": {
        "branches": [
            {
                "branches": [
                    {
                        "branches": [
                            {
                                "category": "product_version",
                                "name": "1.0",
                                "product": {
                                    "name": "Example Camera 1.0",
                                    "product_id": "CAM-1.0",
                                    "product_identification_helper": {"model_numbers": ["CAM-1"]},
                                },
                            }
                        ],
                        "category": "product_name",
                        "name": "Camera",
                    }
                ],
                "category": "vendor",
                "name": "Example Company",
            }
        ]
    },
    "vulnerabilities": [
        {
            "cve": "CVE-2026-12345",
            "cwe": {"id": "CWE-306", "name": "Missing Authentication for Critical Function"},
            "notes": [{"category": "description", "text": "Anyone can restart the camera."}],
            "product_status": {"known_affected": ["CAM-1.0"]},
            "remediations": [
                {"category": "vendor_fix", "details": "Install version 1.1.", "product_ids": ["CAM-1.0"]}
            ],
            "scores": [
                {
                    "cvss_v3": {
                        "baseScore": 7.5,
                        "baseSeverity": "HIGH",
                        "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
                        "version": "3.1",
                    },
                    "products": ["CAM-1.0"],
                }
            ],
        }
    ],
}


def vulnerability(document: dict[str, Any]) -> dict[str, Any]:
    return document["vulnerabilities"][0]


# What is done to the good advisory, the test that must say so, where, and whether the document stays valid.
SPOILT: list[tuple[Callable[[dict[str, Any]], Any], str, str, bool]] = [
    (
        lambda d: vulnerability(d)["product_status"].update(known_affected=["CAM-2.0"]),
        "6.1.1",
        "/vulnerabilities/0/product_status/known_affected/0",
        False,
    ),
    (
        lambda d: vulnerability(d)["scores"][0]["cvss_v3"].update(baseScore=9.8),
        "6.1.9",
        "/vulnerabilities/0/scores/0/cvss_v3/baseScore",
        False,
    ),
    (lambda d: vulnerability(d)["cwe"].update(name="Something else"), "6.1.11", "/vulnerabilities/0/cwe", False),
    (lambda d: d["document"].update(lang="xx"), "6.1.12", "/document/lang", False),
    (lambda d: d["document"]["tracking"].update(version="2"), "6.1.16", "/document/tracking/version", False),
    (lambda d: d["document"].update(title=7), "schema", "/document/title", False),
    (
        lambda d: vulnerability(d).pop("remediations"),
        "6.2.2",
        "/vulnerabilities/0/product_status/known_affected/0",
        True,
    ),
    (lambda d: vulnerability(d).pop("cve"), "6.3.3", "/vulnerabilities/0", True),
    (lambda d: d["document"].update(zz_more=1), "6.2.20", "/document/zz_more", True),
]


def judge(signet: Signet, document: Any, *words: str, noun: str = "advisory") -> tuple[int, dict[str, Any]]:
    (signet.folder / "one.json").write_text(json.dumps(document, sort_keys=True), encoding="utf-8")
    done = signet.run(noun, "validate", "one.json", *words, "--json")
    return (
        done.code,
        json.loads(done.out)["reports"][0] if done.code == 1 else json.loads(done.out)["result"]["reports"][0],
    )


def life(_: argparse.Namespace, signet: Signet) -> None:
    code, report = judge(signet, ADVISORY)
    expect(code == 0 and report["valid"] and report["kind"] == "csaf-2.0", "the good advisory to be valid", report)
    expect(not report["findings"], "nothing to be found in it", report["findings"])

    for spoil, test, path, stays_valid in SPOILT:
        document = copy.deepcopy(ADVISORY)
        spoil(document)
        code, report = judge(signet, document)
        found = [one for one in report["findings"] if one["test"] == test and one["path"] == path]
        expect(found and found[0]["remedy"], f"a finding of {test} at {path}", report["findings"])
        expect(report["valid"] == stays_valid and code == (0 if stays_valid else 1), f"valid: {stays_valid}", report)

    links(signet)
    lines(signet)
    folders(signet)
    records(signet)


def links(signet: Signet) -> None:
    """Links are judged by recorded answers, texts by a dictionary; only when asked to."""
    (signet.folder / "answers").write_text("https://example.com/csaf/white/2026/example-2026-001.json 404\n")
    _, report = judge(signet, ADVISORY, "--links", "answers")
    expect([one["test"] for one in report["findings"]].count("6.3.7") == 1, "a dead link to itself", report)
    document = copy.deepcopy(ADVISORY)
    document["document"]["notes"][0]["text"] = "A flaw lets anyone restrat the camera."
    _, report = judge(signet, document, "--spelling")
    expect(any(one["test"] == "6.3.8" and "restrat" in one["text"] for one in report["findings"]), "6.3.8", report)


def lines(signet: Signet) -> None:
    """One document a line; a line that is none does not stop the others."""
    texts = [json.dumps(ADVISORY), "no JSON", json.dumps({"a": 1}), json.dumps(ADVISORY)]
    done = signet.run("advisory", "validate", stdin="\n".join(texts).encode())
    answers = [json.loads(line) for line in done.out.splitlines()]
    expect(done.code == 1 and len(answers) == 4, "four answers and exit code 1", answers)
    expect([a.get("error") for a in answers] == [None, "json.syntax", "advisory.kind", None], "two errors", answers)
    expect(answers[0] == answers[3] and answers[0]["valid"], "the same answer twice", answers)


def folders(signet: Signet) -> None:
    folder = signet.folder / "advisories/2026"
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.json").write_text(json.dumps(ADVISORY), encoding="utf-8")
    done = signet.run("advisory", "validate", "advisories", "--quiet", "--tests", "basic")
    expect(done.code == 0 and b"3 documents, 0 not valid" in done.out, "three valid documents", done)
    (folder / "0.json").write_text("{", encoding="utf-8")
    done = signet.run("advisory", "validate", "advisories", "--lines")
    expect(done.code == 1 and done.out.count(b'"valid":true') == 2, "two valid documents and one that is none", done)


def records(signet: Signet) -> None:
    owner = "8254265b-2729-46b6-b9e3-3dfca2d5bfca"
    record: dict[str, Any] = {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2026-12345", "assignerOrgId": owner, "state": "PUBLISHED"},
        "containers": {
            "cna": {
                "providerMetadata": {"orgId": owner},
                "descriptions": [{"lang": "en", "value": "Example Camera before 1.1 lets anyone restart it."}],
                "references": [{"url": "https://example.com/1"}],
                "affected": [
                    {
                        "vendor": "Example",
                        "product": "Camera",
                        "versions": [{"version": "<1.1", "status": "affected"}],
                    }
                ],
            }
        },
    }
    code, report = judge(signet, record, noun="cve")
    tests = {one["test"] for one in report["findings"]}
    expect(code == 0 and {"cve.range-text", "cve.no-cwe", "cve.no-score"} <= tests, "range, weakness, score", report)
    record["cveMetadata"]["state"] = "PUBLIC"
    code, report = judge(signet, record, noun="cve")
    expect(code == 1 and not report["valid"], "a record of an unknown state not to be valid", report)


if __name__ == "__main__":
    sys.exit(travel(__doc__, life))
