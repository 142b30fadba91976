"""`newsmon slack`: tell Slack, send a test message, or show what Slack would show."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from datetime import UTC, datetime
from typing import Any

from monitor.cli.options import add_common, add_metrics, settings_of, with_metrics
from monitor.errors import NewsmonError
from monitor.kafka.alive import BrokerProbe
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.log import configure
from monitor.messages import make_id
from monitor.ops.registry import new_registry
from monitor.ops.server import door
from monitor.settings import Settings
from monitor.slack.answers import explain
from monitor.slack.blocks import story_message
from monitor.slack.client import Bot, open_http, slack_of
from monitor.slack.demo import show_demo
from monitor.slack.journal import Intent
from monitor.slack.metrics import SlackMeter
from monitor.slack.rules import load_rules
from monitor.slack.samples import sample_alert
from monitor.slack.service import run_slack


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "slack",
        help="run one role: tell Slack",
        description="Tell Slack the alerts; nothing is lost, and hardly ever one comes twice. "
        "Set a bot token or a webhook first, see [slack] in config/newsmon.toml; routes and quiet "
        "hours stand in config/slack.toml.",
    )
    parser.add_argument(
        "action",
        nargs="?",
        choices=("run", "test", "demo"),
        default="run",
        help="run: tell Slack until Ctrl-C (the default); test: send one sample message, and "
        "explain what is wrong; demo: show in a browser what Slack would show, without Slack",
    )
    parser.add_argument(
        "--instance",
        metavar="NAME",
        help="run: a fixed name of this process in the group, so that a restart moves no work; no "
        "two processes may have the same",
    )
    parser.add_argument("--seconds", type=float, help="demo: end after so long (default: Ctrl-C)")
    parser.add_argument("--port", type=int, default=0, help="demo: port on loopback (default: any)")
    add_metrics(parser)
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Tell Slack until Ctrl-C or SIGTERM; or test it; or show the demo."""
    settings = with_metrics(settings_of(args), args)
    if args.action == "test":
        return asyncio.run(_test(settings))
    if args.action == "demo":
        configure("warning")
        return asyncio.run(_demo(settings, args.seconds, args.port))
    configure(settings.log_level)
    asyncio.run(_tell(settings, args.instance))
    return 0


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _tell(settings: Settings, instance: str | None) -> None:
    stop = _stop_on_signals()
    async with open_http(1) as http:
        slack_of(settings.slack, http)  # what is wrong with the settings comes before the broker
    bootstrap = await resolve_bootstrap(settings)
    registry = new_registry("slack")
    meter = SlackMeter(registry)
    async with door(settings.metrics, registry, meter.vital, BrokerProbe(bootstrap)):
        await run_slack(settings, bootstrap, stop, instance, meter=meter)


async def _test(settings: Settings) -> int:
    rules = load_rules(settings.slack.rules)
    now = datetime.now(UTC)
    message = story_message(make_id("test", now.isoformat()), sample_alert(now), rules.web_url)
    async with open_http(rules.timeout) as http:
        slack = slack_of(settings.slack, http)
        place = "the webhook's channel"
        if isinstance(slack, Bot):
            place = settings.slack.channel
            outcome, name = await slack.who()
            if outcome.kind != "sent":
                return _failed("the token", outcome.error)
            print(f"the token is good: {name}")
        outcome = await slack.post(settings.slack.channel, message)
        if outcome.kind != "sent":
            return _failed(place, outcome.error)
        print(f"sent an invented alert to {place}")
        if isinstance(slack, Bot):
            await _test_edit(slack, outcome.channel, outcome.ts, now, rules.web_url)
    return 0


async def _test_edit(slack: Bot, channel: str, ts: str, now: datetime, web_url: str) -> None:
    """Try what else the consumer does; it can do without, so say so and go on."""
    delivery = make_id("test", ts)
    alert = sample_alert(now, revision=2, reason="new_outlet")
    edited = await slack.edit(channel, ts, story_message(delivery, alert, web_url))
    print("edited it" if edited.kind == "sent" else f"could not edit it: {edited.error}")
    looked = await slack.find(channel, Intent(id=delivery, revision=2, at=now))
    if looked.kind == "sent":
        print("found it again: after a break newsmon can ask Slack what has arrived")
    else:
        print(
            f"could not look it up: {looked.error}: {explain(looked.error)}. newsmon then marks a "
            "message that may be a repeat"
        )


async def _demo(settings: Settings, seconds: float | None, port: int) -> int:
    stop = _stop_on_signals()
    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, stop.set)
    try:
        tally = await show_demo(settings, stop, lambda text: print(text, flush=True), port)
    except OSError as exc:
        raise NewsmonError(f"port {port}: cannot be opened ({exc.strerror})") from exc
    print(tally.line())
    return 0 if tally.posts else 1


def _failed(place: str, error: str) -> int:
    print(f"newsmon: {place}: {error}: {explain(error)}", file=sys.stderr)
    return 1
