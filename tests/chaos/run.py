"""Starts `newsmon up` under load, strikes, waits until all is worked off, and checks."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import BrokerError
from monitor.kafka.client import open_producer, read_topic, send_value
from monitor.kafka.gauge import group_lag
from monitor.supervisor.state import UpState, read_state
from monitor.topics import ARTICLES, MENTIONS
from tests.chaos.check import Verdict, check
from tests.chaos.load import Load

PARTS = ("worker", "poller", "broker")
_SIGNALS = (signal.SIGKILL, signal.SIGTERM)
_BAD_EVERY_S = 2.0


@dataclass(frozen=True)
class Plan:
    """What a run does.

    Attributes:
        blows: How many; they fall on the parts in turn, first killed then terminated.
        rate: Articles a second.
        workers: Worker processes.
        seed: Decides the pauses between the blows and which worker is struck.
        pause_s: Shortest and longest pause before a blow.
        drain_s: How long the rest may take to be worked off.
        parts: What is struck.
        kill_only: Whether nothing is terminated in order.
    """

    blows: int = 60
    rate: float = 50.0
    workers: int = 2
    seed: int = 7
    pause_s: tuple[float, float] = (3.0, 9.0)
    drain_s: float = 300.0
    parts: tuple[str, ...] = PARTS
    kill_only: bool = False


async def run(plan: Plan, data_dir: Path, say: Callable[[str], None]) -> Verdict:
    """Carry out a plan and return what an independent reader found."""
    load = Load(plan.rate)
    await load.start()
    feeds = data_dir / "feeds.toml"
    feeds.write_text(load.feeds_toml(), "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor.cli", "up", "--headless", "--feeds", str(feeds),
        "--workers", str(plan.workers), "--data-dir", str(data_dir),
        stdout=asyncio.subprocess.DEVNULL, stderr=(data_dir / "up.log").open("w"),
        env={**os.environ, "NEWSMON_WEB_ENABLED": "false"},
    )  # fmt: skip
    try:
        state = await _ready(data_dir, process)
        load.begin()
        bad = asyncio.create_task(_bad_records(state.bootstrap_servers))
        await _strike(plan, data_dir, load, say)
        bad.cancel()
        bad_records = await bad
        await load.end()
        say(f"{load.published} articles published; waiting for the rest to be worked off")
        await _drained(state.bootstrap_servers, load.published, plan.drain_s)
        return await check(state.bootstrap_servers, load.published, bad_records)
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 90)
        await load.stop()


async def _ready(data_dir: Path, process: asyncio.subprocess.Process) -> UpState:
    for _ in range(1200):
        state = read_state(data_dir)
        if state and all(role.pid for role in state.roles):
            return state
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    raise RuntimeError(f"newsmon up did not start; see {data_dir / 'up.log'}")


async def _strike(plan: Plan, data_dir: Path, load: Load, say: Callable[[str], None]) -> None:
    chance = random.Random(plan.seed)
    await asyncio.sleep(5)
    for number in range(plan.blows):
        await asyncio.sleep(chance.uniform(*plan.pause_s))
        part = plan.parts[number % len(plan.parts)]
        blow = _SIGNALS[0 if plan.kill_only else number // len(plan.parts) % 2]
        state = read_state(data_dir)
        roles = [r for r in (state.roles if state else ()) if r.name.startswith(part) and r.pid]
        if roles:
            role = chance.choice(roles)
            assert role.pid is not None
            os.kill(role.pid, blow)
            say(f"blow {number + 1:>3}: {signal.Signals(blow).name} {role.name}, "
                f"{load.published} articles")  # fmt: skip
        else:
            say(f"blow {number + 1:>3}: {part} is down already")
    await asyncio.sleep(3)


async def _bad_records(bootstrap: str) -> int:
    """Put unreadable records among the articles until cancelled; return how many arrived."""
    sent = 0
    async with open_producer(bootstrap) as producer:
        try:
            while True:
                value = b"\xff no article %d" % sent
                await asyncio.shield(send_value(producer, ARTICLES, f"bad-{sent}", value))
                sent += 1
                await asyncio.sleep(_BAD_EVERY_S)
        except asyncio.CancelledError:
            await producer.flush()
    count = 0
    async for record in read_topic(bootstrap, ARTICLES, from_beginning=True, follow=False):
        count += (record.value or b"").startswith(b"\xff")
    return count


async def _drained(bootstrap: str, published: int, patience_s: float) -> None:
    until = time.monotonic() + patience_s
    quiet = 0
    while time.monotonic() < until and quiet < 2:
        await asyncio.sleep(5)
        try:
            seen = {
                record.key
                async for record in read_topic(
                    bootstrap, ARTICLES, from_beginning=True, follow=False
                )
                if not (record.value or b"").startswith(b"\xff")
            }
            lag = await group_lag(bootstrap, "newsmon", [ARTICLES, MENTIONS])
        except BrokerError:
            quiet = 0
            continue
        quiet = quiet + 1 if len(seen) >= published and not sum(lag.values()) else 0
