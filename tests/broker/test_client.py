"""Sending and reading on a real broker."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from monitor.errors import BrokerError
from monitor.kafka.admin import apply_topics
from monitor.kafka.client import (
    MessageSizeTooLargeError,
    Record,
    open_producer,
    read_topic,
    send,
    send_value,
)
from monitor.messages import Article, DeadLetter
from monitor.topics import ARTICLES, COUNTS, Topic

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""Of yesterday: what is older than a topic keeps may be gone before it is read."""


def article(number: int) -> Article:
    return Article(
        id=f"a{number}",
        feed_id="f",
        url=f"https://example.org/{number}",
        title="Two companies of the 3rd brigade arrived in the port",
        text="",
        outlet="Example",
        fetched_at=NOON,
    )


async def read(bootstrap: str, topic: Topic, **options) -> list[Record]:
    records = read_topic(bootstrap, topic, **({"from_beginning": True, "follow": False} | options))
    return [record async for record in records]


async def test_a_message_comes_back_as_it_was_sent(broker: str, fresh_topic: Topic):
    """Key, value, time and CloudEvents headers make the round trip."""
    async with open_producer(broker, [fresh_topic]) as producer:
        place = await send(producer, fresh_topic, article(1), timestamp=NOON)
    (record,) = await read(broker, fresh_topic)
    assert place == (record.partition, record.offset) == (0, 0)
    assert record.key == b"a1"
    assert record.timestamp == NOON
    assert Article.decode(record.value) == article(1)
    assert record.headers == dict(article(1).headers())
    assert record.headers["ce_type"] == b"newsmon.article.v1"


async def test_a_message_without_key_and_a_tombstone_come_back(broker: str, fresh_topic: Topic):
    """A missing key and a missing value stay missing."""
    letter = DeadLetter(topic="t", partition=0, offset=1, reason="r", raw="", size=0, seen_at=NOON)
    async with open_producer(broker) as producer:
        await send(producer, fresh_topic, letter)
        await send_value(producer, fresh_topic, "k", None)
    first, second = await read(broker, fresh_topic)
    assert first.key is None
    assert DeadLetter.decode(first.value) == letter
    assert (second.key, second.value) == (b"k", None)


async def test_a_partition_can_be_chosen(broker: str):
    """An explicit partition goes before the key."""
    async with open_producer(broker) as producer:
        for number in range(ARTICLES.partitions):
            partition, _ = await send(producer, ARTICLES, article(1), partition=number)
            assert partition == number


async def test_an_empty_topic_ends_at_once(broker: str, fresh_topic: Topic):
    """Nothing to read is no reason to wait."""
    began = time.monotonic()
    assert await read(broker, fresh_topic) == []
    assert time.monotonic() - began < 5


async def test_reading_ends_with_what_was_there(broker: str, fresh_topic: Topic):
    """Without follow, all records up to the end come, in order; none is left out."""
    async with open_producer(broker) as producer:
        await asyncio.gather(
            *(send(producer, fresh_topic, article(number)) for number in range(1000))
        )
    records = await read(broker, fresh_topic)
    assert [record.offset for record in records] == list(range(1000))
    assert {record.key for record in records} == {b"a%d" % number for number in range(1000)}


async def test_since_begins_with_the_first_record_not_older(broker: str, fresh_topic: Topic):
    """Records before the moment are left out, those at it are not; a late moment gives none."""
    async with open_producer(broker) as producer:
        for hour in range(4):
            at = NOON + timedelta(hours=hour)
            await send(producer, fresh_topic, article(hour), timestamp=at)
    found = await read(broker, fresh_topic, since=NOON + timedelta(hours=2))
    assert [record.key for record in found] == [b"a2", b"a3"]
    assert await read(broker, fresh_topic, since=NOON + timedelta(hours=9)) == []


async def test_following_without_the_past_gives_only_what_comes(broker: str, fresh_topic: Topic):
    """from_beginning=False begins at the end of the moment, whatever is there already."""
    async with open_producer(broker) as producer:
        await send(producer, fresh_topic, article(1))
        records = read_topic(broker, fresh_topic, from_beginning=False, follow=True)
        first = asyncio.ensure_future(anext(records))
        while not first.done():
            await send(producer, fresh_topic, article(2))
            await asyncio.sleep(0.2)
        await records.aclose()
    assert first.result().key == b"a2"


async def test_a_missing_topic_is_named_at_once(broker: str):
    """Reader and producer refuse a topic that is not there instead of waiting for it."""
    nowhere = replace(ARTICLES, name="no-such-topic")
    began = time.monotonic()
    with pytest.raises(BrokerError, match=r"no-such-topic.*newsmon topics"):
        await read(broker, nowhere)
    with pytest.raises(BrokerError, match="no-such-topic"):
        async with open_producer(broker, [nowhere]):
            pass
    assert time.monotonic() - began < 5


async def test_a_missing_broker_is_named():
    """Reader and producer say which address does not answer."""
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1"):
        await read("127.0.0.1:1", ARTICLES)
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1"):
        async with open_producer("127.0.0.1:1"):
            pass


async def test_a_value_that_is_too_large_is_refused_by_name(broker: str, fresh_topic: Topic):
    """The caller can tell it from a broker that is away, and nothing arrives."""
    async with open_producer(broker) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await send_value(producer, fresh_topic, "k", b"x" * 1_100_000)
        await send_value(producer, fresh_topic, "k", b"y" * 900_000)
    assert [len(record.value or b"") for record in await read(broker, fresh_topic)] == [900_000]


async def test_a_refused_record_is_an_error_of_the_broker(broker: str):
    """Kafka's no (here: a compacted topic takes no record without a key) reaches the caller."""
    topic = replace(COUNTS, name=f"test-{uuid4().hex}", partitions=1)
    await apply_topics(broker, [topic])
    async with open_producer(broker) as producer:
        with pytest.raises(BrokerError, match="not acknowledged"):
            await send_value(producer, topic, None, b"{}")
    assert await read(broker, topic) == []


async def test_a_record_of_the_far_future_bears_the_time_of_now(broker: str, fresh_topic: Topic):
    """Kafka would refuse it: a clock that was ahead and is put back leaves such articles."""
    async with open_producer(broker) as producer:
        await send(producer, fresh_topic, article(1), timestamp=NOON + timedelta(days=36500))
    (record,) = await read(broker, fresh_topic)
    assert record.timestamp < datetime.now(UTC) + timedelta(minutes=1)


async def test_a_follower_is_told_once_that_it_has_caught_up(broker: str, fresh_topic: Topic):
    """After the last record that was there, before the first that comes later."""
    seen: list[str] = []
    told = asyncio.Event()

    async def caught_up() -> None:
        seen.append("caught up")
        told.set()

    async def follow() -> None:
        records = read_topic(
            broker, fresh_topic, from_beginning=True, follow=True, caught_up=caught_up,
            gather_ms=100,
        )  # fmt: skip
        async for record in records:
            seen.append((record.key or b"").decode())  # noqa: PERF401

    async with open_producer(broker, [fresh_topic]) as producer:
        await send(producer, fresh_topic, article(1))
        following = asyncio.create_task(follow())
        await asyncio.wait_for(told.wait(), 20)
        await send(producer, fresh_topic, article(2))
        for _ in range(200):
            if "a2" in seen:
                break
            await asyncio.sleep(0.05)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)

    assert seen == ["a1", "caught up", "a2"]
