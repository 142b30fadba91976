"""How counting waits for the broker."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from agents.count import Counting
from monitor.alerts import Policy
from monitor.messages import Message
from monitor.topics import COUNTS, TOTALS, Topic
from tests.fakes import FakeOutbox, FakeTable
from tests.samples import mention


class AllAtOnce(FakeOutbox):
    """A broker that answers no send before so many of them wait."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self._all = asyncio.Barrier(wanted)

    async def send(self, topic: Topic, message: Message, at: datetime, **more: Any) -> None:
        await self._all.wait()
        await super().send(topic, message, at, **more)


async def test_a_count_and_its_totals_are_sent_side_by_side() -> None:
    """The broker's answer is waited for once, not once for each row."""
    outbox = AllAtOnce(3)
    counting = Counting(FakeTable(), Policy(), outbox)  # type: ignore[arg-type]

    async def no_burst(*_: object) -> None:
        raise AssertionError("a first mention is no burst")

    async with asyncio.timeout(20):  # for ever, where one send waits for another
        await counting.take(mention(actors=("NO",)), "a story", 0, 0, no_burst)

    assert len(outbox.of(COUNTS)) == 1
    assert {total.key for total in outbox.of(TOTALS)} == {"label:deployment", "actor:NO"}
