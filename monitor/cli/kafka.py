"""`newsmon kafka`: the embedded broker by itself."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monitor.cli.options import add_common, print_json, settings_of
from monitor.datadir import claim
from monitor.errors import BrokerError
from monitor.kafka import aot, jars
from monitor.kafka.admin import apply_topics
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.fetch import fetch, read_bundle, write_bundle
from monitor.kafka.java import find_java
from monitor.kafka.jvm import Kafka
from monitor.kafka.layout import replication_of
from monitor.kafka.running import running_brokers, stop_brokers
from monitor.settings import Settings


def register(commands: Any) -> None:  # noqa: ANN401 - argparse names no type for it
    """Add the command and its actions."""
    parser = commands.add_parser("kafka", help="the embedded broker")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, (action, help_text) in _ACTIONS.items():
        inner = actions.add_parser(name, help=help_text, description=help_text)
        add_common(inner)
        inner.set_defaults(run=run, action=action)
        if name != "bundle":
            inner.add_argument("--json", action="store_true", help="print one JSON object")
        if name == "fetch":
            inner.add_argument(
                "--from-bundle", type=Path, metavar="FILE", help="take the jars from a bundle"
            )
        if name == "start":
            inner.add_argument(
                "--detach", action="store_true", help="return once it is ready, leave it running"
            )
        if name == "bundle":
            inner.add_argument("file", type=Path, help="the tar to write")


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    action: Callable[[argparse.Namespace, Settings], int] = args.action
    return action(args, settings_of(args))


def _fetch(args: argparse.Namespace, settings: Settings) -> int:
    if args.from_bundle:
        folder = read_bundle(settings, args.from_bundle)
    else:
        with _meter() as progress:
            folder = fetch(settings, progress, thorough=True)
    kafka = Kafka(find_java(settings), folder, settings.kafka.heap_mb)
    cache = kafka.start_cache
    if cache and not cache.exists():
        _say("preparing a quicker start")
        asyncio.run(aot.train_later(kafka, 0))
    found = {
        "kafka": jars.kafka_version(),
        "folder": str(folder),
        "jars": len(jars.locked()),
        "bytes": sum(jar.size for jar in jars.locked()),
        "start_cache": bool(cache and cache.exists()),
    }
    return _print(args, found, f"Kafka {found['kafka']} is complete in {folder}")


def _start(args: argparse.Namespace, settings: Settings) -> int:
    return asyncio.run(_serve(args, settings))


async def _serve(args: argparse.Namespace, settings: Settings) -> int:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    claim(settings.data_dir)
    broker = EmbeddedKafka(settings, _say, detach=args.detach)
    starting = asyncio.ensure_future(broker.start())
    stopping = asyncio.ensure_future(ended.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return 0
    bootstrap = starting.result()
    try:
        await apply_topics(bootstrap, replication=replication_of(settings))
        found = {"bootstrap_servers": bootstrap, "pid": broker.pid, "adopted": broker.adopted}
        _print(args, found, f"Kafka is ready on {bootstrap}")
        while not (args.detach or ended.is_set()):
            if not any(one.alive for one in broker.brokers):
                raise BrokerError(f"the broker ended; see {settings.data_dir / 'logs'}")
            await broker.start()  # of three, those that died
            await asyncio.wait({stopping}, timeout=0.5)
    finally:
        stopping.cancel()
        await broker.stop()
    return 0


def _stop(args: argparse.Namespace, settings: Settings) -> int:
    stopped = asyncio.run(stop_brokers(settings.data_dir))
    text = "stopped" if stopped else f"no broker is running for {settings.data_dir}"
    return _print(args, {"stopped": stopped > 0}, text)


def _verify(args: argparse.Namespace, settings: Settings) -> int:
    folder = jars.store(settings)
    wrong = [jar.name for jar in jars.damaged(folder)]
    running = running_brokers(settings.data_dir).values()
    found = {
        "kafka": jars.kafka_version(),
        "folder": str(folder),
        "damaged": wrong,
        "running": ",".join(info.bootstrap for info in running) or None,
    }
    text = "\n".join(f"{name}: missing or damaged" for name in wrong)
    _print(args, found, text or f"all {len(jars.locked())} jars of {folder} are right")
    if wrong:
        _say("run `newsmon kafka fetch` to fetch them anew")
    return 1 if wrong else 0


def _bundle(args: argparse.Namespace, settings: Settings) -> int:
    size = write_bundle(settings, args.file)
    print(f"{args.file}: {size / 1e6:.1f} MB; use it with `newsmon kafka fetch --from-bundle`")
    return 0


_ACTIONS: dict[str, tuple[Callable[[argparse.Namespace, Settings], int], str]] = {
    "fetch": (_fetch, "fetch Kafka into the cache, so that the first start needs no network"),
    "start": (_start, "run the broker until Ctrl-C"),
    "stop": (_stop, "stop the broker"),
    "verify": (_verify, "check every byte of Kafka in the cache"),
    "bundle": (_bundle, "write Kafka into one file for machines without internet"),
}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print(args: argparse.Namespace, found: Mapping[str, object], text: str) -> int:
    if args.json:
        print_json(found)
    else:
        print(text, flush=True)
    return 0


@contextmanager
def _meter() -> Iterator[Callable[[int, int], None]]:
    """Show a download: a bar on a terminal, a line per quarter elsewhere."""
    if sys.stderr.isatty():
        # Here, since it would cost the other actions a tenth of a second.
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        columns = (TextColumn("Kafka"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("fetch", total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    shown = -1

    def line(done: int, total: int) -> None:
        nonlocal shown
        if (quarter := 4 * done // total) > shown:
            shown = quarter
            _say(f"fetching Kafka: {done >> 20} of {total >> 20} MiB")

    yield line
