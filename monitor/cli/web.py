"""`newsmon web`: the page, one process."""

from __future__ import annotations

import argparse
import asyncio
import signal
from typing import Any

from monitor.cli.options import add_common, port, settings_of
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.log import configure
from monitor.settings import Settings
from monitor.web.access import access_for
from monitor.web.service import serve


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "web",
        help="run one role: the web page and the JSON API",
        description="Serve live alerts, counts, a map and feed health on this machine. An address "
        "that other machines reach needs web.token. The API is described at /api/openapi.json.",
    )
    parser.add_argument("--host", help="address to listen on (default: from the settings)")
    parser.add_argument(
        "--port", type=port, help="exactly this port; without it a taken one is replaced by a free"
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    settings = settings_of(args)
    given = {"host": args.host, "port": args.port}
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = settings.model_copy(update={"web": settings.web.model_copy(update=chosen)})
    access_for(settings.web)  # a fault of the settings is told before the broker is waited for
    configure(settings.log_level)
    asyncio.run(_web(settings, exact_port=args.port is not None))
    return 0


async def _web(settings: Settings, *, exact_port: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    bootstrap = await resolve_bootstrap(settings)
    await serve(
        settings.web,
        bootstrap,
        stop,
        data_dir=settings.data_dir,
        exact_port=exact_port,
        say=lambda text: print(text, flush=True),
    )
