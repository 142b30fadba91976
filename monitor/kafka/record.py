"""A record of a topic as newsmon knows it: without aiokafka's own types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import ConsumerRecord


@dataclass(frozen=True)
class Record:
    """A record as it stands on a topic.

    Attributes:
        partition: Its partition.
        offset: Its place there.
        key: The key's bytes, if any.
        value: The value's bytes; None deletes the key from a compacted topic.
        timestamp: When it was written, as the writer says (UTC).
        headers: Its headers; of several with one name the last.
    """

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: datetime
    headers: dict[str, bytes]


def to_record(raw: ConsumerRecord) -> Record:
    """Turn aiokafka's record into ours."""
    return Record(
        partition=raw.partition,
        offset=raw.offset,
        key=raw.key,
        value=raw.value,
        timestamp=datetime.fromtimestamp(raw.timestamp / 1000, UTC),
        headers=dict(raw.headers),
    )
