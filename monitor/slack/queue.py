"""PURE: what waits for one channel, and what of it is told next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.messages import Alert, Severity
from monitor.slack.rules import SlackRules, gathered_until, held_until


@dataclass(eq=False)
class Item:
    """An alert that waits.

    Attributes:
        alert: The alert.
        partition: Where it stands on the topic.
        offset: The same.
        due: When it is ready to be told.
        held: Whether a mute or quiet hours held it back.
    """

    alert: Alert
    partition: int
    offset: int
    due: datetime
    held: bool = False


@dataclass(frozen=True)
class Step:
    """What to do next: tell these (several: in one digest), or wait.

    Attributes:
        items: What to tell; empty means wait.
        until: How long to wait; None until something comes.
    """

    items: tuple[Item, ...] = ()
    until: datetime | None = None


class Queue:
    """The alerts that wait for one channel, in the order in which they came."""

    def __init__(self, rules: SlackRules) -> None:
        self._rules = rules
        self._items: list[Item] = []

    def __len__(self) -> int:
        return len(self._items)

    def add(self, alert: Alert, partition: int, offset: int, now: datetime) -> Item:
        """Let an alert wait."""
        item = Item(alert, partition, offset, gathered_until(alert, self._rules, now))
        self._items.append(item)
        return item

    def remove(self, items: Collection[Item]) -> None:
        """Take out what is done."""
        gone = {id(item) for item in items}
        self._items = [item for item in self._items if id(item) not in gone]

    def drop(self, partitions: frozenset[int]) -> None:
        """Take out what is no longer ours to tell."""
        self._items = [item for item in self._items if item.partition not in partitions]

    def waiting(self, now: datetime) -> int:
        """Count what is ready to be told."""
        return sum(item.due <= now for item in self._items)

    def next(self, now: datetime) -> Step:
        """Decide the next step.

        The revisions of a story keep their order, whatever passes whom: what makes a revision
        urgent makes the earlier ones of its story urgent too.
        """
        self._hold(now)
        ready = self._ready(now)
        if not ready:
            return Step(until=min((item.due for item in self._items), default=None))
        fold = self._rules.fold
        critical = {i.alert.id for i in ready if i.alert.severity == Severity.CRITICAL}
        if critical:
            return Step((next(item for item in ready if item.alert.id in critical),))
        late = now - min(item.due for item in ready) > timedelta(seconds=fold.after_seconds)
        if len(ready) > fold.over or late or any(item.held for item in ready):
            return Step(tuple(ready[: fold.most]))
        return Step((ready[0],))

    def _hold(self, now: datetime) -> None:
        for item in self._items:
            if item.due <= now and (until := held_until(item.alert, self._rules, now)):
                item.due, item.held = until, True

    def _ready(self, now: datetime) -> list[Item]:
        stories = {item.alert.id: n for n, item in enumerate(self._items) if item.due <= now}
        return [item for n, item in enumerate(self._items) if n <= stories.get(item.alert.id, -1)]
