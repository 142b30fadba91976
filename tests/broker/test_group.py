"""Consumer groups with the caller's own commits, on a real broker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from monitor.errors import BrokerError
from monitor.kafka.admin import apply_topics
from monitor.kafka.client import open_producer, send_value
from monitor.kafka.gauge import group_lag
from monitor.kafka.group import GroupReader, open_group
from monitor.topics import DEAD_LETTERS, Topic


async def take(reader: GroupReader, count: int) -> list[bytes | None]:
    values: list[bytes | None] = []
    async with asyncio.timeout(20):
        while len(values) < count:
            values += [record.value for record in await reader.poll(0.2, limit=1)]
    return values


async def fill(bootstrap: str, topic: Topic, count: int) -> None:
    async with open_producer(bootstrap, [topic]) as producer:
        for number in range(count):
            await send_value(producer, topic, None, b"%d" % number)


async def test_a_group_goes_on_after_its_commit(broker: str, fresh_topic: Topic):
    """Committed records do not come again, taken but uncommitted ones do."""
    group = f"group-{uuid4().hex}"
    await fill(broker, fresh_topic, 4)
    async with open_group(broker, fresh_topic, group) as reader:
        assert await take(reader, 3) == [b"0", b"1", b"2"]
        await reader.commit({0: 2})
    assert await group_lag(broker, group, [fresh_topic]) == {(fresh_topic.name, 0): 2}
    async with open_group(broker, fresh_topic, group) as reader:
        assert await take(reader, 2) == [b"2", b"3"]


async def test_a_paused_partition_gives_nothing_until_resumed(broker: str, fresh_topic: Topic):
    """Pause holds records back without leaving the group; seek brings one once more."""
    async with open_group(broker, fresh_topic, f"group-{uuid4().hex}") as reader:
        await fill(broker, fresh_topic, 2)
        assert await take(reader, 1) == [b"0"]
        reader.pause([0])
        assert await reader.poll(0.5) == []
        reader.seek(0, 0)
        reader.resume([0])
        assert await take(reader, 2) == [b"0", b"1"]


async def test_members_share_the_partitions_and_are_told(broker: str):
    """A second member gets its part, the first is told before it loses its own."""
    topic = replace(DEAD_LETTERS, name=f"test-{uuid4().hex}", partitions=4)
    await apply_topics(broker, [topic])
    group, told = f"group-{uuid4().hex}", []

    def teller(word: str):
        async def tell(partitions: frozenset[int]) -> None:
            told.append((word, len(partitions)))

        return tell

    async with open_group(
        broker, topic, group, on_assigned=teller("got"), on_revoked=teller("lost")
    ) as one:
        await one.poll(0.2)
        assert one.partitions == {0, 1, 2, 3}
        async with asyncio.timeout(20), open_group(broker, topic, group) as two:
            while not (one.partitions and two.partitions):
                await asyncio.gather(one.poll(0.2), two.poll(0.2))
            assert one.partitions | two.partitions == {0, 1, 2, 3}
            assert not one.partitions & two.partitions
    assert told[:3] == [("got", 4), ("lost", 4), ("got", 2)]


async def test_a_commit_for_a_foreign_partition_is_refused(broker: str, fresh_topic: Topic):
    """Only what is assigned can be committed; the error is newsmon's."""
    async with open_group(broker, fresh_topic, f"group-{uuid4().hex}") as reader:
        with pytest.raises(BrokerError, match="not committed"):
            await reader.commit({7: 1})


async def test_joining_on_a_missing_topic_is_refused(broker: str):
    """It is named at once instead of waited for."""
    with pytest.raises(BrokerError, match="no-such-topic"):
        async with open_group(broker, replace(DEAD_LETTERS, name="no-such-topic"), "g"):
            pass
