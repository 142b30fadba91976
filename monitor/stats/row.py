"""PURE: one `label:place` as a reader sees it: the windows now, the trend, the last hours.

A `Count` holds an object per bucket; a viewer of thousands of keys keeps a `Series` instead, which
takes a hundredth of the room, and makes rows of it as time goes on. The windows are those of
`monitor.counts.rolled`.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.messages import Bucket, Count, WindowCount

WINDOWS = ("1h", "24h", "7d")
_FIVE, _HOUR = 300, 3600
_FIVES, _DAY, _HOURS = 12, 24, 168
_DAYS_BEFORE = 6


@dataclass(frozen=True, slots=True)
class Series:
    """A count, made small. Buckets stand in order, the one of `as_of` last, none left out.

    Attributes:
        key: `label:place`.
        as_of: When the newest report was fetched.
        fives: Reports, outlets and stories of twelve times five minutes.
        hours: The same of 168 hours.
    """

    key: str
    as_of: datetime
    fives: tuple[array[int], array[int], array[int]]
    hours: tuple[array[int], array[int], array[int]]


@dataclass(frozen=True, slots=True)
class Row:
    """The counts of one `label:place` as of a moment.

    Attributes:
        key: `label:place`.
        label: The first half of the key.
        place: The second half, a code.
        windows: By `1h`, `24h`, `7d`, as of the moment.
        seen: When the newest report was fetched.
        hours: Reports per hour, the last 24 hours, oldest first, the running hour last.
        change: The last 24 h divided by the mean day of the six days before; None where those
            six days are empty.
    """

    key: str
    label: str
    place: str
    windows: dict[str, WindowCount]
    seen: datetime
    hours: tuple[int, ...]
    change: float | None

    def mentions(self, window: str) -> int:
        """Return the reports in a window, `1h`, `24h` or `7d`."""
        return self.windows[window].mentions


def series_of(count: Count) -> Series:
    """Make a count small."""
    return Series(
        count.key,
        count.as_of,
        _columns(count.recent, count.as_of, _FIVE, _FIVES),
        _columns(count.buckets, count.as_of, _HOUR, _HOURS),
    )


def row_of(series: Series, now: datetime) -> Row:
    """Return the row as of `now`; a `now` before `as_of` changes nothing."""
    label, _, place = series.key.partition(":")
    hours = _shifted(series.hours, series.as_of, now, _HOUR)
    fives = _shifted(series.fives, series.as_of, now, _FIVE)
    windows = {
        "1h": _window(fives),
        "24h": _window([column[-_DAY:] for column in hours]),
        "7d": _window(hours),
    }
    day, week = windows["24h"].mentions, windows["7d"].mentions
    return Row(
        key=series.key,
        label=label,
        place=place,
        windows=windows,
        seen=series.as_of,
        hours=tuple(hours[0][-_DAY:]),
        change=day * _DAYS_BEFORE / (week - day) if week > day else None,
    )


def count_of(series: Series, now: datetime) -> dict[str, Any]:
    """Return the fields of the count as of `now`, empty buckets left out."""
    at = max(now, series.as_of)
    last = int(at.timestamp()) // _HOUR
    buckets = [
        {"start": datetime.fromtimestamp((last - _HOURS + 1 + n) * _HOUR, UTC), "mentions": m}
        for n, m in enumerate(_shifted(series.hours, series.as_of, now, _HOUR)[0])
        if m
    ]
    windows = {name: window.model_dump() for name, window in row_of(series, now).windows.items()}
    return {"key": series.key, "as_of": at, "windows": windows, "buckets": buckets}


def _columns(
    buckets: Sequence[Bucket], as_of: datetime, length: int, size: int
) -> tuple[array[int], array[int], array[int]]:
    columns = array("I", bytes(4 * size)), array("I", bytes(4 * size)), array("I", bytes(4 * size))
    last = int(as_of.timestamp()) // length
    for bucket in buckets:
        place = size - 1 - last + int(bucket.start.timestamp()) // length
        if 0 <= place < size:
            columns[0][place] = bucket.mentions
            columns[1][place] = bucket.last_outlets
            columns[2][place] = bucket.last_stories
    return columns


def _shifted(
    columns: Sequence[array[int]], as_of: datetime, now: datetime, length: int
) -> list[array[int]]:
    """Move the columns on: as many buckets leave at the front as empty ones come at the end."""
    gone = max(0, int(now.timestamp()) // length - int(as_of.timestamp()) // length)
    size = len(columns[0])
    gone = min(gone, size)
    return [column[gone:] + array("I", bytes(4 * gone)) for column in columns]


def _window(columns: Sequence[array[int]]) -> WindowCount:
    mentions, outlets, stories = (sum(column) for column in columns)
    return WindowCount(mentions=mentions, outlets=outlets, stories=stories)
