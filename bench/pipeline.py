"""What the default stack costs on this machine, and how long news takes through it.

    python -m bench pipeline [--rates 0,1,50,500] [--seconds 40] [--workers 1]

Starts `newsmon up` on invented feeds, publishes at each rate in turn, and prints CPU and memory
per process (read from /proc, so Linux only) and the time from the end of a fetch until its article,
mention, count and alert can be read from their topics. Before that an article waits for its feed's
next poll; that is not part of the time. Every article tells something new, so each brings an alert.
What is still in the queue when a rate ends has no time yet: `left` says how many articles.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench._news import fresh_story
from bench._proc import cpu_s, family, percentile, rss_mib, verdict
from monitor.kafka.client import read_topic
from monitor.kafka.gauge import group_lag
from monitor.supervisor.state import UpState, read_state
from monitor.topics import ALERTS, ARTICLES, COUNTS, MENTIONS, WORKERS, Topic
from tests.chaos.load import Load

_WATCHED = {"article": ARTICLES, "mention": MENTIONS, "count": COUNTS, "alert": ALERTS}
_WARM_S = 5.0
IDLE_RATE = 1.0


@dataclass
class Run:
    """What one rate gave.

    Attributes:
        rate: Articles a second that were published.
        delays: Milliseconds from the end of a fetch until readable, by what was read.
        cost: CPU (share of a core) and memory (MiB) by process.
        sustained: Mentions a second that came out.
        left: Articles that nobody had read yet at the end.
    """

    rate: float
    delays: dict[str, list[float]] = field(default_factory=dict)
    cost: dict[str, tuple[float, float]] = field(default_factory=dict)
    sustained: float = 0.0
    left: int = 0


async def measure(rates: list[float], seconds: float, workers: int) -> list[Run]:
    """Run the stack at each rate."""
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-bench-"))
    load = Load(0, fresh_story)
    await load.start()
    process = await start_up(data_dir, load.feeds_toml(), workers)
    try:
        state = await ready(data_dir)
        await asyncio.sleep(10)
        return [await _at_rate(state, data_dir, load, rate, seconds) for rate in rates]
    finally:
        process.terminate()
        await process.wait()
        await load.stop()


async def start_up(data_dir: Path, feeds_toml: str, workers: int) -> asyncio.subprocess.Process:
    """Start `newsmon up` on these feeds, on a free port for the page."""
    feeds = data_dir / "feeds.toml"
    feeds.write_text(feeds_toml, "utf-8")
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor.cli", "up", "--headless", "--feeds", str(feeds),
        "--data-dir", str(data_dir), "--workers", str(workers),
        env={**os.environ, "NEWSMON_WEB_PORT": "0"},
        stdout=asyncio.subprocess.DEVNULL, stderr=(data_dir / "up.log").open("w"),
    )  # fmt: skip


async def ready(data_dir: Path) -> UpState:
    """Wait until all roles have started.

    Raises:
        SystemExit: They do not within two minutes.
    """
    for _ in range(1200):
        state = read_state(data_dir)
        if state and state.roles and all(role.pid for role in state.roles):
            return state
        await asyncio.sleep(0.1)
    raise SystemExit(f"newsmon up did not start; see {data_dir / 'up.log'}")


async def _at_rate(state: UpState, data_dir: Path, load: Load, rate: float, seconds: float) -> Run:
    run, bootstrap = Run(rate), state.bootstrap_servers
    began = datetime.max.replace(tzinfo=UTC)

    async def follow(topic: Topic, found: list[float]) -> None:
        async for record in read_topic(bootstrap, topic, from_beginning=False, follow=True):
            # The record's own time: when the article behind it was fetched. What the message says
            # is of the newest report in it, which flatters an older one that comes later.
            delay = datetime.now(UTC) - record.timestamp
            if record.timestamp >= began:
                found.append(delay.total_seconds() * 1000)

    run.delays = {name: [] for name in _WATCHED}
    followers = [asyncio.create_task(follow(t, run.delays[n])) for n, t in _WATCHED.items()]
    await asyncio.sleep(2)
    if rate:
        load.begin(rate)
    await asyncio.sleep(_WARM_S)
    began = datetime.now(UTC)
    before, now = used(data_dir), asyncio.get_running_loop().time()
    await asyncio.sleep(seconds)
    spent, after = asyncio.get_running_loop().time() - now, used(data_dir)
    run.sustained = len(run.delays["mention"]) / spent
    run.left = sum((await group_lag(bootstrap, WORKERS, [ARTICLES])).values())
    run.cost = {
        name: ((cpu - before.get(name, (cpu, 0))[0]) / spent, memory)
        for name, (cpu, memory) in after.items()
    }
    await load.end()
    for task in followers:
        task.cancel()
    await asyncio.gather(*followers, return_exceptions=True)
    return run


def used(data_dir: Path) -> dict[str, tuple[float, float]]:
    """Return CPU seconds and memory (MiB) by role, children included; the supervisor is `up`.

    A role that is down just now is left out.

    Raises:
        SystemExit: `newsmon up` has ended.
    """
    state = read_state(data_dir)
    if state is None:
        raise SystemExit(f"newsmon up has ended; see {data_dir / 'up.log'}")
    found = {"up": (cpu_s(state.pid), rss_mib(state.pid))}
    for role in state.roles:
        if role.pid:
            with suppress(FileNotFoundError, ProcessLookupError):  # it died since
                pids = family(role.pid)
                found[role.name] = (sum(map(cpu_s, pids)), sum(map(rss_mib, pids)))
    return found


def show(runs: list[Run]) -> None:
    """Print what the rates gave."""
    cost = Table("process", title="CPU (% of a core) and memory (RSS, MiB)", box=None)
    for run in runs:
        cost.add_column(f"{run.rate:g}/s")
    for name in runs[-1].cost:
        cells = (run.cost.get(name, (0.0, 0.0)) for run in runs)
        cost.add_row(name, *(f"{100 * cpu:.1f} %  {memory:.0f}" for cpu, memory in cells))
    sums = (sum(memory for _, memory in run.cost.values()) for run in runs)
    cost.add_row("all", *(f"{total:.0f}" for total in sums))
    time = Table("articles/s", "what", "n", "p50 ms", "p99 ms", "max ms", "came out/s", "left",
                 title="end of fetch until readable", box=None)  # fmt: skip
    for run in runs:
        for name, found in run.delays.items():
            if found:
                cells = (f"{percentile(found, share):.0f}" for share in (0.5, 0.99, 0.999999))
                flow = (f"{run.sustained:.1f}", str(run.left)) if name == "mention" else ("", "")
                time.add_row(f"{run.rate:g}", name, str(len(found)), *cells, *flow)
    Console().print(cost, time)


def judge(runs: list[Run]) -> None:
    """Print whether the figures are as wanted."""
    for run in runs:
        if run.rate == 0:
            memory = sum(memory for _, memory in run.cost.values())
            print(verdict("memory of the default stack, idle", memory, 800, "MiB"))
        if run.rate == IDLE_RATE and run.delays["alert"]:
            alerts = run.delays["alert"]
            print(verdict("alert, idle, p50", percentile(alerts, 0.5), 30, "ms"))
            print(verdict("alert, idle, p99", percentile(alerts, 0.99), 150, "ms"))
    if full := [run for run in runs if run.sustained < 0.9 * run.rate]:
        print(f"full at {full[0].rate:g}/s: {full[0].sustained:.0f}/s came out")


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench pipeline", description=__doc__)
    parser.add_argument("--rates", default="0,1,50,500", help="articles a second, commas between")
    parser.add_argument("--seconds", type=float, default=40, help="how long at each rate")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(words)
    rates = [float(rate) for rate in args.rates.split(",")]
    runs = asyncio.run(measure(rates, args.seconds, args.workers))
    show(runs)
    judge(runs)
