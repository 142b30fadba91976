"""mentions -> counts and totals: adds each mention to the rolling windows that it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from agents.outbox import Outbox
from agents.parts import PartedRows
from monitor.alerts import Policy
from monitor.counts import CountRow, add_mention, add_to_total, find_burst, total_keys
from monitor.messages import Mention
from monitor.topics import COUNTS, TOTALS

TellBurst = Callable[[Mention, str, int, str], Awaitable[None]]

_KEPT_READ = 512
"""Rows that are kept as they were last read or written."""


class Counting:
    """The windows of each `label:place`, and of each label and actor, kept in a table.

    A row holds the buckets, a part for each day, and in its head the offset of the newest mention
    in them, in one changelog record: a mention that is read again after a crash is not counted
    again. The rows of labels and actors are per partition, as are the mentions.
    """

    def __init__(self, table: Any, policy: Policy, outbox: Outbox) -> None:  # noqa: ANN401
        self._rows = PartedRows(table, _KEPT_READ)
        self._rules = policy.bursts
        self._outbox = outbox

    async def take(
        self, mention: Mention, story_id: str, partition: int, offset: int, tell_burst: TellBurst
    ) -> None:
        """Count a mention and publish the counts of its keys, and a burst if it completes one.

        All that a row tells is told before the row is stored: a crash between repeats it and loses
        nothing. The rows do not know of each other, so the broker is waited for once for all.
        """
        totals = [
            self._total(key, mention, story_id, partition, offset) for key in total_keys(mention)
        ]
        await asyncio.gather(self._count(mention, story_id, offset, tell_burst), *totals)

    async def _count(
        self, mention: Mention, story_id: str, offset: int, tell_burst: TellBurst
    ) -> None:
        key = mention.record_key
        if offset <= self._offset(key):
            return
        before = self._row(key)
        after, count = add_mention(before, mention, story_id)
        after, burst = find_burst(after, self._rules)
        await self._outbox.send(COUNTS, count, mention.seen_at)
        if burst:
            await tell_burst(mention, story_id, offset, burst.text)
        await self._store(key, offset, before, after)

    async def _total(
        self, total_key: str, mention: Mention, story_id: str, partition: int, offset: int
    ) -> None:
        key = f"{total_key}#{partition}"
        if offset <= self._offset(key):
            return
        before = self._row(key)
        after, total = add_to_total(before, total_key, partition, mention, story_id)
        await self._outbox.send(TOTALS, total, mention.seen_at)
        await self._store(key, offset, before, after)

    def _offset(self, key: str) -> int:
        return int(self._rows.head(key).get("offset", -1))

    def _row(self, key: str) -> CountRow:
        known: CountRow | None = self._rows.remembered(key)
        record = self._rows.record(key)
        if known is not None or record is None:
            return known or CountRow()
        head = record["head"]["row"]
        days = {number: self._rows.part(key, str(number)) for number in head["days"]}
        return CountRow.from_parts(head, days)

    async def _store(self, key: str, offset: int, before: CountRow, after: CountRow) -> None:
        changed, gone = after.changes_since(before)
        await self._rows.write(key, {"offset": offset, "row": after.head()}, changed, gone)
        self._rows.remember(key, after)
