"""Three brokers, two workers and a poller as `newsmon up` runs them; what may be done to them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.pipeline import ready
from monitor.errors import BrokerError
from monitor.kafka.admin import describe_topics
from monitor.kafka.client import read_topic
from monitor.kafka.gauge import open_gauge
from monitor.supervisor.state import RoleState, read_state
from monitor.topics import ARTICLES, MENTIONS, WORKERS
from tests.chaos.check import Verdict, check
from tests.chaos.load import Load

_PATIENCE_S = 120.0
_LOOK_S = 0.2


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
