"""Show what Slack would show: the stand-in and a consumer, with the broker's alerts or samples."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from monitor.errors import BrokerError
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.secret import Secret
from monitor.settings import Settings
from monitor.slack.client import Bot, open_http
from monitor.slack.consumer import Consumer
from monitor.slack.courier import Courier, Hooks
from monitor.slack.journal import Entry, Journal
from monitor.slack.peer import SlackPeer
from monitor.slack.rules import SlackRules, load_rules
from monitor.slack.samples import sample_story
from monitor.slack.tally import Tally


async def show_demo(
    settings: Settings, stop: asyncio.Event, say: Callable[[str], None], port: int = 0
) -> Tally:
    """Serve the stand-in and tell it alerts until `stop` is set.

    Args:
        settings: Where the broker is; without one invented alerts are told.
        stop: Set it to end.
        say: Gets a line at a time.
        port: Of the page on loopback; 0 takes a free one.

    Raises:
        ConfigError: The rules have faults.
        BrokerError: The broker went away.
    """
    rules = load_rules(settings.slack.rules)
    token = secrets.token_hex(8)
    channel = f"C{token.upper()}"  # a new id each time: the journal must not say that all is told
    peer = SlackPeer(token, burst=3)
    peer.workspace.channels["demo"] = channel
    await peer.start(port)
    say(f"open {peer.page_url} in a browser; Ctrl-C ends it")
    say(_how_to_test(peer.api_url, token, channel))
    try:
        async with open_http(rules.timeout) as http:
            slack = Bot(http, peer.api_url, Secret(token))
            try:
                bootstrap = await resolve_bootstrap(settings)
            except BrokerError:
                say("no broker is running: the alerts are invented")
                return await _tell_samples(slack, rules, channel, stop)
            say(f"telling the alerts of {bootstrap}, of the last 24 hours and new ones")
            since = datetime.now(UTC) - timedelta(hours=24)
            consumer = Consumer(
                slack, _everything(rules), channel, group=f"demo-{token}", since=since
            )
            await consumer.run(bootstrap, stop)
            return consumer.tally
    finally:
        await peer.stop()


def _how_to_test(api_url: str, token: str, channel: str) -> str:
    # The token is of no use beyond this stand-in and ends with it, so it may be shown.
    return (
        "to send it a sample, paste in another terminal:\n"
        f"  export NEWSMON_SLACK_API_URL={api_url}\n"
        f"  export NEWSMON_SLACK_BOT_TOKEN={token}\n"
        f"  export NEWSMON_SLACK_CHANNEL={channel}\n"
        "  newsmon slack test"
    )


def _everything(rules: SlackRules) -> SlackRules:
    """Return the rules without routes: the demo has one channel."""
    return rules.model_copy(update={"routes": ()})


async def _tell_samples(slack: Bot, rules: SlackRules, channel: str, stop: asyncio.Event) -> Tally:
    async def forget(entry: Entry) -> None:
        """Keep nothing: a demo's journal ends with it."""

    async def nothing(*_: object) -> None:
        return

    tally = Tally()
    hooks = Hooks(done=lambda _: None, bury=nothing, stopped=nothing)
    courier = Courier(channel, slack, Journal(forget), rules, tally, hooks)
    telling = asyncio.create_task(courier.run())
    feeding = asyncio.create_task(_feed(courier))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await courier.drop(frozenset({0}))
    for task in (telling, feeding, stopping):
        task.cancel()
    await asyncio.gather(telling, feeding, stopping, return_exceptions=True)
    return tally


async def _feed(courier: Courier) -> None:
    began = asyncio.get_running_loop().time()
    for offset, (at, alert) in enumerate(sample_story(datetime.now(UTC))):
        await asyncio.sleep(began + at - asyncio.get_running_loop().time())
        courier.queue.add(alert, 0, offset, datetime.now(UTC))
        courier.news.set()
