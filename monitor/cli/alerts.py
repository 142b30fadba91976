"""`newsmon alerts`: subscribe to the alerts, on the terminal or as JSON lines."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.text import Text

from monitor.alerts import Watch
from monitor.cli.options import add_common, console, duration, print_json, settings_of
from monitor.errors import MessageError
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.client import read_topic
from monitor.messages import Alert, Label, Severity, Status
from monitor.settings import Settings
from monitor.text import plain
from monitor.topics import ALERTS

_FILTERS = ("label", "status", "actor", "place", "language", "outlet")


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "alerts",
        help="print alerts, and follow them",
        description="Print the alerts of the last 24 hours. A story has one id; each change of it "
        "is a new revision with a named reason.",
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--from-beginning", action="store_true", help="all that the topic keeps")
    start.add_argument("--since", type=duration, metavar="AGE", help="e.g. 90m, 24h, 7d")
    parser.add_argument("--follow", action="store_true", help="go on with new ones until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    chosen = parser.add_argument_group("filters", "each may be given several times")
    chosen.add_argument("--label", action="append", choices=[str(x) for x in Label])
    chosen.add_argument("--status", action="append", choices=[str(x) for x in Status])
    chosen.add_argument("--actor", action="append", metavar="CODE", help="e.g. RU, NATO")
    chosen.add_argument("--place", action="append", metavar="CODE", help="e.g. UA, 'Black Sea'")
    chosen.add_argument("--language", action="append", metavar="CODE", help="e.g. uk")
    chosen.add_argument("--outlet", action="append", metavar="NAME")
    chosen.add_argument("--severity", choices=[str(x) for x in Severity], help="this or above")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print alerts until the end, or until Ctrl-C with `--follow`."""
    chosen = {name: getattr(args, name) for name in _FILTERS if getattr(args, name)}
    if args.severity:
        chosen["severity"] = args.severity
    wanted = Watch.model_validate({"name": "command line", **chosen})
    asyncio.run(_print_alerts(settings_of(args), args, wanted))
    return 0


async def _print_alerts(settings: Settings, args: argparse.Namespace, wanted: Watch) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    bootstrap = await resolve_bootstrap(settings)
    age = args.since or (None if args.from_beginning else timedelta(days=1))
    since = datetime.now(UTC) - age if age else None
    printing = asyncio.create_task(_pump(_alerts(bootstrap, since, args.follow), wanted, args.json))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({printing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if printing.done():
        printing.result()
    printing.cancel()
    await asyncio.gather(printing, return_exceptions=True)


async def _pump(alerts: AsyncIterator[Alert], wanted: Watch, as_json: bool) -> None:
    screen = console()
    async for alert in alerts:
        if not wanted.matches(alert):
            continue
        if as_json:
            print_json(alert.model_dump(mode="python"))
        else:
            screen.print(describe(alert), soft_wrap=True)


async def _alerts(bootstrap: str, since: datetime | None, follow: bool) -> AsyncIterator[Alert]:
    """Yield each (id, revision) once: a crash upstream may repeat it."""
    newest: dict[str, int] = {}
    records = read_topic(bootstrap, ALERTS, from_beginning=True, follow=follow, since=since)
    async for record in records:
        try:
            alert = Alert.decode(record.value)
        except MessageError as exc:
            place = f"{ALERTS.name}/{record.partition}/{record.offset}"
            print(f"newsmon: {place}: {exc}", file=sys.stderr)
            continue
        if newest.get(alert.id, 0) < alert.revision:
            newest[alert.id] = alert.revision
            yield alert


def describe(alert: Alert) -> Text:
    """Write an alert for a reader: what, where, who, then the evidence."""
    status = f"{alert.status} " if alert.status else ""
    head = (
        f"{alert.counts.last_seen:%Y-%m-%d %H:%M:%S}Z  {alert.severity}  {status}{alert.label}  "
        f"{', '.join(alert.actors) or '?'} → {', '.join(alert.places) or '?'}  "
        f"({alert.reason}, revision {alert.revision}, {alert.counts.mentions} reports, "
        f"{alert.counts.outlets} outlets)"
    )
    text = Text(plain(head), style="bold")
    for other, word in ((alert.denied_by, "denied by"), (alert.denies, "denies")):
        if other:
            text.append(f"\n  {word} {', '.join(other)}", style="magenta")
    for evidence in alert.evidence:
        said = f" — {evidence.speaker}" if evidence.speaker else ""
        line = f"\n  “{evidence.sentence}”{said} [{evidence.outlet}] {evidence.url}"
        text.append(plain(line.strip("\n")).join(("\n  ", "")), style="not bold")
    return text
