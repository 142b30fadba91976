"""The workers' flow on Quix Streams (PyPI quixstreams): what Faust is measured against.

python -m bench._quix BOOTSTRAP GROUP STATE_DIR

Runs in the environment that `bench.rivals` makes. Detection, alerting and counting are ours. State
is Quix's own: RocksDB and a changelog, rows by the record's key, which is the place; so counts of
labels and actors are per place here, and each row is read back from RocksDB. Sends wait for the
broker at the checkpoint, once a second.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from typing import Any

from quixstreams import Application
from quixstreams.models import Serializer

from agents.alert import Alerting
from agents.count import Counting
from monitor.alerts import load_policy
from monitor.detect import load_detector
from monitor.messages import Article, Mention, Message
from monitor.settings import CONFIG_DIR
from monitor.topics import ALERTS, ARTICLES, COUNTS, MENTIONS, TOTALS, Topic, partition_of


class Rows:
    """A table of our rooms on the state that Quix hands to a record."""

    def __init__(self, name: str) -> None:
        self.state: Any = None
        self._name = name

    def get(self, key: str, default: Any = None) -> Any:
        """Return a row."""
        return self.state.get(f"{self._name} {key}", default)

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.state.set(f"{self._name} {key}", value)

    def pop(self, key: str, *_: Any) -> None:
        """Remove a row."""
        self.state.delete(f"{self._name} {key}")

    async def flushed(self) -> None:
        """Quix writes the changelog at its checkpoint."""


class Sent:
    """An outbox that gathers what one record brings."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, bytes]] = []

    async def send(self, topic: Topic, message: Message, at: datetime) -> None:
        """Keep a message."""
        self.messages.append((topic.name, message.record_key or "", message.encode()))


class Third(Serializer):
    """Writes the third member of what is sent."""

    def __call__(self, value: Any, ctx: Any) -> bytes:
        return value[2]


def run(bootstrap: str, group: str, state_dir: str) -> None:
    """Detect, alert and count until the process is ended."""
    detector, policy = load_detector(), load_policy(CONFIG_DIR / "alerts.toml")
    wait = asyncio.new_event_loop().run_until_complete
    stories, counts, seen, sent = Rows("story"), Rows("count"), Rows("seen"), Sent()
    alerting = Alerting(stories, policy, sent)  # type: ignore[arg-type]
    counting = Counting(counts, policy, sent)  # type: ignore[arg-type]
    app = Application(
        broker_address=bootstrap, consumer_group=group, auto_offset_reset="earliest",
        commit_interval=1.0, state_dir=state_dir, loglevel="WARNING", auto_create_topics=True,
        producer_extra_config={"enable.idempotence": True, "compression.type": "gzip"},
    )  # fmt: skip

    def topic(declared: Topic) -> Any:
        return app.topic(declared.name, value_deserializer="bytes", value_serializer=Third(),
                         key_deserializer="bytes", key_serializer="string")  # fmt: skip

    def detect(raw: bytes) -> list[tuple[str, str, bytes]]:
        found = detector.find_mentions(Article.decode(raw))
        return [(MENTIONS.name, mention.place, mention.encode()) for mention in found]

    def report(raw: bytes, state: Any) -> list[tuple[str, str, bytes]]:
        mention = Mention.decode(raw)
        stories.state = counts.state = seen.state = state
        if seen.get(mention.id):
            return []
        sent.messages = []
        offset = state.get("records", 0) + 1
        state.set("records", offset)
        partition = partition_of(mention.place)
        story = wait(alerting.take(mention, offset))
        wait(counting.take(mention, story, partition, offset, alerting.tell_burst))
        seen[mention.id] = 1
        return sent.messages

    app.dataframe(topic(ARTICLES)).apply(detect, expand=True).to_topic(
        topic(MENTIONS), key=lambda item: item[1]
    )
    told = app.dataframe(topic(MENTIONS)).apply(report, stateful=True, expand=True)
    for declared in (ALERTS, COUNTS, TOTALS):
        mine = told.filter(lambda item, name=declared.name: item[0] == name)
        mine.to_topic(topic(declared), key=lambda item: item[1])
    app.run()


if __name__ == "__main__":
    run(*sys.argv[1:])
