"""Politeness towards a host: few requests at once, none in quick succession."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

AT_ONCE = 2
SPACING_S = 1.0


@dataclass
class _Host:
    slots: asyncio.Semaphore
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    last_start: float = 0.0
    users: int = 0


class HostGate:
    """Lets requests pass: `AT_ONCE` a host, `SPACING_S` between their starts, a limit in all."""

    def __init__(
        self, concurrency: int, at_once: int = AT_ONCE, spacing_s: float = SPACING_S
    ) -> None:
        self._all = asyncio.Semaphore(concurrency)
        self._at_once = at_once
        self._spacing_s = spacing_s
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def slot(self, host: str, *, spaced: bool = True) -> AsyncIterator[None]:
        """Wait for a turn at a host, and hold it.

        Args:
            host: What requests are limited by: the registrable domain.
            spaced: Whether the host's limits hold; the limit in all always does.
        """
        if not spaced:
            async with self._all:
                yield
            return
        known = self._hosts.setdefault(host, _Host(asyncio.Semaphore(self._at_once)))
        known.users += 1
        try:
            # The host's turn comes before the common limit, so that fifty feeds of one host that
            # wait for each other keep nobody else waiting.
            async with known.slots:
                async with known.turn:
                    await asyncio.sleep(known.last_start + self._spacing_s - monotonic())
                    known.last_start = monotonic()
                async with self._all:
                    yield
        finally:
            known.users -= 1
            self._forget_idle()

    def _forget_idle(self) -> None:
        if len(self._hosts) < 1000:
            return
        old = monotonic() - 10 * self._spacing_s
        for name in [n for n, h in self._hosts.items() if not h.users and h.last_start < old]:
            del self._hosts[name]
