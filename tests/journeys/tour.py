#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""The tour as a newcomer and as a machine see it: each attack refused for its own reason, nothing left behind."""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

REASONS = {
    "station.serial-taken",
    "attest.no-answer",
    "bundle.unsigned",
    "bundle.wrong-signer",
    "bundle.payload-altered",
    "bundle.altered",
    "bundle.truncated",
    "bundle.too-few-signers",
    "bundle.signer-usage",
    "updated.wrong-hardware",
    "updated.rollback",
    "updated.no-floor-approval",
    "ledger.altered",
    "video.not-authentic",
}


def run(signet, folder, *arguments):
    return subprocess.run(
        [signet, "tour", *arguments],
        capture_output=True,
        check=False,
        timeout=300,
        env={**os.environ, "TMPDIR": str(folder)},
    )


def P_TOUR_001_each_attack_is_refused_for_its_own_reason(signet, folder):
    result = run(signet, folder, "--json")
    assert result.returncode == 0, result.stderr.decode()
    answer = json.loads(result.stdout)
    assert answer["ok"] is True
    steps = [step for chapter in answer["result"]["chapters"] for step in chapter["steps"]]
    refused = [step for step in steps if step["kind"] == "refused"]
    assert {step["reason"] for step in refused} == REASONS, refused
    assert all(step["exit_code"] != 0 for step in refused)
    assert all(step["exit_code"] == 0 for step in steps if step["kind"] != "refused")
    assert answer["result"]["attacks_refused"] == len(refused) == 14
    print(f"  {len(steps)} commands, {len(refused)} attacks refused, {answer['result']['took_ms']} ms")


def P_TOUR_002_nothing_is_left_behind(signet, folder):
    assert list(folder.iterdir()) == [], "the tour left files"
    result = run(signet, folder)
    assert result.returncode == 0, result.stderr.decode()
    assert list(folder.iterdir()) == [], "the tour left files"
    text = result.stdout.decode()
    assert "14 attacks, all refused" in text
    assert str(folder) not in text, "a temporary folder's name tells a reader nothing"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signet", required=True, type=pathlib.Path)
    parser.add_argument("--crash-lib")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="signet-journey-") as name:
        folder = pathlib.Path(name)
        for case in (P_TOUR_001_each_attack_is_refused_for_its_own_reason, P_TOUR_002_nothing_is_left_behind):
            case(arguments.signet.resolve(), folder)
            print(f"passed: {case.__name__}")


if __name__ == "__main__":
    main()
