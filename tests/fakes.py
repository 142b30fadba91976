"""Hand-written stand-ins for what Faust and Kafka give the agents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from monitor.messages import Message
from monitor.topics import Topic


class CrashError(Exception):
    """The process died here."""


class FakeTable(dict[str, Any]):
    """A table whose writes are durable once flushed; it may die at a chosen flush.

    The broker takes the writes in their order, so of the flush that it dies at the first `torn`
    writes are durable and the others are lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self.durable: dict[str, bytes] = {}
        self.rebuild: Callable[[], Any] | None = None
        self.crash_at: int | None = None
        self.torn = 0
        self.flushes = 0
        self.written: list[tuple[str, bytes | None]] = []
        self._unsent: list[tuple[str, bytes | None]] = []

    def on_recover(self, function: Callable[[], Any]) -> None:
        """Remember what Faust would call after a recovery."""
        self.rebuild = function

    def __setitem__(self, key: str, value: Any) -> None:
        """Write a value, which is not durable yet."""
        super().__setitem__(key, value)
        self._unsent.append((key, orjson.dumps(value)))

    def pop(self, key: str, default: Any = None) -> Any:
        """Delete a key, which is not durable yet."""
        self._unsent.append((key, None))
        return super().pop(key, default)

    async def flushed(self) -> None:
        """Make the writes durable, or die before that."""
        self.flushes += 1
        crash = self.crash_at == self.flushes
        sent, self._unsent = self._unsent[: self.torn if crash else None], []
        self.written += sent
        for key, value in sent:
            if value is None:
                self.durable.pop(key, None)
            else:
                self.durable[key] = value
        if crash:
            raise CrashError

    def recovered(self) -> FakeTable:
        """Return the table as a restarted process finds it."""
        table = FakeTable()
        table.update({key: orjson.loads(value) for key, value in self.durable.items()})
        table.durable = dict(self.durable)
        return table


class FakeOutbox:
    """Keeps what was sent, in order; it may die at a chosen send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message, int | None]] = []
        self.letters: list[str] = []
        self.crash_at: int | None = None

    async def send(
        self, topic: Topic, message: Message, at: datetime, *, partition: int | None = None
    ) -> None:
        """Keep a message."""
        if self.crash_at is not None and len(self.sent) == self.crash_at:
            self.crash_at = None
            raise CrashError
        assert at.tzinfo
        self.sent.append((topic.name, message, partition))

    async def dead_letter(self, record: Any, reason: str) -> None:
        """Keep the reason."""
        self.letters.append(reason)

    def of(self, topic: Topic) -> list[Any]:
        """Return what was sent to a topic."""
        return [message for name, message, _ in self.sent if name == topic.name]
