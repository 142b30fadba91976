"""A poller in a process of its own, for tests that kill it: arguments are broker and group."""

from __future__ import annotations

import asyncio
import sys

from monitor.feeds.feed import load_feeds
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from monitor.feeds.poller import Poller
from monitor.feeds.pool import ParserPool
from monitor.kafka.client import open_producer
from monitor.kafka.feed_state import FeedStateLog
from monitor.settings import load_settings


async def main(broker: str, group: str) -> None:
    poll = load_settings().poll
    async with open_producer(broker) as producer, Fetcher("", 10, HostGate(8)) as fetcher:
        store = FeedStateLog(broker, producer, group)
        poller = Poller(poll, load_feeds(poll.feeds), store, fetcher, ParserPool(1))
        await store.run(asyncio.Event(), poller)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
