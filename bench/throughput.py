"""How many articles a second the workers get through, and what of that is Kafka and Faust.

    python -m bench throughput [--articles 3000]

A backlog on the articles topic is worked off by one worker and then, anew, by two. The articles
are headlines and summaries in the mix of captured feeds (NEWSMON_SHARED). CPU (from /proc, so Linux
only) is that of the workers and of the broker over the whole backlog; detection alone, and story
and count keeping alone, are measured in this process on the same articles. The rest of the
workers' CPU is Faust and the Kafka client.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from agents.alert import Alerting
from agents.count import Counting
from bench._news import natural
from bench._proc import verdict
from bench._stack import Pace, ready, stack, work_off
from bench.stories import Sent
from bench.stories import Table as Rows
from monitor.alerts import load_policy
from monitor.detect import load_detector
from monitor.messages import Article
from monitor.settings import CONFIG_DIR

FIRST = 60
"""Articles that are worked off before anything is measured, on all partitions."""


@dataclass(frozen=True)
class Alone:
    """CPU of newsmon's own rooms, without Kafka and Faust.

    Attributes:
        detect_s: Seconds for all articles.
        tell_s: Seconds of alerting and counting for all mentions.
        mentions: How many mentions there are.
    """

    detect_s: float
    tell_s: float
    mentions: int


def alone(articles: Sequence[Article]) -> Alone:
    """Detect, alert and count in this process."""
    detector, sent = load_detector(), Sent()
    policy = load_policy(CONFIG_DIR / "alerts.toml")
    alerting = Alerting(Rows(), policy, sent)  # type: ignore[arg-type]
    counting = Counting(Rows(), policy, sent)  # type: ignore[arg-type]
    for article in articles[:FIRST]:
        detector.find_mentions(article)
    begin = time.process_time()
    mentions = [mention for article in articles for mention in detector.find_mentions(article)]
    detect_s = time.process_time() - begin

    async def tell() -> None:
        for offset, mention in enumerate(mentions):
            story = await alerting.take(mention, offset)
            await counting.take(mention, story, 0, offset, alerting.tell_burst)

    begin = time.process_time()
    asyncio.run(tell())
    return Alone(detect_s, time.process_time() - begin, len(mentions))


async def workers(count: int, articles: Sequence[Article]) -> Pace:
    """Work off a backlog with so many workers on a fresh broker."""
    first, backlog = articles[:FIRST], articles[FIRST:]
    async with stack() as made:
        with made.running(*(made.worker(n) for n in range(count))) as pids:
            await ready(made, pids, first)
            return await work_off(made, pids, backlog)


def show(articles: int, own: Alone, paces: dict[int, Pace]) -> None:
    """Print rates, and CPU an article by what it is for."""
    table = Table("workers", "articles/s", "workers' CPU, ms an article", "broker's CPU", box=None)
    for count, pace in paces.items():
        table.add_row(str(count), f"{pace.rate:.0f}", f"{1000 * pace.workers_s / articles:.2f}",
                      f"{1000 * pace.broker_s / articles:.2f}")  # fmt: skip
    Console().print(table)
    one = paces[1]
    rest = one.workers_s - own.detect_s - own.tell_s
    whole = one.workers_s + one.broker_s
    parts = {"detection": own.detect_s, "stories and counts": own.tell_s,
             "Faust and Kafka client": rest, "Kafka (broker)": one.broker_s}  # fmt: skip
    table = Table("one worker", "ms an article", "share", box=None)
    for name, seconds in parts.items():
        table.add_row(name, f"{1000 * seconds / articles:.2f}", f"{100 * seconds / whole:.0f} %")
    Console().print(table)
    print(verdict("two workers", paces[2].rate, 100, "articles/s", most=False))
    print(verdict("two workers against one", paces[2].rate / one.rate, 1.7, "x", most=False))
    print(verdict("Kafka and Faust against detection",
                  (rest + one.broker_s) / own.detect_s, 1, "x"))  # fmt: skip


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench throughput", description=__doc__)
    parser.add_argument("--articles", type=int, default=3000, help="of the backlog")
    args = parser.parse_args(words)
    what, articles = natural(args.articles + FIRST)
    own = alone(articles[FIRST:])
    paces = {count: asyncio.run(workers(count, articles)) for count in (1, 2)}
    print(f"{args.articles:,} articles with {own.mentions} mentions: {what}")
    show(args.articles, own, paces)
