#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Judging advisories and CVE records, beside csaf-validator-lib and ajv in the same run.

Peers: npm ci in a copy of bench/advisory_peers, named by --peers. Data: $SIGNET_VECTORS/psirt. Both sides read the same
files in one process and judge each by schema and mandatory tests (advisories) or schema (records); a peer's start is a
row of its own, and not part of its speed. A row whose peer did not run fails.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time

NODE = r"""
import fs from 'fs'; import path from 'path';
const begun = performance.now();
const [kind, schema, ...files] = JSON.parse(fs.readFileSync(0, 'utf8'));
let judge;
if (kind === 'csaf') {
  const {default: validate} = await import('@secvisogram/csaf-validator-lib/validate.js');
  const mandatory = await import('@secvisogram/csaf-validator-lib/mandatoryTests.js');
  const schemas = await import('@secvisogram/csaf-validator-lib/schemaTests.js');
  const tests = [schemas.csaf_2_0, ...Object.values(mandatory)];
  judge = async (text) => (await validate(tests, JSON.parse(text))).isValid;
} else {
  const {default: Ajv} = await import('ajv'); const {default: formats} = await import('ajv-formats');
  const ajv = new Ajv({strict: false, allErrors: false, validateFormats: true}); formats(ajv);
  const check = ajv.compile(JSON.parse(fs.readFileSync(schema, 'utf8')));
  judge = async (text) => check(JSON.parse(text));
}
const started = performance.now() - begun;
let valid = 0; const from = performance.now();
for (const file of files) if (await judge(fs.readFileSync(file, 'utf8'))) valid += 1;
console.log(JSON.stringify({start_ms: started, ms: performance.now() - from, valid}));
"""


def peer(peers, kind, schema, files):
    script = peers / "advisory_bench.mjs"
    script.write_text(NODE, encoding="utf-8")
    begun = time.monotonic()
    words = json.dumps([kind, str(schema), *map(str, files)])
    done = subprocess.run(["node", script.name], input=words, text=True, capture_output=True, check=False, cwd=peers)
    if done.returncode != 0:
        sys.exit(f"FAILED: the peer did not run: {done.stderr[-800:]}")
    result = json.loads(done.stdout.strip().splitlines()[-1])
    result["process_ms"] = (time.monotonic() - begun) * 1000
    return result


def ours(signet, noun, preset, folder, runs):
    best = float("inf")
    for _ in range(runs):
        begun = time.monotonic()
        words = [signet, noun, "validate", "--tests", preset, "--quiet", str(folder)]
        done = subprocess.run(words, text=True, capture_output=True, check=False)
        best = min(best, time.monotonic() - begun)
        if done.returncode not in (0, 1) or " documents, " not in done.stdout:
            sys.exit(f"FAILED: {words}: {done.stderr[-800:]}")
    return best, done.stdout.strip()


def unpack(archive, folder):
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(folder)
    return sorted(folder.rglob("*.json"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signet", default="build/release/cli/signet")
    parser.add_argument("--peers", type=pathlib.Path, required=True, help="a folder in which npm ci was run")
    parser.add_argument("--vectors", type=pathlib.Path, default=os.environ.get("SIGNET_VECTORS"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.vectors is None:
        sys.exit("FAILED: the data is not there: set SIGNET_VECTORS")
    psirt = pathlib.Path(arguments.vectors) / "psirt"
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for noun, kind, preset, archive, what in (
            ("advisory", "csaf", "basic", "cisa-csaf-150.tar.xz", "advisories, schema and mandatory tests"),
            ("cve", "cve", "schema", "vulnrichment-1500.tar.xz", "CVE records, schema"),
        ):
            place = folder / kind
            files = unpack(psirt / archive, place)
            size = sum(file.stat().st_size for file in files)
            schema = psirt / "cve-services/record-schemas/CVE_JSON_5.1_bundled.json"
            theirs = peer(arguments.peers, kind, schema, files)
            seconds, said = ours(arguments.signet, noun, preset, place, arguments.runs)
            rows.append(
                {
                    "what": f"{len(files)} {what}",
                    "ours_per_s": len(files) / seconds,
                    "ours_mb_per_s": size / seconds / 1e6,
                    "ours_said": said,
                    "peer_per_s": len(files) / theirs["ms"] * 1000,
                    "peer_mb_per_s": size / theirs["ms"] / 1e3,
                    "peer_start_ms": theirs["start_ms"],
                    "peer_valid": theirs["valid"],
                    "times_better": len(files) / seconds / (len(files) / theirs["ms"] * 1000),
                }
            )
        one = folder / "one"
        one.mkdir()
        smallest = min((folder / "csaf").rglob("*.json"), key=lambda file: file.stat().st_size)
        (one / "one.json").write_bytes(smallest.read_bytes())
        seconds, _ = ours(arguments.signet, "advisory", "full", one, 20)
        rows.append({"what": "one advisory, all tests, from the start of the process", "ours_ms": seconds * 1000})
    print(json.dumps({"rows": rows}, indent=2) if arguments.json else "\n".join(json.dumps(row) for row in rows))


if __name__ == "__main__":
    main()
