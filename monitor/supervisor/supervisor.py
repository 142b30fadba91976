"""Starts everything, watches it, starts again what dies, and stops in order."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from monitor.errors import ConfigError, NewsmonError
from monitor.kafka.admin import apply_topics
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.broker import Broker
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.layout import replication_of
from monitor.ops.vital import Vital
from monitor.settings import Settings
from monitor.supervisor.child import Child
from monitor.supervisor.roles import Role, restart_pause_s
from monitor.supervisor.state import RoleState, UpState, write_state

log = logging.getLogger("newsmon.up")

_LOOK_EVERY_S = 0.3
_STARTED = "not everything is started yet"


class Supervisor:
    """Everything that `newsmon up` runs.

    Attributes:
        bootstrap: Where the broker is, once it is.
        vital: The supervisor's own signs of life.
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
        self.vital = Vital(_STARTED)
        self._settings = settings
        self._say = say
        self._kafka = None if settings.bootstrap_servers else EmbeddedKafka(settings, say)
        logs = settings.data_dir / "logs"
        self._children = {r: Child(r.name, list(r.command), logs, echo_logs) for r in roles}
        self._failures = dict.fromkeys(roles, 0)
        self._due: dict[Role, float] = {}
        self._broker_restarts: Counter[str] = Counter()
        self._reviving: asyncio.Task[None] | None = None
        self._started_at = datetime.now(UTC)
        self._written: UpState | None = None

    async def start(self) -> None:
        """Start broker, topics and roles.

        Raises:
            NewsmonError: The broker or the topics could not be had.
        """
        if self._kafka:
            await self._kafka.start()
        self.bootstrap = await resolve_bootstrap(self._settings)
        await apply_topics(self.bootstrap, replication=replication_of(self._settings))
        self._say(f"broker ready on {self.bootstrap}")
        for role, child in self._children.items():
            await child.start()
            log.info("started role=%s pid=%s", role.name, child.pid)
        self._tell()
        self.vital.has(_STARTED)

    async def watch(self, stop: asyncio.Event) -> None:
        """Start again what dies, until `stop` is set.

        Raises:
            ConfigError: A role ended over its configuration; starting it again would not help.
        """
        while not stop.is_set():
            self.vital.turned()
            self._tell()
            self._see_to_brokers()
            for role, child in self._children.items():
                # Without a broker a role would only die again, and be punished for it.
                if not child.alive and self._broker_lives:
                    await self._revive(role, child)
            try:
                await asyncio.wait_for(stop.wait(), _LOOK_EVERY_S)
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """Stop all roles, the last started first, then the brokers."""
        if self._reviving:
            self._reviving.cancel()
            await asyncio.gather(self._reviving, return_exceptions=True)
        for role, child in reversed(self._children.items()):
            if child.alive:
                self._say(f"stopping {role.name}")
            await child.stop(role.patience_s)
        if self._kafka:
            self._say("stopping the broker")
            await self._kafka.stop()

    @property
    def _broker_lives(self) -> bool:
        return not self._kafka or any(broker.alive for broker in self._kafka.brokers)

    def _see_to_brokers(self) -> None:
        """Start again those that died, while the roles are watched on: the others may do."""
        if self._reviving:
            if not self._reviving.done():
                return
            self._reviving.result()
        if not self._kafka:
            return
        if dead := [broker for broker in self._kafka.brokers if not broker.alive]:
            self._reviving = asyncio.create_task(self._revive_brokers(self._kafka, dead))

    async def _revive_brokers(self, kafka: EmbeddedKafka, dead: list[Broker]) -> None:
        names = ", ".join(broker.name for broker in dead)
        log.error("%s died; starting it again", names)
        try:
            await kafka.start()
        except NewsmonError as exc:
            log.error("%s did not start: %s", names, exc)
            await asyncio.sleep(2)
        else:
            self._broker_restarts.update(broker.name for broker in dead)

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
        brokers = [
            RoleState(
                name=broker.name,
                pid=broker.pid,
                state="running" if broker.alive else "waiting",
                restarts=self._broker_restarts[broker.name],
            )
            for broker in (self._kafka.brokers if self._kafka else ())
        ]
        states = [
            RoleState(
                name=role.name,
                pid=child.pid,
                state="running" if child.alive else "waiting",
                restarts=child.restarts,
            )
            for role, child in self._children.items()
        ]
        state = UpState(
            pid=os.getpid(),
            bootstrap_servers=self.bootstrap,
            started_at=self._started_at,
            roles=(*brokers, *states),
        )
        if state != self._written:
            write_state(self._settings.data_dir, state)
            self._written = state
