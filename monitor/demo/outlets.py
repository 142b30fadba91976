"""Serves the invented outlets as RSS feeds on loopback; items appear as time goes by."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from xml.sax.saxutils import escape

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from monitor.configfile import read_toml, validate


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Outlet(_Strict):
    """An invented outlet."""

    id: str
    name: str
    country: str
    language: str


class Item(_Strict):
    """An invented article; `at` is in seconds after the start."""

    at: float
    outlet: str
    title: str
    text: str


class Story(_Strict):
    """Outlets and what they publish."""

    outlets: tuple[Outlet, ...]
    items: tuple[Item, ...]


def load_story(path: Path) -> Story:
    """Read a story.

    Raises:
        ConfigError: With every fault of the file.
    """
    return validate(Story, read_toml(path), path)


class Outlets:
    """A web server on a free port of 127.0.0.1, one feed an outlet."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._begun: float | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self) -> None:
        """Start serving; the feeds are empty until `begin`."""
        app = web.Application()
        app.router.add_get("/{outlet}.xml", self._feed)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def begin(self) -> None:
        """Let the story begin."""
        self._begun = time.monotonic()

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner:
            await self._runner.cleanup()

    def feeds_toml(self, interval_s: int) -> str:
        """Return a feeds file for these outlets, polled every `interval_s` seconds."""
        return "\n".join(
            f'[[feeds]]\nid = "demo-{outlet.id}"\n'
            f'url = "http://127.0.0.1:{self.port}/{outlet.id}.xml"\n'
            f'outlet = "{outlet.name}"\ncountry = "{outlet.country}"\n'
            f'language = "{outlet.language}"\n'
            f"interval = {interval_s}\nallow_private = true\n"
            for outlet in self._story.outlets
        )

    async def _feed(self, request: web.Request) -> web.Response:
        outlet = next(
            (o for o in self._story.outlets if o.id == request.match_info["outlet"]), None
        )
        if outlet is None:
            raise web.HTTPNotFound
        elapsed = -1.0 if self._begun is None else time.monotonic() - self._begun
        start = datetime.now(UTC) - timedelta(seconds=max(elapsed, 0))
        shown = [i for i in self._story.items if i.outlet == outlet.id and i.at <= elapsed]
        etag = f'"{sha256(str([i.at for i in shown]).encode()).hexdigest()[:12]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        body = _rss(outlet, shown, start, f"http://127.0.0.1:{self.port}")
        return web.Response(body=body, content_type="application/rss+xml", headers={"ETag": etag})


def _rss(outlet: Outlet, items: list[Item], start: datetime, base: str) -> bytes:
    parts = []
    for item in reversed(items):
        link = f"{base}/{outlet.id}/{int(item.at)}"
        when = format_datetime(start + timedelta(seconds=item.at))
        parts.append(
            f"<item><title>{escape(item.title)}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>{when}</pubDate><description>{escape(item.text)}</description></item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>{escape(outlet.name)}</title><link>{base}</link>"
        f"<description>Invented by newsmon's demo</description>"
        f"<language>{outlet.language}</language>{''.join(parts)}</channel></rss>"
    ).encode()
