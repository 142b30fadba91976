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
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench._news import fresh_story
from bench.pipeline import ready
from monitor.errors import BrokerError
from monitor.kafka.admin import describe_topics
from monitor.kafka.client import read_topic
from monitor.kafka.gauge import open_gauge
from monitor.supervisor.state import RoleState, read_state
from monitor.topics import ALERTS, ARTICLES, MENTIONS, WORKERS
from tests.chaos.check import Verdict, check
from tests.chaos.load import Load

_WANTED_S = 15.0
_PATIENCE_S = 120.0
_LOOK_S = 0.2


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


@dataclass
class Cluster:
    """A running `newsmon up`.

    Attributes:
        data_dir: Its data directory.
        bootstrap: Its brokers.
        load: The invented outlets.
    """

    data_dir: Path
    bootstrap: str
    load: Load

    def roles(self, part: str) -> list[RoleState]:
        """Return the processes of a part, `broker` or `worker`."""
        state = read_state(self.data_dir)
        return [role for role in (state.roles if state else ()) if role.name.startswith(part)]

    async def strike(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a role and wait until it was started again."""
        (role,) = self.roles(name)
        assert role.pid
        os.kill(role.pid, number)
        await until(lambda: self._again(role), f"{name} was not started again")

    async def _again(self, before: RoleState) -> bool:
        (now,) = self.roles(before.name)
        return now.restarts > before.restarts and now.state == "running"

    async def in_step(self) -> None:
        """Wait until every copy of every topic is up to date."""

        async def level() -> bool:
            return not any(topic.behind for topic in await describe_topics(self.bootstrap))

        await until(level, "copies are still behind")

    async def roll(self, part: str) -> None:
        """Stop and start one after the other in order, as an upgrade does."""
        for role in self.roles(part):
            await self.strike(role.name, signal.SIGTERM)
            await self.in_step()

    async def flowing(self, mentions: int) -> None:
        """Wait until the workers have found so many mentions."""

        async def enough() -> bool:
            async with open_gauge(self.bootstrap) as gauge:
                standing = await gauge.read([MENTIONS], WORKERS)
            return standing.written[MENTIONS.name] >= mentions

        await until(enough, "no mentions come")

    async def worked_off(self) -> None:
        """End the load and wait until all that was published has been worked off."""
        await self.load.end()

        async def done() -> bool:
            async with open_gauge(self.bootstrap) as gauge:
                standing = await gauge.read([ARTICLES, MENTIONS], WORKERS)
            enough = standing.written[ARTICLES.name] >= self.load.published
            return enough and not any(standing.lag.values()) and await self._all_articles()

        await until(done, "not everything was worked off")

    async def _all_articles(self) -> bool:
        records = read_topic(self.bootstrap, ARTICLES, from_beginning=True, follow=False)
        return len({record.key async for record in records}) >= self.load.published

    async def verdict(self) -> Verdict:
        """Return what an independent reader of the topics finds."""
        return await check(self.bootstrap, self.load.published, 0)


@asynccontextmanager
async def cluster(data_dir: Path, load: Load) -> AsyncIterator[Cluster]:
    """Run three brokers, two workers and a poller; stop them at the end."""
    await load.start()
    feeds = data_dir / "feeds.toml"
    feeds.write_text(load.feeds_toml(), "utf-8")
    with (data_dir / "up.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor.cli", "up", "--headless", "--feeds", str(feeds),
            "--data-dir", str(data_dir), "--brokers", "3", "--workers", "2",
            env={**os.environ, "NEWSMON_WEB_ENABLED": "false"},
            stdout=asyncio.subprocess.DEVNULL, stderr=log,
        )  # fmt: skip
    try:
        yield Cluster(data_dir, (await ready(data_dir)).bootstrap_servers, load)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await load.stop()


async def until(
    done: Callable[[], Awaitable[bool]], otherwise: str, patience_s: float = _PATIENCE_S
) -> None:
    """Ask again and again; a broker that is away just now is no answer.

    Raises:
        SystemExit: It is not so within `patience_s` seconds.
    """
    end = asyncio.get_running_loop().time() + patience_s
    while asyncio.get_running_loop().time() < end:
        with suppress(BrokerError):
            if await done():
                return
        await asyncio.sleep(_LOOK_S)
    raise SystemExit(f"{otherwise} within {patience_s:.0f} s")


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
