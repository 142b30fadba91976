"""Counts per label and per actor for the API: read when somebody asks, at most every few seconds.

The page does not show them and their rows carry the hash of every outlet, so they are not kept on
the board: the rows are read, added up, and forgotten.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from monitor.messages import Total
from monitor.stats.row import Series
from monitor.stats.totals import KINDS, summed

FRESH_S = 5.0
"""How long an answer serves everybody who asks, in seconds."""

ReadTotals = Callable[[], Awaitable[Sequence[Total]]]


class Totals:
    """The sums, as of at most `FRESH_S` ago; many who ask at once cause one reading.

    Args:
        read: Reads the newest total of each key and part.
    """

    def __init__(self, read: ReadTotals) -> None:
        self._read = read
        self._one = asyncio.Lock()
        self._sums: Mapping[str, list[Series]] = {}
        self._until = 0.0

    async def of(self, kind: str) -> list[Series]:
        """Return the counts of a kind, one of `KINDS`, over all places.

        Raises:
            BrokerError: The broker or the topic is out of reach.
        """
        async with self._one:
            if time.monotonic() >= self._until:
                found = await self._read()
                # Many actors with many outlets are a second's work: events go on meanwhile.
                self._sums = await asyncio.to_thread(_by_kind, found)
                self._until = time.monotonic() + FRESH_S
            return self._sums[kind]


def _by_kind(totals: Sequence[Total]) -> dict[str, list[Series]]:
    return {kind: summed(totals, kind) for kind in KINDS}
