"""Invented outlets that publish numbered articles at a steady rate."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import product

from aiohttp import web

FEEDS = 10
WINDOW = 300
"""Items that a feed shows: what a poller may miss while it is down."""

_TEMPLATES = (
    "{actor} deployed 120 soldiers to {place} on Monday, report {n} says.",
    "{actor} will hold a military exercise in {place} next week, report {n} says.",
    "{actor} denied that its troops had entered {place}, report {n} says.",
    "The mayor opened a bakery near the park, report {n} says.",
)
_ACTORS = ("Norway", "Canada", "Portugal")
_PLACES = ("Iceland", "Ireland", "New Zealand")
SENTENCES = tuple(product(_TEMPLATES, _ACTORS, _PLACES))
_REPORTS = 40
"""Report numbers that a text may have: texts repeat, so that the checker need not read them all."""


def sentence(number: int) -> str:
    """Return the text of article `number`, always the same."""
    template, actor, place = SENTENCES[number % len(SENTENCES)]
    return template.format(actor=actor, place=place, n=number % _REPORTS)


class Load:
    """A web server whose feeds grow by `rate` articles a second in all.

    Attributes:
        published: Articles so far; the next one has this number.
        rate: Articles a second.
    """

    def __init__(self, rate: float, text: Callable[[int], str] = sentence) -> None:
        self.published = 0
        self.rate = rate
        self._text = text
        self._feeds: list[deque[tuple[int, str]]] = [deque(maxlen=WINDOW) for _ in range(FEEDS)]
        self._runner: web.AppRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> None:
        """Serve; nothing is published yet."""
        app = web.Application()
        app.router.add_get("/{feed}.xml", self._feed)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    def begin(self, rate: float | None = None) -> None:
        """Start publishing, at another rate if one is given."""
        self.rate = self.rate if rate is None else rate
        self._task = asyncio.create_task(self._publish())

    async def end(self) -> None:
        """Stop publishing; the feeds stay as they are."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def stop(self) -> None:
        """Stop serving."""
        await self.end()
        if self._runner:
            await self._runner.cleanup()

    def feeds_toml(self) -> str:
        """Return the feeds file."""
        return "\n".join(
            f'[[feeds]]\nid = "load-{n}"\nurl = "http://127.0.0.1:{self.port}/{n}.xml"\n'
            f'outlet = "Load {n}"\ncountry = "GB"\nlanguage = "en"\ninterval = 2\n'
            "allow_private = true\nmax_age_hours = 0\n"
            for n in range(FEEDS)
        )

    async def _publish(self) -> None:
        loop = asyncio.get_running_loop()
        start, before = loop.time(), self.published
        while True:
            while self.published - before < (loop.time() - start) * self.rate:
                when = format_datetime(datetime.now(UTC))
                self._feeds[self.published % FEEDS].append((self.published, when))
                self.published += 1
            await asyncio.sleep(0.05)

    async def _feed(self, request: web.Request) -> web.Response:
        items = "".join(
            f"<item><title>Report {n % _REPORTS}</title><link>http://load.example/{n}</link>"
            f"<guid>http://load.example/{n}</guid><pubDate>{when}</pubDate>"
            f"<description>{self._text(n)}</description></item>"
            for n, when in reversed(self._feeds[int(request.match_info["feed"])])
        )
        return web.Response(
            text=f'<rss version="2.0"><channel><title>Load</title>{items}</channel></rss>',
            content_type="application/rss+xml",
        )
