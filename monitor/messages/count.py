"""A count: what the rolling windows of one label and place hold."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from monitor.messages.base import Message, Part, UtcTime


class WindowCount(Part):
    """What one rolling window holds."""

    mentions: int
    outlets: int
    stories: int


class Bucket(Part):
    """What one hour holds, for sparklines."""

    start: UtcTime
    mentions: int
    last_outlets: int = 0
    """Outlets whose newest report it holds: the sum over a window is the window's outlets."""
    last_stories: int = 0
    """Stories whose newest report it holds, the same."""


class Count(Message):
    """Rolling counts of one `label:place`."""

    ce_type: ClassVar[str] = "newsmon.count.v1"

    key: str
    """`label:place`."""
    as_of: UtcTime
    """Newest moment that the counts include."""
    windows: dict[str, WindowCount]
    """By `1h`, `24h`, `7d`; each ends at `as_of`."""
    buckets: tuple[Bucket, ...]
    """The last 7 days by the hour, oldest first, empty hours left out."""
    recent: tuple[Bucket, ...] = ()
    """The last hour by five minutes, oldest first, empty ones left out."""

    @property
    def record_key(self) -> str:
        """`label:place`."""
        return self.key

    @property
    def event_id(self) -> str:
        """The key and the moment."""
        return f"{self.key}@{self.as_of.isoformat()}"

    @property
    def time(self) -> datetime:
        """The newest moment that the counts include."""
        return self.as_of
