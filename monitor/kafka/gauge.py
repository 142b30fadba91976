"""Ask how topics stand and what a group has still to do: once, or again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, GroupLoadInProgressError
from aiokafka.structs import OffsetAndMetadata

from monitor.errors import BrokerError
from monitor.kafka.admin import demand, offsets, offsets_in, partitions_in
from monitor.kafka.connect import open_admin, open_reader
from monitor.topics import Topic

_TRIES, _PAUSE = 100, 0.1


@dataclass(frozen=True)
class Standing:
    """How topics stand.

    Attributes:
        written: Records ever written, by topic name.
        lag: Records that the group has still to do, by topic name.
    """

    written: dict[str, int]
    lag: dict[str, int]


class Gauge:
    """Two open connections, see `open_gauge`."""

    def __init__(
        self, bootstrap: str, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer
    ) -> None:
        self._bootstrap = bootstrap
        self._admin = admin
        self._reader = reader

    async def read(self, topics: Sequence[Topic], group: str) -> Standing:
        """Ask how topics stand, and how much of each a group has still to do.

        Raises:
            BrokerError: A topic is missing, or nobody answers for the group.
        """
        counts = await partitions_in(self._admin, topics)
        demand(self._bootstrap, topics, counts)
        bounds = await offsets_in(self._reader, counts)
        left = _lag(bounds, await _committed(self._admin, group))
        written, lag = dict.fromkeys(counts, 0), dict.fromkeys(counts, 0)
        for (name, number), (_, end) in bounds.items():
            written[name] += end
            lag[name] += left[name, number]
        return Standing(written, lag)


@asynccontextmanager
async def open_gauge(bootstrap: str) -> AsyncIterator[Gauge]:
    """Connect for asking often: opening costs several times what asking does.

    Raises:
        BrokerError: No broker answers, or the broker went away inside the block.
    """
    async with open_admin(bootstrap) as admin, open_reader(bootstrap) as reader:
        yield Gauge(bootstrap, admin, reader)


async def group_lag(
    bootstrap: str, group: str, topics: Iterable[Topic]
) -> dict[tuple[str, int], int]:
    """Count the records that a consumer group has still to do, by (topic, partition).

    A partition without a commit counts from its first record; missing topics are left out.

    Raises:
        BrokerError: The cluster cannot be reached.
    """
    async with open_admin(bootstrap) as admin:
        counts = await partitions_in(admin, list(topics))
        committed = await _committed(admin, group)
    return _lag(await offsets(bootstrap, counts), committed)


async def group_offsets(bootstrap: str, group: str) -> dict[tuple[str, int], int]:
    """Return how far a consumer group is: by (topic, partition), the offset that comes next.

    Partitions without a commit are left out.

    Raises:
        BrokerError: The cluster cannot be reached.
    """
    async with open_admin(bootstrap) as admin:
        found = await _committed(admin, group)
    return {(tp.topic, tp.partition): at.offset for tp, at in found.items() if at.offset >= 0}


def _lag(
    bounds: Mapping[tuple[str, int], tuple[int, int]],
    committed: Mapping[TopicPartition, OffsetAndMetadata],
) -> dict[tuple[str, int], int]:
    lag = {}
    for (name, number), (begin, end) in bounds.items():
        known = committed.get(TopicPartition(name, number))
        done = known.offset if known and known.offset >= 0 else begin
        lag[name, number] = max(0, end - max(done, begin))
    return lag


async def _committed(
    admin: AIOKafkaAdminClient, group: str
) -> dict[TopicPartition, OffsetAndMetadata]:
    for _ in range(_TRIES):
        try:
            found: dict[TopicPartition, OffsetAndMetadata]
            found = await admin.list_consumer_group_offsets(group)
        except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError):
            # The first question about a group makes Kafka create the topic of the commits.
            await asyncio.sleep(_PAUSE)
        else:
            return found
    raise BrokerError(f"no coordinator for the consumer group {group}")
