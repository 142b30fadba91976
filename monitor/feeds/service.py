"""The poller as a role: everything it needs, opened in order and closed in order."""

from __future__ import annotations

import asyncio

from monitor.feeds.feed import load_feeds
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from monitor.feeds.metrics import PollMeter
from monitor.feeds.poller import Poller
from monitor.feeds.pool import ParserPool
from monitor.kafka.client import open_producer
from monitor.kafka.feed_state import FeedStateLog
from monitor.settings import Settings
from monitor.topics import ARTICLES, FEED_STATE


async def run_poller(
    settings: Settings, bootstrap: str, stop: asyncio.Event, meter: PollMeter
) -> None:
    """Poll the catalogue's feeds, shared with all other pollers, until `stop` is set.

    Args:
        settings: All settings.
        bootstrap: The brokers.
        stop: Publishes in flight are finished, then this returns, within ten seconds.
        meter: Counts what is done.

    Raises:
        ConfigError: The catalogue has faults.
        BrokerError: No broker, or its topics are missing.
    """
    poll = settings.poll
    feeds = load_feeds(poll.feeds)
    parsers = ParserPool(poll.parsers)
    try:
        async with (
            open_producer(bootstrap, [ARTICLES, FEED_STATE]) as producer,
            Fetcher(poll.contact, poll.timeout, HostGate(poll.concurrency)) as fetcher,
        ):
            store = FeedStateLog(bootstrap, producer, vital=meter.vital)
            await store.run(stop, Poller(poll, feeds, store, fetcher, parsers, meter=meter))
    finally:
        await parsers.close()
