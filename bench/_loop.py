"""The workers' flow on bare aiokafka: what Faust is measured against.

python -m bench._loop BOOTSTRAP GROUP one|batch

The rooms are ours (detection, alerting, counting, ids seen before), tables go to the same
changelogs. `one` waits for the broker after every send, as the workers do; `batch` waits once for
all sends of up to 200 records, before they are committed. Nothing is read back after a crash: this
is what a loop costs, not one to run.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from agents.alert import Alerting
from agents.count import Counting
from agents.seen import SeenMentions
from monitor.alerts import load_policy
from monitor.detect import load_detector
from monitor.kafka.client import open_producer
from monitor.messages import Article, Mention, Message
from monitor.settings import CONFIG_DIR
from monitor.topics import ARTICLES, MENTIONS, TABLES, WORKERS, Topic, partition_of

_RECORDS = 200


class Sends:
    """Sends, each waited for or all of them later."""

    def __init__(self, producer: AIOKafkaProducer, *, at_once: bool) -> None:
        self._producer = producer
        self._at_once = at_once
        self._waiting: list[Any] = []

    async def put(self, topic: str, key: str, value: bytes | None, **more: Any) -> None:
        """Send a record."""
        sent = await self._producer.send(topic, key=key.encode(), value=value, **more)
        if self._at_once:
            await sent
        else:
            self._waiting.append(sent)

    async def send(
        self, topic: Topic, message: Message, at: datetime, *, partition: int | None = None
    ) -> None:
        """Send a message, as an outbox does."""
        await self.put(
            topic.name, message.record_key or "", message.encode(), headers=message.headers(),
            timestamp_ms=int(at.timestamp() * 1000), partition=partition,
        )  # fmt: skip

    async def settle(self) -> None:
        """Wait until the broker has everything."""
        waiting, self._waiting = self._waiting, []
        await asyncio.gather(*waiting)


class Rows(dict[str, Any]):
    """A table in memory that writes a changelog."""

    def __init__(self, name: str, sends: Sends) -> None:
        super().__init__()
        self._topic = f"{WORKERS}-{name}-changelog"
        self._sends = sends
        self._changed: list[tuple[str, bytes | None]] = []

    def __setitem__(self, key: str, value: Any) -> None:
        self._changed.append((key, orjson.dumps(value)))
        super().__setitem__(key, value)

    def pop(self, key: str, *default: Any) -> Any:
        """Remove a row."""
        if key in self:
            self._changed.append((key, None))
        return super().pop(key, *default)

    def on_recover(self, _: Any) -> None:
        """Nothing is read back."""

    async def flushed(self) -> None:
        """Send what changed."""
        changed, self._changed = self._changed, []
        for key, raw in changed:
            await self._sends.put(self._topic, key, raw)


async def run(bootstrap: str, group: str, *, at_once: bool) -> None:
    """Detect, alert and count until the process is ended."""
    detector, policy = load_detector(), load_policy(CONFIG_DIR / "alerts.toml")
    async with open_producer(bootstrap) as producer:
        found, told = Sends(producer, at_once=at_once), Sends(producer, at_once=at_once)
        stories, counts, ids = (Rows(name, told) for name in TABLES)
        alerting = Alerting(stories, policy, told)  # type: ignore[arg-type]
        counting = Counting(counts, policy, told)  # type: ignore[arg-type]
        seen = SeenMentions(ids)

        async def detect(record: ConsumerRecord) -> None:
            article = Article.decode(record.value)
            for each in await asyncio.to_thread(detector.find_mentions, article):
                await found.send(MENTIONS, each, article.fetched_at,
                                 partition=partition_of(each.place))  # fmt: skip

        async def report(record: ConsumerRecord) -> None:
            mention = Mention.decode(record.value)
            if mention.id in seen:
                return
            story = await alerting.take(mention, record.offset)
            await counting.take(
                mention, story, record.partition, record.offset, alerting.tell_burst
            )
            await seen.add(mention.id, mention.seen_at, record.partition)

        await asyncio.gather(
            _follow(bootstrap, group, ARTICLES, detect, found),
            _follow(bootstrap, group, MENTIONS, report, told),
        )


async def _follow(
    bootstrap: str,
    group: str,
    topic: Topic,
    handle: Callable[[ConsumerRecord], Awaitable[None]],
    sends: Sends,
) -> None:
    consumer = AIOKafkaConsumer(
        topic.name, bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False,
        auto_offset_reset="earliest",
    )  # fmt: skip
    await consumer.start()
    while True:
        batches = await consumer.getmany(timeout_ms=1000, max_records=_RECORDS)
        for records in batches.values():
            for record in records:
                await handle(record)
        if batches:
            await sends.settle()
            await consumer.commit()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], at_once=sys.argv[3] == "one"))
