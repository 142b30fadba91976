"""Set a group back, and empty topics: while none of their readers runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    for_code,
)

from monitor.errors import BrokerError
from monitor.kafka.admin import apply_topics, partitions_in
from monitor.kafka.connect import explain, open_admin
from monitor.kafka.logs import limit_aiokafka
from monitor.kafka.security import client_options
from monitor.topics import Topic

_TRIES, _PAUSE = 100, 0.1
_NO_GROUP, _NO_TOPIC = 69, 3


async def member_count(bootstrap: str, group: str) -> int:
    """Count the members of a consumer group; those that have just died may still be among them.

    Raises:
        BrokerError: The cluster cannot be reached.
    """
    async with open_admin(bootstrap) as admin:
        for _ in range(_TRIES):
            try:
                (answer,) = await admin.describe_consumer_groups([group])
            except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError):
                await asyncio.sleep(_PAUSE)  # the first question makes the topic of the commits
                continue
            error, _, _, _, _, members, *_ = answer.groups[0]
            if error and error != _NO_GROUP:
                raise BrokerError(f"group {group}: {for_code(error).__name__}")
            return len(members)
    raise BrokerError(f"no coordinator for the consumer group {group}")


async def commit(bootstrap: str, group: str, places: Mapping[tuple[str, int], int]) -> None:
    """Note for a group how far it is; Kafka refuses while it has members.

    Args:
        bootstrap: The brokers.
        group: The group.
        places: By (topic, partition), the offset that comes next.

    Raises:
        BrokerError: The group has members, or no broker answers.
    """
    limit_aiokafka()
    consumer = AIOKafkaConsumer(
        **client_options(bootstrap), group_id=group, enable_auto_commit=False
    )
    wanted = {TopicPartition(name, number): offset for (name, number), offset in places.items()}
    consumer.assign(list(wanted))
    try:
        await consumer.start()
        await asyncio.sleep(0)  # its tasks must have begun before `stop` may cancel them
        await consumer.commit(wanted)
    except (KafkaError, OSError, TimeoutError) as exc:
        raise BrokerError(f"{bootstrap}: group {group} not set back: {explain(exc)}") from exc
    finally:
        await consumer.stop()


async def empty_topics(bootstrap: str, topics: Sequence[Topic], replication: int) -> None:
    """Delete topics and make them anew as declared: what is compacted cannot be emptied otherwise.

    Raises:
        BrokerError: The cluster cannot be reached or refuses; run it again, for some of the topics
            may be gone.
    """
    async with open_admin(bootstrap) as admin:
        there = list(await partitions_in(admin, topics))
        if there:
            answer = await admin.delete_topics(there)
            faults = [(n, code) for n, code, *_ in answer.topic_error_codes if code]
            if bad := [f"{n}: {for_code(c).__name__}" for n, c in faults if c != _NO_TOPIC]:
                raise BrokerError(f"cannot delete topics: {'; '.join(bad)}")
        for _ in range(_TRIES):
            if not await partitions_in(admin, topics):
                break
            await asyncio.sleep(_PAUSE)
        else:
            raise BrokerError("the topics were deleted, but the brokers still know them")
    await apply_topics(bootstrap, topics, replication)
