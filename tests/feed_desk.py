"""A poller without Kafka and with a clock of its own, for the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from monitor.feeds.feed import Feed
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from monitor.feeds.poller import Poller
from monitor.feeds.pool import ParserPool
from monitor.feeds.state import FeedState
from monitor.feeds.step import Step
from monitor.messages import Article
from monitor.settings import PollSettings

START = 1_772_452_800.0  # 2026-03-02 12:00 UTC


@dataclass
class MemoryStore:
    """Keeps what a poller publishes, in order: `A` and the id, or `S` and the feed."""

    articles: list[Article] = field(default_factory=list)
    states: dict[str, bytes] = field(default_factory=dict)
    order: list[tuple[str, str]] = field(default_factory=list)

    async def publish(self, articles: Sequence[Article]) -> None:
        self.articles += articles
        self.order += [("A", article.id) for article in articles]

    async def save(self, feed_id: str, partition: int, state: bytes, at: datetime) -> None:
        self.states[feed_id] = state
        self.order.append(("S", feed_id))


@dataclass
class Desk:
    """Polls one feed when told to, at the time told."""

    poller: Poller
    feed: Feed
    state: FeedState
    now: float = START
    articles: list[Article] = field(default_factory=list)

    async def poll(self, after_s: float | None = None) -> Step:
        """Poll after so many seconds; None waits for the feed's own next time."""
        if after_s is not None:
            self.now += after_s
        elif self.state.next_poll_at > self.now:
            self.now = self.state.next_poll_at
        self.poller.clock = lambda: self.now
        step = await self.poller.poll(self.feed, self.state)
        self.state = FeedState.decode(step.state.encode())
        self.articles += step.articles
        return step


@asynccontextmanager
async def desk(
    url: str, *, contact: str = "", timeout_s: float = 5, **more: object
) -> AsyncIterator[Desk]:
    """Open a poller for one feed; it is on loopback, so private addresses are allowed."""
    feed = Feed.model_validate({"id": "gazette", "url": url, "allow_private": True} | more)
    settings = PollSettings(contact=contact, timeout=timeout_s)
    parsers = ParserPool(1)
    async with Fetcher(contact, timeout_s, HostGate(4)) as fetcher:
        poller = Poller(settings, [feed], MemoryStore(), fetcher, parsers)
        try:
            yield Desk(poller, feed, FeedState(feed.id, feed.url))
        finally:
            await parsers.close()
