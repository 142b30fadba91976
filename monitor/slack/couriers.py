"""The couriers of all channels; each is made when something comes for its channel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from monitor.slack.courier import Courier


class Couriers:
    """Runs one courier a channel."""

    def __init__(self, make: Callable[[str], Courier]) -> None:
        """Begin without any; `make` gives the courier of a channel."""
        self._make = make
        self._found: dict[str, Courier] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def of(self, channel: str) -> Courier:
        """Return the courier of a channel; a new one sets off at once."""
        if channel not in self._found:
            courier = self._found[channel] = self._make(channel)
            self._tasks.append(asyncio.create_task(courier.run()))
        return self._found[channel]

    def check(self) -> None:
        """Raise what ended a courier: only a defect does, so it is said at once."""
        for task in self._tasks:
            if task.done():
                task.result()

    def waiting(self) -> int:
        """Count the alerts that wait, also those that are held back."""
        return sum(len(courier.queue) for courier in self._found.values())

    def ready(self, now: datetime) -> int:
        """Count the alerts that wait only for their turn."""
        return sum(courier.queue.waiting(now) for courier in self._found.values())

    def stopped(self) -> list[str]:
        """Return the channels that cannot be reached, each as `channel:why`."""
        return [f"{name}:{c.stopped_by}" for name, c in self._found.items() if c.stopped_by]

    async def drop(self, partitions: frozenset[int]) -> None:
        """Give up these partitions, once no message is under way."""
        for courier in list(self._found.values()):
            await courier.drop(partitions)

    async def end(self) -> None:
        """End all; `drop` everything first, so that no message is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
