# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""A command that is killed at each of its writes, again and again over what the last kill left."""

from __future__ import annotations

import signal
from typing import Callable

from journey import Done, Failure


def kill_through(
    run: Callable[[int], Done], after_kill: Callable[[], None], calls_max: int = 400
) -> tuple[Done, int]:
    """Kills a command at its 1st, 2nd, ... change of a file until it ends by itself: how, and after how many kills.

    run: runs the command, killed at the call of that number; after_kill: looks at what a kill left."""
    for call in range(1, calls_max):
        done = run(call)
        if done.code != -signal.SIGKILL:
            return done, call - 1
        after_kill()
    raise Failure(f"expected: the command to get through within {calls_max} kills\n    seen: {done}")
