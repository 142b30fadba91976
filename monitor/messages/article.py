"""An article, as a feed gave it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from monitor.messages.base import Message, UtcTime


class Article(Message):
    """One article as a feed gave it."""

    ce_type: ClassVar[str] = "newsmon.article.v1"

    id: str
    """Hash of the canonical URL: the same article through two feeds has one id."""
    feed_id: str
    url: str
    title: str
    text: str
    """Plain text: the summary or the content, whichever says more; no markup."""
    outlet: str
    country: str | None = None
    """Where the outlet sits, ISO 3166-1 alpha-2."""
    language: str | None = None
    """ISO 639-1, lower case."""
    authors: tuple[str, ...] = ()
    published_at: UtcTime | None = None
    date_source: Literal["feed", "clamped", "fetched"] = "fetched"
    """Where `published_at` is from: the feed; the feed but in the future, so clamped; the fetch."""
    fetched_at: UtcTime
    revision: int = 1
    """Grows when the same article comes with another text."""

    @property
    def record_key(self) -> str:
        """The article id."""
        return self.id

    @property
    def event_id(self) -> str:
        """The article id and its revision."""
        return f"{self.id}.{self.revision}"

    @property
    def time(self) -> datetime:
        """When the article was fetched."""
        return self.fetched_at
