"""What a day costs for 400 and for 10,000 feeds: computed from what one poll and one article cost.

    python -m bench day [--feeds 400,10000] [--articles 1500]

Polls and articles a day are those of `bench schedules` (captured rates, virtual clock). The CPU of
an unchanged and of a changed poll is measured as in `bench poll`, that of an article as in `bench
throughput` (one worker, its broker's CPU included), that of doing nothing as in `bench pipeline`.
A poll that finds nothing new counts as unchanged, though some servers send the document again.
CPU hours of a day: (unchanged polls x a + changed polls x b + articles x c) / 3600 + idle x 24.
Articles a core and second of the busiest process, the worker, say how many workers a day needs when
its articles come evenly; peaks are several times higher.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench import pipeline, poll, throughput
from bench._news import natural
from bench.schedules import NOW, Simulated, ours, run, simulated
from monitor.feeds.schedule import DAY
from monitor.feeds.state import FeedState


@dataclass(frozen=True)
class Load:
    """What a day brings.

    Attributes:
        feeds: Feeds that are polled.
        unchanged: Polls that found nothing new.
        changed: Polls that did.
        articles: Articles in them.
    """

    feeds: int
    unchanged: int
    changed: int
    articles: int


@dataclass(frozen=True)
class Costs:
    """CPU seconds.

    Attributes:
        unchanged_s: Of a poll that finds nothing new.
        changed_s: Of a poll that does.
        worker_s: Of the worker for an article.
        broker_s: Of the broker for an article.
        idle: Of the whole stack in a second without news.
        mentions: Mentions an article.
    """

    unchanged_s: float
    changed_s: float
    worker_s: float
    broker_s: float
    idle: float
    mentions: float


def day_of(count: int) -> Load:
    """Simulate a day of so many feeds."""
    feeds, words, plan = simulated(count), Counter[str](), ours()

    def counted(feed: Simulated, state: FeedState, now: float) -> float:
        words[state.outcomes[-1][1]] += 1
        return plan(feed, state, now)

    run(feeds, counted)
    articles = sum(1 for feed in feeds for at in feed.times if NOW <= at < NOW + DAY)
    return Load(count, words["unchanged"], words["new"] + words["gap"], articles)


def cpu_hours(day: Load, costs: Costs) -> dict[str, float]:
    """Return the CPU hours of a day by what they are for."""
    return {
        "polls": (day.unchanged * costs.unchanged_s + day.changed * costs.changed_s) / 3600,
        "worker": day.articles * costs.worker_s / 3600,
        "broker": day.articles * costs.broker_s / 3600,
        "idle": 24 * costs.idle,
    }


def measured(number: int) -> Costs:
    """Measure what a poll, an article and doing nothing cost."""
    unchanged_ms, changed_ms = poll.own(feeds=60, rounds=2)
    _, articles = natural(number + throughput.FIRST)
    own = throughput.alone(articles[throughput.FIRST :])
    pace = asyncio.run(throughput.workers(1, articles))
    idle = asyncio.run(pipeline.measure([0.0], 20, 1))[0]
    return Costs(
        unchanged_ms / 1000,
        changed_ms / 1000,
        pace.workers_s / number,
        pace.broker_s / number,
        sum(cpu for cpu, _ in idle.cost.values()),
        own.mentions / number,
    )


def main(words: list[str]) -> None:
    """Read the options, measure and compute."""
    parser = argparse.ArgumentParser(prog="python -m bench day", description=__doc__)
    parser.add_argument("--feeds", default="400,10000", help="commas between")
    parser.add_argument("--articles", type=int, default=1500, help="that an article's cost is of")
    args = parser.parse_args(words)
    costs = measured(args.articles)
    print(
        f"CPU ms: unchanged poll {1000 * costs.unchanged_s:.2f}, changed poll "
        f"{1000 * costs.changed_s:.1f}, article {1000 * costs.worker_s:.1f} in the worker and "
        f"{1000 * costs.broker_s:.1f} in the broker; idle stack {100 * costs.idle:.0f} % of a core"
    )
    table = Table("feeds", "polls, of them with news", "articles", "mentions a week", "polls",
                  "worker", "broker", "idle", "CPU h a day", "cores", box=None)  # fmt: skip
    for count in (int(word) for word in args.feeds.split(",")):
        day = day_of(count)
        hours = cpu_hours(day, costs)
        table.add_row(
            f"{count:,}", f"{day.unchanged + day.changed:,}, {day.changed:,}", f"{day.articles:,}",
            f"{7 * day.articles * costs.mentions:,.0f}", *(f"{h:.2f}" for h in hours.values()),
            f"{sum(hours.values()):.1f}", f"{sum(hours.values()) / 24:.2f}",
        )  # fmt: skip
    Console().print(table)
