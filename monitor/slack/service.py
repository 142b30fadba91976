"""Put the parts together: settings and rules in, a running consumer out."""

from __future__ import annotations

import asyncio
import logging

from monitor.alerts import load_policy
from monitor.settings import Settings
from monitor.slack.client import Bot, open_http, slack_of
from monitor.slack.consumer import WEBHOOK, Consumer
from monitor.slack.metrics import SlackMeter
from monitor.slack.rules import SlackRules, load_rules
from monitor.slack.tally import Tally

log = logging.getLogger("newsmon.slack")


async def run_slack(
    settings: Settings,
    bootstrap: str,
    stop: asyncio.Event,
    member: str | None = None,
    rules: SlackRules | None = None,
    meter: SlackMeter | None = None,
) -> Tally:
    """Tell Slack until `stop` is set, and return what was done.

    Args:
        settings: Secrets, channel, files.
        bootstrap: The brokers.
        stop: Set it to end.
        member: A fixed name of this process in the group.
        rules: Instead of those of the file.
        meter: Counts what is done; None counts for nobody.

    Raises:
        ConfigError: Settings, rules or policy have faults.
        BrokerError: No broker or topic.
    """
    rules = rules or load_rules(settings.slack.rules)
    of_watch = {w.name: w.channel for w in load_policy(settings.alert.policy).watches if w.channel}
    async with open_http(rules.timeout) as http:
        slack = slack_of(settings.slack, http)
        bot = isinstance(slack, Bot)
        if not bot and (of_watch or any(route.channel for route in rules.routes)):
            log.warning("outcome=one_channel hint='a webhook knows one channel: routes need a bot'")
        channel = settings.slack.channel if bot else WEBHOOK
        consumer = Consumer(slack, rules, channel, of_watch, meter=meter)
        await consumer.run(bootstrap, stop, member)
        return consumer.tally
