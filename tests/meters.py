"""The real registry of every role, each after a little of everything it counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import faust
from prometheus_client import CollectorRegistry

from agents.metrics import WorkerMeter
from monitor.feeds.metrics import PollMeter
from monitor.feeds.state import FeedState
from monitor.feeds.step import Step
from monitor.ops.registry import new_registry
from monitor.ops.server import make_app
from monitor.ops.vital import Vital
from monitor.slack.answers import Outcome
from monitor.slack.metrics import SlackMeter
from monitor.slack.tally import Tally
from monitor.supervisor.metrics import RoleMetrics
from monitor.supervisor.state import RoleState, UpState
from monitor.web.hub import Hub
from monitor.web.metrics import BoardMetrics
from tests.boards import NOW, alert, board
from tests.samples import article, mention

UP = UpState(
    pid=1,
    bootstrap_servers="127.0.0.1:9092",
    started_at=datetime(2026, 3, 2, tzinfo=UTC),
    roles=(
        RoleState(name="poller", pid=2, state="running"),
        RoleState(name="worker-0", pid=None, state="waiting", restarts=3),
    ),
)


def registries() -> dict[str, CollectorRegistry]:
    """Return the registry of each role, by the role's name."""
    return {"poller": _poller(), "worker": _worker(), "slack": _slack(), "web": _web(), "up": _up()}


async def _nothing() -> str:
    return ""


def _door(registry: CollectorRegistry, vital: Vital) -> CollectorRegistry:
    make_app(registry, vital, _nothing, frozenset())
    return registry


def _poller() -> CollectorRegistry:
    registry = new_registry("poller")
    meter = PollMeter(registry, clock=lambda: NOW.timestamp())
    state = FeedState("gazette", "https://gazette.example/feed")
    state.last_poll_at = state.last_200_at = int(NOW.timestamp()) - 60
    meter.watch({"gazette": state})
    with meter.polling():
        pass
    articles = (article(), article(revision=2))
    meter.ended(Step(state, "gap", articles=articles, events=("gap",)))
    meter.ended(Step(state, "http_599"))
    return _door(registry, meter.vital)


def _worker() -> CollectorRegistry:
    registry = new_registry("worker")
    meter = WorkerMeter(registry, clock=lambda: NOW.timestamp() + 2)
    meter.watch(faust.App("metered", broker="kafka://"), lambda: {("newsmon.articles", 3): 7})
    meter.sent(mention(), NOW)
    meter.sent(alert(), NOW)
    meter.buried("newsmon.articles")
    meter.back(1.5)
    return _door(registry, meter.vital)


def _slack() -> CollectorRegistry:
    registry = new_registry("slack")
    meter = SlackMeter(registry)
    meter.watch(Tally(told=4, dead=1), lambda: 5, lambda: 1)

    async def answer(outcome: Outcome) -> Outcome:
        return outcome

    async def call() -> None:
        await meter.called("post", answer(Outcome("sent")))
        await meter.called("post", answer(Outcome("unsure", after_s=30, error="ratelimited")))

    asyncio.run(call())
    return _door(registry, meter.vital)


def _web() -> CollectorRegistry:
    registry = new_registry("web")
    hub = Hub()
    hub.open()
    hub.tell("counts", b"{}")
    registry.register(BoardMetrics(board(), hub, lambda: NOW))
    return registry


def _up() -> CollectorRegistry:
    registry = new_registry("up")
    registry.register(RoleMetrics(lambda: UP))
    return _door(registry, Vital())


async def events(*values: str) -> AsyncIterator[str]:
    """Yield the values, as a stream gives an agent its events."""
    for value in values:
        yield value
