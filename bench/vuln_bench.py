#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Scores, orders of versions and bills of materials, each beside a peer in the same run.

Peers: Dpkg::Version (Perl, of dpkg) for the order of versions; dpkg-query for a list of what is installed; and for
scores of CVSS the calculator of npm's ae-cvss-calculator, if --node-modules names a folder that has it. A row whose
peer did not run fails. Both sides read lines and write lines, as users run them; times are the best of several runs.
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import time

PERL = r"""use Dpkg::Version; while (<STDIN>) { my (undef, $a, $b) = split;
my $c = version_compare($a, $b); print $c < 0 ? "<\n" : $c > 0 ? ">\n" : "=\n"; }"""
NODE = r"""const {Cvss3P1, Cvss4P0} = require('ae-cvss-calculator');
const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter(Boolean); let out = '';
for (const line of lines) { const v = line.startsWith('CVSS:4') ? new Cvss4P0(line) : new Cvss3P1(line);
const s = v.calculateScores(); out += (s.overall) + '\n'; } process.stdout.write(out);"""


def vectors():
    """The base space of CVSS v3.1 and a part of that of v4.0."""
    three = [("AV", "NALP"), ("AC", "LH"), ("PR", "NLH"), ("UI", "NR"), ("S", "UC"), *((m, "HLN") for m in "CIA")]
    four = [("AV", "NALP"), ("AC", "LH"), ("AT", "NP"), ("PR", "NLH"), ("UI", "NPA"), ("VC", "HLN"), ("VI", "HLN")]
    four += [("VA", "HLN"), ("SC", "HLN"), ("SI", "HLN"), ("SA", "HLN")]
    for prefix, metrics in (("CVSS:3.1/", three), ("CVSS:4.0/", four)):
        for codes in itertools.product(*(values for _, values in metrics)):
            yield prefix + "/".join(f"{name}:{code}" for (name, _), code in zip(metrics, codes))


def pairs():
    for major, minor, revision in itertools.product(range(40), range(40), range(10)):
        yield f"deb 1:{major}.{minor}~rc1-{revision}+deb12u1 1:{major}.{minor}-{revision}+deb12u2"


def run(name, command, text, runs, env=None):
    """The best wall time; the output."""
    best = float("inf")
    for _ in range(runs):
        began = time.monotonic()
        done = subprocess.run(command, input=text, capture_output=True, check=False, env=env)
        best = min(best, time.monotonic() - began)
        if done.returncode != 0:
            sys.exit(f"FAILED: {name}: {done.stderr.decode(errors='replace')[:500]}")
    return best, done.stdout


def row(what, ours, peer, unit):
    return {"what": what, "ours": ours, "peer": peer, "unit": unit, "times_better": ours / peer}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signet", default="build/release/cli/signet")
    parser.add_argument("--node-modules", type=pathlib.Path, help="a folder with npm's ae-cvss-calculator")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = []

    lines = "\n".join(pairs()).encode() + b"\n"
    count = lines.count(b"\n")
    ours, mine = run("compare-versions", [arguments.signet, "vuln", "compare-versions"], lines, arguments.runs)
    peer, theirs = run("Dpkg::Version", ["perl", "-e", PERL], lines, arguments.runs)
    if mine != theirs:
        sys.exit("FAILED: the two sides do not agree on the order of versions")
    rows.append(row("compare Debian versions, beside Dpkg::Version", count / ours, count / peer, "lines/s"))

    lines = "\n".join(vectors()).encode() + b"\n"
    count = lines.count(b"\n")
    ours, _ = run("cvss score", [arguments.signet, "cvss", "score"], lines * 10, arguments.runs)
    if arguments.node_modules:
        env = {"NODE_PATH": str(arguments.node_modules), "PATH": "/usr/local/bin:/usr/bin:/bin"}
        peer, _ = run("ae-cvss-calculator", ["node", "-e", NODE], lines, 1, env)
        rows.append(
            row("score CVSS vectors, beside ae-cvss-calculator", 10 * count / ours, count / peer, "vectors/s")
        )
    else:
        print(f"{10 * count / ours:.0f} vectors/s (no row: the peer needs --node-modules)", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.signet, "sbom", "make", "/", "--out", f"{folder}/sbom.json"]
        ours, _ = run("sbom make", command, b"", arguments.runs)
        form = "${Package} ${Version} ${Architecture} ${source:Package} ${Depends}\\n"
        peer, listed = run("dpkg-query", ["dpkg-query", "-W", "-f", form], b"", arguments.runs)
        count = len(json.loads(pathlib.Path(f"{folder}/sbom.json").read_text())["components"])
    what = f"describe {count} packages with licences, beside dpkg-query -W"
    rows.append(row(what, count / ours, listed.count(b"\n") / peer, "packages/s"))

    if arguments.json:
        print(json.dumps({"rows": rows}, indent=2))
        return
    for one in rows:
        print(
            f"{one['what']:64} {one['ours']:12.0f} {one['peer']:12.0f}  {one['unit']:10} {one['times_better']:8.2f}"
        )


if __name__ == "__main__":
    main()
