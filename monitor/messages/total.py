"""A total: what the rolling windows of one label or one actor hold, by share of the places."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from monitor.messages.base import Message, UtcTime


class Total(Message):
    """Rolling counts of one label or one actor, over one partition's places.

    The parts of a key add up: reports and stories by addition, for a story has one place; outlets
    by the newest report of each, for an outlet may report from several.
    """

    ce_type: ClassVar[str] = "newsmon.total.v1"

    key: str
    """`label:` and a label, or `actor:` and a code."""
    part: int
    """Partition of the mentions that are counted."""
    as_of: UtcTime
    """Newest moment that the counts include."""
    hours: tuple[tuple[int, int, int], ...]
    """The last 7 days: an hour (hours since 1970), its reports, and the stories whose newest report
    it holds; oldest first, empty hours left out."""
    recent: tuple[tuple[int, int, int], ...]
    """The last hour: the same by five minutes since 1970."""
    outlets: tuple[tuple[str, int], ...]
    """Each outlet of the last 7 days, by hash, and the five minutes since 1970 of its newest
    report; at most 400, the ones heard of last."""

    @property
    def record_key(self) -> str:
        """The key and the part, with `#` between."""
        return f"{self.key}#{self.part}"

    @property
    def event_id(self) -> str:
        """The key, the part and the moment."""
        return f"{self.record_key}@{self.as_of.isoformat()}"

    @property
    def time(self) -> datetime:
        """The newest moment that the counts include."""
        return self.as_of
