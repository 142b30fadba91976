"""`newsmon demo`: the whole flow in a minute, on invented feeds, without internet."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.cli.alerts import describe
from monitor.cli.options import add_common, console, settings_of
from monitor.cli.up import up
from monitor.demo.outlets import Outlets, load_story
from monitor.kafka.client import read_topic
from monitor.log import configure
from monitor.messages import Alert
from monitor.settings import CONFIG_DIR, Settings
from monitor.stats.table import render
from monitor.stats.watch import load_board, watch
from monitor.supervisor.roles import common_options
from monitor.supervisor.state import only_one
from monitor.topics import ALERTS

_POLL_EVERY_S = 2


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "demo",
        help="show the whole flow in a minute, on invented feeds",
        description="Everything you see is invented. Feeds are served on this machine, polled, put "
        "on a real Kafka, read by the agents; alerts and counts appear as the story unfolds.",
    )
    parser.add_argument("--seconds", type=float, default=62.0, help="how long (default: 62)")
    parser.add_argument("--headless", action="store_true", help="print alerts, not the live table")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the demo; exit 1 when no alert came."""
    kept = args.data_dir is not None
    data_dir = args.data_dir or Path(tempfile.mkdtemp(prefix="newsmon-demo-"))
    args.data_dir = data_dir
    settings = settings_of(args, workers=1)
    configure("error")
    with only_one(settings.data_dir):
        demo = Demo(settings, args)
        asyncio.run(demo.run())
    if demo.first_alert_s is None:
        return 1  # the data stays, for its logs
    if kept:
        print(f"newsmon: all data is in {data_dir}", file=sys.stderr)
    else:
        shutil.rmtree(data_dir, ignore_errors=True)
    return 0


class Demo:
    """One showing of the demo.

    Attributes:
        first_alert_s: Seconds from the start of the command to the first alert; None without one.
    """

    def __init__(self, settings: Settings, args: argparse.Namespace) -> None:
        self.first_alert_s: float | None = None
        self._settings = settings
        self._common = common_options(args.config, settings.data_dir)
        self._seconds = args.seconds
        self._live = sys.stdout.isatty() and not args.headless
        self._outlets = Outlets(load_story(CONFIG_DIR / "demo" / "story.toml"))
        self._began = time.monotonic()
        self._console = console()

    async def run(self) -> None:
        """Serve the outlets, start everything, show it, stop it."""
        await self._outlets.start()
        feeds = self._settings.data_dir / "demo-feeds.toml"
        feeds.write_text(self._outlets.feeds_toml(_POLL_EVERY_S), "utf-8")
        os.environ["NEWSMON_POLL_FEEDS"] = str(feeds)  # for the poller, a process of its own
        try:
            await up(self._settings, self._common, headless=not self._live, view=self._show)
        finally:
            await self._outlets.stop()

    async def _show(self, bootstrap: str, stop: asyncio.Event) -> None:
        self._outlets.begin()
        following = asyncio.create_task(self._follow(bootstrap))
        tasks = [following]
        if self._live:
            tasks.append(asyncio.create_task(watch(bootstrap, self._console, stop)))
        try:
            await asyncio.wait(
                [asyncio.create_task(stop.wait()), *tasks],
                timeout=self._seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._sum_up(bootstrap)

    async def _follow(self, bootstrap: str) -> None:
        async for record in read_topic(bootstrap, ALERTS, from_beginning=True, follow=True):
            if self.first_alert_s is None:
                self.first_alert_s = time.monotonic() - self._began
            if not self._live:
                self._console.print(describe(Alert.decode(record.value)), soft_wrap=True)

    async def _sum_up(self, bootstrap: str) -> None:
        board = await load_board(bootstrap)
        self._console.print(render(board, datetime.now(UTC), rows=20, alerts=12))
        if self.first_alert_s is None:
            self._console.print("no alert came; see the logs in", self._settings.data_dir / "logs")
        else:
            self._console.print(
                f"first alert {self.first_alert_s:.1f} s after the start; {len(board.alerts)} "
                f"stories. All of it was invented."
            )
