"""The Kafka side of the poller: who owns which feeds, and what is known of them.

Pollers share the feeds through Kafka's own consumer group on `feed-state`: who owns a partition
polls its feeds. A new owner first reads its partition from the beginning, which is short because
the topic is compacted. Nothing is ever committed: the state is the record itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from monitor.errors import BrokerError
from monitor.kafka.client import MessageSizeTooLargeError, Producer, send, send_value
from monitor.kafka.connect import REFUSALS, explain
from monitor.kafka.security import client_options
from monitor.messages import Article
from monitor.ops.vital import Vital
from monitor.topics import ARTICLES, FEED_STATE, POLLERS

log = logging.getLogger("newsmon.poll")

GROUP = POLLERS
SESSION_MS = 10_000
"""After this long without a sign of life a poller's feeds go to the others."""
_PAUSE_S = 2.0
_SHARE = "no feeds from the pollers' group yet"
_MUCH_TEXT = 50_000


class Owner(Protocol):
    """Who polls the feeds of the partitions that this process owns."""

    async def take(self, partition: int, records: dict[str, bytes]) -> None:
        """Begin with a partition; `records` holds the newest state by feed id."""

    async def drop(self, partitions: set[int]) -> None:
        """End with these partitions at once; return when nothing of them will be written."""


class FeedStateLog:
    """Membership in the pollers' group, and the writes of a poll."""

    def __init__(
        self,
        bootstrap: str,
        producer: Producer,
        group: str = GROUP,
        vital: Vital | None = None,
    ) -> None:
        self._vital = vital or Vital()
        self._vital.lacks(_SHARE)
        self._bootstrap = bootstrap
        self._producer = producer
        self._group = group

    async def run(self, stop: asyncio.Event, owner: Owner) -> None:
        """Own partitions until `stop` is set; after a failure of the broker, join again.

        Raises:
            BrokerError: Our user may not do this.
        """
        while not stop.is_set():
            self._vital.turned()
            member = _Member(owner, self._vital)
            try:
                await member.run(self._bootstrap, self._group, stop)
            except REFUSALS as exc:
                raise BrokerError(f"{self._group}: {explain(exc)}") from exc
            except (KafkaError, OSError) as exc:
                log.warning("outcome=group_lost why=%r rejoin_in_s=%g", exc, _PAUSE_S)
            finally:
                await member.leave()
            if not stop.is_set():
                await asyncio.sleep(_PAUSE_S)

    async def publish(self, articles: Sequence[Article]) -> None:
        """Send articles, and return when all are acknowledged.

        Raises:
            BrokerError: At least one was not; all of them may be sent again.
        """
        async with asyncio.TaskGroup() as group:
            for article in articles:
                group.create_task(self._send(article))

    async def _send(self, article: Article) -> None:
        try:
            await send(self._producer, ARTICLES, article, timestamp=article.fetched_at)
        except MessageSizeTooLargeError:
            short = article.model_copy(update={"text": article.text[:_MUCH_TEXT]})
            log.warning("feed=%s article=%s outcome=text_cut", article.feed_id, article.id)
            await send(self._producer, ARTICLES, short, timestamp=article.fetched_at)

    async def save(self, feed_id: str, partition: int, state: bytes, at: datetime) -> None:
        """Write a feed's state; call it when all articles of the poll are acknowledged.

        Raises:
            BrokerError: It was not acknowledged.
        """
        await send_value(
            self._producer, FEED_STATE, feed_id, state, partition=partition, timestamp=at
        )


class _Member(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """One membership: partitions come and go, each is read to its end before it is used."""

    def __init__(self, owner: Owner, vital: Vital) -> None:
        self._owner = owner
        self._vital = vital
        self._reading: dict[TopicPartition, dict[str, bytes]] = {}
        self._owned: set[int] = set()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Stop polling before anybody else begins: the rebalance waits for this."""
        self._reading.clear()
        await self.leave()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin to read."""
        self._reading = {tp: {} for tp in assigned}
        self._vital.has(_SHARE)  # also where there are more pollers than partitions
        log.info("outcome=assigned partitions=%s", sorted(tp.partition for tp in self._reading))

    async def leave(self) -> None:
        self._vital.lacks(_SHARE)
        owned, self._owned = self._owned, set()
        if owned:
            await self._owner.drop(owned)

    async def run(self, bootstrap: str, group: str, stop: asyncio.Event) -> None:
        consumer = AIOKafkaConsumer(
            **client_options(bootstrap),
            group_id=group,
            enable_auto_commit=False,
            # With "latest", an assignment may begin at the end of its partition.
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 5,
        )
        consumer.subscribe([FEED_STATE.name], listener=self)
        try:
            await consumer.start()
            while not stop.is_set():
                self._vital.turned()
                await self._step(consumer)
            await self.leave()
        finally:
            await consumer.stop()

    async def _step(self, consumer: AIOKafkaConsumer) -> None:
        for tp, records in (await consumer.getmany(timeout_ms=250)).items():
            if tp in self._reading:
                for record in records:
                    if record.key and record.value:
                        feed_id = record.key.decode("utf-8", "replace")
                        self._reading[tp][feed_id] = record.value
        if not self._reading:
            return
        for tp, end in (await consumer.end_offsets(list(self._reading))).items():
            # The wait above may have let a rebalance in.
            if tp in self._reading and tp in consumer.assignment():
                if await consumer.position(tp) < end:
                    continue
                consumer.pause(tp)
                self._owned.add(tp.partition)
                await self._owner.take(tp.partition, self._reading.pop(tp))
