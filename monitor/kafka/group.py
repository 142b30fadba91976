"""Share a topic among processes: a consumer group in which the caller decides when to commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from monitor.errors import BrokerError
from monitor.kafka.admin import partitions_of
from monitor.kafka.connect import METADATA_MAX_AGE_MS, explain
from monitor.kafka.logs import limit_aiokafka
from monitor.kafka.record import Record, to_record
from monitor.kafka.security import client_options
from monitor.topics import Topic

OnPartitions = Callable[[frozenset[int]], Awaitable[None]]
"""Told which partitions came or went; the group waits for it."""

_SESSION_MS = 10_000


class GroupReader:
    """A member of a consumer group on one topic."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: Topic, listener: _Listener) -> None:
        self._consumer = consumer
        self._topic = topic
        self._listener = listener

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that are this member's now; none while the group shares them out."""
        return self._listener.partitions

    async def poll(self, seconds: float, limit: int = 500) -> list[Record]:
        """Wait for records; they come in order within a partition, none is empty.

        Call it at least every five minutes, else the group takes the partitions away.

        Raises:
            BrokerError: The group or the broker refuses; a broker that is away is waited for.
        """
        try:
            batches = await self._consumer.getmany(
                timeout_ms=int(seconds * 1000), max_records=limit
            )
        except KafkaError as exc:
            raise BrokerError(f"{self._topic.name}: cannot be read: {explain(exc)}") from exc
        return [to_record(raw) for batch in batches.values() for raw in batch]

    async def commit(self, done: Mapping[int, int]) -> None:
        """Note how far the group is: by partition, the offset that comes next.

        Raises:
            BrokerError: The partition went to another member meanwhile, or no broker answers.
        """
        offsets = {self._at(partition): offset for partition, offset in done.items()}
        try:
            await self._consumer.commit(offsets)
        except (KafkaError, ValueError) as exc:
            raise BrokerError(f"{self._topic.name}: not committed: {explain(exc)}") from exc

    def pause(self, partitions: Iterable[int]) -> None:
        """Give out no more records of these partitions; `poll` keeps the membership alive."""
        self._consumer.pause(*(self._at(partition) for partition in partitions))

    def resume(self, partitions: Iterable[int]) -> None:
        """End a pause."""
        self._consumer.resume(*(self._at(partition) for partition in partitions))

    def seek(self, partition: int, offset: int) -> None:
        """Go on from this offset, for instance to get a record once more."""
        self._consumer.seek(self._at(partition), offset)

    def _at(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic.name, partition)


@asynccontextmanager
async def open_group(
    bootstrap: str,
    topic: Topic,
    group: str,
    *,
    member: str | None = None,
    on_assigned: OnPartitions | None = None,
    on_revoked: OnPartitions | None = None,
) -> AsyncIterator[GroupReader]:
    """Join a consumer group.

    A partition without a commit is read from its oldest record.

    Args:
        bootstrap: The brokers.
        topic: What to read.
        group: The group's name.
        member: A fixed name of this member; with one, a quick restart moves no partitions.
        on_assigned: Called when partitions come; the first records may come before it has ended.
        on_revoked: Awaited before partitions go to others: the last moment to commit.

    Raises:
        BrokerError: No broker answers, or the topic is missing.
    """
    limit_aiokafka()
    await partitions_of(bootstrap, [topic])
    consumer = AIOKafkaConsumer(
        **client_options(bootstrap),
        group_id=group,
        group_instance_id=member,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=_SESSION_MS,
        heartbeat_interval_ms=_SESSION_MS // 4,
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
    )
    listener = _Listener(on_assigned, on_revoked)
    consumer.subscribe([topic.name], listener=listener)
    try:
        try:
            await consumer.start()
        except (KafkaError, OSError, TimeoutError) as exc:
            raise BrokerError(f"{bootstrap}: {explain(exc)}") from exc
        yield GroupReader(consumer, topic, listener)
    finally:
        await consumer.stop()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Keeps what is owned: the consumer's own answer still names partitions it has given up."""

    def __init__(self, assigned: OnPartitions | None, revoked: OnPartitions | None) -> None:
        self.partitions: frozenset[int] = frozenset()
        self._assigned, self._revoked = assigned, revoked

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.partitions = frozenset(tp.partition for tp in assigned)
        if self._assigned:
            await self._assigned(self.partitions)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        gone = frozenset(tp.partition for tp in revoked)
        self.partitions -= gone
        if self._revoked and gone:
            await self._revoked(gone)
