"""`newsmon up`: everything on this machine."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from monitor.cli.options import add_common, settings_of
from monitor.datadir import claim
from monitor.errors import ConfigError
from monitor.feeds.feed import load_feeds
from monitor.log import configure
from monitor.ops.registry import new_registry
from monitor.ops.server import door
from monitor.settings import Settings
from monitor.supervisor.metrics import RoleMetrics, not_running
from monitor.supervisor.roles import common_options, roles
from monitor.supervisor.state import only_one, read_state
from monitor.supervisor.supervisor import Supervisor
from monitor.top.show import fits, show

log = logging.getLogger("newsmon.up")


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "up",
        help="run everything on this machine",
        description="Start broker, topics, poller, workers and the configured sinks; watch them, "
        "start again what dies, and stop in order on Ctrl-C or SIGTERM.",
    )
    parser.add_argument("--feeds", type=Path, metavar="FILE", help="feeds to poll (TOML)")
    parser.add_argument("--headless", action="store_true", help="log instead of showing the table")
    parser.add_argument(
        "--brokers", type=int, choices=(1, 3), help="Kafka brokers on this machine (default: 1)"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="worker processes (default: 1)")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C or SIGTERM."""
    if args.feeds:
        # By the environment, so that the poller finds the same file.
        os.environ["NEWSMON_POLL_FEEDS"] = str(args.feeds.absolute())
    if args.brokers:
        os.environ["NEWSMON_KAFKA_BROKERS"] = str(args.brokers)
    settings = settings_of(args, workers=args.workers)
    if not load_feeds(settings.poll.feeds):
        raise ConfigError(f"{settings.poll.feeds}: no feeds")
    headless = args.headless or not fits()
    configure(settings.log_level if headless else "error")
    claim(settings.data_dir)
    with only_one(settings.data_dir):
        asyncio.run(up(settings, common_options(args.config, settings.data_dir), headless))
    print(
        "newsmon: stopped in order; what was sent is acknowledged, all data is in "
        f"{settings.data_dir}",
        file=sys.stderr,
    )
    return 0


async def up(
    settings: Settings,
    common: tuple[str, ...],
    headless: bool,
    view: Callable[[str, asyncio.Event], Any] | None = None,
) -> None:
    """Start everything, show it, and stop it in order.

    Args:
        settings: The settings.
        common: Options for every role.
        headless: Log to stderr instead of drawing the live view.
        view: Coroutine function of (bootstrap, stop event) shown instead of the live view; its end
            ends everything.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _end, stop, number)
    console = Console(stderr=True)
    supervisor = Supervisor(
        settings,
        roles(settings, common),
        say=lambda text: console.print(text, style="dim", highlight=False),
        echo_logs=headless and view is None,
    )
    read = partial(read_state, settings.data_dir)
    registry = new_registry("up")
    registry.register(RoleMetrics(read))

    async def probe() -> str:
        return not_running(read())

    async with door(settings.metrics, registry, supervisor.vital, probe):
        await _run(supervisor, stop, settings.data_dir, view, headless=headless)


async def _run(
    supervisor: Supervisor,
    stop: asyncio.Event,
    data_dir: Path,
    view: Callable[[str, asyncio.Event], Any] | None,
    *,
    headless: bool,
) -> None:
    started = asyncio.create_task(supervisor.start())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({started, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            await asyncio.gather(started, return_exceptions=True)
            return
        started.result()
        if view is None and not headless:
            view = partial(show, data_dir=data_dir)
        await _watch(supervisor, stop, view)
    finally:
        stopped.cancel()
        await supervisor.stop()


def _end(stop: asyncio.Event, number: signal.Signals) -> None:
    log.info("stopping on %s", number.name)
    stop.set()


async def _watch(
    supervisor: Supervisor,
    stop: asyncio.Event,
    view: Callable[[str, asyncio.Event], Any] | None,
) -> None:
    tasks = [asyncio.create_task(supervisor.watch(stop))]
    if view:
        tasks.append(asyncio.create_task(view(supervisor.bootstrap, stop)))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        stop.set()
        await asyncio.gather(*tasks, return_exceptions=True)
