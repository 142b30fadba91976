"""What the agents send, and where what cannot be read or sent goes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import faust
from faust.exceptions import ProducerSendError
from faust.types import Message as Record

from agents.faust_guards import send_awaited
from agents.metrics import WorkerMeter
from monitor.kafka.client import MessageSizeTooLargeError
from monitor.messages import DeadLetter, Message
from monitor.topics import DEAD_LETTERS, MAX_MESSAGE_BYTES, TOPICS, Topic, record_time

log = logging.getLogger("newsmon.worker")


def raw_topic(app: faust.App, topic: Topic) -> Any:  # noqa: ANN401 - a Faust topic
    """Return a Faust topic of bytes: decoding is ours, so a bad record is ours to handle."""
    return app.topic(
        topic.name,
        partitions=topic.partitions,
        key_type=bytes,
        key_serializer="raw",
        value_type=bytes,
        value_serializer="raw",
    )


class Outbox:
    """Sends messages, each awaited until the broker has it."""

    def __init__(self, app: faust.App, meter: WorkerMeter | None = None) -> None:
        self._meter = meter or WorkerMeter()
        self._topics = {topic.name: raw_topic(app, topic) for topic in TOPICS if topic.model}

    async def send(
        self, topic: Topic, message: Message, at: datetime, *, partition: int | None = None
    ) -> None:
        """Send one message; one that is too large becomes a dead letter.

        Args:
            topic: Where it goes.
            message: What goes there.
            at: When the article was fetched; see `record_time`.
            partition: None leaves it to the key.
        """
        value = message.encode()
        key = message.record_key.encode() if message.record_key else None
        try:
            if len(value) > MAX_MESSAGE_BYTES:
                raise ProducerSendError("too large") from MessageSizeTooLargeError()
            await send_awaited(
                self._topics[topic.name],
                key=key,
                value=value,
                headers=message.headers(),
                timestamp=record_time(at, datetime.now(UTC)).timestamp(),
                partition=partition,
            )
        except ProducerSendError as exc:
            if not isinstance(exc.__cause__, MessageSizeTooLargeError):
                raise
            place = (topic.name, partition or 0, -1)
            await self._bury(DeadLetter.of(place, key, value, "too large", at))
        else:
            self._meter.sent(message, at)

    async def dead_letter(self, record: Record, reason: str) -> None:
        """Keep a record that cannot be read, as it came."""
        at = datetime.fromtimestamp(record.timestamp, UTC)
        place = (record.topic, record.partition, record.offset)
        await self._bury(DeadLetter.of(place, record.key, record.value, reason, at))

    async def _bury(self, letter: DeadLetter) -> None:
        log.warning(
            "dead letter topic=%s partition=%d offset=%d reason=%r",
            letter.topic,
            letter.partition,
            letter.offset,
            letter.reason,
        )
        await send_awaited(
            self._topics[DEAD_LETTERS.name],
            key=None,
            value=letter.encode(),
            headers=letter.headers(),
            timestamp=record_time(letter.seen_at, datetime.now(UTC)).timestamp(),
        )
        self._meter.buried(letter.topic)
