"""A web server with every fault that a feed can have, for the tests: it answers what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Hit:
    """One request as it came."""

    at: float
    path: str
    headers: dict[str, str]


@dataclass
class FeedServer:
    """Answers each path by its handler, and remembers who asked."""

    base: str = ""
    hits: list[Hit] = field(default_factory=list)
    handlers: dict[str, Handler] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return self.base + path

    def hits_of(self, path: str) -> list[Hit]:
        return [hit for hit in self.hits if hit.path == path]

    def give(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Answer a path with this; header names are written with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def handler(_: web.Request) -> web.Response:
            return web.Response(body=body, status=status, headers=named)

        self.handlers[path] = handler

    async def answer(self, request: web.Request) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        self.hits.append(Hit(loop.time(), request.path, dict(request.headers)))
        handler = self.handlers.get(request.path)
        return await handler(request) if handler else web.Response(status=404)


@asynccontextmanager
async def feed_server(host: str = "127.0.0.1") -> AsyncIterator[FeedServer]:
    """Run a server on a free port."""
    server = FeedServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, 0)
        await site.start()
        port = runner.addresses[0][1]
        server.base = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()


def rss(*items: str, head: str = "") -> bytes:
    """Write an RSS document of items that `item` made."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Example</title>'
        f"<link>https://news.example/</link>{head}{''.join(items)}</channel></rss>"
    ).encode()


def item(
    name: str, date: str = "", title: str = "", text: str = "", guid: str | None = None
) -> str:
    """Write one RSS item whose address, id and texts follow from its name."""
    when = f"<pubDate>{date}</pubDate>" if date else ""
    guid = name if guid is None else guid
    named = f'<guid isPermaLink="false">{guid}</guid>' if guid else ""
    return (
        f"<item><title>{title or f'Title of {name}'}</title>{named}{when}"
        f"<link>https://news.example/{name}</link>"
        f"<description>{text or f'Some words about {name}.'}</description></item>"
    )
