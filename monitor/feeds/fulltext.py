"""Whole texts for a feed that gives summaries only: each new article's page, politely.

robots.txt decides; the host's limits, the guard against private addresses and the limits of size
and time are those of feeds. Whatever goes wrong, the summary stands, and the reason is counted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from monitor.errors import FeedError
from monitor.feeds.feed import Feed
from monitor.feeds.fetch import Fetcher
from monitor.feeds.headers import is_challenge
from monitor.feeds.pool import ParserPool
from monitor.feeds.robots import Robots
from monitor.messages import Article

BUDGET_S = 60.0
"""For all pages of one poll: news must not wait for a slow site."""
MAX_PAGES = 40
"""Of one poll; of more articles the newest are looked up."""


class FullTexts:
    """Fetches the pages of articles."""

    def __init__(self, fetcher: Fetcher, parsers: ParserPool, budget_s: float = BUDGET_S) -> None:
        self._fetcher = fetcher
        self._parsers = parsers
        self._robots = Robots(fetcher)
        self._budget_s = budget_s

    async def complete(
        self, feed: Feed, articles: Sequence[Article]
    ) -> tuple[tuple[Article, ...], dict[str, int]]:
        """Give articles the text of their pages.

        Args:
            feed: Where they are from.
            articles: Oldest first.

        Returns:
            The articles in the same order, and how often each outcome came: `full`, `shorter` (the
            page says less than the feed), `late`, `limit`, `robots`, `http_404`, `no_text`, ...
        """
        tasks = [
            asyncio.create_task(self._text(article.url, feed.allow_private))
            for article in articles[-MAX_PAGES:]
        ]
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=self._budget_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        rest = articles[: len(articles) - len(tasks)]
        outcomes, done = Counter({"limit": len(rest)}), list(rest)
        for article, task in zip(articles[len(rest) :], tasks, strict=True):
            text, outcome = ("", "late") if task.cancelled() else task.result()
            if text and len(text) <= len(article.text):
                text, outcome = "", "shorter"
            outcomes[outcome] += 1
            done.append(article.model_copy(update={"text": text}) if text else article)
        return tuple(done), dict(+outcomes)

    async def _text(self, url: str, private: bool) -> tuple[str, str]:
        """Return a page's text and `full`, or nothing and why."""
        try:
            if not await self._robots.allow(url, allow_private=private):
                return "", "robots"
            answer = await self._fetcher.fetch(url, allow_private=private)
            if is_challenge(answer.headers):
                return "", "challenge"
            if answer.status != 200:
                return "", f"http_{answer.status}"
            kind = answer.headers.get("content-type", "")
            if kind and "html" not in kind.lower():
                return "", "not_html"
            # A page that moved to another site must be allowed there too.
            if answer.url != url and not await self._robots.allow(
                answer.url, allow_private=private
            ):
                return "", "robots"
            parsed = await self._parsers.parse(answer.body, answer.url, kind, page=True)
        except FeedError as exc:
            return "", exc.outcome
        return parsed.entries[0].text, "full"
