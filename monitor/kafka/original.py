"""Read single records by the place where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from aiokafka import TopicPartition

from monitor.kafka.connect import open_reader
from monitor.kafka.record import Record, to_record

Place: TypeAlias = tuple[str, int, int]
"""Topic, partition and offset."""

_PATIENCE_MS = 5_000


async def read_places(bootstrap: str, places: Iterable[Place]) -> dict[Place, Record]:
    """Read the records at these places; those that the topics no longer hold are left out.

    Args:
        bootstrap: The brokers.
        places: The topics must exist.

    Raises:
        BrokerError: The cluster cannot be reached.
    """
    found: dict[Place, Record] = {}
    async with open_reader(bootstrap) as consumer:
        for name, number, offset in sorted(set(places)):
            partition = TopicPartition(name, number)
            begin = (await consumer.beginning_offsets([partition]))[partition]
            end = (await consumer.end_offsets([partition]))[partition]
            if not begin <= offset < end:
                continue
            consumer.assign([partition])
            consumer.seek(partition, offset)
            batch = await consumer.getmany(timeout_ms=_PATIENCE_MS, max_records=1)
            record = next(iter(batch.get(partition, ())), None)
            # Compaction leaves holes: what comes instead is the next one.
            if record and record.offset == offset:
                found[name, number, offset] = to_record(record)
    return found
