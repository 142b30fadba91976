"""The poll loop: one task a feed carries it from fetch to acknowledged articles to its state."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Protocol

from monitor.errors import BrokerError, FeedError, FetchError, MessageError
from monitor.feeds.feed import Feed
from monitor.feeds.fetch import Answer, Fetcher
from monitor.feeds.fulltext import FullTexts
from monitor.feeds.headers import is_challenge, retry_after_seconds
from monitor.feeds.metrics import PollMeter
from monitor.feeds.pool import ParserPool
from monitor.feeds.progress import (
    after_document,
    after_failure,
    after_unchanged,
    fitting,
    request_of,
)
from monitor.feeds.schedule import Outcome, Pace, due_at, first_poll_at, is_ours, network_down
from monitor.feeds.select import select
from monitor.feeds.siblings import Siblings
from monitor.feeds.state import FeedState
from monitor.feeds.step import Step, pace_of, report
from monitor.messages import Article
from monitor.settings import PollSettings
from monitor.topics import partition_of

log = logging.getLogger("newsmon.poll")

PATIENCE_S = 8.0
"""How long a publish in flight may go on when the feed is given up."""


class Store(Protocol):
    """Where articles and states go."""

    async def publish(self, articles: Sequence[Article]) -> None:
        """Send articles; return when all are acknowledged."""

    async def save(self, feed_id: str, partition: int, state: bytes, at: datetime) -> None:
        """Write a feed's state; return when it is acknowledged."""


@dataclass
class _Job:
    task: asyncio.Task[None] | None = None
    publishing: bool = False


@dataclass
class Poller:
    """Polls the feeds of the partitions that it owns.

    Attributes:
        settings: The `[poll]` section.
        feeds: The catalogue.
        store: Where articles and states go.
        fetcher: Gets documents.
        parsers: Reads them.
        clock: Unix seconds now.
        sleep: Waits so many seconds.
        meter: Counts what is done.
        states: What is known of each owned feed.
    """

    settings: PollSettings
    feeds: Sequence[Feed]
    store: Store
    fetcher: Fetcher
    parsers: ParserPool
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    meter: PollMeter = field(default_factory=PollMeter)
    states: dict[str, FeedState] = field(default_factory=dict)
    _jobs: dict[int, dict[str, _Job]] = field(default_factory=dict)
    _blocked: dict[str, float] = field(default_factory=dict)
    _recent: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=500))

    def __post_init__(self) -> None:
        """Note which feeds belong together, and show the meter how they are."""
        self.meter.watch(self.states)
        self._pages = FullTexts(self.fetcher, self.parsers)
        self._siblings = Siblings(self.feeds, self.states)

    async def take(self, partition: int, records: Mapping[str, bytes]) -> None:
        """Begin to poll the feeds of a partition where their states say."""
        now = self.clock()
        mine = [feed for feed in self.feeds if partition_of(feed.domain) == partition]
        jobs = self._jobs.setdefault(partition, {})
        for feed in mine:
            state = self._restore(feed, records.get(feed.id), now)
            self.states[feed.id] = state
            if state.retry_after_until > now and state.outcomes[-1:] == [
                (state.last_poll_at, "http_429")
            ]:
                self._block(feed, state.retry_after_until)
            job = jobs[feed.id] = _Job()
            job.task = asyncio.create_task(self._follow(feed, partition, job))
        log.info("outcome=took partition=%d feeds=%d known=%d", partition, len(mine), len(records))

    async def drop(self, partitions: set[int]) -> None:
        """Give up partitions: what is being published is finished, nothing else begins."""
        tasks = []
        for partition in partitions:
            for feed_id, job in self._jobs.pop(partition, {}).items():
                self.states.pop(feed_id, None)
                if job.task:
                    tasks.append(job.task)
                    if not job.publishing:
                        job.task.cancel()
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=PATIENCE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def poll(self, feed: Feed, state: FeedState) -> Step:
        """Fetch, parse and choose; nothing is published and nothing written."""
        now = self.clock()
        pace = pace_of(feed, self.settings)
        try:
            with self.meter.polling():
                step = await self._look(feed, state, now, pace)
        except FeedError as exc:
            step = self._failed(state, exc.outcome, str(exc), None, pace)
        except Exception as exc:  # one feed's surprise must not end the poll of all others
            log.exception("feed=%s outcome=internal", feed.id)
            step = self._failed(state, "internal", type(exc).__name__, None, pace)
        self._recent.append((self.clock(), step.word))
        return step

    def _restore(self, feed: Feed, raw: bytes | None, now: float) -> FeedState:
        state = FeedState(feed.id, feed.url)
        if raw:
            try:
                state = fitting(feed, FeedState.decode(raw))
            except MessageError as exc:
                log.error("feed=%s outcome=state_unreadable why=%s", feed.id, exc)
        if not state.next_poll_at:
            pace = pace_of(feed, self.settings)
            state.next_poll_at = first_poll_at(feed.id, now, len(self.feeds), pace)
        return state

    async def _follow(self, feed: Feed, partition: int, job: _Job) -> None:
        while self._owns(partition, feed):
            state = self.states[feed.id]
            now = self.clock()
            due = max(due_at(state, now), self._blocked.get(feed.domain, 0.0))
            if (wait := due - now) > 0:
                await self.sleep(min(wait, 3600.0))
                continue
            step = await self.poll(feed, state)
            job.publishing = True
            try:
                await self._write(feed, partition, step)
            finally:
                job.publishing = False
                self._siblings.written(feed)

    def _owns(self, partition: int, feed: Feed) -> bool:
        return feed.id in self._jobs.get(partition, {})

    async def _write(self, feed: Feed, partition: int, step: Step) -> None:
        """Publish, then write the state, then go on from it: in this order nothing is lost."""
        at = datetime.fromtimestamp(self.clock(), UTC)
        try:
            await self.store.publish(step.articles)
            if not self._owns(partition, feed):
                return  # another poller reads this partition now; its state is not ours any more
            await self.store.save(feed.id, partition, step.state.encode(), at)
        except* BrokerError as group:
            pace = pace_of(feed, self.settings)
            why = str(group.exceptions[0])
            before = self.states.get(feed.id, FeedState(feed.id))
            step = self._failed(before, "publish_failed", why, None, pace)
        if self._owns(partition, feed):
            self.states[feed.id] = step.state
        self.meter.ended(step)
        report(feed, step)

    async def _look(self, feed: Feed, state: FeedState, now: float, pace: Pace) -> Step:
        asked = request_of(feed, state, now)
        answer = await self.fetcher.fetch(
            asked.url,
            etag=asked.etag,
            last_modified=asked.last_modified,
            allow_private=feed.allow_private,
        )
        now = self.clock()
        if answer.status == 304 and (asked.etag or asked.last_modified):
            return Step(after_unchanged(state, answer, "", now, pace), "unchanged")
        if answer.status != 200:
            return self._refused(feed, state, answer, pace)
        if is_challenge(answer.headers):
            raise FetchError("challenge", "a bot check came in place of the feed")
        digest = blake2b(answer.body, digest_size=16).hexdigest()
        if digest == state.body_hash:
            return Step(after_unchanged(state, answer, digest, now, pace), "same_body")
        parsed = await self.parsers.parse(
            answer.body,
            answer.url,
            answer.headers.get("content-type", ""),
            detect=not feed.language,
        )
        age = self.settings.max_age_hours if feed.max_age_hours is None else feed.max_age_hours
        chosen = select(feed, state, parsed, now, age * 3600, self._siblings.elsewhere(feed))
        self._siblings.coming(feed, chosen.articles)
        after = after_document(feed, state, answer, digest, parsed, chosen, now, pace)
        detail = f"items={len(parsed.entries)} new={chosen.new} revised={chosen.revised}"
        articles = chosen.articles
        if feed.full_text and articles:
            articles, pages = await self._pages.complete(feed, articles)
            detail += "".join(f" page_{word}={count}" for word, count in sorted(pages.items()))
        return Step(after, after.outcomes[-1][1], detail, articles, chosen.events)

    def _refused(self, feed: Feed, state: FeedState, answer: Answer, pace: Pace) -> Step:
        word = "challenge" if is_challenge(answer.headers) else f"http_{answer.status}"
        retry = None
        if answer.status in {429, 503}:
            retry = retry_after_seconds(answer.headers, self.clock())
        step = self._failed(state, word, f"status={answer.status}", retry, pace)
        if answer.status == 429 and not feed.allow_private:
            # The host means the reader, not the one feed.
            self._block(feed, step.state.retry_after_until)
        return step

    def _failed(
        self, state: FeedState, word: str, why: str, retry_after_s: float | None, pace: Pace
    ) -> Step:
        now = self.clock()
        recent = [*self._recent, (now, word)]
        frozen = is_ours(word) and network_down(recent, now)
        after = after_failure(state, Outcome(word, retry_after_s, frozen), now, pace)
        return Step(after, word, why, events=("network_down",) if frozen else ())

    def _block(self, feed: Feed, until: float) -> None:
        self._blocked[feed.domain] = max(until, self._blocked.get(feed.domain, 0.0))
