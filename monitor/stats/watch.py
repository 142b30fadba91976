"""The loop: topics -> board -> terminal."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live

from monitor.stats.board import Board
from monitor.stats.reader import fill, keep_filled
from monitor.stats.table import bars_for, render

_REFRESH_S = 0.5


async def load_board(bootstrap: str) -> Board:
    """Read what the topics hold now.

    Raises:
        BrokerError: The broker or a topic is out of reach.
    """
    board = Board()
    await fill(bootstrap, board)
    return board


async def watch(bootstrap: str, console: Console, stop: asyncio.Event) -> None:
    """Keep the table on the terminal until `stop` is set."""
    board = Board()
    feed = asyncio.create_task(keep_filled(bootstrap, board))
    try:
        bars = bars_for(console.encoding)
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while not stop.is_set():
                rows = max(3, console.height - 15)
                table = render(board, datetime.now(UTC), rows=rows, alerts=12, bars=bars)
                live.update(table, refresh=True)
                if feed.done():
                    feed.result()
                await _wait(stop, _REFRESH_S)
    finally:
        feed.cancel()


async def watch_plain(bootstrap: str, stop: asyncio.Event, period_s: float) -> None:
    """Print the changed rows every `period_s` seconds, a line each, for pipes."""
    board = Board()
    feed = asyncio.create_task(keep_filled(bootstrap, board))
    printed: dict[str, str] = {}
    try:
        while not stop.is_set():
            await _wait(stop, period_s)
            if feed.done():
                feed.result()
            for row in board.rows(datetime.now(UTC)):
                numbers = " ".join(f"{n}={w.mentions}" for n, w in row.windows.items())
                if printed.get(row.key) != numbers:
                    printed[row.key] = numbers
                    print(f"{row.key} {numbers}", flush=True)  # noqa: T201
    finally:
        feed.cancel()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
