"""What a run strikes: `newsmon up` under load, behind a proxy, with a stand-in for Slack."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.kafka.node import Node, free_port
from monitor.messages import Alert
from monitor.process import following
from monitor.slack.faults import Faults
from monitor.slack.peer import SlackPeer
from monitor.supervisor.state import RoleState, UpState, read_state
from tests.chaos.disk import SmallDisk
from tests.chaos.load import Load
from tests.chaos.news import news
from tests.chaos.plan import Plan
from tests.chaos.proxy import Proxy

_TOKEN = "xoxb-chaos-token"
_USUAL, _URGENT = "C0ALERTS01", "C0URGENT01"
_SLACK_RULES = f"""
messages_per_second = 1000
timeout = 0.5
settle_seconds = 0.02
[[routes]]
place = "NZ"
discard = true
[[routes]]
label = "drill"
channel = "{_URGENT}"
"""
_STOP_S = 90.0


@dataclass
class Stage:
    """Everything that runs.

    Attributes:
        data_dir: The data directory of `newsmon up`; its logs are in `logs/`.
        bootstrap: The broker.
        load: The invented outlets.
        slack: The stand-in for Slack.
        proxy: What every client's way to the broker leads through.
        disk: The broker's disk; None where none could be mounted, or none is to be filled.
    """

    data_dir: Path
    bootstrap: str
    load: Load
    slack: SlackPeer
    proxy: Proxy
    disk: SmallDisk | None

    def roles(self, part: str = "") -> list[RoleState]:
        """Return the processes of a part that run now."""
        state = read_state(self.data_dir)
        return [
            role
            for role in (state.roles if state else ())
            if role.name.startswith(part) and role.pid and role.state == "running"
        ]

    def restarts(self) -> dict[str, int]:
        """Return how often each role was started again."""
        state = read_state(self.data_dir)
        return {role.name: role.restarts for role in (state.roles if state else ())}


def channel_of(alert: Alert) -> str | None:
    """Return the channel that `_SLACK_RULES` send an alert to; None for none at all."""
    if "NZ" in alert.places:
        return None
    return _URGENT if alert.label == "drill" else _USUAL


@asynccontextmanager
async def staged(plan: Plan, data_dir: Path, say: Callable[[str], None]) -> AsyncIterator[Stage]:
    """Start everything, and stop it in the end; nothing is published yet."""
    load, port = Load(plan.rate, news), free_port()
    proxy = Proxy(port)
    faults = Faults(plan.slack_faults, seed=plan.seed)
    slack = SlackPeer(_TOKEN, rate=5000, burst=5000, retry_after=0.02, faults=faults)
    disk = _mounted(plan, data_dir, say)
    process = None
    try:
        await load.start()
        await proxy.start()
        await slack.start()
        process = await _start_up(plan, data_dir, load, slack, port, proxy.port)
        state = await _ready(data_dir, process)
        yield Stage(data_dir, state.bootstrap_servers, load, slack, proxy, disk)
    finally:
        if process and process.returncode is None:
            process.terminate()
        if process:
            await asyncio.wait_for(process.wait(), _STOP_S)
        await slack.stop()
        await proxy.stop()
        await load.stop()
        if disk:
            disk.unmount()


def _mounted(plan: Plan, data_dir: Path, say: Callable[[str], None]) -> SmallDisk | None:
    if not any(kind.part == "disk" for kind in plan.kinds):
        return None
    disk = SmallDisk(Node(data_dir).folder)
    if why := disk.mount():
        say(f"the disk cannot be filled, those blows are left out: {why}")
        return None
    return disk


async def _start_up(
    plan: Plan, data_dir: Path, load: Load, slack: SlackPeer, port: int, proxy_port: int
) -> asyncio.subprocess.Process:
    feeds, rules = data_dir / "feeds.toml", data_dir / "slack.toml"
    feeds.write_text(load.feeds_toml(), "utf-8")
    rules.write_text(_SLACK_RULES, "utf-8")
    guards = () if plan.guards else ("--no-guards",)
    command = [
        sys.executable, "-m", "tests.chaos.up", "--proxy", str(proxy_port), *guards,
        "up", "--headless", "--feeds", str(feeds), "--workers", str(plan.workers),
        "--data-dir", str(data_dir),
    ]  # fmt: skip
    env = {
        "NEWSMON_WEB_ENABLED": "false",
        "NEWSMON_KAFKA_PORT": str(port),
        "NEWSMON_SLACK_BOT_TOKEN": _TOKEN,
        "NEWSMON_SLACK_API_URL": slack.api_url,
        "NEWSMON_SLACK_CHANNEL": _USUAL,
        "NEWSMON_SLACK_RULES": str(rules),
    }
    with (data_dir / "up.log").open("w") as log:
        return await asyncio.create_subprocess_exec(
            # Were this run killed, nothing would stay behind.
            *following(command),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=log,
            env={**os.environ, **env},
        )


async def _ready(data_dir: Path, process: asyncio.subprocess.Process) -> UpState:
    for _ in range(1200):
        state = read_state(data_dir)
        if state and all(role.pid for role in state.roles):
            return state
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    raise RuntimeError(f"newsmon up did not start; see {data_dir / 'up.log'}")
