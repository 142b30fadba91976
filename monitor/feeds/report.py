"""The health of the feeds in words: what the table of `newsmon feeds report` holds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from monitor.feeds.feed import Feed
from monitor.feeds.schedule import GOOD
from monitor.feeds.state import FeedState

HOUR = 3600.0


@dataclass(frozen=True)
class Health:
    """One feed's health.

    Attributes:
        id: The feed.
        outcome: Of the last poll; `not polled` before the first.
        reachable: Whether a document ever came.
        format: Of the last document.
        items: In the last document.
        window_h: Hours that the document covers; None = unknown.
        newest_h: Age of the newest item in hours; None = unknown.
        interval_s: The feed's usual interval.
        floor_s: What the server and the feed ask for.
        validators: Which ones the server gives: `etag`, `last-modified`, both or none.
        gaps: Polls that shared nothing with the one before.
        next_s: Seconds until the next poll; negative = overdue.
        blocked: Whether the server refuses us (401, 403, 429, 451, a bot check).
        worries: Reasons to look at it: `stale`, `loss_risk`, `validators_lie`, `moved`, `failing`.
    """

    id: str
    outcome: str
    reachable: bool
    format: str
    items: int
    window_h: float | None
    newest_h: float | None
    interval_s: float
    floor_s: float
    validators: str
    gaps: int
    next_s: float
    blocked: bool
    worries: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the fields, for JSON."""
        return asdict(self)


_BLOCKED = frozenset({"http_401", "http_403", "http_429", "http_451", "challenge"})


def health_of(feed: Feed, state: FeedState | None, now: float) -> Health:
    """Say how a feed does.

    Args:
        feed: The catalogue's entry.
        state: Its newest state; None before its first poll.
        now: Unix seconds.
    """
    state = state or FeedState(feed.id)
    outcome = state.outcomes[-1][1] if state.outcomes else "not polled"
    worries = {
        "failing": outcome not in GOOD and bool(state.outcomes),
        "gaps": state.gaps > 0,
        "stale": state.stale,
        "loss_risk": state.loss_risk,
        "validators_lie": not state.trust,
        "moved": bool(state.effective_url or state.moved_to),
    }
    given = {"etag": state.etag, "last-modified": state.last_modified}
    return Health(
        id=feed.id,
        outcome=outcome,
        reachable=bool(state.last_200_at),
        format=state.format,
        items=state.items,
        window_h=round(state.window_s / HOUR, 1) if state.window_s else None,
        newest_h=round((now - state.newest_at) / HOUR, 1) if state.newest_at else None,
        interval_s=round(state.interval),
        floor_s=max(state.floor_s, state.own_floor_s),
        validators=", ".join(name for name, value in given.items() if value),
        gaps=state.gaps,
        next_s=round(state.next_poll_at - now) if state.polls else 0,
        blocked=outcome in _BLOCKED,
        worries=tuple(name for name, true in worries.items() if true),
    )


def summary(rows: Iterable[Health]) -> dict[str, int]:
    """Count what matters over all feeds."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts["feeds"] += 1
        counts["polled"] += row.outcome != "not polled"
        counts["reachable"] += row.reachable
        counts["blocked"] += row.blocked
        counts.update(row.worries)
    return dict(counts)
