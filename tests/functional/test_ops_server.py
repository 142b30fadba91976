"""The operators' door of a role, asked over HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import Counter
from prometheus_client.parser import text_string_to_metric_families

from monitor.errors import MachineError
from monitor.kafka.alive import BrokerProbe
from monitor.kafka.node import free_port
from monitor.ops import server
from monitor.ops.registry import new_registry
from monitor.ops.server import Probe, door
from monitor.ops.vital import STUCK_S, Vital
from monitor.settings import MetricsSettings


class Clock:
    """Seconds that only grow, when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Outside:
    """Something that the role needs and that may go away."""

    trouble = ""

    async def __call__(self) -> str:
        return self.trouble


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a client."""
    async with aiohttp.ClientSession() as session:
        yield session


def settings() -> MetricsSettings:
    """Return settings with a free port."""
    return MetricsSettings(port=free_port())


async def ask(http: aiohttp.ClientSession, port: int, path: str, **headers: str) -> tuple[int, str]:
    """Get a path of the door."""
    async with http.get(f"http://127.0.0.1:{port}{path}", headers=headers) as answer:
        return answer.status, await answer.text()


async def test_ready_is_what_the_role_and_its_broker_say(http: aiohttp.ClientSession) -> None:
    """What is missing is named; a broker that is away makes no role stuck."""
    vital, outside, where = Vital("no tables yet"), Outside(), settings()
    async with door(where, new_registry("worker"), vital, outside):
        before = await ask(http, where.port, "/readyz")
        vital.has("no tables yet")
        ready = await ask(http, where.port, "/readyz")
        outside.trouble = "no broker"
        away = await ask(http, where.port, "/readyz")
        alive = await ask(http, where.port, "/healthz")

    assert before == (503, "no tables yet\n")
    assert ready == (200, "ok\n")
    assert away == (503, "no broker\n")
    assert alive == (200, "ok\n")


async def test_a_role_that_is_stuck_is_not_healthy(http: aiohttp.ClientSession) -> None:
    """Its main loop stands still for minutes."""
    clock, where = Clock(), settings()
    vital = Vital(clock=clock)
    vital.turned()
    async with door(where, new_registry("poller"), vital, Outside()):
        well = await ask(http, where.port, "/healthz")
        clock.now = STUCK_S + 1
        stuck = await ask(http, where.port, "/healthz")

    assert well[0] == 200
    assert stuck == (503, "the main loop has not come round for 301 s\n")


async def test_a_broker_that_does_not_answer_does_not_hold_up_the_answer(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A health check gives up after seconds, so the door does before it."""
    monkeypatch.setattr(server, "PROBE_S", 0.05)
    where = settings()

    async def silent() -> str:
        await asyncio.sleep(3600)
        return ""

    async with door(where, new_registry("poller"), Vital(), silent):
        assert await ask(http, where.port, "/readyz") == (503, "no answer within 0.05 s\n")


async def test_the_probe_says_that_no_broker_answers() -> None:
    """With the address; and asked at once again it does not look again."""
    address = f"127.0.0.1:{free_port()}"
    probe = BrokerProbe(address)

    assert await probe() == f"no usable broker answers at {address}"
    assert await probe() == f"no usable broker answers at {address}"


async def test_metrics_are_what_the_registry_holds(http: aiohttp.ClientSession) -> None:
    """As text for people, as OpenMetrics for Prometheus; with readiness and the process's own."""
    registry, where = new_registry("poller"), settings()
    Counter("newsmon_things", "things", registry=registry).inc(3)
    async with door(where, registry, Vital("no feeds yet"), Outside()):
        status, text = await ask(http, where.port, "/metrics")
        _, modern = await ask(
            http, where.port, "/metrics", Accept="application/openmetrics-text; version=1.0.0"
        )
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    assert status == 200
    assert found["newsmon_things_total"] == 3
    assert found["newsmon_ready"] == 0
    assert found["process_resident_memory_bytes"] > 1e6
    assert 'newsmon_build_info{role="poller",version=' in text
    assert modern.endswith("# EOF\n")


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
async def test_other_names_are_refused(http: aiohttp.ClientSession, path: str) -> None:
    """A page elsewhere that points its own name at this machine reads nothing."""
    where = settings()
    async with door(where, new_registry("poller"), Vital(), Outside()):
        refused = await ask(http, where.port, path, Host="elsewhere.example")
        local = await ask(http, where.port, path, Host=f"localhost:{where.port}")

    assert refused == (421, "this server is not known by that name\n")
    assert local[0] == 200


async def test_without_a_port_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off by default."""
    opened: list[object] = []
    monkeypatch.setattr(server.web, "TCPSite", lambda *a: opened.append(a))
    async with door(MetricsSettings(), new_registry("poller"), Vital(), Outside()):
        assert not opened


async def test_a_taken_port_is_one_clear_line() -> None:
    """With the setting that changes it."""
    probe: Probe = Outside()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(MachineError, match=rf"cannot listen on 127\.0\.0\.1:{port}") as caught:
            async with door(MetricsSettings(port=port), new_registry("x"), Vital(), probe):
                pass

    assert "metrics.port" in str(caught.value)
