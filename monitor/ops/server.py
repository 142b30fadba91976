"""The operators' door of a role: `/metrics`, `/healthz`, `/readyz`, on a port of its own.

It runs in the role's own event loop, so an answer shows that the loop turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge

from monitor.errors import MachineError
from monitor.ops.loopback import asked_for, names_of
from monitor.ops.registry import exposition
from monitor.ops.vital import Vital
from monitor.settings import MetricsSettings

PROBE_S = 4.0
"""Longest wait for a probe, less than health checks usually have."""

Probe = Callable[[], Awaitable[str]]
"""Looks at something outside the process; says what is wrong with it, or nothing."""


async def open_door(
    settings: MetricsSettings, registry: CollectorRegistry, vital: Vital, probe: Probe
) -> web.AppRunner | None:
    """Begin to serve; None where no port is set. The caller ends it with `cleanup`.

    Raises:
        MachineError: The address cannot be had.
    """
    if not settings.port:
        return None
    app = make_app(registry, vital, probe, names_of(settings.host))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    host = settings.host.strip("[]")
    try:
        await web.TCPSite(runner, host, settings.port).start()
    except OSError as exc:
        await runner.cleanup()
        raise MachineError(
            f"metrics: cannot listen on {host}:{settings.port} ({exc.strerror}); "
            "set metrics.port (or --metrics-port) to a free port, or to 0 for none"
        ) from exc
    return runner


@asynccontextmanager
async def door(
    settings: MetricsSettings, registry: CollectorRegistry, vital: Vital, probe: Probe
) -> AsyncIterator[None]:
    """Serve while the block runs; nothing where no port is set.

    Args:
        settings: Address and port.
        registry: What `/metrics` shows.
        vital: What `/healthz` and `/readyz` say.
        probe: What `/readyz` asks besides, at each request.

    Raises:
        MachineError: The address cannot be had.
    """
    runner = await open_door(settings, registry, vital, probe)
    try:
        yield
    finally:
        if runner:
            await runner.cleanup()


def make_app(
    registry: CollectorRegistry, vital: Vital, probe: Probe, names: frozenset[str]
) -> web.Application:
    """Return the server.

    Args:
        registry: What `/metrics` shows; it also gets `newsmon_ready`.
        vital: What `/healthz` and `/readyz` say.
        probe: What `/readyz` asks besides.
        names: Under which it may be asked for; empty = any.
    """
    ready = Gauge(
        "newsmon_ready",
        "1 while the role can do its work, as far as it knows itself without asking the broker",
        registry=registry,
    )
    ready.set_function(lambda: float(not vital.unready()))

    async def metrics(request: web.Request) -> web.StreamResponse:
        _admit(request, names)
        body, content_type = exposition(registry, request.headers.get("Accept", ""))
        answer = web.Response(body=body, headers={"Content-Type": content_type})
        answer.enable_compression()
        return answer

    async def healthz(request: web.Request) -> web.StreamResponse:
        _admit(request, names)
        return _verdict(vital.stuck())

    async def readyz(request: web.Request) -> web.StreamResponse:
        _admit(request, names)
        return _verdict(vital.unready() or await _within(probe))

    app = web.Application()
    app.add_routes(
        [web.get("/metrics", metrics), web.get("/healthz", healthz), web.get("/readyz", readyz)]
    )
    return app


def _admit(request: web.Request, names: frozenset[str]) -> None:
    if names and asked_for(request.headers.get("Host", "")) not in names:
        raise web.HTTPMisdirectedRequest(text="this server is not known by that name\n")


def _verdict(trouble: str) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(
        text=f"{trouble or 'ok'}\n", status=503 if trouble else 200, headers=headers
    )


async def _within(probe: Probe) -> str:
    try:
        async with asyncio.timeout(PROBE_S):
            return await probe()
    except TimeoutError:
        return f"no answer within {PROBE_S:g} s"
