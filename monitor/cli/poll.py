"""`newsmon poll`: the poller, one process."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from monitor.cli.options import add_common, add_metrics, settings_of, with_metrics
from monitor.feeds.feed import load_feeds
from monitor.feeds.metrics import PollMeter
from monitor.feeds.service import run_poller
from monitor.kafka.alive import BrokerProbe
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.log import configure
from monitor.ops.registry import new_registry
from monitor.ops.server import door
from monitor.settings import Settings


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "poll",
        help="run one role: poll the feeds",
        description="Poll the catalogue's feeds and write articles; several pollers share them.",
    )
    parser.add_argument("--feeds", type=Path, metavar="FILE", help="feeds to poll (TOML)")
    add_metrics(parser)
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Poll until Ctrl-C or SIGTERM."""
    if args.feeds:
        os.environ["NEWSMON_POLL_FEEDS"] = str(args.feeds.absolute())
    settings = with_metrics(settings_of(args), args)
    load_feeds(settings.poll.feeds)  # its faults are the user's, so they come before the broker's
    configure(settings.log_level)
    asyncio.run(_poll(settings))
    return 0


async def _poll(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    bootstrap = await resolve_bootstrap(settings)
    registry = new_registry("poller")
    meter = PollMeter(registry)
    async with door(settings.metrics, registry, meter.vital, BrokerProbe(bootstrap)):
        await run_poller(settings, bootstrap, stop, meter)
