"""The loop: topics -> board. Reads without a group, so any number of viewers may look."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from monitor.errors import BrokerError, MessageError
from monitor.feeds.condition import FeedHealth, health_of
from monitor.feeds.state import FeedState
from monitor.kafka.client import Record, read_topic
from monitor.kafka.gauge import Gauge, open_gauge
from monitor.messages import Alert, Count
from monitor.stats.board import Board
from monitor.stats.health import Pulse, articles_per_s
from monitor.topics import (
    ALERTS,
    ARTICLES,
    COUNTS,
    DEAD_LETTERS,
    FEED_STATE,
    MENTIONS,
    WORKERS,
    Topic,
)

Decode = Callable[[bytes], Alert | Count | FeedHealth]

log = logging.getLogger("newsmon.stats")

Heard = Callable[[Alert | Count | FeedHealth, Record], None]
"""Called with each message that said something new, and the record it came in."""

Loaded = Callable[[Topic], None]
"""Called once for each topic, when all that it held at the start is in the board."""

ALERTS_SINCE = timedelta(days=1)
"""How far back a board looks for alerts when it opens."""
_RETRY_S = 2.0
_PULSE_S = 5.0
_COLLECT_S = 0.5
_ALERTS_GATHER_MS = 200
_PREFIX = "newsmon."


async def fill(bootstrap: str, board: Board) -> None:
    """Read what counts, alerts and feed states hold now into a board.

    Raises:
        BrokerError: The broker or a topic is out of reach.
    """
    await _Reader(bootstrap, board, None, ALERTS_SINCE).read(follow=False)


async def keep_filled(
    bootstrap: str,
    board: Board,
    *,
    heard: Heard | None = None,
    since: timedelta = ALERTS_SINCE,
) -> None:
    """Keep a board current for ever, through any failure of the broker, which it shows.

    Args:
        bootstrap: The brokers.
        board: What is filled.
        heard: Told of each message that is new to the board.
        since: How far back alerts are read.
    """
    async with asyncio.TaskGroup() as group:
        group.create_task(_Reader(bootstrap, board, heard, since).run())
        group.create_task(_keep_pulse(bootstrap, board))


class _Reader:
    """Reads three topics into a board.

    Alerts are taken in one by one, at once. Of counts and feed states, which are large and of
    which only the newest of each key matters, records are collected and the newest of each key is
    looked into twice a second: a topic that is not compacted yet costs little. The broker is asked
    a few times a second only, whatever comes in.
    """

    def __init__(self, bootstrap: str, board: Board, heard: Heard | None, since: timedelta) -> None:
        self._bootstrap = bootstrap
        self._board = board
        self._heard = heard
        self._since = since
        self._next: dict[int, int] = {}

    async def run(self) -> None:
        """Read for ever; after a failure anew."""
        while not _ending():
            try:
                await self.read(follow=True)
            except* BrokerError as group:
                self._board.trouble = str(group.exceptions[0])
            await asyncio.sleep(_RETRY_S)

    async def read(self, *, follow: bool) -> None:
        """Read all three topics, to their ends or for ever; the board is loaded once all are in."""
        behind = {ALERTS, COUNTS, FEED_STATE}

        def loaded(topic: Topic) -> None:
            behind.discard(topic)
            self._board.loaded |= not behind

        async with asyncio.TaskGroup() as group:
            group.create_task(self._each(ALERTS, Alert.decode, follow, loaded))
            group.create_task(self._newest(COUNTS, Count.decode, follow, loaded))
            group.create_task(self._newest(FEED_STATE, _health, follow, loaded))

    async def _each(self, topic: Topic, decode: Decode, follow: bool, loaded: Loaded) -> None:
        async def caught_up() -> None:
            loaded(topic)

        records = read_topic(
            self._bootstrap,
            topic,
            from_beginning=True,
            follow=follow,
            since=datetime.now(UTC) - self._since,
            caught_up=caught_up,
            gather_ms=_ALERTS_GATHER_MS if follow else 0,
        )
        async for record in records:
            if record.offset >= self._next.get(record.partition, 0):
                self._next[record.partition] = record.offset + 1
                self._take(topic, record, decode)
            await asyncio.sleep(0)  # a full batch must not hold up the screen

    async def _newest(self, topic: Topic, decode: Decode, follow: bool, loaded: Loaded) -> None:
        newest: dict[bytes | None, Record] = {}

        async def take() -> None:
            while newest:
                key = next(iter(newest))
                self._take(topic, newest.pop(key), decode)
                await asyncio.sleep(0)

        async def take_often() -> None:
            while True:
                await asyncio.sleep(_COLLECT_S)
                await take()

        async def caught_up() -> None:
            await take()
            loaded(topic)

        records = read_topic(
            self._bootstrap,
            topic,
            from_beginning=True,
            follow=follow,
            caught_up=caught_up,
            gather_ms=int(1000 * _COLLECT_S) if follow else 0,
        )
        async with asyncio.TaskGroup() as group:
            taking = group.create_task(take_often())
            async for record in records:
                newest[record.key] = record
            taking.cancel()

    def _take(self, topic: Topic, record: Record, decode: Decode) -> None:
        if record.value is None:
            return
        try:
            message = decode(record.value)
        except MessageError as exc:
            log.warning("%s/%d/%d: %s", topic.name, record.partition, record.offset, exc)
            return
        if self._board.add(message) and self._heard:
            self._heard(message, record)


def _health(raw: bytes) -> FeedHealth:
    return health_of(FeedState.decode(raw))


def _ending() -> bool:
    """Tell whether this task was cancelled: a broker error on the way out can hide it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _keep_pulse(bootstrap: str, board: Board) -> None:
    while not _ending():
        try:
            async with open_gauge(bootstrap) as gauge:
                while True:
                    board.pulse = await take_pulse(gauge, board.pulse)
                    board.trouble = ""
                    await asyncio.sleep(_PULSE_S)
        except BrokerError as exc:
            board.trouble = str(exc)
        await asyncio.sleep(_PULSE_S)


async def take_pulse(gauge: Gauge, before: Pulse | None = None) -> Pulse:
    """Ask how the topics stand and what the workers have still to do.

    Args:
        gauge: From `open_gauge`.
        before: The pulse before, for the rate.

    Raises:
        BrokerError: A topic is missing, or nobody answers for the workers' group.
    """
    standing = await gauge.read((ARTICLES, MENTIONS, ALERTS, DEAD_LETTERS), WORKERS)
    written = {_short(name): records for name, records in standing.written.items()}
    lag = {_short(topic.name): standing.lag[topic.name] for topic in (ARTICLES, MENTIONS)}
    at = datetime.now(UTC)
    return Pulse(at, written, lag, articles_per_s(before, at, written["articles"]))


def _short(topic: str) -> str:
    return topic.removeprefix(_PREFIX)
