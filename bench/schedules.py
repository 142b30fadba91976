"""10,000 simulated feeds for a day: which schedule misses fewest articles for its requests.

    python -m bench schedules [--feeds 10000]

Each feed takes its size and the gaps between its items from a real capture (NEWSMON_SHARED), in
their order from a random start with a fixed seed, so bursts and nights stay; the clock is virtual.
An article is missed when it came and went between two polls. Ours is `monitor.feeds.schedule.plan`,
nothing else; the others are fixed intervals and Miniflux's `entry_frequency` (a week divided by the
weekly count, 5 minutes to 24 hours). A line marked = has its waits stretched to the number of
requests of the line before.
"""

from __future__ import annotations

import argparse
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import orjson
from rich.console import Console
from rich.table import Table

from monitor.feeds.parse import parse_feed
from monitor.feeds.schedule import DAY, Outcome, Pace, first_poll_at, plan
from monitor.feeds.state import FeedState
from monitor.feeds.window import measure
from tests import shared_dir

NOW = 1_772_452_800.0
_BACK = 8 * DAY


@dataclass(frozen=True)
class Simulated:
    """A feed: when its items came (unix seconds, ascending), and how many it shows."""

    name: str
    times: Sequence[float]
    size: int


Schedule = Callable[[Simulated, FeedState, float], float]
"""(feed, state after the poll, now) to the next poll."""


def main(words: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench schedules")
    parser.add_argument("--feeds", type=int, default=10_000)
    feeds = simulated(parser.parse_args(words).feeds)
    total = sum(len(f.times) - bisect_right(f.times, NOW) for f in feeds)
    table = Table("schedule", "requests", "missed", "missed %", "hours late, mean", box=None)

    def add(name: str, requests: int, missed: int, late: float) -> int:
        share = f"{100 * missed / total:.2f}"
        table.add_row(name, f"{requests:,}", f"{missed:,}", share, f"{late:.2f}")
        return requests

    others = {
        "every 15 min": fixed(900.0),
        "every 60 min": fixed(3600.0),
        "every 4 h": fixed(4 * 3600.0),
        "Miniflux-like": miniflux,
    }
    budget = add("newsmon", *run(feeds, ours()))
    add("every n min =", *run(feeds, fixed(len(feeds) * DAY / budget)))
    for name, schedule in others.items():
        budget = add(name, *run(feeds, schedule))
        add("  newsmon =", *run(feeds, ours(_stretch(feeds, budget))))
    Console().print(f"{len(feeds):,} feeds, one day, {total:,} articles")
    Console().print(table)


def simulated(count: int) -> list[Simulated]:
    """Make the feeds from the captures' own dates."""
    chance = random.Random(11)
    patterns = []
    for row in orjson.loads(shared_dir("feeds", "index.json").read_bytes()):
        if row["kind"] != "news" or row["format"] == "sitemap":
            continue
        feed = parse_feed(shared_dir("feeds", row["file"]).read_bytes())
        dates = sorted({entry.published for entry in feed.entries if entry.published})
        gaps = [b - a for a, b in pairwise(dates)]
        if len(gaps) >= 8 and sum(gaps) < 60 * DAY:
            patterns.append((gaps, len(feed.entries)))
    feeds = []
    for number in range(count):
        gaps, size = patterns[number % len(patterns)]
        times, at, n = [], NOW - _BACK - chance.random() * sum(gaps), chance.randrange(len(gaps))
        while at < NOW + DAY:
            at += gaps[n % len(gaps)]
            n += 1
            times.append(at)
        feeds.append(Simulated(f"feed-{number}", [t for t in times if t < NOW + DAY], size))
    return feeds


def run(feeds: Sequence[Simulated], schedule: Schedule) -> tuple[int, int, float]:
    """Poll each feed for a day: requests, missed articles, mean hours from item to poll."""
    requests = missed = found = 0
    late = 0.0
    for feed in feeds:
        state = FeedState(feed.name)
        at = first_poll_at(feed.name, NOW, len(feeds), Pace())
        seen = bisect_right(feed.times, NOW)  # what came before the day began is not counted
        while at < NOW + DAY:
            requests += 1
            upto = bisect_right(feed.times, at)
            missed += max(0, upto - feed.size - seen)
            fresh = feed.times[max(seen, upto - feed.size) : upto]
            late += sum(at - t for t in fresh)
            found += len(fresh)
            shown = feed.times[max(0, upto - feed.size) : upto]
            _note(state, feed, shown, seen, upto, at)
            seen = upto
            at = schedule(feed, state, at)
        # Items that left the document before the day was over.
        missed += max(0, len(feed.times) - feed.size - seen)
    return requests, missed, late / max(found, 1) / 3600


def _note(
    state: FeedState, feed: Simulated, shown: Sequence[float], seen: int, upto: int, at: float
) -> None:
    state.window_s, state.rate_per_h = measure([int(t) for t in shown], len(shown), at)
    state.newest_at = int(shown[-1]) if shown else 0
    gap = state.polls and upto - feed.size > seen
    state.polls += 1
    state.last_poll_at = int(at)
    state.outcomes = [(int(at), "gap" if gap else "new" if upto > seen else "unchanged")]


def ours(stretch: float = 1.0) -> Schedule:
    """Return our schedule, with all waits stretched to meet another one's requests."""

    def next_at(_: Simulated, state: FeedState, now: float) -> float:
        return now + stretch * (plan(state, Outcome(state.outcomes[-1][1]), now, Pace()).at - now)

    return next_at


def fixed(interval_s: float) -> Schedule:
    """Return a schedule that knows one interval."""
    return lambda _feed, _state, now: now + interval_s


def miniflux(feed: Simulated, _: FeedState, now: float) -> float:
    """Wait by the number of items of the last week."""
    weekly = bisect_right(feed.times, now) - bisect_right(feed.times, now - 7 * DAY)
    return now + min(max(7 * DAY / max(weekly, 1), 300.0), DAY)


def _stretch(feeds: Sequence[Simulated], wanted: int) -> float:
    """Find the stretch that gives our schedule no more requests than `wanted`, on a sample."""
    sample = feeds[:: max(1, len(feeds) // 500)]
    low, high = 0.05, 50.0
    for _ in range(12):
        middle = (low * high) ** 0.5
        requests = run(sample, ours(middle))[0] * len(feeds) / len(sample)
        low, high = (low, middle) if requests < wanted else (middle, high)
    return high
