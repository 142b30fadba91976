"""The role `web`: topics -> board -> page, for ever."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson
from aiohttp import web

from monitor.errors import MachineError
from monitor.feeds.condition import FeedHealth
from monitor.kafka.client import Record
from monitor.messages import Alert, Count
from monitor.settings import WebSettings
from monitor.stats.board import Board
from monitor.stats.reader import keep_filled
from monitor.stats.row import Row
from monitor.stats.totals import read_totals
from monitor.web import view
from monitor.web.access import access_for
from monitor.web.address import address_in, url_of
from monitor.web.app import make_app
from monitor.web.hub import Hub
from monitor.web.totals import Totals

log = logging.getLogger("newsmon.web")

KEPT_ALERTS = 3000
_TICK_S = 1.0
_STATE_EVERY = 5
_FIVE_MINUTES = 300


class Service:
    """What is behind one server: a board, the hub, and which rows have changed."""

    def __init__(self) -> None:
        self.board = Board(kept_alerts=KEPT_ALERTS)
        self.hub = Hub()
        self._changed: set[str] = set()

    def heard(self, message: Alert | Count | FeedHealth, record: Record) -> None:
        """Pass an alert on at once; remember which count changed."""
        if isinstance(message, Alert):
            self.hub.alert(record.partition, record.offset, message.encode())
        elif isinstance(message, Count):
            self._changed.add(message.key)

    async def tick(self) -> None:
        """Tell the changed rows once a second, the state every five seconds, for ever."""
        number, five = 0, 0
        while True:
            await asyncio.sleep(_TICK_S)
            now = datetime.now(UTC)
            number += 1
            changed = self._take_changed(now, all_rows=int(now.timestamp()) // _FIVE_MINUTES > five)
            five = int(now.timestamp()) // _FIVE_MINUTES
            if not self.hub.readers:
                continue
            if changed:
                rows = {"as_of": now, "counts": view.counts(changed)}
                self.hub.tell("counts", _dump(rows))
            if number % _STATE_EVERY == 0:
                self.hub.tell("state", _dump(view.state(self.board, now)))

    def _take_changed(self, now: datetime, *, all_rows: bool) -> list[Row]:
        keys = set(self.board.counts) if all_rows else self._changed
        self._changed = set()
        return [row for key in keys if (row := self.board.row(key, now))]


async def serve(
    settings: WebSettings,
    bootstrap: str,
    stop: asyncio.Event,
    *,
    data_dir: Path,
    exact_port: bool,
    say: Callable[[str], None],
) -> None:
    """Show the page until `stop` is set.

    Args:
        settings: Address and token.
        bootstrap: The brokers.
        stop: Ends it.
        data_dir: Where the address is left for `read_address`.
        exact_port: Fail when the port is taken; otherwise take a free one and say so.
        say: Told the address, and that the port was taken.

    Raises:
        ConfigError: Open to other machines without a token.
        MachineError: The address cannot be had.
    """
    service = Service()
    totals = Totals(partial(read_totals, bootstrap))
    app = make_app(service.board, service.hub, access_for(settings), totals)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        port = await _bind(runner, settings, exact_port=exact_port, say=say)
        url = url_of(settings.host, port)
        say(f"web page on {url}")
        with address_in(data_dir, url):
            await _run(service, bootstrap, stop)
    finally:
        await runner.cleanup()


async def _run(service: Service, bootstrap: str, stop: asyncio.Event) -> None:
    tasks = [
        asyncio.create_task(keep_filled(bootstrap, service.board, heard=service.heard)),
        asyncio.create_task(service.tick()),
        asyncio.create_task(stop.wait()),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _bind(
    runner: web.AppRunner, settings: WebSettings, *, exact_port: bool, say: Callable[[str], None]
) -> int:
    host, port = settings.host.strip("[]"), settings.port
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as exc:
        if exc.errno != errno.EADDRINUSE or exact_port:
            raise MachineError(f"web: cannot listen on {host}:{port} ({exc.strerror})") from exc
        say(f"web: port {port} is taken by another program; taking a free one")
        await web.TCPSite(runner, host, 0).start()
    return int(runner.addresses[0][1])


def _dump(value: dict[str, object]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
