"""The captured feeds as articles and mentions, as if newsmon had polled them live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from monitor.detect import Detector
from monitor.errors import ParseError
from monitor.feeds.feed import Feed
from monitor.feeds.pool import ParserPool
from monitor.feeds.select import select
from monitor.feeds.state import FeedState
from monitor.messages import Article, Mention

_CAPTURED = 1_780_000_000.0  # a moment in 2026, after every capture; the fetch time of all


def articles(folder: Path) -> list[Article]:
    """Return every article of the captures once, in the order in which they were published.

    An article that has a date counts as fetched when it was published: the captures lie years
    apart, and a story's time is what tells last year's drill from this one.
    """
    return asyncio.run(_articles(folder))


async def _articles(folder: Path) -> list[Article]:
    found: dict[str, Article] = {}
    pool = ParserPool(1)
    try:
        for number, entry in enumerate(json.loads((folder / "index.json").read_text("utf-8"))):
            address = f"https://capture-{number}.example/feed"
            feed = Feed(id=f"capture-{number}", url=address, outlet=entry["outlet"])
            try:
                parsed = await pool.parse((folder / entry["file"]).read_bytes(), feed.url)
            except ParseError:
                continue
            chosen = select(feed, FeedState(feed.id, feed.url), parsed, _CAPTURED, 0)
            for article in chosen.articles:
                fetched = article.published_at or article.fetched_at
                found.setdefault(article.id, article.model_copy(update={"fetched_at": fetched}))
    finally:
        await pool.close()
    return sorted(found.values(), key=lambda article: (article.fetched_at, article.id))


def mentions(detector: Detector, items: list[Article]) -> Iterator[Mention]:
    """Detect the mentions of the articles, in the same order."""
    for article in items:
        yield from detector.find_mentions(article)
