"""Google News sitemaps; a plain sitemap is no feed."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from monitor.errors import ParseError
from monitor.feeds.dates import parse_date
from monitor.feeds.entry import Entry, ParsedFeed
from monitor.feeds.text import title_text

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/"
_NEWS = "http://www.google.com/schemas/sitemap-news/"


class _Reader:
    """Collects the texts of each `<url>`."""

    def __init__(self) -> None:
        self.urls: list[dict[str, str]] = []
        self.language = ""
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, _: Any) -> None:  # noqa: ANN401 - expat's attributes, unused
        short = _short(name)
        self._path.append(short)
        self._text = []
        if short == "url":
            self.urls.append({})

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, _: str) -> None:
        short = self._path.pop()
        # `image:title` and `video:loc` are other things.
        if self.urls and short in {"loc", "news:title", "news:publication_date", "news:language"}:
            self.urls[-1].setdefault(short, "".join(self._text).strip())
        self._text = []


def _short(name: str) -> str:
    space, _, local = name.rpartition(" ")
    if space.startswith(_NEWS):
        return f"news:{local}"
    return local if space.startswith(_SITEMAP) or not space else f"other:{local}"


def parse_sitemap(doc: bytes, limit: int) -> ParsedFeed:
    """Read a news sitemap; entries whose news part is missing are dropped.

    Args:
        doc: The document.
        limit: Entries beyond this number are dropped.

    Raises:
        ParseError: Not well-formed before the first entry, or without any news entry.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.data
    parser.EndElementHandler = reader.end
    parser.buffer_text = True
    try:
        parser.Parse(doc.lstrip(), True)
    except (expat.ExpatError, ValueError, LookupError) as exc:
        if not reader.urls:
            raise ParseError("not_a_feed", f"expected a sitemap, got {exc}") from exc
    news = [url for url in reader.urls if url.get("news:title") and url.get("loc")]
    if not news:
        raise ParseError("not_a_feed", "expected a news sitemap, got one without news entries")
    return ParsedFeed(
        format="sitemap-news",
        language=news[0].get("news:language") or None,
        entries=[_entry(url) for url in news[:limit]],
        dropped=len(reader.urls) - min(len(news), limit),
    )


def _entry(url: dict[str, str]) -> Entry:
    when = url.get("news:publication_date", "")
    return Entry(
        id=url["loc"],
        url=url["loc"],
        title=title_text(url["news:title"]),
        published=parse_date(when),
        dated=bool(when),
        language=url.get("news:language") or None,
    )
