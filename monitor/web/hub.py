"""Live events: a short memory of alerts, and one bounded queue per reader.

An event's id is the place in the alerts topic, one offset per partition. A page that comes back
after a break, even one of the server, says how far it had read and gets what it missed; one that
was away for too long, or reads too slowly, is told to load everything anew. So nobody's memory
grows with the slowest reader.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

KEPT = 1000
"""Alerts that a returning page can be given."""
MOST_WAITING = 200
"""Events that may wait for one reader."""
MOST_READERS = 64
RELOAD = b"event: reload\ndata: {}\n\n"


@dataclass(frozen=True, slots=True)
class _Entry:
    partition: int
    offset: int
    frame: bytes


class Reader:
    """One open page."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()
        self.dropped = 0

    def put(self, frame: bytes) -> None:
        """Hand an event to the reader; if too many wait, all become one `reload`."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            frame = RELOAD
            self.dropped += 1
        self._waiting.append(frame)
        self._news.set()

    async def take(self, seconds: float) -> bytes:
        """Return all that waits, as one piece; empty when nothing came for `seconds`."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return b""
        self._news.clear()
        frames = b"".join(self._waiting)
        self._waiting.clear()
        return frames


class Hub:
    """Gives each event to every reader.

    Attributes:
        readers: The open pages.
        dropped: How often a reader was too slow, readers that are gone included.
        sent: Events handed out, by name.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self.readers: set[Reader] = set()
        self.dropped = 0
        self.sent: dict[str, int] = {}
        self._kept: deque[_Entry] = deque()
        self._most = kept
        self._next: dict[int, int] = {}
        self._oldest: dict[int, int] = {}

    @property
    def position(self) -> str:
        """How far the alerts were read: the next offset of each partition, with dots."""
        return ".".join(str(self._next.get(n, 0)) for n in range(max(self._next, default=0) + 1))

    def alert(self, partition: int, offset: int, data: bytes) -> None:
        """Remember an alert and hand it out; one that stood there before is ignored."""
        if offset < self._next.get(partition, 0):
            return
        self._next[partition] = offset + 1
        self._oldest.setdefault(partition, offset)
        frame = frame_of("alert", data, self.position)
        self._kept.append(_Entry(partition, offset, frame))
        while len(self._kept) > self._most:
            gone = self._kept.popleft()
            self._oldest[gone.partition] = gone.offset + 1
        self._hand_out("alert", frame)

    def tell(self, event: str, data: bytes) -> None:
        """Hand out an event that nobody needs to catch up on."""
        self._hand_out(event, frame_of(event, data))

    def after(self, position: str) -> bytes:
        """Return the events that follow a position, or `reload` where that is not known."""
        if not position:
            return b""
        parts = position.split(".")
        if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
            return RELOAD
        known = dict(enumerate(map(int, parts)))
        if any(known.get(n, 0) < oldest for n, oldest in self._oldest.items()) or any(
            offset > self._next.get(n, 0) for n, offset in known.items()
        ):
            return RELOAD
        return b"".join(e.frame for e in self._kept if e.offset >= known.get(e.partition, 0))

    def open(self) -> Reader | None:
        """Take a reader in; None when there are too many."""
        if len(self.readers) >= MOST_READERS:
            return None
        reader = Reader()
        self.readers.add(reader)
        return reader

    def close(self, reader: Reader) -> None:
        """Let a reader go."""
        self.readers.discard(reader)
        self.dropped += reader.dropped

    def _hand_out(self, event: str, frame: bytes) -> None:
        self.sent[event] = self.sent.get(event, 0) + len(self.readers)
        for reader in self.readers:
            reader.put(frame)


def frame_of(event: str, data: bytes, position: str = "") -> bytes:
    """Write one server-sent event; `data` is JSON on one line."""
    mark = f"id: {position}\n" if position else ""
    return f"{mark}event: {event}\ndata: ".encode() + data + b"\n\n"
