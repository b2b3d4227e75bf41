#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Feeds, index and matching of vulnerabilities: how fast, and how often wrong.

Speed: CVE records (--records, repeated under identifiers of their own until there are --count) are read into an index,
beside jq and Python's json in the same run, and beside simdjson's bare parser (bench_feeds); then the packages of this
Debian system are matched against them, with the index out of the page cache.

Truth: the changelogs of the installed packages. Where an entry names a CVE and keeps upstream's version, that version
was vulnerable and the package no longer is. For each such CVE a record is made that says of upstream "everything up to
this version", as records do; so every match is a false alarm. As many records that nobody has repaired are added; each
must be found. What is counted is how many of either kind each way of matching gets wrong: by upstream's version alone
(as a scanner of banners does), with the changelogs, with VEX in their place, and with the distribution's tracker.
"""

import argparse
import gzip
import io
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import time


def run(name, command, codes=(0,), **more):
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, check=False, **more)
    took = time.monotonic() - began
    if done.returncode not in codes:
        sys.exit(f"FAILED: {name}: {done.stderr.decode(errors='replace')[:500]}{done.stdout[:500]}")
    return took, done.stdout


def repeated(records, count):
    """`count` records with identifiers of their own."""
    texts = []
    with tarfile.open(records) as archive:
        for entry in archive:
            if entry.isfile() and entry.name.endswith(".json"):
                texts.append((pathlib.Path(entry.name).stem, archive.extractfile(entry).read()))
    for number in range(count):
        name, text = texts[number % len(texts)]
        new = f"CVE-{1999 + number // 40000}-{10000 + number % 40000}"
        yield new, text.replace(name.encode(), new.encode())


def write_volume(folder, records, count):
    sizes = 0
    (folder / "volume").mkdir()
    with tarfile.open(folder / "volume.tar", "w") as archive:
        for number, (name, text) in enumerate(repeated(records, count)):
            below = folder / "volume" / f"{number // 1000}xxx"
            below.mkdir(exist_ok=True)
            (below / f"{name}.json").write_bytes(text)
            entry = tarfile.TarInfo(f"{number // 1000}xxx/{name}.json")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
            sizes += len(text)
    return sizes


def forget(path):
    """Takes a file out of the page cache."""
    with open(path, "rb") as file:
        os.fdatasync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def best(runs, work):
    return min(work() for _ in range(runs))


def speed(arguments, folder):
    size = write_volume(folder, arguments.records, arguments.count) / 1e6
    rows = []

    def signet(*words, codes=(0,)):
        return run(words[0], [arguments.signet, "vuln", *words], codes)[0]

    def build(source):
        return lambda: signet("index", "build", source, "--index", folder / "vuln.index")

    python = "import json,sys,pathlib\nfor p in pathlib.Path(sys.argv[1]).rglob('*.json'): json.loads(p.read_bytes())"
    ours = best(arguments.runs, build(folder / "volume"))
    peer, _ = run("python", [sys.executable, "-c", python, folder / "volume"])
    rows.append(("read and index a folder, beside Python's json", size / ours, size / peer, "MB/s"))
    ours = best(arguments.runs, build(folder / "volume.tar"))
    part = sorted((folder / "volume/0xxx").iterdir())
    part_size = sum(path.stat().st_size for path in part) / 1e6
    peer, _ = run("jq", ["jq", "-c", ".cveMetadata.cveId", *part])
    rows.append(("read and index a tar archive, beside jq that parses a part", size / ours, part_size / peer, "MB/s"))
    _, out = run("bench_feeds", [arguments.bench_feeds, folder / "volume.tar"])
    memory = json.loads(out)
    rows.append(
        ("validate records, beside simdjson's bare parser", memory["read_mb_s"], memory["bare_parse_mb_s"], "MB/s")
    )
    rows.append(
        ("validate and index, beside simdjson's bare parser", memory["index_mb_s"], memory["bare_parse_mb_s"], "MB/s")
    )
    again = best(
        arguments.runs, lambda: signet("index", "update", folder / "volume.tar", "--index", folder / "vuln.index")
    )
    rows.append(("update with nothing new, beside building anew", size / again, size / ours, "MB/s"))
    opened = best(arguments.runs, lambda: signet("index", "info", "--index", folder / "vuln.index"))
    empty = best(arguments.runs, lambda: run("help", [arguments.signet, "help", "exit-codes"])[0])
    rows.append(("open the index, beside `signet help`", 1 / opened, 1 / empty, "1/s"))
    run("sbom", [arguments.signet, "sbom", "make", "/", "--out", folder / "sbom.json"])
    count = len(json.loads((folder / "sbom.json").read_text())["components"])

    def match():
        forget(folder / "vuln.index")
        return signet("match", folder / "sbom.json", "--index", folder / "vuln.index", codes=(0, 1))

    cold = best(arguments.runs, match)
    load, _ = run(
        "python", [sys.executable, "-c", "import json,sys; json.load(open(sys.argv[1]))", folder / "sbom.json"]
    )
    what = f"match {count} packages with {arguments.count} records, cold, beside Python reading the bill"
    rows.append((what, 1 / cold, 1 / load, "1/s"))
    return rows, {
        "records": arguments.count,
        "megabytes": size,
        "index_bytes": (folder / "vuln.index").stat().st_size,
        "match_seconds": cold,
        "open_seconds": opened,
        "start_seconds": empty,
    }


HEADING = re.compile(r"^(\S+) \(([^)]+)\) [^;]*;")
CVE = re.compile(r"CVE-\d{4}-\d{4,}")


def upstream(version):
    return version.split(":", 1)[-1].rsplit("-", 1)[0]


def repaired_in_place():
    """(source, its version, CVE): the newest entry that names the CVE kept upstream's version of the entry before, and
    that upstream version is still the one that is installed."""
    form = "${Package}\\t${source:Package}\\t${source:Version}\\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in listed.splitlines():
        package, source, version = line.split("\t")
        path = pathlib.Path(f"/usr/share/doc/{package}/changelog.Debian.gz")
        if not path.exists() or source in {key[0] for key in found}:
            continue
        entries = []
        for text in gzip.open(path, "rt", errors="replace"):
            heading = HEADING.match(text)
            if heading:
                entries.append((heading[2], set()))
            elif entries and "revert" not in text.lower():
                entries[-1][1].update(CVE.findall(text))
        for (newer, cves), (older, _) in zip(entries, entries[1:]):
            if upstream(newer) == upstream(older) == upstream(version):
                for cve in cves:
                    found[(source, cve)] = version
    return found


def record(cve, product, last):
    version = {"status": "affected", "version": "0", "lessThanOrEqual": last, "versionType": "custom"}
    cna = {"providerMetadata": {"orgId": "x"}, "descriptions": [{"lang": "en", "value": product}]}
    cna["affected"] = [{"vendor": product, "product": product, "versions": [version], "defaultStatus": "unaffected"}]
    metadata = {"cveId": cve, "state": "PUBLISHED", "dateUpdated": "2024-01-01T00:00:00"}
    return {"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": metadata, "containers": {"cna": cna}}


def vex(pairs):
    statements = [
        {"vulnerability": {"name": cve}, "products": [{"@id": f"pkg:deb/debian/{source}"}], "status": "fixed"}
        for source, cve in pairs
    ]
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/bench",
        "author": "bench",
        "timestamp": "2024-01-01T00:00:00Z",
        "version": 1,
        "statements": statements,
    }


def wrong(arguments, folder, repaired, real, words, index="truth.index"):
    """How many of each kind one way of matching gets wrong, by source package and CVE."""
    command = [arguments.signet, "vuln", "device", "/", "--index", folder / index, "--json", *words]
    if "--no-history" in words:
        words = [word for word in words if word != "--no-history"]
        command = [
            arguments.signet,
            "vuln",
            "match",
            folder / "sbom.json",
            "--index",
            folder / index,
            "--json",
            *words,
        ]
    _, out = run("match", command, (0, 1))
    alarms = {
        finding["vulnerability"] for finding in json.loads(out)["report"]["open"] if finding["status"] == "affected"
    }
    return {
        "false_alarms": len(alarms & repaired),
        "of": len(repaired),
        "missed": len(real - alarms),
        "of_real": len(real),
    }


def truth(arguments, folder):
    pairs = repaired_in_place()
    # One CVE may have been repaired in several packages; each is asked for once.
    owners = {}
    for (source, cve), version in sorted(pairs.items()):
        owners.setdefault(cve, (source, version))
    chosen = random.Random(1).sample(sorted(owners), min(len(owners), 5000))
    sources = sorted({owners[cve] for cve in chosen})
    (folder / "truth").mkdir()
    real = set()
    tracker = {}
    for cve in chosen:
        source, version = owners[cve]
        (folder / "truth" / f"{cve}.json").write_text(json.dumps(record(cve, source, upstream(version))))
        fixed = {"releases": {"bookworm": {"status": "resolved", "fixed_version": version}}}
        tracker.setdefault(source, {})[cve] = fixed
    for number in range(len(chosen)):
        source, version = sources[number % len(sources)]
        cve = f"CVE-2098-{10000 + number}"
        real.add(cve)
        (folder / "truth" / f"{cve}.json").write_text(json.dumps(record(cve, source, upstream(version))))
        tracker.setdefault(source, {})[cve] = {"releases": {"bookworm": {"status": "open"}}}
    run("sbom", [arguments.signet, "sbom", "make", "/", "--out", folder / "sbom.json"])
    run("index", [arguments.signet, "vuln", "index", "build", folder / "truth", "--index", folder / "truth.index"])
    (folder / "vex.json").write_text(json.dumps(vex([(owners[cve][0], cve) for cve in chosen])))
    (folder / "tracker.json").write_text(json.dumps(tracker))
    run(
        "index",
        [
            arguments.signet,
            "vuln",
            "index",
            "build",
            folder / "truth",
            folder / "tracker.json",
            "--index",
            folder / "tracked.index",
        ],
    )
    repaired = set(chosen)
    ways = {
        "by upstream's version alone": (["--no-history"], "truth.index"),
        "with the installed changelogs": ([], "truth.index"),
        "with VEX in their place": (["--no-history", "--vex", folder / "vex.json"], "truth.index"),
        "with the distribution's tracker": (["--no-history"], "tracked.index"),
    }
    return {way: wrong(arguments, folder, repaired, real, words, index) for way, (words, index) in ways.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signet", default="build/release/cli/signet")
    parser.add_argument("--bench-feeds", default="build/release/bench/bench_feeds")
    parser.add_argument("--records", type=pathlib.Path, help="a tar archive of CVE records; $SIGNET_VECTORS has one")
    parser.add_argument("--count", type=int, default=44_130)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    vectors = os.environ.get("SIGNET_VECTORS")
    if arguments.records is None and vectors:
        arguments.records = pathlib.Path(vectors) / "psirt/vulnrichment-1500.tar.xz"
    if arguments.records is None:
        sys.exit("FAILED: name CVE records with --records, or set SIGNET_VECTORS")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows, facts = speed(arguments, folder)
        mistakes = truth(arguments, folder)
    if arguments.json:
        keys = ("what", "ours", "peer", "unit")
        print(
            json.dumps(
                {"rows": [dict(zip(keys, row)) for row in rows], "facts": facts, "mistakes": mistakes}, indent=2
            )
        )
        return
    for what, ours, peer, unit in rows:
        print(f"{what:88} {ours:10.1f} {peer:10.1f}  {unit:5} {ours / peer:8.2f}")
    print(json.dumps(facts))
    for way, counts in mistakes.items():
        wrong_ones = f"false alarms {counts['false_alarms']:5} of {counts['of']}"
        print(f"{way:36} {wrong_ones}, missed {counts['missed']:5} of {counts['of_real']}")


if __name__ == "__main__":
    main()
