"""The columns of the live view, and its keys."""

from __future__ import annotations

from monitor.top.grid import Column

KEYS = {
    "/": "filter by words: place, actor, outlet, status; Esc clears",
    "s": "sort the counts by the next column",
    "space": "freeze and go on",
    "Tab": "counts, alerts",
    "Enter": "open the story of a row",
    "f": "feeds and how they are; again: back",
    "d": "dark, light",
    "↑ ↓ j k": "move; also PgUp, PgDn, Home, End, mouse",
    "q, Ctrl-C": "quit",
}
COUNTS = (
    Column("what", 10),
    Column("where"),
    Column("1h", 4, right=True),
    Column("24h", 5, right=True),
    Column("7d", 6, right=True),
    Column("vs usual", 8, right=True),
    Column("last 24 hours", 24),
)
COUNTS_WIDE = (
    *COUNTS,
    Column("outlets", 7, right=True),
    Column("newest status", 16),
    Column("seen", 6, right=True),
)
ALERTS = (
    Column("age", 6, right=True),
    Column("alert", 8),
    Column("what", 22),
    Column("who → where", 11),
    Column("sentence"),
)
ALERTS_WIDE = (*ALERTS[:3], Column("who → where", 20), Column("sentence"))
FEEDS = (
    Column("feed"),
    Column("is", 8),
    Column("last answer", 16),
    Column("polled", 7, right=True),
    Column("next", 7, right=True),
    Column("gaps", 4, right=True),
)
FEEDS_WIDE = (*FEEDS, Column("last good", 9, right=True), Column("host", 28))


def counts(wide: bool, sort: str) -> list[Column]:
    """Return the columns of the counts, with a mark at the one that is sorted by."""
    return [_marked(column, sort) for column in (COUNTS_WIDE if wide else COUNTS)]


def _marked(column: Column, sort: str) -> Column:
    if column.title != sort:
        return column
    return Column(f"▾{column.title}"[: column.width or None], column.width, column.right)
