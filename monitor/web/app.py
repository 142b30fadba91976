"""The HTTP server: one page, a read-only JSON API, live events. Only GET and HEAD are answered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from monitor.errors import BrokerError
from monitor.messages import Label, Severity, Status
from monitor.ops.registry import exposition, new_registry
from monitor.stats.board import Board
from monitor.stats.places import place_names
from monitor.stats.row import Series
from monitor.stats.totals import KINDS, rows_of
from monitor.web import view
from monitor.web.access import COOKIE, HEADERS, Access
from monitor.web.hub import Hub
from monitor.web.metrics import BoardMetrics
from monitor.web.openapi import document
from monitor.web.totals import Totals

_STATIC = Path(__file__).parent / "static"
_FILES = {
    "index.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "map.json": "application/json",
    "icon.svg": "image/svg+xml",
}
_OPEN = ("/healthz", "/readyz")
_HEARTBEAT_S = 15.0
_WRITE_S = 20.0
_VALUES: dict[str, type[Label | Status | Severity]] = {
    "label": Label,
    "status": Status,
    "severity": Severity,
}


def make_app(board: Board, hub: Hub, access: Access, totals: Totals) -> web.Application:
    """Return the server for a board.

    Args:
        board: What is shown; somebody else fills it.
        hub: Gives the live events.
        access: Who may ask.
        totals: The counts that are not on the board.
    """
    server = _Server(board, hub, totals)
    app = web.Application(middlewares=[_guard(access)])
    app.add_routes(
        [
            web.get("/", server.file("index.html"), name="page"),
            *(web.get(f"/static/{name}", server.file(name)) for name in _FILES),
            web.get("/api/alerts", server.alerts),
            web.get("/api/counts", server.counts),
            web.get("/api/stories/{id}", server.story),
            web.get("/api/feeds", server.feeds),
            web.get("/api/state", server.state),
            web.get("/api/places", server.places),
            web.get("/api/events", server.events),
            web.get("/api/openapi.json", server.openapi),
            web.get("/healthz", server.healthz),
            web.get("/readyz", server.readyz),
            web.get("/metrics", server.metrics),
        ]
    )
    return app


class _Server:
    def __init__(self, board: Board, hub: Hub, totals: Totals) -> None:
        self._board = board
        self._hub = hub
        self._totals = totals
        self._registry = new_registry("web")
        self._registry.register(BoardMetrics(board, hub, lambda: datetime.now(UTC)))

    async def alerts(self, request: web.Request) -> web.StreamResponse:
        wanted = {name: request.query[name] for name in view.FILTERS if name in request.query}
        for name, value in wanted.items():
            if name in _VALUES and value not in list(_VALUES[name]):
                expected = ", ".join(_VALUES[name])
                raise _fault(400, f"{name}: expected one of {expected}, got {value[:80]!r}")
        limit = _limit(request, 100, 1000)
        # The position is read first: an alert that comes in between is sent twice, not never.
        position = self._hub.position
        found = view.alerts(self._board, wanted, limit)
        return _json(request, {"position": position, "alerts": found})

    async def counts(self, request: web.Request) -> web.StreamResponse:
        by, limit = request.query.get("by", "place"), _limit(request, 500, 5000)
        now = datetime.now(UTC)
        if by == "place":
            found = view.counts(self._board.rows(now)[:limit])
        elif by in KINDS:
            found = view.totals(rows_of(await self._summed(by), now)[:limit])
        else:
            raise _fault(400, f"by: expected one of place, {', '.join(KINDS)}, got {by[:80]!r}")
        return _json(request, {"as_of": now, "counts": found})

    async def _summed(self, kind: str) -> list[Series]:
        try:
            return await self._totals.of(kind)
        except BrokerError as exc:
            raise _fault(503, str(exc)) from exc

    async def story(self, request: web.Request) -> web.StreamResponse:
        found = view.story(self._board, request.match_info["id"])
        if found is None:
            raise _fault(404, "no story with this id among those that are remembered")
        return _json(request, found)

    async def feeds(self, request: web.Request) -> web.StreamResponse:
        now = datetime.now(UTC)
        return _json(request, {"as_of": now, "feeds": view.feeds(self._board, now)})

    async def state(self, request: web.Request) -> web.StreamResponse:
        return _json(request, view.state(self._board, datetime.now(UTC)))

    async def places(self, request: web.Request) -> web.StreamResponse:
        return _json(request, place_names())

    async def openapi(self, request: web.Request) -> web.StreamResponse:
        return _json(request, document())

    async def healthz(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok\n")

    async def readyz(self, request: web.Request) -> web.StreamResponse:
        why = self._board.trouble or ("" if self._board.loaded else "still reading the topics")
        return web.Response(text=f"{why or 'ok'}\n", status=503 if why else 200)

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        body, content_type = exposition(self._registry, request.headers.get("Accept", ""))
        answer = web.Response(body=body, headers={"Content-Type": content_type})
        answer.enable_compression()
        return answer

    def file(self, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        body = (_STATIC / name).read_bytes()
        tag = hashlib.sha256(body).hexdigest()[:16]
        charset = None if name.endswith("json") else "utf-8"

        async def serve(request: web.Request) -> web.StreamResponse:
            if request.headers.get("If-None-Match") == f'"{tag}"':
                answer = web.Response(status=304)
            else:
                answer = web.Response(body=body, content_type=_FILES[name], charset=charset)
                answer.enable_compression()
            answer.etag = tag
            answer.headers["Cache-Control"] = "no-cache"
            return answer

        return serve

    async def events(self, request: web.Request) -> web.StreamResponse:
        position = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        reader = self._hub.open()
        if reader is None:
            raise _fault(503, "too many open pages")
        answer = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
                **HEADERS,
            }
        )
        try:
            # No await between opening the reader and this: nothing is missed, nothing comes twice.
            reader.put(b"retry: 2000\n\n" + self._hub.after(position))
            await answer.prepare(request)
            while True:
                frames = await reader.take(_HEARTBEAT_S) or b": still here\n\n"
                async with asyncio.timeout(_WRITE_S):
                    await answer.write(frames)
        except (ConnectionError, TimeoutError):
            return answer  # the reader went away, or has not read for a long time
        finally:
            self._hub.close(reader)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _guard(access: Access) -> Any:  # noqa: ANN401 - aiohttp's own private type
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            answer = await _admit(access, request, handler)
        except web.HTTPException as exc:
            answer = _plain_error(request, exc)
        if not answer.prepared:
            answer.headers.update(HEADERS)
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    return guard


async def _admit(access: Access, request: web.Request, handler: Handler) -> web.StreamResponse:
    refusal = access.refuse(
        request.headers, request.cookies.get(COOKIE, ""), open_to_all=request.path in _OPEN
    )
    token = request.query.get("token", "")
    if refusal and refusal.status == 401 and request.path == "/" and access.knows(token):
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(COOKIE, access.cookie, httponly=True, samesite="Strict")
        return answer
    if refusal:
        raise _fault(refusal.status, refusal.why)
    if request.method not in ("GET", "HEAD"):
        raise _fault(405, "only GET and HEAD are answered")
    return await handler(request)


def _plain_error(request: web.Request, exc: web.HTTPException) -> web.StreamResponse:
    if exc.status < 400:
        return exc
    text = exc.text or exc.reason
    if request.path.startswith("/api/"):
        return web.json_response({"error": text}, status=exc.status)
    return web.Response(text=f"{text}\n", status=exc.status)


class _Fault(web.HTTPException):
    def __init__(self, status: int, why: str) -> None:
        self.status_code = status
        super().__init__(text=why)


def _fault(status: int, why: str) -> web.HTTPException:
    return _Fault(status, why)


def _limit(request: web.Request, usual: int, most: int) -> int:
    given = request.query.get("limit", str(usual))
    if not (given.isascii() and given.isdigit() and len(given) < 9 and 1 <= int(given) <= most):
        raise _fault(400, f"limit: expected a number from 1 to {most}, got {given[:80]!r}")
    return int(given)


def _json(request: web.Request, value: Any) -> web.Response:  # noqa: ANN401 - whatever JSON holds
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    answer = web.Response(body=body, content_type="application/json")
    if len(body) > 1000:
        answer.enable_compression()
    return answer
