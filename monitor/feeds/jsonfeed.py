"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urljoin

import orjson

from monitor.errors import ParseError
from monitor.feeds.dates import parse_date
from monitor.feeds.entry import Entry, ParsedFeed
from monitor.feeds.text import title_of, title_text

MARK = "jsonfeed.org/version/"


def parse_json_feed(doc: bytes, base: str, limit: int) -> ParsedFeed:
    """Read a JSON Feed.

    Args:
        doc: The document in UTF-8, with or without a mark.
        base: Address that relative links start from.
        limit: Items beyond this number are dropped.

    Raises:
        ParseError: It is no JSON, or JSON that is no feed.
    """
    try:
        data = orjson.loads(doc.removeprefix(b"\xef\xbb\xbf").strip())
    except orjson.JSONDecodeError as exc:
        raise ParseError("not_a_feed", f"expected JSON, got {exc}") from exc
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise ParseError("not_a_feed", "expected a JSON object with items")
    version = _text(data.get("version"))
    home = urljoin(base, _text(data.get("home_page_url")) or _text(data.get("feed_url")))
    shared = _authors(data)
    feed = ParsedFeed(
        format="json" + (version.rpartition("/")[2].replace(".", "") if MARK in version else ""),
        title=title_text(_text(data.get("title"))),
        home=home,
        language=_text(data.get("language")) or None,
    )
    for item in data["items"]:
        if isinstance(item, dict) and len(feed.entries) < limit:
            feed.entries.append(_entry(item, home or base, shared))
        else:
            feed.dropped += 1
    return feed


def _entry(item: dict[str, Any], base: str, shared: list[str]) -> Entry:
    url = _text(item.get("url")) or _text(item.get("external_url"))
    text = _text(item.get("content_text"))
    authors = _authors(item) or shared
    published, modified = _text(item.get("date_published")), _text(item.get("date_modified"))
    name = ", ".join(dict.fromkeys(authors))
    content = _text(item.get("content_html")) or escape(text, quote=False)
    summary = _text(item.get("summary"))
    link = _joined(base, url)
    return Entry(
        id=_text(item.get("id")) or link,
        url=link,
        title=title_of(_text(item.get("title")), (summary, escape(text), content), link),
        summary=summary,
        content=content,
        author=name,
        author_name=name,
        published=parse_date(published) or parse_date(modified),
        updated=parse_date(modified),
        dated=bool(published or modified),
        language=_text(item.get("language")) or None,
    )


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url.strip()) if url else ""
    except ValueError:
        return ""


def _authors(holder: dict[str, Any]) -> list[str]:
    """Read `authors` (1.1, some write an object) and `author` (1.0)."""
    found = holder.get("authors")
    people = [*(found if isinstance(found, list) else [found]), holder.get("author")]
    names = [_text(person.get("name")) for person in people if isinstance(person, dict)]
    return [name.strip() for name in names if name.strip()]


def _text(value: Any) -> str:  # noqa: ANN401 - hostile JSON
    """Take a text or a number (ids are numbers in some feeds); anything else is no text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value).strip()
