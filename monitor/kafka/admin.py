"""Ask and change what a cluster holds: topics, their settings and offsets, the brokers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import for_code

from monitor.errors import BrokerError
from monitor.kafka.connect import open_admin, open_reader
from monitor.kafka.differences import find_differences
from monitor.kafka.security import access_of
from monitor.topics import TOPICS, Topic

_EXISTS = 36
_TRIES, _PAUSE = 100, 0.1


@dataclass(frozen=True)
class TopicState:
    """What the cluster says about a topic.

    Attributes:
        name: The topic.
        partitions: How many it has; 0 when it is missing.
        replicas: Copies of each partition.
        behind: Partitions of which a copy is missing or not up to date.
        records: Upper bound of the records it holds (compaction leaves holes).
        differences: How it differs from its declaration, one line each.
    """

    name: str
    partitions: int
    replicas: int
    behind: int
    records: int
    differences: tuple[str, ...]


async def apply_topics(
    bootstrap: str, topics: Sequence[Topic] = TOPICS, replication: int = 1
) -> list[str]:
    """Create the topics that are missing, and add partitions where there are too few.

    Settings that differ are reported, not changed: somebody may have meant them.

    Returns:
        One line for each thing that was changed or that differs; empty when all is as declared.

    Raises:
        BrokerError: The cluster cannot be reached or refuses.
    """
    async with open_admin(bootstrap) as admin:
        there = await partitions_in(admin, topics)
        lines = await _create(admin, [t for t in topics if t.name not in there], replication)
        few = {t.name: t for t in topics if there.get(t.name, t.partitions) < t.partitions}
        if few:
            await admin.create_partitions(
                {name: NewPartitions(topic.partitions) for name, topic in few.items()}
            )
        if lines or few:
            await _wait_for(admin, topics)
        lines += [f"{n}: raised from {there[n]} to {few[n].partitions} partitions" for n in few]
        same = dict.fromkeys(there, replication)
        differences = await find_differences(admin, [t for t in topics if t.name in there], same)
    return lines + [f"{name}: {text}" for name, texts in differences.items() for text in texts]


async def describe_topics(bootstrap: str, topics: Sequence[Topic] = TOPICS) -> list[TopicState]:
    """Describe topics, in the order given; missing ones too.

    Raises:
        BrokerError: The cluster cannot be reached.
    """
    async with open_admin(bootstrap) as admin:
        found = {t["topic"]: t for t in await admin.describe_topics() if t["partitions"]}
        there = [topic for topic in topics if topic.name in found]
        copies = {name: len(t["partitions"][0]["replicas"]) for name, t in found.items()}
        differences = await find_differences(admin, there, copies)
    counts = {topic.name: len(found[topic.name]["partitions"]) for topic in there}
    bounds = await offsets(bootstrap, counts)
    states = []
    for topic in topics:
        records = sum(end - begin for (n, _), (begin, end) in bounds.items() if n == topic.name)
        count = counts.get(topic.name, 0)
        parts = found[topic.name]["partitions"] if count else []
        replicas = len(parts[0]["replicas"]) if count else 0
        behind = sum(len(part["isr"]) < len(part["replicas"]) for part in parts)
        differs = list(differences.get(topic.name, ()))
        if count and count != topic.partitions:
            differs.insert(0, f"has {count} partitions, declared {topic.partitions}")
        states.append(TopicState(topic.name, count, replicas, behind, records, tuple(differs)))
    return states


async def live_brokers(bootstrap: str) -> dict[int, str]:
    """Return the brokers that the cluster counts as alive: `host:port` by node id.

    Raises:
        BrokerError: The cluster cannot be reached.
    """
    async with open_admin(bootstrap) as admin:
        found = await admin.describe_cluster()
    return {
        broker["node_id"]: f"{broker['host']}:{broker['port']}"
        for broker in sorted(found["brokers"], key=lambda broker: broker["node_id"])
    }


async def wait_for_brokers(bootstrap: str, wanted: Collection[int]) -> None:
    """Wait until the brokers with these node ids are alive; before that they get no copies.

    Raises:
        BrokerError: The cluster cannot be reached, or they do not all come.
    """
    for _ in range(_TRIES):
        absent = set(wanted) - (await live_brokers(bootstrap)).keys()
        if not absent:
            return
        await asyncio.sleep(_PAUSE)
    raise BrokerError(f"these brokers run, but have not joined the cluster: {sorted(absent)}")


async def partitions_of(bootstrap: str, topics: Sequence[Topic]) -> dict[str, int]:
    """Count the partitions of topics.

    Raises:
        BrokerError: The cluster cannot be reached, or a topic is missing.
    """
    async with open_admin(bootstrap) as admin:
        found = await partitions_in(admin, topics)
    demand(bootstrap, topics, found)
    return found


def demand(bootstrap: str, topics: Sequence[Topic], found: Mapping[str, int]) -> None:
    """Check that topics are among those that were found.

    Raises:
        BrokerError: One is missing.
    """
    if missing := [topic.name for topic in topics if topic.name not in found]:
        raise BrokerError(
            f"{bootstrap}: no topic {', '.join(missing)}; create the topics with"
            f" `newsmon topics apply`{_or_no_right(bootstrap)}"
        )


def _or_no_right(bootstrap: str) -> str:
    # Kafka does not tell of topics to those who have no right to know.
    user = access_of(bootstrap).user
    return f", or give user {user!r} the rights of its role (`newsmon topics acls`)" if user else ""


async def offsets(
    bootstrap: str, partitions: Mapping[str, int]
) -> dict[tuple[str, int], tuple[int, int]]:
    """Return first offset and end (one past the last) of each (topic, partition).

    Args:
        bootstrap: The brokers.
        partitions: Number of partitions by topic; the topics must exist.

    Raises:
        BrokerError: The cluster cannot be reached.
    """
    async with open_reader(bootstrap) as reader:
        return await offsets_in(reader, partitions)


async def offsets_in(
    reader: AIOKafkaConsumer, partitions: Mapping[str, int]
) -> dict[tuple[str, int], tuple[int, int]]:
    """Do what `offsets` does, over a connection that is open."""
    wanted = [TopicPartition(name, n) for name, count in partitions.items() for n in range(count)]
    begin, end = await reader.beginning_offsets(wanted), await reader.end_offsets(wanted)
    return {(tp.topic, tp.partition): (begin[tp], end[tp]) for tp in wanted}


async def partitions_in(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> dict[str, int]:
    """Count the partitions of those topics that there are."""
    names = {topic.name for topic in topics}
    # Asking for all topics: asking for one by name could create it on a foreign cluster.
    return {
        found["topic"]: len(found["partitions"])
        for found in await admin.describe_topics()
        if found["topic"] in names and found["partitions"]
    }


async def _wait_for(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    # The controller answers before the brokers know: a reader would find no topic yet.
    for _ in range(_TRIES):
        there = await partitions_in(admin, topics)
        if all(there.get(topic.name, 0) >= topic.partitions for topic in topics):
            return
        await asyncio.sleep(_PAUSE)
    raise BrokerError("the topics were created, but the brokers do not know them yet")


async def _create(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic], replication: int
) -> list[str]:
    if not topics:
        return []
    answer = await admin.create_topics(
        [
            NewTopic(
                topic.name, topic.partitions, replication, topic_configs=topic.config(replication)
            )
            for topic in topics
        ]
    )
    lines, faults = [], []
    for name, code, *why in answer.topic_errors:
        if code == 0:
            lines.append(f"{name}: created")
        elif code != _EXISTS:  # somebody else may have been quicker
            faults.append(f"{name}: {(why and why[0]) or for_code(code).__name__}")
    if faults:
        raise BrokerError(f"cannot create topics: {'; '.join(faults)}")
    return lines
