"""What three brokers on this machine survive, and how long alerts are away.

    python -m bench cluster [--rate 5] [--only NAME] [--settle 20]

Starts `newsmon up --brokers 3 --workers 2` on invented feeds, where each article brings an alert,
does one harm after the other under load, and prints for each the longest silence between two alerts
and the longest time from the end of a fetch until its alert could be read, both as a subscriber
sees them. At the end an independent reader compares the topics with what was published.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench._cluster import Cluster, cluster, until
from bench._news import fresh_story
from monitor.kafka.client import read_topic
from monitor.topics import ALERTS
from tests.chaos.load import Load

_WANTED_S = 15.0


@dataclass
class Watch:
    """The alerts as a subscriber sees them.

    Attributes:
        seen: When each came (seconds of the loop's clock) and how long after its fetch (seconds).
    """

    seen: list[tuple[float, float]] = field(default_factory=list)

    async def follow(self, bootstrap: str) -> None:
        """Read alerts until cancelled."""
        clock = asyncio.get_running_loop().time
        async for record in read_topic(bootstrap, ALERTS, from_beginning=False, follow=True):
            age = datetime.now(UTC) - record.timestamp  # its time is that of the fetch
            self.seen.append((clock(), age.total_seconds()))

    def between(self, begin: float, end: float) -> tuple[float, float]:
        """Return the longest silence and the longest wait within a time, in seconds."""
        inside = [(when, age) for when, age in self.seen if begin <= when <= end]
        moments = [begin, *(when for when, _ in inside), end]
        silence = max(b - a for a, b in pairwise(moments))
        return silence, max((age for _, age in inside), default=float("inf"))


async def _pulse(cluster: Cluster, name: str, pulses: int = 8) -> None:
    """Let a broker run only a third of the time, as one that waits for its disk."""
    (role,) = cluster.roles(name)
    assert role.pid
    for _ in range(pulses):
        os.kill(role.pid, signal.SIGSTOP)
        await asyncio.sleep(1.0)
        os.kill(role.pid, signal.SIGCONT)
        await asyncio.sleep(0.5)


async def _freeze(cluster: Cluster, name: str, seconds: float = 20.0) -> None:
    """Stop a broker without a word, as a machine that lost its network does."""
    (role,) = cluster.roles(name)
    assert role.pid
    os.kill(role.pid, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    os.kill(role.pid, signal.SIGCONT)


Harm = Callable[[Cluster], Awaitable[None]]

HARMS: dict[str, Harm] = {
    "nothing": lambda c: asyncio.sleep(5),
    "kill broker-1": lambda c: c.strike("broker-1", signal.SIGKILL),
    "kill broker-2": lambda c: c.strike("broker-2", signal.SIGKILL),
    "kill broker-3": lambda c: c.strike("broker-3", signal.SIGKILL),
    "kill worker-0": lambda c: c.strike("worker-0", signal.SIGKILL),
    "roll brokers": lambda c: c.roll("broker"),
    "roll workers": lambda c: c.roll("worker"),
    "slow broker-1": lambda c: _pulse(c, "broker-1"),
    "freeze broker-1": lambda c: _freeze(c, "broker-1"),
    "freeze broker-2": lambda c: _freeze(c, "broker-2"),
}


async def measure(rate: float, names: list[str], settle_s: float) -> None:
    """Do the harms in turn and print what came of them."""
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-bench-"))
    table = Table("harm", "took s", "longest silence s", "longest wait s", "wanted", box=None)
    watch, clock = Watch(), asyncio.get_running_loop().time
    async with cluster(data_dir, Load(rate, fresh_story)) as running:
        running.load.begin()
        following = asyncio.create_task(watch.follow(running.bootstrap))
        await until(lambda: asyncio.sleep(0, len(watch.seen) > 20), "no alerts came")
        for name in names:
            await running.in_step()
            begin = clock()
            await HARMS[name](running)
            took = clock() - begin
            await asyncio.sleep(settle_s)
            silence, wait = watch.between(begin, clock())
            met = "met" if max(silence, wait) <= _WANTED_S else "NOT MET"
            cells = (f"{value:.1f}" for value in (took, silence, wait))
            table.add_row(name, *cells, f"≤ {_WANTED_S:g}: {met}")
            print(f"{name}: silence {silence:.1f} s, wait {wait:.1f} s", flush=True)
        await running.worked_off()
        following.cancel()
        verdict = await running.verdict()
    Console().print(table)
    lost = {kind: len(places) for kind, places in verdict.faults.items() if places}
    print(f"published and seen: {dict(verdict.seen)}; came twice, same id: {dict(verdict.repeats)}")
    print(f"lost or wrong: {lost or 0}")


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench cluster", description=__doc__)
    parser.add_argument("--rate", type=float, default=5, help="articles a second")
    parser.add_argument("--only", choices=HARMS, action="append", help="this harm; repeat")
    parser.add_argument("--settle", type=float, default=20, help="seconds watched after each harm")
    args = parser.parse_args(words)
    asyncio.run(measure(args.rate, args.only or list(HARMS), args.settle))
