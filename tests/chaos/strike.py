"""Deals the blows: each strikes something that works, not something that is still starting."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress

from monitor.supervisor.state import RoleState
from tests.chaos.membership import Membership, membership_of
from tests.chaos.plan import Blow, Kind
from tests.chaos.stage import Stage

_PATIENCE_S = 90.0
"""How long a blow waits for what it is to strike."""

_LOOK_EVERY_S = 0.5
_LONGEST_DELAY_S = 0.3
_SIGNALS = {"kill": signal.SIGKILL, "terminate": signal.SIGTERM}


class Striker:
    """Deals blows to a stage.

    Attributes:
        expelled: Frozen processes that their group had given up when they woke.
    """

    def __init__(self, stage: Stage) -> None:
        self.expelled = 0
        self._stage = stage
        self._ended: dict[str, frozenset[str]] = {}

    async def strike(self, blow: Blow) -> str:
        """Deal a blow and wait until it is over.

        Returns:
            What was struck; empty where there was nothing to strike.
        """
        match blow.kind.part:
            case "network":
                return await self._strike_network(blow)
            case "disk":
                return await self._fill_disk(blow)
        role = await self._target(blow)
        if role is None or role.pid is None:
            return ""
        if number := _SIGNALS.get(blow.kind.action):
            os.kill(role.pid, number)
            return role.name
        return await self._pause(role, blow)

    async def all_work(self) -> bool:
        """Wait until every role works; tell whether it came to that."""
        names = [role.name for role in self._stage.roles()]
        found = [await self._working(name) for name in names]
        return all(found)

    async def _target(self, blow: Blow) -> RoleState | None:
        roles = self._stage.roles(blow.kind.part) or await self._back(blow.kind)
        if not roles:
            return None
        name = roles[int(blow.pick * len(roles))].name
        if not await self._working(name):
            return None
        role = next((role for role in self._stage.roles(name) if role.name == name), None)
        if role and blow.kind.action in _SIGNALS:
            self._ended[name] = (await self._membership(name)).members
        return role

    async def _back(self, kind: Kind) -> list[RoleState]:
        for _ in range(int(_PATIENCE_S / _LOOK_EVERY_S)):
            if roles := self._stage.roles(kind.part):
                return roles
            await asyncio.sleep(_LOOK_EVERY_S)
        return []

    async def _working(self, name: str) -> bool:
        """Wait until a process of this name runs and is a member of its group.

        The one before it may still be on the list: a killed member stays for a session.
        """
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            runs = any(role.name == name for role in self._stage.roles(name))
            found = await self._membership(name)
            ours = found.members - self._ended.get(name, frozenset())
            if runs and found.stable and (ours or name.startswith("broker")):
                return True
            await asyncio.sleep(_LOOK_EVERY_S)
        return False

    async def _membership(self, name: str) -> Membership:
        return await membership_of(self._stage.bootstrap, name)

    async def _pause(self, role: RoleState, blow: Blow) -> str:
        assert role.pid
        before = (await self._membership(role.name)).members
        os.kill(role.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(blow.seconds)
            text = f"{role.name} for {blow.seconds:.1f} s"
            if blow.kind.action == "freeze" and before:
                expelled = not before & (await self._membership(role.name)).members
                self.expelled += expelled
                text += "; its group had given it up" if expelled else "; it is a member still"
        finally:
            with suppress(ProcessLookupError):
                os.kill(role.pid, signal.SIGCONT)
        return text

    async def _strike_network(self, blow: Blow) -> str:
        proxy = self._stage.proxy
        try:
            if blow.kind.action == "cut":
                return f"{proxy.cut()} ends of connections"
            if blow.kind.action == "delay":
                proxy.delay_s = 0.01 + blow.pick * _LONGEST_DELAY_S
                text = f"each piece by {proxy.delay_s * 1000:.0f} ms"
            else:
                proxy.hold()
                text = "everything"
            await asyncio.sleep(blow.seconds)
        finally:
            proxy.delay_s = 0.0
            proxy.release()
        return f"{text} for {blow.seconds:.1f} s"

    async def _fill_disk(self, blow: Blow) -> str:
        disk = self._stage.disk
        if disk is None or not await self._working("broker"):
            return ""
        before = {role.pid for role in self._stage.roles("broker")}
        try:
            taken = await asyncio.to_thread(disk.fill)
            await asyncio.sleep(blow.seconds)
            alive = before & {role.pid for role in self._stage.roles("broker")}
        finally:
            disk.free()
        became = "lived through it" if alive else "ended"
        return f"{taken >> 20} MiB for {blow.seconds:.1f} s; the broker {became}"
