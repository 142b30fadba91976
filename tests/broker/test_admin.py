"""Topics and lag on a real broker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from monitor.errors import BrokerError
from monitor.kafka.admin import apply_topics, describe_topics
from monitor.kafka.client import open_producer, send_value
from monitor.kafka.connect import cluster_id_of
from monitor.kafka.gauge import group_lag, open_gauge
from monitor.topics import DEAD_LETTERS, TOPICS, Topic


def new_topic(**changes) -> Topic:
    return replace(DEAD_LETTERS, name=f"test-{uuid4().hex}", **changes)


async def test_applying_twice_changes_nothing(broker: str):
    """The second time finds everything as declared."""
    topic = new_topic(partitions=3, compact=True)
    assert await apply_topics(broker, [topic]) == [f"{topic.name}: created"]
    assert await apply_topics(broker, [topic]) == []


async def test_newsmons_topics_are_as_declared(broker: str):
    """The broker keeps each setting of the table as it was asked to."""
    states = await describe_topics(broker)
    assert [(state.name, state.partitions) for state in states] == [
        (topic.name, topic.partitions) for topic in TOPICS
    ]
    assert [state.differences for state in states] == [()] * len(TOPICS)


async def test_partitions_are_raised_and_never_lowered(broker: str):
    """Too few are added to, too many are reported."""
    topic = new_topic(partitions=2)
    await apply_topics(broker, [topic])
    more = replace(topic, partitions=4)
    assert await apply_topics(broker, [more]) == [f"{topic.name}: raised from 2 to 4 partitions"]
    (state,) = await describe_topics(broker, [topic])
    assert state.partitions == 4
    assert state.differences == ("has 4 partitions, declared 2",)


async def test_a_setting_that_differs_is_reported_not_changed(broker: str):
    """An operator's own retention stays, and is said."""
    topic = new_topic()
    await apply_topics(broker, [topic])
    longer = replace(topic, retention=timedelta(days=99))
    expected = f"{topic.name}: retention.ms is 2592000000, declared {99 * 86_400_000}"
    assert await apply_topics(broker, [longer]) == [expected]
    assert await apply_topics(broker, [longer]) == [expected]
    assert await apply_topics(broker, [topic]) == []


async def test_a_topic_that_cannot_be_created_is_an_error(broker: str):
    """Errors of single topics stand in the response; they are not overlooked."""
    topic = new_topic()
    with pytest.raises(BrokerError, match=topic.name):
        await apply_topics(broker, [topic], replication=3)
    (state,) = await describe_topics(broker, [topic])
    assert state.partitions == 0


async def test_lag_counts_what_a_group_has_still_to_do(broker: str, fresh_topic: Topic):
    """A group without commits has everything to do; missing topics are left out."""
    async with open_producer(broker) as producer:
        for number in range(3):
            await send_value(producer, fresh_topic, None, b"%d" % number)
    lag = await group_lag(broker, f"group-{uuid4().hex}", [fresh_topic, new_topic()])
    assert lag == {(fresh_topic.name, 0): 3}
    (state,) = await describe_topics(broker, [fresh_topic])
    assert (state.records, state.replicas) == (3, 1)


async def test_a_cluster_is_known_by_its_id(broker: str):
    """The usable broker has an id; nobody has none."""
    assert len(await cluster_id_of(broker) or "") == 22
    assert await cluster_id_of("127.0.0.1:1") is None


async def test_a_gauge_that_stays_open_sees_what_was_written_since(broker: str, fresh_topic: Topic):
    """Each reading is of its own moment; a topic that is missing is named."""
    group = f"group-{uuid4().hex}"
    async with open_gauge(broker) as gauge, open_producer(broker) as producer:
        for number in (1, 2):
            await send_value(producer, fresh_topic, None, b"news")
            standing = await gauge.read([fresh_topic], group)
            assert standing.written == standing.lag == {fresh_topic.name: number}
        missing = new_topic()
        with pytest.raises(BrokerError, match=missing.name):
            await gauge.read([fresh_topic, missing], group)
