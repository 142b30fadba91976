"""Bursts: more stories than this key usually begins at this hour of the week.

Not reports but stories are counted: one event told by fifty outlets is no burst. The stories that
began in the last hours are compared with the same hours of the week in up to four weeks before,
steadied by the key's overall rate as one week more. The number is taken as negative binomial, with
the spread that the key's own history shows, and at least that of a rate known from so few weeks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from monitor.counts.row import FIVE, HISTORY, HOUR, CountRow

Starts = Mapping[int, int]
"""Stories that began, per hour."""

_WEEK = 168
_HALF = 0.5  # a key that never had a story has them rarely, not never
_WILD = 40  # one window in so many may be wild


class Rules(Protocol):
    """What a burst needs; `monitor.alerts.policy.BurstRules` has it."""

    @property
    def window_hours(self) -> int:
        """Hours that are added up."""

    @property
    def min_outlets(self) -> int:
        """Fewest distinct outlets in the window."""

    @property
    def min_stories(self) -> int:
        """Fewest stories begun in the window."""

    @property
    def probability(self) -> float:
        """Upper tail below which a number is unusual."""

    @property
    def cooldown_hours(self) -> float:
        """Hours after a burst in which no other is told."""

    @property
    def history_hours(self) -> int:
        """Age of a key before it can burst."""


@dataclass(frozen=True, slots=True)
class Burst:
    """An unusual number of stories.

    Attributes:
        stories: Stories begun in the window.
        usual: How many were expected.
        hours: Length of the window.
        outlets: Distinct outlets in the window.
        probability: Of so many stories or more.
    """

    stories: int
    usual: float
    hours: int
    outlets: int
    probability: float

    @property
    def text(self) -> str:
        """For people, for instance `9 stories in 3 h, usual 0.4`."""
        return f"{self.stories} stories in {self.hours} h, usual {self.usual:.1f}"


def find_burst(row: CountRow, rules: Rules) -> tuple[CountRow, Burst | None]:
    """Look for a burst at the row's newest moment.

    Returns:
        The row, with the moment noted where there is a burst so that the cool-down begins; and
        the burst, if there is one.
    """
    hour = int(row.as_of // HOUR)
    if hour - row.since < rules.history_hours:
        return row, None
    if row.burst_at and row.as_of - row.burst_at < rules.cooldown_hours * HOUR:
        return row, None
    first = hour - rules.window_hours + 1
    begun = row.starts
    stories = _begun(begun, first, hour)
    outlets = sum(
        1
        for day in row.days.values()
        for five in day.outlets.values()
        if five * FIVE // HOUR >= first
    )
    if stories < rules.min_stories or outlets < rules.min_outlets:
        return row, None
    mean, spread = _usual(begun, max(row.since, hour - HISTORY + 1), first, hour)
    probability = upper_tail(stories, mean, spread)
    if probability >= rules.probability:
        return row, None
    burst = Burst(stories, mean, rules.window_hours, outlets, probability)
    return replace(row, burst_at=row.as_of), burst


def _begun(begun: Starts, first: int, last: int) -> int:
    return sum(begun.get(hour, 0) for hour in range(first, last + 1))


def _usual(begun: Starts, begin: int, first: int, last: int) -> tuple[float, float]:
    """Return the expected number of stories in the window, and variance over mean."""
    length = last - first + 1
    starts = range(first - length, begin - 1, -length)
    overall = (sum(_begun(begun, h, h + length - 1) for h in starts) + _HALF) / len(starts)
    weeks = [w for w in range(1, 5) if first - w * _WEEK >= begin]
    seen = sum(_begun(begun, first - w * _WEEK, last - w * _WEEK) for w in weeks)
    mean = (overall + seen) / (1 + len(weeks))
    return mean, max(_spread(begun, starts, length, overall), 1 + 1 / (1 + len(weeks)))


def _spread(begun: Starts, starts: range, length: int, overall: float) -> float:
    """Return variance over mean of the windows that begin at `starts`.

    Windows a week apart are compared, so that the rhythm of the week is no variance; in the first
    two weeks each is compared with the average. The wildest few count no more than the next one
    below them: a burst must not hide the next one.
    """
    numbers = {h: _begun(begun, h, h + length - 1) for h in starts}
    earlier = [h - _WEEK for h in starts if h - _WEEK >= starts[-1]]
    if len(earlier) * length >= _WEEK:
        squares = [
            (numbers[h + _WEEK] - _begun(begun, h, h + length - 1)) ** 2 / 2 for h in earlier
        ]
    else:
        squares = [(number - overall) ** 2 for number in numbers.values()]
    squares.sort()
    ceiling = squares[-1 - len(squares) // _WILD]
    return sum(min(square, ceiling) for square in squares) / len(squares) / overall


def upper_tail(stories: int, mean: float, spread: float) -> float:
    """Return the probability of `stories` or more under a negative binomial.

    Args:
        stories: The number in question.
        mean: Its expectation, above 0.
        spread: Variance over mean, above 1.
    """
    shape, fail = mean / (spread - 1), 1 - 1 / spread
    term = math.exp(shape * math.log1p(-fail))
    below = 0.0
    for k in range(stories):
        below += term
        term *= (shape + k) / (k + 1) * fail
    return max(0.0, 1.0 - below)
