"""A broker of its own with newsmon's topics, workers on it, and how far they are."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from bench._proc import cpu_s, ended
from monitor.kafka.admin import apply_topics
from monitor.kafka.client import Producer, open_producer, send
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.gauge import Gauge, open_gauge
from monitor.messages import Article, Mention
from monitor.settings import Settings
from monitor.topics import ARTICLES, MENTIONS, WORKERS, Topic, partition_of

_BATCH = 500
_LOOK_S = 0.2
_PATIENCE_S = 600.0


@dataclass(frozen=True)
class Stack:
    """A broker.

    Attributes:
        bootstrap: Where it is.
        data_dir: Its folder; roles find it by that.
        pid: Its process.
    """

    bootstrap: str
    data_dir: Path
    pid: int

    @contextmanager
    def running(
        self,
        *commands: Sequence[str],
        python: str = sys.executable,
        environ: Mapping[str, str] | None = None,
    ) -> Iterator[list[int]]:
        """Run Python programs side by side; end them with the block.

        Args:
            commands: Arguments of Python, one list a program.
            python: The interpreter.
            environ: Variables that are added to the environment.

        Yields:
            Their process ids.
        """
        with (self.data_dir / "programs.log").open("a") as log:
            processes = [
                subprocess.Popen(
                    [python, *words], stdout=log, stderr=log, env={**os.environ, **(environ or {})}
                )
                for words in commands
            ]
        try:
            yield [process.pid for process in processes]
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)

    def worker(self, number: int) -> list[str]:
        """Return the command of a worker."""
        return ["-m", "monitor.cli", "worker", "--instance", f"worker-{number}",
                "--data-dir", str(self.data_dir)]  # fmt: skip


@asynccontextmanager
async def stack() -> AsyncIterator[Stack]:
    """Start a broker with empty topics; stop it at the end.

    Its folder goes with it, but stays where the block fails: the programs' log is in it.
    """
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-bench-"))
    broker = EmbeddedKafka(Settings(data_dir=data_dir))
    bootstrap = await broker.start()
    try:
        await apply_topics(bootstrap)
        assert broker.pid
        yield Stack(bootstrap, data_dir, broker.pid)
    finally:
        await broker.stop()
    shutil.rmtree(data_dir)


async def publish(bootstrap: str, messages: Iterable[Article | Mention]) -> float:
    """Send articles or mentions in batches; return the seconds until all were acknowledged."""
    began = time.monotonic()
    async with open_producer(bootstrap, [ARTICLES, MENTIONS]) as producer:
        rest = iter(messages)
        while batch := list(islice(rest, _BATCH)):
            await asyncio.gather(*(_send(producer, message) for message in batch))
    return time.monotonic() - began


async def _send(producer: Producer, message: Article | Mention) -> None:
    if isinstance(message, Article):
        await send(producer, ARTICLES, message, timestamp=message.fetched_at)
    else:
        place = partition_of(message.place)
        await send(producer, MENTIONS, message, partition=place, timestamp=message.seen_at)


@dataclass(frozen=True)
class Pace:
    """How a backlog was worked off.

    Attributes:
        rate: Records a second in the middle of it: start and end are left out.
        workers_s: CPU seconds of all workers, from the first record to the last commit.
        broker_s: CPU seconds of the broker.
    """

    rate: float
    workers_s: float
    broker_s: float


async def work_off(
    stack: Stack,
    pids: Sequence[int],
    backlog: Sequence[Article | Mention],
    group: str = WORKERS,
    topic: Topic = ARTICLES,
) -> Pace:
    """Publish a backlog for programs that are ready, and wait until the group has committed it."""
    before = [cpu_s(pid) for pid in (*pids, stack.pid)]
    async with open_gauge(stack.bootstrap) as gauge:
        done = (await gauge.read([topic], group)).written[topic.name]
        await publish(stack.bootstrap, backlog)
        marks = await _watch(gauge, group, topic, done, len(backlog), pids)
    after = [cpu_s(pid) for pid in (*pids, stack.pid)]
    spent = [b - a for a, b in zip(before, after, strict=True)]
    return Pace(steady_rate(marks, len(backlog)), sum(spent[:-1]), spent[-1])


async def ready(
    stack: Stack, pids: Sequence[int], first: Sequence[Article | Mention], group: str = WORKERS
) -> None:
    """Wait until programs have joined the group and worked off some first records."""
    await publish(stack.bootstrap, first)
    async with open_gauge(stack.bootstrap) as gauge:
        await _watch(gauge, group, ARTICLES, 0, len(first), pids)


async def _watch(
    gauge: Gauge, group: str, topic: Topic, base: int, wanted: int, pids: Sequence[int]
) -> list[tuple[float, int]]:
    """Look until a group has nothing left; return (seconds, records done) at each look."""
    marks, until = [], time.monotonic() + _PATIENCE_S
    left = 1
    while left and time.monotonic() < until:
        if dead := [pid for pid in pids if ended(pid)]:
            raise SystemExit(f"process {dead[0]} ended; see programs.log in its data directory")
        await asyncio.sleep(_LOOK_S)
        standing = await gauge.read([topic, MENTIONS], group)
        marks.append((time.monotonic(), standing.written[topic.name] - base
                      - standing.lag[topic.name]))  # fmt: skip
        left = sum(standing.lag.values()) or (wanted - marks[-1][1] > 0)
    if left:
        raise SystemExit(f"the backlog was not worked off within {_PATIENCE_S:.0f} s")
    return marks


def steady_rate(marks: Sequence[tuple[float, int]], total: int) -> float:
    """Return the records a second between a tenth and nine tenths of all.

    Commits come once a second, so what was done is known by steps: the time of a step is that of
    the look that first shows it.
    """
    steps = [marks[0], *(b for a, b in pairwise(marks) if b[1] > a[1])]
    inner = [step for step in steps if 0.1 * total <= step[1] <= 0.9 * total]
    if len(inner) < 2:
        inner = [marks[0], steps[-1]]
    (begin, first), (end, last) = inner[0], inner[-1]
    return (last - first) / (end - begin) if end > begin else float("nan")
