"""A dead letter: a record that could not be read, kept as it came."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import ClassVar

from monitor.messages.base import Message, UtcTime

_VALUE_BYTES, _KEY_BYTES, _REASON_CHARACTERS = 64 * 1024, 1024, 500


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

    @classmethod
    def of(
        cls,
        place: tuple[str, int, int],
        key: bytes | None,
        value: bytes | None,
        reason: str,
        seen_at: datetime,
    ) -> DeadLetter:
        """Make the letter of a record, with as much of it as a letter holds.

        Args:
            place: Topic, partition and offset.
            key: Its key, if any.
            value: Its value, if any.
            reason: Why it is dead.
            seen_at: Its timestamp, with time zone.
        """
        topic, partition, offset = place
        value = value or b""
        return cls(
            topic=topic,
            partition=partition,
            offset=offset,
            reason=reason[:_REASON_CHARACTERS],
            raw=base64.b64encode(value[:_VALUE_BYTES]).decode(),
            key_raw=base64.b64encode((key or b"")[:_KEY_BYTES]).decode(),
            size=len(value),
            seen_at=seen_at,
        )

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
