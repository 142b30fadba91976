"""PURE: compares what the stand-in for Slack accepted with the alerts that were to be told."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.slack.blocks import REPEAT_NOTE
from monitor.slack.peer import SlackPeer

Told = tuple[str, int]
"""A story and its revision."""


@dataclass
class Deliveries:
    """What the stand-in's list says.

    Attributes:
        wanted: Revisions that were to be told.
        lost: Those that no message tells.
        alien: Those that were told and were not to be.
        misplaced: Those that were told in another channel than the rules say.
        repeats: Messages that tell something that a message before them had told.
        marked: Messages that say that they may be a repeat.
        unmarked_repeats: Repeats that do not say so.
        disorder: Revisions that came after a later one of their story.
    """

    wanted: int = 0
    messages: int = 0
    edits: int = 0
    calls: int = 0
    lost: list[Told] = field(default_factory=list)
    alien: list[Told] = field(default_factory=list)
    misplaced: list[Told] = field(default_factory=list)
    repeats: int = 0
    marked: int = 0
    unmarked_repeats: list[Told] = field(default_factory=list)
    disorder: list[Told] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing is lost or out of order, and every repeat says what it is."""
        return not any(self.wrong().values())

    def wrong(self) -> dict[str, list[Told]]:
        """Return what must not be, by kind."""
        return {
            "deliveries lost": self.lost,
            "deliveries that no rule sends": self.alien,
            "deliveries in another channel": self.misplaced,
            "deliveries repeated without a word": self.unmarked_repeats,
            "deliveries out of order": self.disorder,
        }


def judge_deliveries(
    wanted: Mapping[Told, str], peer: SlackPeer, *, shared: bool = False
) -> Deliveries:
    """Compare what was accepted with what was to be told.

    Args:
        wanted: The channel's id of each revision that the rules send; empty where any will do.
        peer: The stand-in.
        shared: Whether others tell it of other alerts, which then are no fault.
    """
    found = Deliveries(len(wanted), len(peer.messages), calls=peer.faults.calls)
    found.edits = len(peer.accepted) - len(peer.messages)
    found.faults = dict(peer.faults.made)
    told: set[Told] = set()
    newest: defaultdict[str, int] = defaultdict(int)
    for payload in peer.accepted:
        for story, revision in tells(payload):
            told.add((story, revision))
            if revision < newest[story]:
                found.disorder.append((story, revision))
            newest[story] = max(newest[story], revision)
    found.lost = sorted(wanted.keys() - told)
    found.alien = [] if shared else sorted(told - wanted.keys())
    _look_for_repeats(found, wanted, peer)
    return found


def _look_for_repeats(found: Deliveries, wanted: Mapping[Told, str], peer: SlackPeer) -> None:
    posted: set[Told] = set()
    for message in peer.messages:
        first = message.versions[0]
        mine = set(tells(first)) & wanted.keys()
        marked = REPEAT_NOTE in str(first["blocks"])
        found.marked += marked
        if mine & posted:
            found.repeats += 1
            found.unmarked_repeats += [] if marked else sorted(mine & posted)
        posted |= mine
        found.misplaced += [t for t in sorted(mine) if wanted[t] not in ("", message.channel)]


def tells(payload: Mapping[str, Any]) -> list[Told]:
    """Return the (story, revision) pairs that a message tells."""
    metadata = payload.get("metadata")
    if metadata:
        names = metadata["event_payload"]["alerts"].split()
    else:
        names = re.findall(r"#(s\w+\.\d+)#", payload["text"])
    return [(story, int(revision)) for story, _, revision in (n.rpartition(".") for n in names)]
