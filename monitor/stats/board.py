"""PURE: what a viewer knows: counts, alerts, feeds and the flow, the newest of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from monitor.feeds.condition import CONDITIONS, Condition, FeedHealth
from monitor.messages import Alert, Count
from monitor.stats.health import Pulse
from monitor.stats.row import Row, Series, row_of, series_of

KEPT_ALERTS = 500
"""Alerts that a board remembers; older ones are forgotten."""
KEPT_COUNTS = 5_000
KEPT_FEEDS = 20_000
_FIVE_MINUTES = 300

Item = TypeVar("Item")


@dataclass
class Board:
    """The state behind the table, the live view and the page; bounded.

    Attributes:
        counts: The newest count of each `label:place`, made small.
        alerts: The newest revision of each story, in the order of the news.
        feeds: Each feed's health.
        pulse: How the topics stand.
        kept_alerts: Alerts that are remembered.
        loaded: Whether all that the topics held at the start is in.
        trouble: Why nothing comes at present; empty when all is well.
    """

    counts: dict[str, Series] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    feeds: dict[str, FeedHealth] = field(default_factory=dict)
    pulse: Pulse | None = None
    kept_alerts: int = KEPT_ALERTS
    loaded: bool = False
    trouble: str = ""
    _newest: dict[str, str] = field(default_factory=dict, repr=False)
    _rows: dict[str, Row] = field(default_factory=dict, repr=False)
    _stale: set[str] = field(default_factory=set, repr=False)
    _order: list[tuple[tuple[int, ...], str, Row]] = field(default_factory=list, repr=False)
    _five: int = 0

    def add(self, message: Count | Alert | FeedHealth) -> bool:
        """Take a message in; return whether it said something new."""
        if isinstance(message, Count):
            known, series = self.counts.get(message.key), series_of(message)
            if known and (known.as_of > series.as_of or known == series):
                return False
            _put(self.counts, message.key, series, KEPT_COUNTS)
            self._stale.add(message.key)
            return True
        if isinstance(message, FeedHealth):
            _put(self.feeds, message.feed_id, message, KEPT_FEEDS)
            return True
        story = self.alerts.get(message.id)
        if story and story.revision >= message.revision:
            return False
        _put(self.alerts, message.id, message, self.kept_alerts)
        for place in message.places or ("ZZ",):
            _put(self._newest, f"{message.label}:{place}", message.id, KEPT_COUNTS)
        return True

    def row(self, key: str, now: datetime) -> Row | None:
        """Return one row as of `now`; None where the key is unknown."""
        self._roll(now)
        return self._rows.get(key)

    def rows(self, now: datetime) -> list[Row]:
        """Return the rows as of `now`, those with most in 24 h first, silent ones left out."""
        self._roll(now)
        return [row for _, _, row in self._order]

    def _roll(self, now: datetime) -> None:
        """Make anew the rows that are not as of `now`, and put them where they belong."""
        # Windows end with a bucket of five minutes: in between only new counts move anything.
        five = int(now.timestamp() // _FIVE_MINUTES)
        if five != self._five:
            self._five, self._stale = five, set(self.counts)
        if not self._stale:
            return
        if len(self._rows) > len(self.counts):
            self._rows = {key: row for key, row in self._rows.items() if key in self.counts}
        stale, self._stale = self._stale & self.counts.keys(), set()
        fresh = [row_of(self.counts[key], now) for key in stale]
        self._rows.update((row.key, row) for row in fresh)
        order = [at for at in self._order if at[1] not in stale and at[1] in self.counts]
        order += [(_busy(row), row.key, row) for row in fresh if row.mentions("7d")]
        self._order = sorted(order)  # nearly in order already, so this is quick

    def latest_alerts(self, limit: int) -> list[Alert]:
        """Return the newest alerts, the newest first."""
        newest = sorted(self.alerts.values(), key=lambda alert: alert.counts.last_seen)
        return newest[: -limit - 1 : -1]

    def newest_alert(self, key: str) -> Alert | None:
        """Return the newest alert of a `label:place`; None where none is remembered."""
        return self.alerts.get(self._newest.get(key, ""))

    def thread(self, story_id: str) -> list[Alert]:
        """Return the stories that a story denies or is denied by, and theirs in turn.

        The story itself is left out, as are those no longer remembered; the newest come first.
        """
        found: dict[str, Alert] = {}
        waiting = [story_id]
        while waiting:
            alert = self.alerts.get(waiting.pop())
            if alert and alert.id not in found:
                found[alert.id] = alert
                waiting += [*alert.denies, *alert.denied_by]
        others = [alert for alert in found.values() if alert.id != story_id]
        return sorted(others, key=lambda alert: alert.counts.last_seen, reverse=True)

    def feed_conditions(self, now: datetime) -> dict[Condition, int]:
        """Count the feeds by how they are, the worst first."""
        found = Counter(feed.condition(now) for feed in self.feeds.values())
        return {condition: found[condition] for condition in CONDITIONS if found[condition]}


def _put(store: dict[str, Item], key: str, value: Item, limit: int) -> None:
    """Put in anew at the end: the order of the dict is the order of the news."""
    store.pop(key, None)
    store[key] = value
    while len(store) > limit:
        del store[next(iter(store))]


def _busy(row: Row) -> tuple[int, ...]:
    return tuple(-row.mentions(name) for name in ("24h", "1h", "7d"))
