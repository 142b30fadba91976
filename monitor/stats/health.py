"""PURE: what is known of the flow, and how well it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Pulse:
    """How much stands on the topics at a moment.

    Attributes:
        at: When it was taken (UTC).
        written: Records ever written to a topic, by the topic's short name.
        lag: Records that the workers have still to do, by the topic's short name.
        articles_per_s: Since the pulse before; None at the first one.
    """

    at: datetime
    written: dict[str, int] = field(default_factory=dict)
    lag: dict[str, int] = field(default_factory=dict)
    articles_per_s: float | None = None

    @property
    def dead_letters(self) -> int:
        """Records that could not be read."""
        return self.written.get("dead-letters", 0)


def articles_per_s(before: Pulse | None, at: datetime, written: int) -> float | None:
    """Return the articles a second between two moments; None without a moment before."""
    seconds = (at - before.at).total_seconds() if before else 0.0
    if before is None or seconds <= 0:
        return None
    return max(0, written - before.written.get("articles", 0)) / seconds


def when(seconds: float) -> datetime | None:
    """Return unix seconds as a UTC time; None for 0."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
