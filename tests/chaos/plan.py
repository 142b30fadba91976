"""PURE: which blows fall, in which order, when and how hard; all of it follows from the seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

ROLES = ("worker", "poller", "slack", "broker")
PAUSE_S = (1.0, 8.0)
FREEZE_S = (11.0, 16.0)
"""Longer than the group's session timeout of 10 s: the frozen one comes back as a zombie."""

_SECONDS = {
    "pause": PAUSE_S,
    "freeze": FREEZE_S,
    "delay": (2.0, 8.0),
    "blackhole": (1.0, 8.0),
    "fill": (4.0, 8.0),
}


@dataclass(frozen=True)
class Kind:
    """A kind of blow.

    Attributes:
        action: `kill` (SIGKILL), `terminate` (SIGTERM), `pause` and `freeze` (SIGSTOP, then
            SIGCONT), `cut`, `delay`, `blackhole` (the network), `fill` (the disk).
        part: A role, `network` or `disk`.
    """

    action: str
    part: str

    def __str__(self) -> str:
        """Return both words."""
        return f"{self.action} {self.part}"


KINDS = (
    *(Kind(action, role) for role in ROLES for action in ("kill", "terminate", "pause")),
    Kind("freeze", "worker"),
    Kind("freeze", "slack"),
    *(Kind(action, "network") for action in ("cut", "delay", "blackhole")),
    Kind("fill", "disk"),
)
PARTS = tuple(dict.fromkeys(kind.part for kind in KINDS))
ACTIONS = tuple(dict.fromkeys(kind.action for kind in KINDS))

REBALANCES = tuple(Kind(action, "worker") for action in ("kill", "terminate", "freeze"))
"""What the control run strikes with: each moves partitions between workers."""


@dataclass(frozen=True)
class Blow:
    """One blow.

    Attributes:
        kind: What is done to whom.
        after_s: Seconds of peace before it.
        seconds: How long it lasts; 0 for what is over at once.
        pick: Which of several processes is struck, 0 to 1.
    """

    kind: Kind
    after_s: float
    seconds: float
    pick: float


@dataclass(frozen=True)
class Plan:
    """What a run does.

    Attributes:
        blows: How many.
        rate: Articles a second.
        workers: Worker processes.
        seed: Decides the blows, and which calls to Slack fail.
        kinds: What is struck; each kind once, in any order, before one comes again.
        pause_s: Shortest and longest peace before a blow.
        drain_s: How long the rest may take to be worked off.
        slack_faults: Share of the calls to Slack that fail.
        guards: Whether the workers have the guards of `agents/faust_guards.py`.
    """

    blows: int = 100
    rate: float = 12.0
    workers: int = 2
    seed: int = 7
    kinds: tuple[Kind, ...] = KINDS
    pause_s: tuple[float, float] = (3.0, 7.0)
    drain_s: float = 1200.0
    slack_faults: float = 0.1
    guards: bool = True


def blows_of(plan: Plan) -> Iterator[Blow]:
    """Deal the blows of a plan: the same seed strikes the same way."""
    chance = random.Random(plan.seed)
    deck: list[Kind] = []
    for _ in range(plan.blows):
        if not deck:
            deck = chance.sample(plan.kinds, len(plan.kinds))
        kind = deck.pop()
        seconds = _SECONDS.get(kind.action, (0.0, 0.0))
        yield Blow(kind, chance.uniform(*plan.pause_s), chance.uniform(*seconds), chance.random())
