"""`newsmon stats`: the rolling counts, once or kept current."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from monitor.cli.options import add_common, console, print_json, settings_of
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.settings import Settings
from monitor.stats.table import as_json, bars_for, render
from monitor.stats.totals import KINDS, read_totals, summed, totals_json, totals_table
from monitor.stats.watch import load_board, watch, watch_plain


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser("stats", help="print the rolling counts")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--once", action="store_true", help="print the table and end (default)")
    mode.add_argument("--watch", action="store_true", help="keep it current until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    parser.add_argument(
        "--by",
        choices=("place", *KINDS),
        default="place",
        help="count per label and place (default), or over all places per label or per actor",
    )
    parser.add_argument(
        "--period",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="with --watch on a pipe or with --json: seconds between two prints",
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the counts."""
    asyncio.run(_stats(settings_of(args), args))
    return 0


async def _stats(settings: Settings, args: argparse.Namespace) -> None:
    bootstrap = await resolve_bootstrap(settings)
    screen = console()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if args.watch and not args.json and args.by == "place":
        if sys.stdout.isatty():
            await watch(bootstrap, screen, stop)
        else:
            await watch_plain(bootstrap, stop, args.period)
        return
    while True:
        if args.by == "place":
            await _print_places(bootstrap, screen, args)
        else:
            await _print_totals(bootstrap, screen, args)
        if not args.watch or stop.is_set():
            return
        try:
            await asyncio.wait_for(stop.wait(), args.period)
            return
        except TimeoutError:
            continue


async def _print_places(bootstrap: str, screen: Console, args: argparse.Namespace) -> None:
    board = await load_board(bootstrap)
    now = datetime.now(UTC)
    if args.json:
        print_json(as_json(board, now))
    else:
        screen.print(render(board, now, rows=50, alerts=10, bars=bars_for(screen.encoding)))


async def _print_totals(bootstrap: str, screen: Console, args: argparse.Namespace) -> None:
    series = summed(await read_totals(bootstrap), args.by)
    now = datetime.now(UTC)
    if args.json:
        print_json(totals_json(series, now))
    else:
        screen.print(totals_table(series, args.by, now, 50))
