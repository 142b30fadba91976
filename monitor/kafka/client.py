"""THE door to the topics: send messages and know that they arrived, read topics without a group."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from monitor.errors import BrokerError
from monitor.kafka.admin import offsets, partitions_of
from monitor.kafka.connect import METADATA_MAX_AGE_MS, explain, open_reader
from monitor.kafka.logs import limit_aiokafka
from monitor.kafka.record import Record, to_record
from monitor.kafka.security import client_options
from monitor.messages import Message
from monitor.topics import Topic, record_time

Producer: TypeAlias = AIOKafkaProducer

_REQUEST_MS = 10_000
"""How long one try to send may take; an idempotent producer tries again until it succeeds, and by
then a broker that fell silent has a successor."""

_SILENCE = 30.0
"""Seconds without a record after which a reader that has not reached the end gives up."""

_PAUSE_MS = 1000


@asynccontextmanager
async def open_producer(bootstrap: str, topics: Sequence[Topic] = ()) -> AsyncIterator[Producer]:
    """Connect for sending: idempotent, acknowledged by all replicas, without linger.

    Args:
        bootstrap: The brokers.
        topics: Topics that must exist; sending to a missing one would wait in vain.

    Raises:
        BrokerError: No broker answers, or one of `topics` is missing.
    """
    limit_aiokafka()
    if topics:
        await partitions_of(bootstrap, topics)
    producer = AIOKafkaProducer(
        **client_options(bootstrap),
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        compression_type="gzip",  # the one codec that needs no further package
        request_timeout_ms=_REQUEST_MS,
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
    )
    try:
        try:
            await producer.start()
        except (KafkaError, OSError, TimeoutError) as exc:
            raise BrokerError(f"{bootstrap}: {explain(exc)}") from exc
        yield producer
    finally:
        await producer.stop()


async def send(
    producer: Producer,
    topic: Topic,
    message: Message,
    *,
    partition: int | None = None,
    timestamp: datetime | None = None,
) -> tuple[int, int]:
    """Send a message and wait until all replicas have it.

    Args:
        producer: From `open_producer`.
        topic: Where to.
        message: Gives key, value and CloudEvents headers.
        partition: None lets the key decide.
        timestamp: The record's time; None takes now, and so does one too far ahead for Kafka.

    Returns:
        Partition and offset.

    Raises:
        MessageSizeTooLargeError: It is larger than a record may be; nothing was sent.
        BrokerError: It was not acknowledged; it may have arrived all the same.
    """
    return await send_value(
        producer,
        topic,
        message.record_key,
        message.encode(),
        headers=message.headers(),
        partition=partition,
        timestamp=timestamp,
    )


async def send_value(
    producer: Producer,
    topic: Topic,
    key: str | bytes | None,
    value: bytes | None,
    *,
    headers: Sequence[tuple[str, bytes]] = (),
    partition: int | None = None,
    timestamp: datetime | None = None,
) -> tuple[int, int]:
    """Send a value that is no `Message`; otherwise like `send`.

    Raises:
        MessageSizeTooLargeError: It is larger than a record may be; nothing was sent.
        BrokerError: It was not acknowledged; it may have arrived all the same.
    """
    try:
        done = await producer.send_and_wait(
            topic.name,
            value=value,
            key=key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key,
            partition=partition,
            timestamp_ms=None if timestamp is None else milliseconds(timestamp),
            headers=list(headers),
        )
    except MessageSizeTooLargeError:
        raise
    except KafkaError as exc:
        raise BrokerError(f"{topic.name}: not acknowledged: {explain(exc)}") from exc
    return done.partition, done.offset


def milliseconds(moment: datetime) -> int:
    """Return a record's time as Kafka wants it: since 1970, and now where it lies too far ahead."""
    return int(record_time(moment, datetime.now(UTC)).timestamp() * 1000)


async def read_topic(
    bootstrap: str,
    topic: Topic,
    *,
    from_beginning: bool,
    follow: bool,
    since: datetime | None = None,
    caught_up: Callable[[], Awaitable[None]] | None = None,
    gather_ms: int = 0,
) -> AsyncIterator[Record]:
    """Read a topic, all partitions, without a group and without commits.

    Records of one partition come in their order, partitions are mixed.

    Args:
        bootstrap: The brokers.
        topic: What to read.
        from_beginning: Begin with the oldest record; otherwise with what comes from now on.
        follow: Go on for ever, also through restarts of the broker; otherwise end with the last
            record that was there when the reading began.
        since: Begin with the first record of each partition that is not older; goes before
            `from_beginning`.
        caught_up: Awaited once, after the last record that was there when the reading began.
        gather_ms: Let the broker gather small news for so long: fewer, larger answers.

    Raises:
        BrokerError: No broker, no such topic, or no answer for half a minute before the end.
    """
    count = await partitions_of(bootstrap, [topic])
    bounds = {
        TopicPartition(name, number): limits
        for (name, number), limits in (await offsets(bootstrap, count)).items()
    }
    async with open_reader(bootstrap, gather_ms) as consumer:
        consumer.assign(list(bounds))
        starts = {tp: begin if from_beginning else end for tp, (begin, end) in bounds.items()}
        if since:
            starts = await _offsets_since(consumer, bounds, since)
        for tp, offset in starts.items():
            consumer.seek(tp, offset)
        ends = {tp: end for tp, (_, end) in bounds.items() if starts[tp] < end}
        async for record in _records_until(consumer, ends, follow=follow):
            yield record
        if caught_up:
            await caught_up()
        while follow:
            for batch in (await consumer.getmany(timeout_ms=_PAUSE_MS)).values():
                for raw in batch:
                    yield to_record(raw)


async def _offsets_since(
    consumer: AIOKafkaConsumer, bounds: dict[TopicPartition, tuple[int, int]], since: datetime
) -> dict[TopicPartition, int]:
    moment = int(since.timestamp() * 1000)
    found = await consumer.offsets_for_times(dict.fromkeys(bounds, moment))
    return {tp: found[tp].offset if found.get(tp) else end for tp, (_, end) in bounds.items()}


async def _records_until(
    consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], *, follow: bool
) -> AsyncIterator[Record]:
    """Yield records until every end is reached; to follow, also what came along beyond it."""
    heard = time.monotonic()
    while ends:
        batches = await consumer.getmany(timeout_ms=_PAUSE_MS)
        for tp, batch in batches.items():
            for raw in batch:
                if follow or raw.offset < ends.get(tp, 0):
                    yield to_record(raw)
        if batches:
            heard = time.monotonic()
        # Positions, not offsets: the last record may be one that compaction has removed.
        ends = {tp: end for tp, end in ends.items() if await consumer.position(tp) < end}
        if ends and not follow and time.monotonic() - heard > _SILENCE:
            raise TimeoutError(f"no answer for {_SILENCE:.0f} s")


__all__ = [
    "MessageSizeTooLargeError",
    "Producer",
    "Record",
    "open_producer",
    "read_topic",
    "send",
    "send_value",
]
