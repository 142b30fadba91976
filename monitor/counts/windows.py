"""Rolling windows: how many reports, outlets and stories in the last hour, day and week.

Windows are whole buckets and end with the bucket of `as_of`: `1h` is twelve buckets of five
minutes (so 55 to 60 minutes), `24h` and `7d` are 24 and 168 buckets of an hour.

A window always reaches to the present, so an outlet is in it exactly if its *newest* report is.
Hence one time per outlet and per story is enough for exact distinct counts, and a bucket only
needs the number of outlets and stories whose newest report it holds: their sum over a window is
the window's number, today and, without new events, at any later moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from monitor.counts.row import FIVE, HOUR, HOURS, RECENT, CountRow, counted
from monitor.messages import Bucket, Count, Mention, WindowCount

_DAY = 24

Buckets = Mapping[int, tuple[int, int, int]]
"""By number: reports, and the outlets and the stories whose newest report a bucket holds."""


def add_mention(row: CountRow, mention: Mention, story_id: str) -> tuple[CountRow, Count]:
    """Count one more mention.

    Args:
        row: The row of its key; it is not changed.
        mention: A mention that was not counted before: skip those whose outcome is `repeat`.
        story_id: The story that it reports.

    Returns:
        The new row and the count to be told. A mention published more than 7 days before the
        newest fetch changes no window.
    """
    row = counted(row, mention, story_id)
    return row, _count(row)


def rolled(count: Count, now: datetime) -> Count:
    """Return the count as of `now`, without new events: old buckets leave the windows.

    A `now` before `as_of` changes nothing.
    """
    if now <= count.as_of:
        return count
    five, hour = int(now.timestamp() // FIVE), int(now.timestamp() // HOUR)
    recent = tuple(b for b in count.recent if _number(b, FIVE) > five - RECENT)
    buckets = tuple(b for b in count.buckets if _number(b, HOUR) > hour - HOURS)
    windows = {
        "1h": _sum(recent),
        "24h": _sum([b for b in buckets if _number(b, HOUR) > hour - _DAY]),
        "7d": _sum(buckets),
    }
    return count.model_copy(
        update={
            "as_of": now.astimezone(UTC),
            "windows": windows,
            "buckets": buckets,
            "recent": recent,
        }
    )


def _count(row: CountRow) -> Count:
    held = held_by(row)
    return count_of_buckets(row.key, _time(row.as_of), held.recent, held.hours)


def count_of_buckets(key: str, as_of: datetime, recent: Buckets, hours: Buckets) -> Count:
    """Make a count of buckets by number: reports, and outlets and stories newest in them."""
    five, hour = int(as_of.timestamp() // FIVE), int(as_of.timestamp() // HOUR)
    return Count.model_validate(
        {
            "key": key,
            "as_of": as_of,
            "windows": {
                "1h": _since(recent, five - RECENT + 1),
                "24h": _since(hours, hour - _DAY + 1),
                "7d": _since(hours, hour - HOURS + 1),
            },
            "buckets": _buckets(hours, HOUR),
            "recent": _buckets(recent, FIVE),
        }
    )


@dataclass(frozen=True, slots=True)
class Held:
    """What buckets hold: by number, reports, and outlets and stories whose newest it holds."""

    recent: Buckets
    hours: Buckets


def held_by(row: CountRow) -> Held:
    """Return the buckets of the last hour and of the last 7 days; empty ones are left out."""
    hours = {hour: held for day in row.days.values() for hour, held in day.by_hour.items()}
    first = int(row.as_of // FIVE) - RECENT + 1
    near = [day.newest for n, day in row.days.items() if n >= first * FIVE // HOUR // _DAY]
    recent = {
        five: (n, sum(outlets[five] for outlets, _ in near), sum(told[five] for _, told in near))
        for five, n in row.fives.items()
    }
    return Held(recent, hours)


def _since(buckets: Buckets, first: int) -> WindowCount:
    inside = [held for number, held in buckets.items() if number >= first]
    return WindowCount(
        mentions=sum([mentions for mentions, _, _ in inside]),
        outlets=sum([outlets for _, outlets, _ in inside]),
        stories=sum([stories for _, _, stories in inside]),
    )


def _buckets(buckets: Buckets, length: int) -> list[Bucket]:
    return [_bucket(number, length, held) for number, held in sorted(buckets.items())]


@lru_cache(maxsize=16_384)
def _bucket(number: int, length: int, held: tuple[int, int, int]) -> Bucket:
    """Make a bucket; nearly all of a count's are those of the count before."""
    mentions, outlets, stories = held
    return Bucket(
        start=_time(number * length), mentions=mentions, last_outlets=outlets, last_stories=stories
    )


def _sum(buckets: Sequence[Bucket]) -> WindowCount:
    return WindowCount(
        mentions=sum([b.mentions for b in buckets]),
        outlets=sum([b.last_outlets for b in buckets]),
        stories=sum([b.last_stories for b in buckets]),
    )


def _number(bucket: Bucket, length: int) -> int:
    return int(bucket.start.timestamp() // length)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
