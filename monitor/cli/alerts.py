"""`newsmon alerts`: subscribe to the alerts, on the terminal or as JSON lines."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.text import Text

from monitor.alerts import Filter, Watch, load_policy, unknown_codes
from monitor.cli.options import add_common, console, duration, print_json, settings_of
from monitor.cli.reading import read_messages, watch_named
from monitor.errors import ConfigError
from monitor.kafka.bootstrap import resolve_bootstrap
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
        description="Print the alerts of the last 24 hours, each story once, as it stands now. "
        "With --follow every later change of a story comes too, as a revision with a named reason.",
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--from-beginning", action="store_true", help="every revision that the topic keeps"
    )
    start.add_argument("--since", type=duration, metavar="AGE", help="e.g. 90m, 24h, 7d")
    parser.add_argument("--revisions", action="store_true", help="every revision, not the newest")
    parser.add_argument("--follow", action="store_true", help="go on with new ones until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    chosen = parser.add_argument_group("filters", "as in a watch; each may be given several times")
    chosen.add_argument("--label", action="append", choices=[str(x) for x in Label])
    chosen.add_argument("--status", action="append", choices=[str(x) for x in Status])
    chosen.add_argument("--actor", action="append", metavar="CODE", help="e.g. RU, NATO")
    chosen.add_argument("--place", action="append", metavar="CODE", help="e.g. UA, 'Black Sea'")
    chosen.add_argument("--language", action="append", metavar="CODE", help="e.g. uk")
    chosen.add_argument("--outlet", action="append", metavar="NAME")
    chosen.add_argument("--severity", choices=[str(x) for x in Severity], help="this or above")
    chosen.add_argument("--watch", metavar="NAME", help="the filter of a watch of the policy file")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print alerts until the end, or until Ctrl-C with `--follow`."""
    settings = settings_of(args)
    asyncio.run(_print_alerts(settings, args, _wanted(settings, args)))
    return 0


def _wanted(settings: Settings, args: argparse.Namespace) -> list[Watch]:
    """Return the filters that an alert must all pass."""
    chosen = {name: getattr(args, name) for name in _FILTERS if getattr(args, name)}
    faults = [f"--{key}: {text}" for key, text in unknown_codes(Filter.model_validate(chosen))]
    if faults:
        raise ConfigError(faults)
    if args.severity:
        chosen["severity"] = args.severity
    wanted = [Watch.model_validate({"name": "command line", **chosen})]
    if args.watch:
        path = settings.alert.policy
        wanted.append(watch_named(load_policy(path), args.watch, path))
    return wanted


async def _print_alerts(
    settings: Settings, args: argparse.Namespace, wanted: Sequence[Watch]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    bootstrap = await resolve_bootstrap(settings)
    age = args.since or (None if args.from_beginning else timedelta(days=1))
    since = datetime.now(UTC) - age if age else None
    alerts = _alerts(bootstrap, since, args.revisions or args.from_beginning, args.follow)
    printing = asyncio.create_task(_pump(alerts, wanted, args.json))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({printing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if printing.done():
        printing.result()
    printing.cancel()
    await asyncio.gather(printing, return_exceptions=True)


async def _pump(alerts: AsyncIterator[Alert], wanted: Sequence[Watch], as_json: bool) -> None:
    screen = console()
    async for alert in alerts:
        if not all(watch.matches(alert) for watch in wanted):
            continue
        if as_json:
            print_json(alert.model_dump(mode="python"))
        else:
            screen.print(describe(alert), soft_wrap=True)


async def _alerts(
    bootstrap: str, since: datetime | None, revisions: bool, follow: bool
) -> AsyncIterator[Alert]:
    """Yield each (id, revision) at most once: a crash upstream may repeat it."""
    told: dict[str, int] = {}
    if not revisions:
        kept: dict[str, Alert] = {}
        async for _, alert in read_messages(bootstrap, ALERTS, Alert, since=since):
            if alert.id not in kept or kept[alert.id].revision < alert.revision:
                kept[alert.id] = alert
        for alert in sorted(kept.values(), key=lambda alert: alert.counts.last_seen):
            told[alert.id] = alert.revision
            yield alert
        if not follow:
            return
    async for _, alert in read_messages(bootstrap, ALERTS, Alert, since=since, follow=follow):
        if told.get(alert.id, 0) < alert.revision:
            told[alert.id] = alert.revision
            yield alert


def describe(alert: Alert) -> Text:
    """Write an alert for a reader: what, where, who, then the evidence."""
    status = f"{alert.status} " if alert.status else ""
    head = (
        f"{alert.counts.last_seen:%Y-%m-%d %H:%M:%S}Z  {alert.severity}  {status}{alert.label}  "
        f"{', '.join(alert.actors) or '?'} → {', '.join(alert.places) or '?'}  "
        f"({alert.reason}, revision {alert.revision}, {alert.counts.mentions} reports, "
        f"{alert.counts.outlets} outlets)  {alert.id}"
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
