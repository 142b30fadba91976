"""Rows in parts: of a large row only what changed is written, and still all or nothing.

A row is a small head and parts with names. Its record holds the head and the parts that the last
write changed; every other part has a record of its own. A write first gives their own records to
the parts that the record held before and does not hold again, and then replaces the record: this
one write changes the row, whatever a crash leaves of the ones before it. What has left the row is
deleted at the next write, when no record names it any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from agents.formats import APART, FORMAT


class PartedRows:
    """Rows in parts, in one Faust table.

    Args:
        table: The table.
        keep: How many rows are kept as their owner last read or wrote them.
    """

    def __init__(self, table: Any, keep: int = 64) -> None:  # noqa: ANN401 - a Faust table
        self._table = table
        self._keep = keep
        self._read: dict[str, tuple[Any, Any]] = {}

    def remember(self, key: str, row: Any) -> None:  # noqa: ANN401 - whatever the owner makes of it
        """Keep what a row was made into, until the row is written again."""
        self._read.pop(key, None)
        self._read[key] = (self.record(key), row)
        if len(self._read) > self._keep:
            del self._read[next(iter(self._read))]

    def remembered(self, key: str) -> Any:  # noqa: ANN401
        """Return what is kept of a row while the table's record is still its own, else None."""
        record, row = self._read.get(key, (None, None))
        return row if record is not None and record is self.record(key) else None

    def record(self, key: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return the row's record, None where there is no row: another one after each write."""
        return self._table.get(key)

    def head(self, key: str) -> dict[str, Any]:
        """Return the row's head, empty where there is no row."""
        record = self._table.get(key)
        return dict(record["head"]) if record else {}

    def part(self, key: str, name: str) -> Any:  # noqa: ANN401
        """Return a part of a row.

        Raises:
            KeyError: The row has no part of this name.
        """
        fresh = self._table[key]["fresh"]
        return fresh[name] if name in fresh else self._table[key + APART + name]

    async def write(
        self,
        key: str,
        head: Mapping[str, Any],
        changed: Mapping[str, Any],
        gone: Collection[str] = (),
    ) -> None:
        """Write a row, and return once the broker has it.

        Args:
            key: The row.
            head: Its whole new head.
            changed: The parts that are new or other than before.
            gone: The parts that it has no longer.
        """
        before = self._table.get(key) or {"fresh": {}, "gone": []}
        for name, part in before["fresh"].items():
            if name not in changed and name not in gone:
                self._table[key + APART + name] = part
        for name in before["gone"]:
            self._table.pop(key + APART + name, None)
        self._table[key] = {
            "format": FORMAT,
            "head": dict(head),
            "fresh": dict(changed),
            "gone": list(gone),
        }
        await self._table.flushed()
