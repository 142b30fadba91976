"""What the default stack costs on this machine, and how long news takes through it.

    python -m bench pipeline [--rates 0,5,50] [--seconds 40]

Starts `newsmon up` on invented feeds, publishes at each rate in turn, and prints CPU and memory
per process (read from /proc, so Linux only) and the time from the end of a fetch until its mention,
count and alert can be read from their topics. Before that an article waits for its feed's next
poll; that is not part of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from monitor.kafka.client import read_topic
from monitor.messages import Alert, Count, Mention
from monitor.supervisor.state import UpState, read_state
from monitor.topics import ALERTS, COUNTS, MENTIONS, Topic
from tests.chaos.load import Load

_TICKS = os.sysconf("SC_CLK_TCK")


async def measure(rates: list[float], seconds: float, workers: int) -> None:
    """Run the stack at each rate and print two tables."""
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-bench-"))
    load = Load(0)
    await load.start()
    feeds = data_dir / "feeds.toml"
    feeds.write_text(load.feeds_toml(), "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor.cli", "up", "--headless", "--feeds", str(feeds),
        "--data-dir", str(data_dir), "--workers", str(workers),
        stdout=asyncio.subprocess.DEVNULL, stderr=(data_dir / "up.log").open("w"),
    )  # fmt: skip
    try:
        state = await _ready(data_dir)
        await asyncio.sleep(10)
        cost = Table("process", title="CPU (% of a core) and memory (RSS, MiB)", box=None)
        time = Table("articles/s", "what", "n", "p50 ms", "p99 ms", "max ms",
                     title="end of fetch until readable", box=None)  # fmt: skip
        rows: dict[str, list[str]] = {}
        for rate in rates:
            cost.add_column(f"{rate:g}/s")
            latencies = await _at_rate(state, data_dir, load, rate, seconds, rows)
            for name, found in latencies.items():
                time.add_row(f"{rate:g}", name, *_summary(found))
        for name, cells in rows.items():
            cost.add_row(name, *cells)
        Console().print(cost, time)
    finally:
        process.terminate()
        await process.wait()
        await load.stop()


async def _at_rate(
    state: UpState,
    data_dir: Path,
    load: Load,
    rate: float,
    seconds: float,
    rows: dict[str, list[str]],
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"mention": [], "count": [], "alert": []}
    bootstrap = state.bootstrap_servers
    followers = [
        asyncio.create_task(_follow(bootstrap, MENTIONS, Mention, found["mention"])),
        asyncio.create_task(_follow(bootstrap, COUNTS, Count, found["count"])),
        asyncio.create_task(_follow(bootstrap, ALERTS, Alert, found["alert"])),
    ]
    await asyncio.sleep(2)
    if rate:
        load.begin(rate)
        await asyncio.sleep(5)
    for values in found.values():
        values.clear()
    before, now = _cpu(data_dir), asyncio.get_running_loop().time()
    await asyncio.sleep(seconds)
    spent, after = asyncio.get_running_loop().time() - now, _cpu(data_dir)
    for name, (ticks, pid) in after.items():
        share = 100 * (ticks - before.get(name, (ticks, 0))[0]) / _TICKS / spent
        pids = [pid] if name == "up" else [pid, *_children(pid)]
        rows.setdefault(name, []).append(f"{share:.1f} %  {sum(map(_rss, pids)):.0f}")
    await load.end()
    for task in followers:
        task.cancel()
    await asyncio.gather(*followers, return_exceptions=True)
    return {name: values for name, values in found.items() if values}


async def _follow(
    bootstrap: str,
    topic: Topic,
    model: type[Mention] | type[Count] | type[Alert],
    latencies: list[float],
) -> None:
    async for record in read_topic(bootstrap, topic, from_beginning=False, follow=True):
        message = model.decode(record.value)
        if isinstance(message, Mention):
            fetched = message.seen_at
        elif isinstance(message, Count):
            fetched = message.as_of
        else:
            fetched = message.counts.last_seen
        latencies.append((datetime.now(UTC) - fetched).total_seconds() * 1000)


async def _ready(data_dir: Path) -> UpState:
    for _ in range(1200):
        state = read_state(data_dir)
        if state and state.roles and all(role.pid for role in state.roles):
            return state
        await asyncio.sleep(0.1)
    raise SystemExit(f"newsmon up did not start; see {data_dir / 'up.log'}")


def _cpu(data_dir: Path) -> dict[str, tuple[int, int]]:
    """Return CPU ticks and pid by role, children included; the supervisor is `up`."""
    state = read_state(data_dir)
    assert state is not None
    pids = {"up": state.pid} | {role.name: role.pid for role in state.roles if role.pid}
    found = {}
    for name, pid in pids.items():
        children = [] if name == "up" else _children(pid)
        found[name] = (sum(_ticks(p) for p in [pid, *children]), pid)
    return found


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    direct = [int(word) for word in text.split()]
    return [p for child in direct for p in [child, *_children(child)]]


def _rss(pid: int) -> float:
    """Return the resident memory of one process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _summary(values: list[float]) -> list[str]:
    ordered = sorted(values)
    at = [ordered[int(len(ordered) * q)] for q in (0.5, 0.99)]
    return [str(len(ordered)), *(f"{value:.0f}" for value in (*at, ordered[-1]))]


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench pipeline", description=__doc__)
    parser.add_argument("--rates", default="0,5,50", help="articles a second, commas between")
    parser.add_argument("--seconds", type=float, default=40, help="how long at each rate")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(words)
    rates = [float(rate) for rate in args.rates.split(",")]
    asyncio.run(measure(rates, args.seconds, args.workers))
