"""PURE: how a feed is, in one word, and what operators and viewers keep of its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from monitor.feeds.state import FeedState
from monitor.text import plain

Condition = Literal["failing", "late", "gap", "stale", "new", "ok"]
CONDITIONS: tuple[Condition, ...] = ("failing", "late", "gap", "stale", "new", "ok")
"""How a feed is, the worst first."""

_LATE_S = 60.0


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """What a viewer keeps of a feed's state. Times in unix seconds, 0 = never.

    Attributes:
        feed_id: The feed.
        host: Where it is.
        outcome: The word for the last poll.
        last_poll_at: When it was polled last.
        last_good_at: When a poll last went well.
        next_poll_at: When it is due.
        interval: Seconds between polls.
        failing_since: Start of the present series of failures.
        gaps: Polls that shared nothing with the one before: items may have been missed.
        loss_risk: Whether items may be missed from now on.
        stale: Whether its newest item is over 30 days old.
        items: Items of the last document.
        rate_per_h: New items an hour.
    """

    feed_id: str
    host: str
    outcome: str
    last_poll_at: int
    last_good_at: int
    next_poll_at: float
    interval: float
    failing_since: int
    gaps: int
    loss_risk: bool
    stale: bool
    items: int
    rate_per_h: float

    def condition(self, now: datetime) -> Condition:
        """Say how it is; of several things the worst."""
        if self.failing_since:
            return "failing"
        if not self.last_poll_at:
            return "new"
        if self.next_poll_at and now.timestamp() > self.next_poll_at + _LATE_S + self.interval / 2:
            return "late"
        if self.loss_risk or self.gaps:
            return "gap"
        return "stale" if self.stale else "ok"


def health_of(state: FeedState) -> FeedHealth:
    """Take from a feed's state what a viewer needs."""
    return FeedHealth(
        feed_id=plain(state.feed_id),
        host=plain(urlsplit(state.url).hostname or ""),
        outcome=plain(state.outcomes[-1][1]) if state.outcomes else "",
        last_poll_at=state.last_poll_at,
        last_good_at=max(state.last_200_at, state.last_304_at),
        next_poll_at=state.next_poll_at,
        interval=state.interval,
        failing_since=state.failing_since,
        gaps=state.gaps,
        loss_risk=state.loss_risk,
        stale=state.stale,
        items=state.items,
        rate_per_h=state.rate_per_h,
    )
