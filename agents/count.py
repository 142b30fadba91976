"""mentions -> counts: adds each mention to the rolling windows of its label and place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from agents.outbox import Outbox
from monitor.alerts import Policy
from monitor.counts import CountRow, add_mention, find_burst
from monitor.messages import Mention
from monitor.topics import COUNTS

TellBurst = Callable[[Mention, str, int, str], Awaitable[None]]


class Counting:
    """The windows of each `label:place`, kept in a table.

    A row holds the buckets and the offset of the newest mention in them, in one changelog record:
    a mention that is read again after a crash is not counted again.
    """

    def __init__(self, table: Any, policy: Policy, outbox: Outbox) -> None:  # noqa: ANN401
        self._table = table
        self._rules = policy.bursts
        self._outbox = outbox

    async def take(
        self, mention: Mention, story_id: str, offset: int, tell_burst: TellBurst
    ) -> None:
        """Count a mention and publish the counts of its key, and a burst if it completes one.

        All is told before the row is stored: a crash between repeats it and loses nothing.
        """
        key = mention.record_key
        row = self._table.get(key) or {"offset": -1, "windows": None}
        if offset <= row["offset"]:
            return
        after, count = add_mention(CountRow.from_json(row["windows"]), mention, story_id)
        after, burst = find_burst(after, self._rules)
        await self._outbox.send(COUNTS, count, mention.seen_at)
        if burst:
            await tell_burst(mention, story_id, offset, burst.text)
        self._table[key] = {"offset": offset, "windows": after.to_json()}
        await self._table.flushed()
