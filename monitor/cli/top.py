"""`newsmon top`: the live view on the terminal."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import Any

from monitor.cli.options import add_common, settings_of
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.log import configure
from monitor.settings import Settings
from monitor.stats.watch import watch_plain
from monitor.top.show import fits, show


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "top",
        help="the live view on the terminal",
        description="Counts, alerts, stories and feeds, live. Press ? for the keys. Where stdout "
        "is no terminal, changed rows are printed instead, a line each.",
    )
    parser.add_argument("--plain", action="store_true", help="print changed rows, a line each")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the view until `q`, Ctrl-C or SIGTERM."""
    settings = settings_of(args)
    configure("warning")
    live = fits() and not args.plain
    if not live and not args.plain:
        print("newsmon: no terminal to draw on; printing changed rows", file=sys.stderr)
    asyncio.run(_top(settings, live=live))
    return 0


async def _top(settings: Settings, *, live: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bootstrap = await resolve_bootstrap(settings)
    if live:
        await show(bootstrap, stop, settings.data_dir)
    else:
        await watch_plain(bootstrap, stop, 2.0)
