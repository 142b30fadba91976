"""How long a worker takes to be ready, by the size of the tables that it reads back.

    python -m bench recovery [--rows 0,10000,100000]

The changelogs are filled with rows as the rooms write them: half of them ids of mentions, a quarter
of stories, a quarter of counts. An article waits on the topic; a worker is ready when the alert of
it can be read. Also shown: its memory and CPU until then (from /proc, so Linux only).
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from agents.alert import Alerting
from agents.count import Counting
from bench._news import fresh_story
from bench._proc import cpu_s, rss_mib
from bench._stack import Stack, publish, stack
from bench.stories import Sent, mentions
from bench.stories import Table as Rows
from monitor.alerts import load_policy
from monitor.kafka.client import open_producer, read_topic, send_value
from monitor.messages import Article, make_id
from monitor.settings import CONFIG_DIR
from monitor.topics import ALERTS, PARTITIONS, TABLES, TOPICS, WORKERS, Topic, partition_of

_SAMPLE = 300
_BATCH = 500
_CHANGELOGS = {name: next(t for t in TOPICS if t.name == f"{WORKERS}-{name}-changelog")
               for name in TABLES}  # fmt: skip

Row = tuple[Topic, str, Any]


@dataclass(frozen=True)
class Recovery:
    """How a worker came up.

    Attributes:
        rows: Rows on the changelogs.
        mib: Their size, MiB.
        ready_s: Seconds from the start of the process until the alert.
        cpu_s: CPU seconds of the worker until then.
        memory: Its memory then, MiB.
    """

    rows: int
    mib: float
    ready_s: float
    cpu_s: float
    memory: float


async def sample() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return rows of stories and of counts as the rooms write them."""
    policy, sent = load_policy(CONFIG_DIR / "alerts.toml"), Sent()
    stories, counts = Rows(), Rows()
    alerting = Alerting(stories, policy, sent)  # type: ignore[arg-type]
    counting = Counting(counts, policy, sent)  # type: ignore[arg-type]
    for offset, mention in enumerate(mentions(_SAMPLE, 120)):
        story = await alerting.take(mention, offset)
        await counting.take(mention, story, 0, offset, alerting.tell_burst)
    return stories, counts


def rows(number: int, stories: Mapping[str, Any], counts: Mapping[str, Any]) -> Iterator[Row]:
    """Give so many rows; each key is another one, so that all of them stay."""
    second = int(datetime.now(UTC).timestamp())
    kinds = zip(cycle(stories.items()), cycle(counts.items()), strict=False)
    for n, (story, count) in enumerate(islice(kinds, (number + 3) // 4)):
        made: list[Row] = [
            (_CHANGELOGS["seen"], make_id("seen", str(2 * n + k)), [second, n % PARTITIONS])
            for k in (0, 1)
        ]
        made.append((_CHANGELOGS["stories"], f"{n} {story[0]}", story[1]))
        made.append((_CHANGELOGS["counts"], f"{n} {count[0]}", count[1]))
        yield from made[: number - 4 * n]


async def fill(made: Stack, number: int) -> float:
    """Put rows onto the changelogs; return their size, MiB."""
    source, size = rows(number, *await sample()), 0
    async with open_producer(made.bootstrap) as producer:
        while batch := list(islice(source, _BATCH)):
            values = [orjson.dumps(value) for _, _, value in batch]
            size += sum(map(len, values))
            await asyncio.gather(
                *(
                    send_value(producer, topic, orjson.dumps(key), raw, partition=partition_of(key))
                    for (topic, key, _), raw in zip(batch, values, strict=True)
                )
            )
    return size / 2**20


async def measure(number: int) -> Recovery:
    """Fill the changelogs, start a worker, wait for the alert."""
    async with stack() as made:
        mib = await fill(made, number)
        now = datetime.now(UTC)
        article = Article(
            id=make_id("bench", "0"), feed_id="bench", url="https://news.example/0", title="",
            text=fresh_story(0), outlet="Outlet", language="en", fetched_at=now,
        )  # fmt: skip
        await publish(made.bootstrap, [article])
        began = time.monotonic()
        with made.running(made.worker(0)) as pids:
            async for _ in read_topic(made.bootstrap, ALERTS, from_beginning=True, follow=True):
                break
            took = time.monotonic() - began
            return Recovery(number, mib, took, cpu_s(pids[0]), rss_mib(pids[0]))


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench recovery", description=__doc__)
    parser.add_argument("--rows", default="0,10000,100000", help="commas between")
    numbers = [int(word) for word in parser.parse_args(words).rows.split(",")]
    table = Table("rows", "MiB", "ready after s", "CPU s", "RSS MiB", box=None)
    for number in numbers:
        found = asyncio.run(measure(number))
        table.add_row(f"{found.rows:,}", f"{found.mib:.1f}", f"{found.ready_s:.1f}",
                      f"{found.cpu_s:.1f}", f"{found.memory:.0f}")  # fmt: skip
    Console().print(table)
