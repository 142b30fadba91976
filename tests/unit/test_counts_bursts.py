"""Bursts over simulated histories: how often a false alarm, how soon a true one."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable
from itertools import pairwise

import pytest

from monitor.alerts.policy import BurstRules
from monitor.counts import Burst, CountRow, add_mention, find_burst
from monitor.counts.bursts import upper_tail
from tests.unit.build_mentions import mention

RULES = BurstRules()
WEEK = 168


def by_hour(hour: int) -> float:
    """Return how busy an hour of the week is, 1 on average: nights and weekends are quiet."""
    day = 1 + 0.8 * math.sin((hour % 24 - 8) / 24 * 2 * math.pi)
    return day * (0.5 if hour % WEEK >= 5 * 24 else 1.2)


def poisson(mean: float, dice: random.Random) -> int:
    limit, product, number = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        number += 1
    return number


def simulate(
    dice: random.Random,
    weeks: int,
    rate: Callable[[int], float],
    rules: BurstRules = RULES,
    reports: int = 4,
) -> list[tuple[float, Burst]]:
    """Run stories through a row; return each burst with its hour since the beginning.

    Args:
        dice: Source of chance.
        weeks: Length.
        rate: Stories that begin in an hour of the simulation.
        rules: What a burst is.
        reports: Most reports of a story, by outlets of twenty.
    """
    events = []
    for hour in range(weeks * WEEK):
        for number in range(poisson(rate(hour), dice)):
            begin = hour + dice.random()
            for report in range(dice.randint(1, reports)):
                at = begin + dice.expovariate(1.0) * (report > 0)
                events.append((at, f"{hour:06x}{number:02x}", dice.randrange(20)))
    row, bursts = CountRow(), []
    for at, story, outlet in sorted(events):
        item = mention(at=at * 60, outlet=f"O{outlet}", name=story)
        row, _ = add_mention(row, item, story)
        row, burst = find_burst(row, rules)
        if burst:
            bursts.append((at, burst))
    return bursts


@pytest.mark.parametrize("level", [0.02, 0.1, 0.5])
def test_false_alarms_are_rare(level: float) -> None:
    """Steady keys with a daily and weekly rhythm: at most one burst in half a key-year."""
    weeks = 8
    keys = {0.02: 12, 0.1: 8, 0.5: 3}[level]
    dice = random.Random(7)
    found = [
        burst
        for _ in range(keys)
        for burst in simulate(dice, weeks, lambda hour: level * by_hour(hour))
    ]
    assert len(found) <= keys * weeks / 26 + 1


def test_false_alarms_are_rare_where_days_differ_widely() -> None:
    """Days of chance busyness, gamma with shape 2, are learned as the key's own spread."""
    dice = random.Random(11)
    days = [dice.gammavariate(2, 0.5) for _ in range(200)]
    found = simulate(dice, 12, lambda hour: 0.3 * days[hour // 24] * by_hour(hour))
    assert len(found) <= 1


@pytest.mark.parametrize(("level", "height", "stories"), [(0.02, 2.0, 6), (0.1, 3.0, 9)])
def test_a_true_burst_is_found_within_its_first_hours(
    level: float, height: float, stories: int
) -> None:
    """Floods of 30 to 100 times the usual are all found, most after three hours or less."""
    begin, length = 5 * WEEK + 30, 8
    delays, sizes = [], []
    for seed in range(7):
        bursts = simulate(
            random.Random(seed),
            6,
            lambda hour: height if begin <= hour < begin + length else level * by_hour(hour),
        )
        at, burst = next(found for found in bursts if found[0] >= begin)
        delays.append(at - begin)
        sizes.append(burst.stories)
    assert max(delays) < length
    assert statistics.median(delays) <= 4
    assert max(sizes) <= stories


def test_one_event_told_by_fifty_outlets_is_no_burst() -> None:
    """Stories are counted, not reports."""
    row = CountRow()
    for n in range(40):
        row, _ = add_mention(row, mention(at=n * 60 * 12, name=str(n)), f"{n:08x}")
    for n in range(50):
        item = mention(at=40 * 60 * 12 + n, outlet=f"O{n}", name=f"b{n}")
        row, _ = add_mention(row, item, "f" * 20)
        row, burst = find_burst(row, RULES)
        assert burst is None


def test_many_stories_of_two_outlets_are_no_burst() -> None:
    """Two chatty outlets are not news from three sides."""
    assert _sudden(outlets=2) == []
    assert _sudden(outlets=3)


def test_after_a_burst_there_is_none_until_the_cool_down_ends() -> None:
    """Eight hours of flood are one burst, and the next flood two days later is another."""
    assert len(_sudden(hours=8)) == 1
    assert len(_sudden(hours=8, again=60)) == 2


def test_a_key_without_a_history_cannot_burst() -> None:
    """In its first week everything would be unusual."""
    assert _sudden(history=150) == []


def _sudden(outlets: int = 5, hours: int = 3, again: int = 0, history: int = 400) -> list[Burst]:
    """Flood a key that had a story every 20 hours with 6 stories an hour."""
    times = [20.0 * n for n in range(history // 20)]
    for begin in (history, history + again)[: 1 + bool(again)]:
        times += [begin + n / 6 for n in range(hours * 6)]
    row, bursts = CountRow(), []
    for n, at in enumerate(times):
        item = mention(at=at * 60, outlet=f"O{n % outlets}", name=str(n))
        row, _ = add_mention(row, item, f"{n:08x}")
        row, burst = find_burst(row, RULES)
        bursts += [burst] if burst else []
    return bursts


def test_a_burst_says_how_many_and_how_many_are_usual() -> None:
    """The text is short and for people."""
    burst = Burst(stories=9, usual=0.41, hours=3, outlets=5, probability=1e-6)
    assert burst.text == "9 stories in 3 h, usual 0.4"


@pytest.mark.parametrize(("mean", "spread"), [(0.2, 1.2), (3.0, 1.5), (20.0, 4.0)])
def test_the_tail_is_that_of_the_negative_binomial(mean: float, spread: float) -> None:
    """Mean and variance recomputed from the tail are those that were asked for."""
    tails = [upper_tail(k, mean, spread) for k in range(400)]
    masses = [a - b for a, b in pairwise(tails)]
    found = sum(k * p for k, p in enumerate(masses))
    square = sum(k * k * p for k, p in enumerate(masses))
    assert tails[0] == 1
    assert found == pytest.approx(mean, rel=1e-6)
    assert square - found**2 == pytest.approx(mean * spread, rel=1e-6)
