"""Rolling windows: how many reports, outlets and stories in the last hour, day and week.

Windows are whole buckets and end with the bucket of `as_of`: `1h` is twelve buckets of five
minutes (so 55 to 60 minutes), `24h` and `7d` are 24 and 168 buckets of an hour.

A window always reaches to the present, so an outlet is in it exactly if its *newest* report is.
Hence one time per outlet and per story is enough for exact distinct counts, and a bucket only
needs the number of outlets and stories whose newest report it holds: their sum over a window is
the window's number, today and, without new events, at any later moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.counts.row import FIVE, HOUR, HOURS, RECENT, CountRow, counted
from monitor.messages import Bucket, Count, Mention, WindowCount

_DAY = 24


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
    five, hour = int(row.as_of // FIVE), int(row.as_of // HOUR)
    recent, hours = _Held.of(row, row.fives, FIVE), _Held.of(row, row.hours, HOUR)
    return Count.model_validate(
        {
            "key": row.key,
            "as_of": _time(row.as_of),
            "windows": {
                "1h": recent.since(five - RECENT + 1),
                "24h": hours.since(hour - _DAY + 1),
                "7d": hours.since(hour - HOURS + 1),
            },
            "buckets": hours.buckets(HOUR),
            "recent": recent.buckets(FIVE),
        }
    )


@dataclass(slots=True)
class _Held:
    """What the buckets of one length hold: reports, and newest reports of outlets and stories."""

    reports: dict[int, int]
    outlets: Counter[int]
    stories: Counter[int]

    @classmethod
    def of(cls, row: CountRow, reports: dict[int, int], length: int) -> _Held:
        share = length // FIVE
        return cls(
            reports,
            Counter([five // share for five in row.outlets.values()]),
            Counter([five // share for five in row.stories.values()]),
        )

    def since(self, first: int) -> WindowCount:
        return WindowCount(
            mentions=sum([n for number, n in self.reports.items() if number >= first]),
            outlets=sum([n for number, n in self.outlets.items() if number >= first]),
            stories=sum([n for number, n in self.stories.items() if number >= first]),
        )

    def buckets(self, length: int) -> list[dict[str, object]]:
        return [
            {
                "start": _time(number * length),
                "mentions": self.reports[number],
                "last_outlets": self.outlets[number],
                "last_stories": self.stories[number],
            }
            for number in sorted(self.reports)
        ]


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
