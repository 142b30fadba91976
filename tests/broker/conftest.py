"""A real broker for the tests, started by the suite itself.

`broker` is one broker for the whole session with newsmon's topics on it; `fresh_broker` belongs to
one test, which may stop or kill it. Kafka's jars and Java's start-up cache come from, and go to,
the usual cache directory, so that they are fetched and made once.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from monitor.cli import main
from monitor.kafka import aot
from monitor.kafka.admin import apply_topics
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.fetch import fetch
from monitor.kafka.java import find_java
from monitor.kafka.jvm import Kafka
from monitor.kafka.node import free_port
from monitor.settings import KafkaSettings, Settings
from monitor.topics import DEAD_LETTERS, Topic
from tests.broker.desk import Ask, Desk, opened

HERE = Path(__file__).parent

MakeSettings = Callable[..., Settings]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.broker)


def broker_settings(data_dir: Path, **changes: object) -> Settings:
    """Return settings for an embedded broker on a free port under `data_dir`."""
    base: dict[str, object] = {"data_dir": data_dir, "kafka": KafkaSettings(port=free_port())}
    if cache := os.environ.get("NEWSMON_CACHE_DIR"):
        base["cache_dir"] = Path(cache)
    return Settings().model_copy(update=base | changes)


@pytest.fixture(scope="session")
def kafka_ready(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the jars and the start-up cache in place."""
    settings = broker_settings(tmp_path_factory.mktemp("unused"))
    kafka = Kafka(find_java(settings), fetch(settings), settings.kafka.heap_mb)
    asyncio.run(aot.train_later(kafka, 0))


@pytest.fixture
def make_settings(kafka_ready: None, tmp_path: Path) -> MakeSettings:
    """Return a maker of settings for one test; the folder's name is meant to be difficult."""
    return lambda **changes: broker_settings(tmp_path / "дані, all of them", **changes)


@pytest.fixture(scope="session")
def session_broker(
    kafka_ready: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedKafka]:
    """Return the session's broker; newsmon's topics are on it."""
    embedded = EmbeddedKafka(broker_settings(tmp_path_factory.mktemp("broker")))

    async def begin() -> None:
        await apply_topics(await embedded.start())

    try:
        asyncio.run(begin())
        yield embedded
    finally:
        asyncio.run(embedded.stop())


@pytest.fixture(scope="session")
def broker(session_broker: EmbeddedKafka) -> str:
    """Return the bootstrap server of the session's broker."""
    return session_broker.bootstrap


@pytest.fixture
async def fresh_broker(make_settings: MakeSettings) -> AsyncIterator[EmbeddedKafka]:
    """Return a started broker of this test's own, without topics."""
    embedded = EmbeddedKafka(make_settings())
    await embedded.start()
    yield embedded
    await embedded.stop()


@pytest.fixture
async def fresh_topic(broker: str) -> Topic:
    """Return a new, empty topic with one partition on the session's broker."""
    topic = replace(DEAD_LETTERS, name=f"test-{uuid4().hex}")
    await apply_topics(broker, [topic])
    return topic


@pytest.fixture(scope="session")
def desk(kafka_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a monitor with a worker that reads the story of `tests.broker.desk`."""
    with opened(broker_settings(tmp_path_factory.mktemp("desk"))) as desk:
        yield desk


@pytest.fixture
def ask(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs a command on the desk's monitor."""

    def run(*words: str) -> list[dict[str, Any]]:
        code = main([*words, "--json", "--data-dir", str(desk.data_dir)])
        out, err = capsys.readouterr()
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    return run
