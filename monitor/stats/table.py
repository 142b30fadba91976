"""PURE: board -> table, for a terminal and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.messages import UNKNOWN_PLACE, Alert, Severity
from monitor.stats.board import Board
from monitor.stats.row import WINDOWS, count_of
from monitor.text import plain

BARS, ASCII_BARS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
_COLOR = {"deployment": "bold yellow", "drill": "cyan", "denial": "magenta"}
_SEVERITY = {
    Severity.LOW: "dim",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "bold white on red",
}


def bars_for(encoding: str | None) -> str:
    """Return the characters of a sparkline that a terminal of this encoding can show."""
    return BARS if (encoding or "").lower().startswith("utf") else ASCII_BARS


def sparkline(values: Sequence[int], bars: str = BARS) -> str:
    """Draw numbers, one character each of `bars`; the highest gets the last one."""
    top = max(values, default=0)
    if not top:
        return bars[0] * len(values)
    return "".join(bars[-(-value * (len(bars) - 1) // top)] for value in values)


def ago(moment: datetime, now: datetime) -> str:
    """Say how long ago something was: `12 s`, `5 min`, `3 h`, `2 d`."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def render(
    board: Board, now: datetime, *, rows: int, alerts: int, bars: str = BARS
) -> RenderableType:
    """Draw the counts and, under them, the newest alerts."""
    return Group(_counts(board, now, rows, bars), _alerts(board, now, alerts))


def as_json(board: Board, now: datetime) -> dict[str, Any]:
    """Return the same for scripts."""
    return {
        "as_of": now,
        "counts": [count_of(board.counts[row.key], now) for row in board.rows(now)],
        "alerts": len(board.alerts),
    }


def _counts(board: Board, now: datetime, limit: int, bars: str) -> Table:
    table = Table(expand=True, box=None, header_style="bold", pad_edge=False)
    table.add_column("what")
    table.add_column("where")
    for window in ("1h", "24h", "7d", "outlets", "stories"):
        table.add_column(window, justify="right")
    table.add_column("last 24 hours")
    table.add_column("newest status")
    table.add_column("seen", justify="right")
    for row in board.rows(now)[:limit]:
        alert = board.newest_alert(row.key)
        table.add_row(
            Text(row.label, _COLOR.get(row.label, "")),
            plain("?" if row.place == UNKNOWN_PLACE else row.place),
            *(str(row.mentions(name) or "·") for name in WINDOWS),
            str(row.windows["7d"].outlets),
            str(row.windows["7d"].stories),
            Text(sparkline(row.hours, bars), "green"),
            _status(alert) if alert else "",
            ago(row.seen, now),
        )
    if not table.row_count:
        table.add_row(Text("nothing yet", "dim"))
    return table


def _alerts(board: Board, now: datetime, limit: int) -> Table:
    table = Table(expand=True, box=None, header_style="bold", pad_edge=False, title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("alert", no_wrap=True)
    table.add_column("who → where", no_wrap=True, max_width=28)
    table.add_column("sentence", ratio=1, no_wrap=True, overflow="ellipsis")
    for alert in board.latest_alerts(limit):
        sentence = alert.evidence[0].sentence if alert.evidence else alert.headline
        table.add_row(
            Text(ago(alert.counts.last_seen, now), "dim"),
            Text.assemble(
                (f"{alert.severity:<8} ", _SEVERITY[alert.severity]),
                (f"{alert.label} ", _COLOR[alert.label]),
                _status(alert),
                (f" r{alert.revision} {alert.reason}", "dim"),
            ),
            plain(f"{', '.join(alert.actors) or '?'} → {', '.join(alert.places) or '?'}"),
            Text(plain(sentence)),
        )
    return table


def _status(alert: Alert) -> str:
    if alert.denied_by:
        return f"{alert.status or ''} (denied)".strip()
    return str(alert.status or "")
