"""PURE: how much of the mentions the workers' tables include, so that it is told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson


def row_offset(value: bytes | None) -> int:
    """Return the offset of the newest mention that a row includes.

    Args:
        value: A record of a table's changelog, of this build or of any other.

    Returns:
        -1 where the record tells none.
    """
    try:
        record = orjson.loads(value or b"null")
    except orjson.JSONDecodeError:
        return -1
    head = record.get("head") if isinstance(record, dict) else None
    offset = head.get("offset") if isinstance(head, dict) else None
    return offset if isinstance(offset, int) else -1


def told_until(
    marks: Mapping[int, int],
    committed: Mapping[int, int],
    rows: Iterable[tuple[int, int]],
    ends: Mapping[int, int],
) -> dict[int, int]:
    """Return by partition the offset before which subscribers know all that mentions tell.

    Args:
        marks: What an earlier rebuilding noted; one that was not finished is behind it.
        committed: How far the workers say that they are.
        rows: Partition and newest offset of each row: a worker that was killed may be further than
            it said. Without a commit they count for nothing: Kafka forgets the commits of a topic
            that was deleted, and the rows are of that one.
        ends: Where each partition ends: before a mark, where a damaged topic has lost its end.
    """
    until = {number: max(committed.get(number, 0), marks.get(number, 0)) for number in ends}
    for number, offset in rows:
        if number in committed:
            until[number] = max(until.get(number, 0), offset + 1)
    return {number: min(until[number], end) for number, end in ends.items()}
