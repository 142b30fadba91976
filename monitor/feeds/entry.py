"""What a parsed feed is, whatever its format: plain data that crosses the process border."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import orjson


@dataclass(slots=True)
class Entry:
    """One item of a feed.

    Attributes:
        id: The feed's own name for it, else its address, else empty.
        url: Absolute address; empty where there is none.
        title: Plain text; for an item without one its first words, else its address.
        summary: As it came, maybe HTML.
        content: As it came, maybe HTML; empty where there is only a summary.
        text: Plain text of the longer one of summary and content, once it was made readable.
        author: As the feed shows it.
        author_name: The name alone, several joined by commas.
        published: Unix seconds, never guessed.
        updated: Unix seconds, never guessed.
        dated: Whether the feed gave a date at all, readable or not.
        language: Of this item: the feed's word, else found in the text.
    """

    id: str = ""
    url: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    text: str = ""
    author: str = ""
    author_name: str = ""
    published: int | None = None
    updated: int | None = None
    dated: bool = False
    language: str | None = None


@dataclass(slots=True)
class ParsedFeed:
    """One document of a feed.

    Attributes:
        format: For instance `rss20`, `atom10`, `json11`, `sitemap-news`.
        title: Plain text.
        home: Address of the site, as the feed says; empty where it says nothing.
        language: The feed's own word, as it came.
        entries: In the order of the document.
        pace_s: Seconds between updates by the feed's own word (`ttl`, `sy:*`); 0 = no word.
        skip_hours: Hours of the day, UTC, in which it does not change.
        skip_days: Weekdays, Monday = 0, on which it does not change.
        dropped: How many items could not be read or were over the limit.
        well_formed: Whether it was XML to the letter; a broken document is read all the same.
    """

    format: str
    title: str = ""
    home: str = ""
    language: str | None = None
    entries: list[Entry] = field(default_factory=list)
    pace_s: int = 0
    skip_hours: list[int] = field(default_factory=list)
    skip_days: list[int] = field(default_factory=list)
    dropped: int = 0
    well_formed: bool = False

    def encode(self) -> bytes:
        """Write it as JSON bytes; lone surrogates become `?`."""
        try:
            return orjson.dumps(self)
        except (TypeError, orjson.JSONEncodeError):
            return orjson.dumps(_clean(asdict(self)))

    @classmethod
    def decode(cls, raw: bytes) -> ParsedFeed:
        """Read what `encode` wrote."""
        data = orjson.loads(raw)
        data["entries"] = [Entry(**entry) for entry in data["entries"]]
        return cls(**data)


def _clean(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return value
