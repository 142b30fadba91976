"""A worker on stock Faust: every guard of `agents/faust_guards.py` taken out.

The control run uses it. The detector, the alerts, the counts and the tables are those of newsmon;
sends and table writes are not waited for, events are acknowledged by Faust itself, and what it
skips after a rebalance is not noticed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from faust.tables.table import Table

from agents import faust_guards


class StockTable(Table[Any, Any]):
    """Faust's table with the one method that newsmon's code calls on its own."""

    async def flushed(self) -> None:
        """Wait for nothing."""


async def send_and_forget(
    topic: Any,
    *,
    key: bytes | None,
    value: bytes,
    headers: list[tuple[str, bytes]],
    timestamp: float,
    partition: int | None = None,
) -> None:
    """Send as Faust's guide does."""
    await topic.send(
        key=key, value=value, headers=headers, timestamp=timestamp, partition=partition
    )


async def acknowledged_by_faust(stream: Any) -> AsyncIterator[Any]:
    """Hand out events; Faust acknowledges each, whatever became of it."""
    async for event in stream.events():
        yield event


def stock_options() -> dict[str, Any]:
    """Return what a careful reader of Faust's guide would set."""
    return {
        "Table": StockTable,
        "consumer_auto_offset_reset": "earliest",
        "table_standby_replicas": 0,
        "topic_disable_leader": True,
    }


# Before the agents are imported: they take these by name.
faust_guards.send_awaited = send_and_forget
faust_guards.acknowledged = acknowledged_by_faust
faust_guards.app_options = stock_options
faust_guards.quiesce_after_rebalance = lambda app: None

from agents.__main__ import main  # noqa: E402

if __name__ == "__main__":
    main()
