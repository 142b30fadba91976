"""Run the live view on a terminal, with what would disturb it kept away."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.stats.board import Board
from monitor.stats.reader import keep_filled
from monitor.stats.table import bars_for
from monitor.top.app import TopApp
from monitor.web.address import read_address


def fits() -> bool:
    """Tell whether the live view can be shown: there is a terminal that can draw."""
    terminal = sys.stdout.isatty() and sys.stderr.isatty() and sys.stdin.isatty()
    return terminal and os.environ.get("TERM", "dumb") != "dumb"


async def show(bootstrap: str, stop: asyncio.Event, data_dir: Path) -> None:
    """Show the live view until the user quits or `stop` is set.

    Args:
        bootstrap: The brokers.
        stop: Ends it.
        data_dir: Where the web page leaves its address.
    """
    board = Board()
    app = TopApp(board, hint=lambda: read_address(data_dir), bars=bars_for(sys.stdout.encoding))
    feed = asyncio.create_task(keep_filled(bootstrap, board))
    stopping = asyncio.create_task(_exit_on(stop, app))
    gc.freeze()  # what was imported stays; without it the collector looks through all of it
    try:
        with _logs_into(app):
            await app.run_async()
        if feed.done():
            feed.result()
    finally:
        for task in (feed, stopping):
            task.cancel()
        await asyncio.gather(feed, stopping, return_exceptions=True)


async def _exit_on(stop: asyncio.Event, app: TopApp) -> None:
    await stop.wait()
    app.exit()


class _Notes(logging.Handler):
    """Shows warnings in the view: on stderr they would be drawn over it."""

    def __init__(self, app: TopApp) -> None:
        super().__init__(logging.WARNING)
        self._app = app

    def emit(self, record: logging.LogRecord) -> None:
        if self._app.is_running:
            self._app.notify(record.getMessage()[:300], severity="warning", markup=False)


@contextmanager
def _logs_into(app: TopApp) -> Iterator[None]:
    root = logging.getLogger()
    before, root.handlers = root.handlers, [_Notes(app)]
    try:
        yield
    finally:
        root.handlers = before
