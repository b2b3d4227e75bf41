# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Other people's programs in a journey: run to their end, or as servers on loopback."""

from __future__ import annotations

import contextlib
import pathlib
import signal
import socket
import subprocess
import time
from typing import Iterator

SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*words: object, given: str = "", folder: pathlib.Path | None = None, code: int | None = 0) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        input=given.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        timeout=SECONDS,
        check=False,
    )
    out = done.stdout.decode(errors="replace")
    assert (
        code is None or done.returncode == code
    ), f"{' '.join(map(str, words))} ended with {done.returncode}:\n{out}"
    return out


def expect(text: str, *wanted: str) -> None:
    for each in wanted:
        assert each in text, f"expected '{each}' in:\n{text}"


@contextlib.contextmanager
def serving(port: int, *words: object, folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """A server that listens on loopback; its output in a file. Ended by its id."""
    log = folder / f"server-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=folder
        )
    try:
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            said = log.read_text(errors="replace")
            assert process.poll() is None and time.monotonic() < deadline, f"{words[0]} does not serve:\n{said}"
            time.sleep(0.05)
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
