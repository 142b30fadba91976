"""What is kept per key for its rolling counts: bounded, and the same for any order of mentions.

Every part of a row is a sum, a minimum or a maximum, or the newest few.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from monitor.messages import Mention, make_id

FIVE, HOUR = 300, 3600
RECENT = 12
"""Five-minute buckets of the last hour."""
HOURS = 168
"""Hour buckets that the counts hold."""
HISTORY = 672
"""Hours, 28 days, for which the number of stories that began is kept."""
MAX_OUTLETS = 400
"""Outlets in a row; past it the ones not heard of for longest go, and 7 d shows too few."""
MAX_STORIES = 600
"""Stories in a row; the same."""


@dataclass(slots=True)
class CountRow:
    """What is kept per key. Bucket numbers are seconds since 1970 divided by the bucket's length.

    Attributes:
        key: `label:place`; empty takes it from the first mention.
        as_of: Newest fetch time, seconds since 1970.
        since: Hour of the earliest fetch: when watching began.
        fives: Reports per five minutes, the last hour.
        hours: Reports per hour, the last 7 days.
        outlets: Each outlet by hash, with the five minutes of its newest report.
        stories: Each story by the start of its id, with the five minutes of its newest report.
        begun: The same with those of its earliest.
        starts: Stories that began, per hour, the last 28 days.
        burst_at: When the last burst was told, seconds since 1970.
    """

    key: str = ""
    as_of: float = 0.0
    since: int = 0
    fives: dict[int, int] = field(default_factory=dict)
    hours: dict[int, int] = field(default_factory=dict)
    outlets: dict[str, int] = field(default_factory=dict)
    stories: dict[str, int] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)
    burst_at: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain JSON values: numbers as keys become text."""
        raw: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in ("fives", "hours", "starts"):
            raw[name] = {str(k): v for k, v in raw[name].items()}
        return raw

    @classmethod
    def from_json(cls, raw: dict[str, Any] | None) -> CountRow:
        """Read a row; None is the row of a key that was never counted."""
        row = cls()
        for f in fields(cls):
            value = (raw or {}).get(f.name)
            if value is None:
                continue
            if f.name in ("fives", "hours", "starts"):
                value = {int(k): v for k, v in value.items()}
            setattr(row, f.name, value)
        return row


def counted(row: CountRow, mention: Mention, story_id: str) -> CountRow:
    """Return the row with one more mention in it; see `add_mention`."""
    when = min(mention.time, mention.seen_at).timestamp()
    as_of = max(row.as_of, mention.seen_at.timestamp())
    five, hour = int(when // FIVE), int(when // HOUR)
    seen = int(mention.seen_at.timestamp() // HOUR)
    new = CountRow(
        key=row.key or mention.record_key,
        as_of=as_of,
        since=min(row.since or seen, seen),
        fives=_plus(row.fives, five),
        hours=_plus(row.hours, hour),
        outlets=dict(row.outlets),
        stories=dict(row.stories),
        begun=dict(row.begun),
        starts=dict(row.starts),
        burst_at=row.burst_at,
    )
    if hour > int(as_of // HOUR) - HOURS:
        outlet = make_id("outlet", mention.outlet.casefold())[:8]
        new.outlets[outlet] = max(five, new.outlets.get(outlet, five))
        _add_story(new, story_id[:8], five)
    _prune(new, row.as_of)
    return new


def _plus(buckets: dict[int, int], number: int) -> dict[int, int]:
    return buckets | {number: buckets.get(number, 0) + 1}


def _add_story(row: CountRow, story: str, five: int) -> None:
    """Move the story's newest and earliest report, and with the latter the hour it began in."""
    earliest = min(row.begun.get(story, five), five)
    if story in row.begun:
        _begin(row.starts, row.begun[story], -1)
    _begin(row.starts, earliest, 1)
    row.begun[story] = earliest
    row.stories[story] = max(row.stories.get(story, five), five)


def _begin(starts: dict[int, int], five: int, step: int) -> None:
    hour = five * FIVE // HOUR
    starts[hour] = starts.get(hour, 0) + step
    if not starts[hour]:
        del starts[hour]


def _prune(row: CountRow, before: float) -> None:
    """Drop what no window of `as_of` or later can hold, and what is past the caps."""
    five, hour = int(row.as_of // FIVE), int(row.as_of // HOUR)
    row.fives = {k: v for k, v in row.fives.items() if k > five - RECENT}
    row.hours = {k: v for k, v in row.hours.items() if k > hour - HOURS}
    if hour > before // HOUR:
        week = (hour - HOURS + 1) * (HOUR // FIVE)
        row.outlets = {k: v for k, v in row.outlets.items() if v >= week}
        row.stories = {k: v for k, v in row.stories.items() if v >= week}
        row.begun = {k: v for k, v in row.begun.items() if k in row.stories}
        row.starts = {k: v for k, v in row.starts.items() if k > hour - HISTORY}
    if len(row.outlets) > MAX_OUTLETS:
        del row.outlets[_stalest(row.outlets)]
    if len(row.stories) > MAX_STORIES:
        gone = _stalest(row.stories)
        del row.stories[gone], row.begun[gone]


def _stalest(newest: dict[str, int]) -> str:
    return min(newest, key=lambda name: (newest[name], name))
