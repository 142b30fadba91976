"""What a user could write in an afternoon instead of `newsmon top`, on the same board.

python -m bench._views live|datatable BOOTSTRAP
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

from rich.console import Console
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from monitor.stats.board import Board
from monitor.stats.reader import keep_filled
from monitor.stats.watch import watch
from monitor.top import lines

_REFRESH_S = 0.5
_HEADS = ("what", "where", "1h", "24h", "7d", "vs usual", "last 24 hours")
_ALERT_HEADS = ("age", "alert", "what", "who → where", "sentence")


class Tables(App[None]):
    """Textual's own tables: every row in the widget, changed cells updated."""

    CSS = "DataTable { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield DataTable(id="counts")
        yield DataTable(id="alerts")

    def on_mount(self) -> None:
        self.board = Board()
        counts, alerts = self.query(DataTable)
        for head in _HEADS:
            counts.add_column(head, key=head)
        alerts.add_columns(*_ALERT_HEADS)
        self.shown: dict[str, list[str]] = {}
        self.feed = asyncio.create_task(keep_filled(sys.argv[2], self.board))
        self.set_interval(_REFRESH_S, self.tick)

    def tick(self) -> None:
        now = datetime.now(UTC)
        counts, alerts = self.query(DataTable)
        for row in self.board.rows(now):
            cells = lines.count_cells(row, None, now, wide=False)
            texts = [cell.plain for cell in cells]
            if row.key not in self.shown:
                counts.add_row(*cells, key=row.key)
            elif self.shown[row.key] != texts:
                for head, cell in zip(_HEADS, cells, strict=True):
                    counts.update_cell(row.key, head, cell)
            self.shown[row.key] = texts
        alerts.clear()
        for alert in self.board.latest_alerts(20):
            alerts.add_row(*lines.alert_cells(alert, now))


if __name__ == "__main__":
    if sys.argv[1] == "live":
        asyncio.run(watch(sys.argv[2], Console(), asyncio.Event()))
    else:
        Tables().run()
