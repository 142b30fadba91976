"""Counts per label and per actor: topic -> sums over all places -> table or JSON."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from monitor.counts import merged
from monitor.errors import MessageError
from monitor.kafka.client import read_topic
from monitor.messages import Total
from monitor.stats.row import WINDOWS, Row, Series, count_of, row_of, series_of
from monitor.stats.table import ago, sparkline
from monitor.text import plain
from monitor.topics import TOTALS

log = logging.getLogger("newsmon.stats")

KINDS = ("label", "actor")


async def read_totals(bootstrap: str) -> list[Total]:
    """Read the newest total of each key and part.

    Raises:
        BrokerError: The broker or the topic is out of reach.
    """
    newest: dict[bytes | None, Total] = {}
    async for record in read_topic(bootstrap, TOTALS, from_beginning=True, follow=False):
        try:
            newest[record.key] = Total.decode(record.value)
        except MessageError as exc:
            log.warning("%s/%d/%d: %s", TOTALS.name, record.partition, record.offset, exc)
        await asyncio.sleep(0)  # a full batch must not hold up a server that reads it
    return list(newest.values())


def summed(totals: Iterable[Total], kind: str) -> list[Series]:
    """Add up the parts of each key of a kind.

    Args:
        totals: The newest of each key and part.
        kind: One of `KINDS`.
    """
    parts: dict[str, list[Total]] = defaultdict(list)
    for total in totals:
        if total.key.startswith(f"{kind}:"):
            parts[total.key].append(total)
    return [series_of(merged(found)) for found in parts.values()]


def rows_of(series: Iterable[Series], now: datetime) -> list[Row]:
    """Return the rows as of `now`, those with most in 24 h first, silent ones left out."""
    rows = [row for one in series if (row := row_of(one, now)).mentions("7d")]
    return sorted(rows, key=lambda row: (*(-row.mentions(w) for w in ("24h", "1h", "7d")), row.key))


def totals_table(series: Iterable[Series], kind: str, now: datetime, limit: int) -> RenderableType:
    """Draw the counts of a kind."""
    table = Table(expand=True, box=None, header_style="bold", pad_edge=False)
    table.add_column({"label": "what", "actor": "who"}[kind])
    for name in (*WINDOWS, "outlets", "stories"):
        table.add_column(name, justify="right")
    table.add_column("last 24 hours")
    table.add_column("seen", justify="right")
    for row in rows_of(series, now)[:limit]:
        table.add_row(
            plain(row.place),
            *(str(row.mentions(name) or "·") for name in WINDOWS),
            str(row.windows["7d"].outlets),
            str(row.windows["7d"].stories),
            Text(sparkline(row.hours), "green"),
            ago(row.seen, now),
        )
    if not table.row_count:
        table.add_row(Text("nothing yet", "dim"))
    return table


def totals_json(series: Iterable[Series], now: datetime) -> dict[str, Any]:
    """Return the same for scripts."""
    by_key = {one.key: one for one in series}
    return {
        "as_of": now,
        "counts": [count_of(by_key[row.key], now) for row in rows_of(by_key.values(), now)],
    }
