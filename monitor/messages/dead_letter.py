"""A dead letter: a record that could not be read, kept as it came."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from monitor.messages.base import Message, UtcTime


class DeadLetter(Message):
    """A record that could not be read, kept as it came."""

    ce_type: ClassVar[str] = "newsmon.dead-letter.v1"

    topic: str
    partition: int
    offset: int
    reason: str
    raw: str
    """The value in base64, at most 64 KiB of it."""
    key_raw: str = ""
    """The key in base64."""
    size: int
    """Bytes of the whole value."""
    seen_at: UtcTime
    """Timestamp of the bad record."""
    replayed_as: str = ""
    """Where it stands now, `topic/partition/offset`, once it was sent back; the letter is then
    written again."""

    @property
    def place(self) -> str:
        """Where the record stood: `topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def event_id(self) -> str:
        """Where the record stood, and where it stands now if it was sent back."""
        return f"{self.place}@{self.replayed_as}" if self.replayed_as else self.place

    @property
    def time(self) -> datetime:
        """Timestamp of the bad record."""
        return self.seen_at
