"""What is kept per key for its rolling counts: bounded, and the same for any order of mentions.

Every part of a row is a sum, a minimum or a maximum, or the newest few. A row is made of days, so
that a mention changes one of them, seldom two or three, and leaves the others as they are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from monitor.messages import Mention, make_id

FIVE, HOUR = 300, 3600
_FIVES, _DAY = HOUR // FIVE, 24
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


@dataclass
class Day:
    """What one day holds, UTC; never changed once it is in a row.

    Bucket numbers are seconds since 1970 divided by the bucket's length.

    Attributes:
        hours: Reports per hour.
        outlets: Each outlet whose newest report is of this day, by hash, with its five minutes.
        stories: Each such story by the start of its id, with the five minutes of its newest and
            of its earliest report, which may be of a day before.
        starts: Stories that began, per hour.
    """

    hours: dict[int, int] = field(default_factory=dict)
    outlets: dict[str, int] = field(default_factory=dict)
    stories: dict[str, tuple[int, int]] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the day as plain JSON values: numbers as keys become text."""
        return {
            "hours": {str(k): v for k, v in self.hours.items()},
            "outlets": self.outlets,
            "stories": self.stories,
            "starts": {str(k): v for k, v in self.starts.items()},
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Day:
        """Read a day."""
        return cls(
            {int(k): v for k, v in raw["hours"].items()},
            dict(raw["outlets"]),
            {name: (newest, first) for name, (newest, first) in raw["stories"].items()},
            {int(k): v for k, v in raw["starts"].items()},
        )

    @cached_property
    def newest(self) -> tuple[Counter[int], Counter[int]]:
        """Outlets and stories by the five minutes of their newest report."""
        return Counter(self.outlets.values()), Counter(n for n, _ in self.stories.values())

    @cached_property
    def by_hour(self) -> dict[int, tuple[int, int, int]]:
        """Reports, and outlets and stories whose newest report is of the hour."""
        outlets, stories = Counter[int](), Counter[int]()
        for newest, hours in zip(self.newest, (outlets, stories), strict=True):
            for five, n in newest.items():
                hours[five // _FIVES] += n
        return {hour: (n, outlets[hour], stories[hour]) for hour, n in self.hours.items()}

    def copy(self) -> Day:
        """Return a day that may be changed."""
        return Day(dict(self.hours), dict(self.outlets), dict(self.stories), dict(self.starts))


@dataclass(slots=True)
class CountRow:
    """What is kept per key.

    Attributes:
        key: `label:place`; empty takes it from the first mention.
        as_of: Newest fetch time, seconds since 1970.
        since: Hour of the earliest fetch: when watching began.
        fives: Reports per five minutes, the last hour.
        days: The last 28 days by number; those that nothing happened on are left out.
        burst_at: When the last burst was told, seconds since 1970.
    """

    key: str = ""
    as_of: float = 0.0
    since: int = 0
    fives: dict[int, int] = field(default_factory=dict)
    days: dict[int, Day] = field(default_factory=dict)
    burst_at: float = 0.0

    @property
    def starts(self) -> dict[int, int]:
        """Stories that began, per hour, the last 28 days."""
        return {hour: n for day in self.days.values() for hour, n in day.starts.items()}

    def head(self) -> dict[str, Any]:
        """Return all but the days as plain JSON values."""
        fives = {str(k): v for k, v in self.fives.items()}
        days = list(self.days)
        return {"key": self.key, "as_of": self.as_of, "since": self.since, "fives": fives,
                "days": days, "burst_at": self.burst_at}  # fmt: skip

    @classmethod
    def from_parts(cls, head: dict[str, Any], days: dict[int, dict[str, Any]]) -> CountRow:
        """Read a row from its head and the days that the head names."""
        fives = {int(k): v for k, v in head["fives"].items()}
        read = {number: Day.from_json(days[number]) for number in head["days"]}
        return cls(head["key"], head["as_of"], head["since"], fives, read, head["burst_at"])

    def changes_since(self, before: CountRow) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """Return the days that are new or other than before, by number, and the numbers gone."""
        changed = {
            str(number): day.to_json()
            for number, day in self.days.items()
            if before.days.get(number) is not day
        }
        return changed, [str(number) for number in before.days if number not in self.days]


def counted(row: CountRow, mention: Mention, story_id: str) -> CountRow:
    """Return the row with one more mention in it; see `add_mention`."""
    when = min(mention.time, mention.seen_at).timestamp()
    as_of = max(row.as_of, mention.seen_at.timestamp())
    five, hour = int(when // FIVE), int(when // HOUR)
    seen = int(mention.seen_at.timestamp() // HOUR)
    new = replace(
        row,
        key=row.key or mention.record_key,
        as_of=as_of,
        since=min(row.since or seen, seen),
        fives=_plus(row.fives, five),
        days=dict(row.days),
    )
    if hour > int(as_of // HOUR) - HOURS:
        days = _Days(new.days)
        days[hour // _DAY].hours = _plus(days[hour // _DAY].hours, hour)
        _add_outlet(days, make_id("outlet", mention.outlet.casefold())[:8], five)
        _add_story(days, story_id[:8], five)
        _keep_to_caps(days)
    _prune(new, row.as_of)
    return new


class _Days:
    """The days of a new row; each is copied when it is first asked for."""

    def __init__(self, days: dict[int, Day]) -> None:
        self.all = days
        self._own: set[int] = set()

    def __getitem__(self, number: int) -> Day:
        if number not in self._own:
            self._own.add(number)
            self.all[number] = self.all[number].copy() if number in self.all else Day()
        return self.all[number]


def _plus(buckets: dict[int, int], number: int) -> dict[int, int]:
    return buckets | {number: buckets.get(number, 0) + 1}


def _day(five: int) -> int:
    return five // (_FIVES * _DAY)


def _add_outlet(days: _Days, outlet: str, five: int) -> None:
    old = next((n for n, day in days.all.items() if outlet in day.outlets), None)
    newest = five if old is None else max(five, days.all[old].outlets[outlet])
    if old is not None and old != _day(newest):
        del days[old].outlets[outlet]
    days[_day(newest)].outlets[outlet] = newest


def _add_story(days: _Days, story: str, five: int) -> None:
    """Move the story's newest and earliest report, and with the latter the hour it began in."""
    old = next((n for n, day in days.all.items() if story in day.stories), None)
    newest, first = five, five
    if old is not None:
        known, began = days.all[old].stories[story]
        newest, first = max(five, known), min(five, began)
        if old != _day(newest):
            del days[old].stories[story]
        if first != began:
            _begin(days, began, -1)
    if old is None or first != began:
        _begin(days, first, 1)
    days[_day(newest)].stories[story] = (newest, first)


def _begin(days: _Days, five: int, step: int) -> None:
    hour = five // _FIVES
    starts = days[hour // _DAY].starts
    starts[hour] = starts.get(hour, 0) + step
    if not starts[hour]:
        del starts[hour]


def _keep_to_caps(days: _Days) -> None:
    if sum(len(day.outlets) for day in days.all.values()) > MAX_OUTLETS:
        oldest = min(n for n, day in days.all.items() if day.outlets)
        outlets = days[oldest].outlets
        del outlets[min(outlets, key=lambda name: (outlets[name], name))]
    if sum(len(day.stories) for day in days.all.values()) > MAX_STORIES:
        oldest = min(n for n, day in days.all.items() if day.stories)
        stories = days[oldest].stories
        del stories[min(stories, key=lambda name: (stories[name][0], name))]


def _prune(row: CountRow, before: float) -> None:
    """Drop what no window of `as_of` or later can hold."""
    five, hour = int(row.as_of // FIVE), int(row.as_of // HOUR)
    row.fives = {k: v for k, v in row.fives.items() if k > five - RECENT}
    if hour == before // HOUR:
        return
    week, month = hour - HOURS + 1, hour - HISTORY + 1
    for number, day in list(row.days.items()):
        if number > week // _DAY:
            continue
        kept = Day(
            {k: v for k, v in day.hours.items() if k >= week},
            {k: v for k, v in day.outlets.items() if v >= week * _FIVES},
            {k: v for k, v in day.stories.items() if v[0] >= week * _FIVES},
            {k: v for k, v in day.starts.items() if k >= month},
        )
        if kept == Day():
            del row.days[number]
        elif kept != day:
            row.days[number] = kept
