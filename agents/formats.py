"""Which rows this build can read: a table outlives the build that wrote it.

The tables stand on Kafka, so a data directory cannot speak for them: the record of each row carries
a format number. A build that cannot read a row says so before it touches anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.errors import FormatError
from monitor.topics import WORKERS

FORMAT = 1
"""Of the records of rows in parts; raise it when rows of before can no longer be read.

One without a number is of the first build that wrote parts, and is of format 1; it gets the number
when it is written next.
"""

APART = "\t"
"""Stands between a row's key and the name of a part, in no code and no id."""


def refuse_unreadable(table: str, rows: Mapping[str, Any]) -> None:
    """Look at every row of a table.

    Args:
        table: Its name.
        rows: What it holds.

    Raises:
        FormatError: A row is of another format; says which and what helps.
    """
    for key, record in rows.items():
        if APART not in key and (why := _fault_of(table, record)):
            raise FormatError(
                f"{WORKERS}-{table}-changelog: row {key!r} {why}; `newsmon reset --state` makes the"
                " tables anew from the mentions that are kept"
            )


def _fault_of(table: str, record: object) -> str | None:
    if table == "seen":
        good = isinstance(record, list) and [type(part) for part in record] == [int, int]
        return None if good else "was written by another newsmon"
    if not isinstance(record, dict) or not {"head", "fresh", "gone"} <= record.keys():
        return f"was written by a newsmon older than format {FORMAT}"
    number = record.get("format", FORMAT)
    if number == FORMAT:
        return None
    return (
        f"is of format {number}, this newsmon reads format {FORMAT}: use the newsmon that wrote it"
    )
