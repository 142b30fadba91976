"""Items that were read before: a changed document is parsed only where it is new.

Between two polls a feed changes by an item or two; the others come again to the byte. So a worker
keeps what it made of each item, under a hash of its bytes, and has only the others parsed. What is
made of an item also follows from what stands around it (names, base, language, the channel's
authors): where that frame changes in anything but dates, or the document is not well-formed, all
of it is read anew.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import orjson

from monitor.errors import ParseError
from monitor.feeds.entry import Entry, ParsedFeed

LIMIT = 32 << 20
"""Bytes kept in all; the feed that came longest ago goes first."""
_OPENING = re.compile(rb"<(item|entry)[\s>]")
_PASSING = re.compile(
    rb"<(lastBuildDate|pubDate|updated|modified|dc:date)>[^<>]{0,80}</\1>|<rdf:li\s[^<>]*/>"
    rb"|<!--[^<>]{0,300}-->"
)
"""What may change in a frame and mean nothing to an item: dates, comments, RDF's list of items."""

Parse = Callable[[bytes], ParsedFeed]


@dataclass(frozen=True)
class Pieces:
    """A document, cut at its items.

    Attributes:
        items: Their bytes, in order.
        names: A hash of each.
        between: What stands before, between and behind them: one more.
        frame: A hash of all that is no item and no date.
    """

    items: list[bytes]
    names: list[bytes]
    between: list[bytes]
    frame: bytes

    def without(self, known: Container[bytes]) -> bytes:
        """Return the document without the items whose hashes are known."""
        parts = self.between[:1]
        for item, name, behind in zip(self.items, self.names, self.between[1:], strict=True):
            parts += [behind] if name in known else [item, behind]
        return b"".join(parts)


def cut(text: bytes) -> Pieces | None:
    """Cut a document in UTF-8 at its items; None where it has none, or one has no end."""
    items, between, at = [], [], 0
    while match := _OPENING.search(text, at):
        closing = b"</%s>" % match[1]
        end = text.find(closing, match.end())
        if end < 0:
            return None
        between.append(text[at : match.start()])
        at = end + len(closing)
        items.append(text[match.start() : at])
    between.append(text[at:])
    if not items:
        return None
    frame = b" ".join(_PASSING.sub(b"", b"".join(between)).split())
    return Pieces(items, [_hash(item) for item in items], between, _hash(frame))


@dataclass(frozen=True)
class _Kept:
    frame: bytes = b""
    format: str = ""
    entries: Mapping[bytes, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(map(len, self.entries.values()))


class Memory:
    """What one worker made of the items of the feeds that it read last."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Begin with nothing.

        Args:
            limit: Bytes kept in all.
        """
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def read(self, name: str, text: bytes, parse: Parse) -> ParsedFeed:
        """Parse a document, the items that are known left out and put in again.

        Args:
            name: Whose document it is; all that changes what `parse` makes of it is part of this.
            text: The document in UTF-8.
            parse: Reads a document; what it leaves in the entries is what is kept.

        Raises:
            ParseError: What `parse` raises.
        """
        pieces = cut(text)
        kept = self._kept.pop(name, _Kept())
        self._size -= kept.size
        feed = _read_new(pieces, kept, parse) if pieces else None
        feed = feed or parse(text)
        # A piece is an item only if there are as many: `<item>` may stand in a comment.
        if pieces and feed.well_formed and len(feed.entries) == len(pieces.items):
            written = {
                name: kept.entries.get(name) or orjson.dumps(entry)
                for name, entry in zip(pieces.names, feed.entries, strict=True)
            }
            self._keep(name, _Kept(pieces.frame, feed.format, written))
        return feed

    def _keep(self, name: str, kept: _Kept) -> None:
        self._kept[name] = kept
        self._size += kept.size
        while self._size > self._limit:
            self._size -= self._kept.popitem(last=False)[1].size


def _read_new(pieces: Pieces, kept: _Kept, parse: Parse) -> ParsedFeed | None:
    """Parse what is new; None where the whole document has to be."""
    new = sum(name not in kept.entries for name in pieces.names)
    if pieces.frame != kept.frame or new == len(pieces.names):
        return None
    try:
        feed = parse(pieces.without(kept.entries))
    except ParseError:
        return None
    if not feed.well_formed or feed.format != kept.format or len(feed.entries) != new:
        return None
    fresh = iter(feed.entries)
    feed.entries = [
        Entry(**orjson.loads(kept.entries[name])) if name in kept.entries else next(fresh)
        for name in pieces.names
    ]
    return feed


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
