"""The mentions that were handled already, so that one delivered twice counts once.

A poller that crashes, a revised article or a restarted detector can write a mention again, at a
later offset and with the same id. Ids are kept for `KEPT`; after that the article is older than
every window.
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import Any

from agents.formats import refuse_unreadable

KEPT = timedelta(days=8)
"""How long an id is remembered: the longest window and a day."""

_DROPPED_AT_ONCE = 4
"""Ids forgotten per new one: more than one, so that the table shrinks, and a bounded pause."""


class SeenMentions:
    """A table of mention ids, oldest forgotten first."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401 - a Faust table
        self._table = table
        self._by_age: dict[int, deque[tuple[int, str]]] = defaultdict(deque)
        table.on_recover(self.rebuild)

    async def rebuild(self) -> None:
        """Order what the table holds by age, after a start or a rebalance.

        Raises:
            FormatError: The table holds what this build cannot read.
        """
        refuse_unreadable("seen", self._table)
        self._by_age.clear()
        for mention_id, (second, partition) in sorted(
            self._table.items(), key=lambda item: item[1][0]
        ):
            self._by_age[partition].append((second, mention_id))

    def __contains__(self, mention_id: str) -> bool:
        return mention_id in self._table

    async def add(self, mention_id: str, seen_at: datetime, partition: int) -> None:
        """Remember an id, and forget some that are past `KEPT`.

        Args:
            mention_id: The id.
            seen_at: When its article was fetched.
            partition: Partition of the event in hand; Faust writes a table only there.
        """
        second = int(seen_at.timestamp())
        ages = self._by_age[partition]
        self._table[mention_id] = [second, partition]
        ages.append((second, mention_id))
        limit = second - KEPT.total_seconds()
        for _ in range(_DROPPED_AT_ONCE):
            if not ages or ages[0][0] >= limit:
                break
            self._table.pop(ages.popleft()[1], None)
        await self._table.flushed()
