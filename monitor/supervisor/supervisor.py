"""Starts everything, watches it, starts again what dies, and stops in order."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime

from monitor.errors import ConfigError, NewsmonError
from monitor.kafka.admin import apply_topics
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.embedded import EmbeddedBroker
from monitor.settings import Settings
from monitor.supervisor.child import Child
from monitor.supervisor.roles import Role, restart_pause_s
from monitor.supervisor.state import RoleState, UpState, write_state

log = logging.getLogger("newsmon.up")

_LOOK_EVERY_S = 0.3


class Supervisor:
    """Everything that `newsmon up` runs.

    Attributes:
        bootstrap: Where the broker is, once it is.
    """

    def __init__(
        self,
        settings: Settings,
        roles: tuple[Role, ...],
        *,
        say: Callable[[str], None],
        echo_logs: bool,
    ) -> None:
        self.bootstrap = ""
        self._settings = settings
        self._say = say
        self._broker = None if settings.bootstrap_servers else EmbeddedBroker(settings, say)
        logs = settings.data_dir / "logs"
        self._children = {r: Child(r.name, list(r.command), logs, echo_logs) for r in roles}
        self._failures = dict.fromkeys(roles, 0)
        self._due: dict[Role, float] = {}
        self._broker_restarts = 0
        self._started_at = datetime.now(UTC)
        self._written: UpState | None = None

    async def start(self) -> None:
        """Start broker, topics and roles.

        Raises:
            NewsmonError: The broker or the topics could not be had.
        """
        if self._broker:
            await self._broker.start()
        self.bootstrap = await resolve_bootstrap(self._settings)
        await apply_topics(self.bootstrap, replication=self._settings.kafka.replication)
        self._say(f"broker ready on {self.bootstrap}")
        for role, child in self._children.items():
            await child.start()
            log.info("started role=%s pid=%s", role.name, child.pid)
        self._tell()

    async def watch(self, stop: asyncio.Event) -> None:
        """Start again what dies, until `stop` is set.

        Raises:
            ConfigError: A role ended over its configuration; starting it again would not help.
        """
        while not stop.is_set():
            self._tell()
            if self._broker and not self._broker.alive:
                await self._revive_broker()
            for role, child in self._children.items():
                if not child.alive:
                    await self._revive(role, child)
            try:
                await asyncio.wait_for(stop.wait(), _LOOK_EVERY_S)
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """Stop all roles, the last started first, then the broker."""
        for role, child in reversed(self._children.items()):
            if child.alive:
                self._say(f"stopping {role.name}")
            await child.stop(role.patience_s)
        if self._broker:
            self._say("stopping the broker")
            await self._broker.stop()

    async def _revive_broker(self) -> None:
        assert self._broker is not None
        log.error("the broker died; starting it again")
        try:
            await self._broker.start()
            self._broker_restarts += 1
        except NewsmonError as exc:
            log.error("the broker did not start: %s", exc)
            await asyncio.sleep(2)

    async def _revive(self, role: Role, child: Child) -> None:
        now = asyncio.get_running_loop().time()
        if child.exit_code == ConfigError.exit_code:
            raise ConfigError([line.removeprefix("newsmon: ") for line in child.tail])
        if role not in self._due:
            uptime = child.uptime_s
            self._failures[role] = 1 if restart_pause_s(uptime, 1) < 1 else self._failures[role] + 1
            killed = (child.exit_code or 0) < 0
            pause = restart_pause_s(uptime, self._failures[role], killed=killed)
            self._due[role] = now + pause
            log.error(
                "role=%s ended exit=%s after=%.0fs last=%r; starts again in %.1f s",
                role.name,
                child.exit_code,
                uptime,
                child.tail[-1] if child.tail else "",
                pause,
            )
        elif now >= self._due[role]:
            del self._due[role]
            child.restarts += 1
            await child.start()
            log.info("started role=%s pid=%s", role.name, child.pid)

    def _tell(self) -> None:
        states = [
            RoleState(
                name=role.name,
                pid=child.pid,
                state="running" if child.alive else "waiting",
                restarts=child.restarts,
            )
            for role, child in self._children.items()
        ]
        if self._broker:
            states.insert(
                0,
                RoleState(
                    name="broker",
                    pid=self._broker.pid,
                    state="running" if self._broker.alive else "waiting",
                    restarts=self._broker_restarts,
                ),
            )
        state = UpState(
            pid=os.getpid(),
            bootstrap_servers=self.bootstrap,
            started_at=self._started_at,
            roles=tuple(states),
        )
        if state != self._written:
            write_state(self._settings.data_dir, state)
            self._written = state
