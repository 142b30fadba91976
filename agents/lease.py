"""A worker writes only while it is surely a member of its group.

A process that was frozen, or cut off from the group's coordinator, is expelled after the session
timeout and its partitions go to others. It does not know that when it wakes: what it then writes
lies behind the new owner's rows, and that is what the next recovery believes. So membership is
held as a lease (Gray and Cheriton 1989): each answered heartbeat renews it for the length of a
session from the moment at which it was sent, thus never beyond what the coordinator grants.

Nothing is sent while the lease has run out; a send whose answer does not come before that, and
the news of having been expelled, end the process at once: an orderly end would flush what waits.
The restarted worker reads its events again.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

log = logging.getLogger("newsmon.worker")

_LOOK_S = 0.05
"""Seconds between two looks whether the lease is back."""

T = TypeVar("T")


def end_process(reason: str) -> NoReturn:
    """End without any clean-up, exit 1."""
    log.critical("%s; ending at once, to begin anew", reason)
    logging.shutdown()
    os._exit(1)


class Lease:
    """How long this process may believe that it is a member. Read and renewed by any thread.

    Args:
        length_s: The group's session timeout, seconds.
        clock: Seconds that go on while the process is frozen.
        end: Called with the reason where the process must not go on; does not return.
    """

    def __init__(
        self,
        length_s: float,
        clock: Callable[[], float] = time.monotonic,
        end: Callable[[str], NoReturn] = end_process,
    ) -> None:
        self._length, self._clock, self._end = length_s, clock, end
        self._until = math.inf  # until it has joined for the first time there is nothing to lose
        self._joined = False
        self._lost = False

    def now(self) -> float:
        """Return the clock, seconds."""
        return self._clock()

    def renew(self, asked_at: float) -> None:
        """Note that the coordinator knew this member when it was asked, at `asked_at` or later."""
        end = asked_at + self._length
        self._until = max(self._until, end) if self._joined else end
        self._joined = True

    def lose(self) -> None:
        """Note that the coordinator does not know this member any more."""
        self._lost = self._joined

    @property
    def left_s(self) -> float:
        """Seconds for which it still holds; zero or less when it does not."""
        return -math.inf if self._lost else self._until - self._clock()

    def check(self) -> None:
        """End the process unless the lease holds; for where one cannot wait."""
        if self.left_s <= 0:
            self._end("the membership of the group was lost")

    async def held(self) -> None:
        """Wait until the lease holds; end the process where it was lost for good."""
        while self.left_s <= 0:
            if self._lost:
                self._end("the group has expelled this worker")
            await asyncio.sleep(_LOOK_S)

    async def within(self, sent: Awaitable[T], timeout_s: float) -> T:
        """Wait for the answer to a send, at most as long as the lease holds.

        Raises:
            TimeoutError: No answer for `timeout_s` seconds, and the lease still holds.
        """
        answer = asyncio.ensure_future(sent)
        deadline = self._clock() + timeout_s
        while not answer.done():
            left = min(deadline - self._clock(), self.left_s)
            if left > 0:
                await asyncio.wait({answer}, timeout=left)
            elif self.left_s <= 0:
                self._end("a send was not answered while the membership held")
            else:
                answer.cancel()
                raise TimeoutError(f"no answer for {timeout_s:.0f} s")
        return answer.result()
