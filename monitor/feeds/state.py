"""What is remembered of a feed between two polls: one record on `feed-state`."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import orjson

from monitor.errors import MessageError

MAX_SEEN = 12_000
"""Items remembered per feed: 420 kB, 560 kB as base64."""
KEEP_SEEN_S = 30 * 86_400
"""How long an item is remembered after the feed stopped showing it."""
RING = 30
_PACKED = struct.Struct(">8s10s8sBII")
_MAX_TEXT = 2048


@dataclass(slots=True)
class Seen:
    """One item that the feed shows or showed.

    Attributes:
        key: Hash of the feed's own id, 8 bytes; zeros where it gives none.
        article: The article id, 10 bytes.
        content: Hash of title and text, 8 bytes.
        revision: The last one emitted, 1 to 24.
        revised_at: When, unix seconds.
        gone_at: When the feed stopped showing it; 0 while it does. Thus an unchanged document
            refreshes its items without any work.
    """

    key: bytes
    article: bytes
    content: bytes
    revision: int = 1
    revised_at: int = 0
    gone_at: int = 0


@dataclass(slots=True)
class FeedState:
    """Everything that a poller must know to go on where another one stopped. Times in unix seconds.

    Attributes:
        feed_id: The feed.
        url: The catalogue's address; when it changes, validators are forgotten.
        effective_url: Where permanent redirects led, once proven; empty = the catalogue's.
        moved_to, moved_votes, moved_since: A permanent redirect on its way to being proven.
        etag, last_modified: Validators, to the byte as they came; empty = none.
        body_hash: Of the last document.
        trust: Whether validators are sent; off once they said "unchanged" of changed content.
        lies: Forced fetches in a row that contradicted the validators.
        next_poll_at, interval: The schedule; 0 = not polled yet.
        fail_score: Grows with failures, 0 after a success.
        failing_since: Start of the present series of failures; 0 = none.
        retry_after_until: The server's word; nothing is asked before it.
        gone_votes, gone_since: Answers 410 in a row.
        floor_s: The server's word on how often to come; own_floor_s: the feed's.
        skip_hours, skip_days: When not to come, UTC, Monday = 0.
        window_s: How much time the document covers; 0 = unknown.
        rate_per_h: New items an hour; 0 = unknown.
        newest_at: Date of the newest item; last_new_at: when something new was last seen.
        polls, last_poll_at, last_200_at, last_304_at: What happened.
        format, items: Of the last document.
        gaps: Polls that shared nothing with the one before.
        loss_risk: Whether the server's floor is longer than a third of the window.
        stale: Whether the newest item was over 30 days old at the last poll.
        outcomes: The last 30, oldest first, as (when, word).
        seen: The items.
    """

    feed_id: str
    url: str = ""
    effective_url: str = ""
    moved_to: str = ""
    moved_votes: int = 0
    moved_since: int = 0
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    trust: bool = True
    lies: int = 0
    next_poll_at: float = 0.0
    interval: float = 0.0
    fail_score: float = 0.0
    failing_since: int = 0
    retry_after_until: float = 0.0
    gone_votes: int = 0
    gone_since: int = 0
    floor_s: float = 0.0
    own_floor_s: float = 0.0
    skip_hours: list[int] = field(default_factory=list)
    skip_days: list[int] = field(default_factory=list)
    window_s: float = 0.0
    rate_per_h: float = 0.0
    newest_at: int = 0
    last_new_at: int = 0
    polls: int = 0
    last_poll_at: int = 0
    last_200_at: int = 0
    last_304_at: int = 0
    format: str = ""
    items: int = 0
    gaps: int = 0
    loss_risk: bool = False
    stale: bool = False
    outcomes: list[tuple[int, str]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    _written: tuple[list[Seen], str] | None = field(default=None, repr=False, compare=False)

    @property
    def first_poll(self) -> bool:
        """Whether no document was ever read."""
        return not self.last_200_at

    def encode(self) -> bytes:
        """Write it, less than 900 kB."""
        # Most polls change nothing of thousands of items, and their list is handed on as it is.
        if self._written is None or self._written[0] is not self.seen:
            packed = b"".join(map(_pack, newest_seen(self.seen)))
            self._written = self.seen, base64.b64encode(packed).decode()
        data = {name: getattr(self, name) for name in _PLAIN}
        return orjson.dumps(data | {"seen": self._written[1]})

    @classmethod
    def decode(cls, raw: bytes) -> FeedState:
        """Read what `encode` wrote; unknown fields are ignored, missing ones have their default.

        Raises:
            MessageError: It is no state.
        """
        try:
            data: dict[str, Any] = orjson.loads(raw)
            packed = base64.b64decode(data.pop("seen", ""))
            known = {name: data[name] for name in _PLAIN if name in data}
            known["outcomes"] = [(int(at), str(word)) for at, word in data.get("outcomes", [])]
            return cls(**known, seen=[Seen(*row) for row in _PACKED.iter_unpack(packed)])
        except (ValueError, TypeError, KeyError, AttributeError, struct.error) as exc:
            raise MessageError("FeedState", str(exc)[:200]) from exc

    def note(self, at: float, word: str) -> None:
        """Add an outcome to the ring."""
        self.outcomes = [*self.outcomes[1 - RING :], (int(at), word)]


_PLAIN = tuple(f.name for f in fields(FeedState) if f.name not in {"seen", "_written"})


def newest_seen(seen: Iterable[Seen]) -> list[Seen]:
    """Keep what fits: all items shown now first, then the ones that vanished last."""
    return sorted(seen, key=lambda item: item.gone_at or 1 << 40, reverse=True)[:MAX_SEEN]


def bounded_header(value: str | None) -> str:
    """Take a validator as it came; one too long to be sent back is none."""
    return value if value and len(value) <= _MAX_TEXT else ""


def _pack(item: Seen) -> bytes:
    return _PACKED.pack(
        item.key, item.article, item.content, item.revision, item.revised_at, item.gone_at
    )
