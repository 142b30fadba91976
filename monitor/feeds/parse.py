"""Bytes to a parsed feed: THE use of feedparser.

feedparser reads every RSS, RDF and Atom; JSON Feed, news sitemaps, dates and plain text are
ours. It is always given a stream, never text or bytes: those it would take for a path to open.
Runs inside a worker process, because hostile input can keep it busy for minutes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser

from monitor.errors import ParseError
from monitor.feeds.dates import parse_date
from monitor.feeds.encoding import to_utf8
from monitor.feeds.entry import Entry, ParsedFeed
from monitor.feeds.jsonfeed import parse_json_feed
from monitor.feeds.parse_adapt import MAX_AUTHOR, adapt
from monitor.feeds.sitemap import parse_sitemap
from monitor.feeds.text import title_of, title_text

MAX_ENTRIES = 5000
_NO_REPLY = re.compile(r"\s?\(no-?reply@[^()]*\)")
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_COMMENT = re.compile(rb"\s*(?:<!--.*?-->|<\?.*?\?>)", re.DOTALL)
_HTML = re.compile(rb"\s*(?:<!doctype\s+html|<html|<head|<body)", re.IGNORECASE)

adapt()


def parse_feed(
    doc: bytes, base: str = "", content_type: str = "", limit: int = MAX_ENTRIES
) -> ParsedFeed:
    """Read a document of any feed format.

    Args:
        doc: The body of the answer.
        base: Its address; relative links start from it.
        content_type: The answer's header; its charset is evidence, its type is not.
        limit: Entries beyond this number are dropped.

    Raises:
        ParseError: `empty`, or `not_a_feed`: HTML, a plain sitemap, anything else.
    """
    return parse_text(to_utf8(doc, content_type), base, limit)


def parse_text(text: bytes, base: str = "", limit: int = MAX_ENTRIES) -> ParsedFeed:
    """Read a document that is in UTF-8 already; else as `parse_feed`."""
    head = text[:4096].lstrip()
    if not head:
        raise ParseError("empty", "expected a feed, got an empty document")
    if head[:1] in b"{[":
        return parse_json_feed(text, base, limit)
    while match := _COMMENT.match(head):
        head = head[match.end() :]
    if _HTML.match(head):
        raise ParseError("not_a_feed", "expected a feed, got an HTML page")
    if b"<urlset" in head or b"<sitemapindex" in head:
        return parse_sitemap(text, limit)
    return _parse_xml(text, base, limit)


def _parse_xml(text: bytes, base: str, limit: int) -> ParsedFeed:
    # A charset in the header wins over a false one in the XML declaration.
    # No address is given: it would resolve ids, and links are resolved below, by the site's.
    headers = {"content-type": "application/xml; charset=utf-8"}
    if b"<rss:" in text and b"xmlns:rss" not in text:
        text = text.replace(b"<rss:", b"<").replace(b"</rss:", b"</")
    result = feedparser.parse(
        io.BytesIO(text), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    entries, channel = result["entries"], result["feed"]
    if not entries and not result.get("version") and not channel.get("title"):
        raise ParseError("not_a_feed", "expected RSS, Atom or JSON Feed, got something else")
    shared = _names(channel)
    home = _joined(base, channel.get("link") or "")
    feed = ParsedFeed(
        format=result.get("version") or "rss",
        title=title_text(channel.get("title") or ""),
        home=home,
        language=channel.get("language") or None,
        pace_s=_pace(channel),
        dropped=max(0, len(entries) - limit),
        well_formed=not result["bozo"],
    )
    feed.skip_hours, feed.skip_days = _skips(text)
    for raw in entries[:limit]:
        try:
            feed.entries.append(_entry(raw, home or base, shared))
        except (ValueError, TypeError, LookupError, AttributeError):
            feed.dropped += 1  # one unreadable item costs that item alone
    return feed


def _entry(raw: Any, base: str, shared: list[str]) -> Entry:  # noqa: ANN401 - feedparser's dict
    contents = [part.get("value") or "" for part in raw.get("content") or ()]
    summary = raw.get("summary") or ""
    content = max(contents, key=len, default="")
    published = _first(raw, "published", "created")
    updated = dict.get(raw, "updated") or ""
    names = _names(raw) or shared
    url, guid = _joined(base, _link(raw)), raw.get("id") or ""
    return Entry(
        id=_joined(base, guid) if guid.startswith("/") else guid or url,
        url=url,
        title=title_of(raw.get("title") or "", (summary, content), url),
        summary=summary,
        content=content,
        author=_NO_REPLY.sub("", raw.get("author") or ", ".join(names)),
        author_name=", ".join(names),
        published=parse_date(published) or parse_date(updated),
        updated=parse_date(updated),
        dated=bool(published or updated),
        language=_language(raw),
    )


def _first(raw: Any, *names: str) -> str:  # noqa: ANN401
    return next((value for name in names if (value := dict.get(raw, name))), "")


def _link(raw: Any) -> str:  # noqa: ANN401
    links = [link for link in raw.get("links") or () if (link.get("href") or "").strip()]
    pages = [link for link in links if link.get("rel") not in {"enclosure", "self", "replies"}]
    url: str = (
        raw.get("feedburner_origlink")
        or raw.get("link")
        or (pages or links or [{}])[0].get("href")
        or ""
    )
    guid = raw.get("id") or ""
    if url.partition(":")[0].lower() in {"mailto", "tag", "urn", "javascript", "data", "about"}:
        url = ""
    if not url and urlsplit(guid).scheme in {"http", "https"}:
        url = guid
    return url


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url.strip()) if url.strip() else ""
    except ValueError:
        return ""


def _names(holder: Any) -> list[str]:  # noqa: ANN401
    found = holder.get("authors") or []
    names = [person.get("name") or person.get("email") or "" for person in found]
    # A name cut at "(mailto:" is worse than the whole text.
    if holder.get("author") and (
        not any(names) or any(n.count("(") != n.count(")") for n in names)
    ):
        names = [holder["author"]]
    return list(dict.fromkeys(name.strip()[:MAX_AUTHOR] for name in names if name.strip()))


def _language(raw: Any) -> str | None:  # noqa: ANN401
    details = [*(raw.get("content") or ()), raw.get("title_detail"), raw.get("summary_detail")]
    own = raw.get("language") or raw.get("dc_language")
    return own or next((d["language"] for d in details if d and d.get("language")), None)


def _pace(channel: Any) -> int:  # noqa: ANN401
    """Read `ttl` (minutes) and `sy:updatePeriod` / `sy:updateFrequency`; 0 where absent."""
    ttl = _number(channel.get("ttl")) * 60
    period = _PERIODS.get(str(channel.get("sy_updateperiod")).strip().lower(), 0)
    often = _number(channel.get("sy_updatefrequency")) or 1
    return max(ttl, period // often if period else 0)


def _number(value: Any) -> int:  # noqa: ANN401
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


_SKIP_HOURS = re.compile(rb"<skipHours>(.{0,2000}?)</skipHours>", re.DOTALL | re.IGNORECASE)
_SKIP_DAYS = re.compile(rb"<skipDays>(.{0,1000}?)</skipDays>", re.DOTALL | re.IGNORECASE)
_INNER = re.compile(rb">\s*([A-Za-z0-9]{1,10})\s*</")


def _skips(text: bytes) -> tuple[list[int], list[int]]:
    # feedparser keeps only the last <hour> and <day>.
    hours = {int(word) % 24 for word in _inner(_SKIP_HOURS, text) if word.isdigit()}
    days = {_DAYS.index(word) for word in _inner(_SKIP_DAYS, text) if word in _DAYS}
    return sorted(hours), sorted(days)


def _inner(pattern: re.Pattern[bytes], text: bytes) -> Iterator[str]:
    block = pattern.search(text)
    found: Iterable[bytes] = _INNER.findall(block[1]) if block else ()
    return (word.decode("ascii").lower() for word in found)
