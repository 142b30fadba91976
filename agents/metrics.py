"""What a worker tells operators: what it read, found and told, how quickly, and what is left."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import faust
from faust.sensors import Sensor
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.messages import Alert, Mention, Message
from monitor.ops.vital import Vital
from monitor.topics import TOPICS

_TABLES = "its tables are not recovered yet"
_WORK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
_NEWS_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

Event = TypeVar("Event")

Left = Callable[[], Mapping[tuple[str, int], int]]
"""Counts the records that are left to do, by topic and partition."""


class WorkerMeter:
    """Counts what a worker does.

    Attributes:
        vital: The worker's signs of life.
    """

    def __init__(
        self, registry: CollectorRegistry | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Make the metrics.

        Args:
            registry: Where they are read; None keeps them to itself.
            clock: Unix seconds now.
        """
        registry = registry or CollectorRegistry()
        self.vital = Vital(_TABLES)
        self._registry = registry
        self._clock = clock
        self._work = Histogram(
            "newsmon_worker_processing_seconds",
            "one record from its agent's hand to its acknowledgement",
            ["agent"],
            buckets=_WORK_S,
            registry=registry,
        )
        self._mentions = Counter(
            "newsmon_worker_mentions",
            "mentions that Kafka has acknowledged",
            ["label"],
            registry=registry,
        )
        self._alerts = Counter(
            "newsmon_worker_alerts",
            "alert revisions that Kafka has acknowledged",
            ["reason", "severity"],
            registry=registry,
        )
        self._letters = Counter(
            "newsmon_worker_dead_letters",
            "records that could not be read or sent, by the topic they were on or meant for",
            ["topic"],
            registry=registry,
        )
        self._news = {
            Mention: Histogram(
                "newsmon_worker_fetch_to_mention_seconds",
                "from the end of an article's fetch to its mention on the topic",
                buckets=_NEWS_S,
                registry=registry,
            ),
            Alert: Histogram(
                "newsmon_worker_fetch_to_alert_seconds",
                "from the end of an article's fetch to its alert on the topic",
                buckets=_NEWS_S,
                registry=registry,
            ),
        }
        self.rebalances = Counter(
            "newsmon_worker_rebalances",
            "times that partitions were shared out anew",
            registry=registry,
        )
        self.recovery = Gauge(
            "newsmon_worker_table_recovery_seconds",
            "how long the last sharing out took, tables read again included",
            registry=registry,
        )
        # An alert on a counter that grows needs the zero before its first one.
        for agent in ("detect", "report"):
            self._work.labels(agent)
        for topic in TOPICS:
            self._letters.labels(topic.name)

    def watch(self, app: faust.App, left: Left) -> None:
        """Tell also how ready the worker is and what it has still to do.

        Args:
            app: The Faust app.
            left: Counts the records that are left.
        """
        app.sensors.add(_Rebalances(self))
        self._registry.register(_Lag(left))

    async def timed(self, agent: str, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """Pass events on, and time each until the next one is asked for."""
        async for event in events:
            self.vital.turned(agent)
            with self._work.labels(agent).time():
                yield event
            self.vital.rests(agent)

    def sent(self, message: Message, fetched_at: datetime) -> None:
        """Count a message that the broker has.

        Args:
            message: What was sent; counts and totals are not counted.
            fetched_at: When the article that led to it was fetched.
        """
        if isinstance(message, Mention):
            self._mentions.labels(message.label).inc()
        elif isinstance(message, Alert):
            self._alerts.labels(message.reason, message.severity).inc()
        else:
            return
        self._news[type(message)].observe(max(0.0, self._clock() - fetched_at.timestamp()))

    def buried(self, topic: str) -> None:
        """Count a dead letter."""
        self._letters.labels(topic).inc()

    def away(self) -> None:
        """Note that partitions are shared out, and the tables with them."""
        self.vital.lacks(_TABLES)

    def back(self, seconds: float) -> None:
        """Note that the worker has its partitions and tables again, after so many seconds."""
        self.vital.has(_TABLES)
        self.recovery.set(seconds)
        self.rebalances.inc()


class _Rebalances(Sensor):
    """Hears from Faust when partitions are shared out; recovery of the tables is part of it."""

    def __init__(self, meter: WorkerMeter) -> None:
        super().__init__()
        self._meter = meter

    def on_rebalance_start(self, app: Any) -> dict[str, float]:  # noqa: ANN401 - Faust's own
        """Note that it begins."""
        self._meter.away()
        return {"began": time.monotonic()}

    def on_rebalance_end(self, app: Any, state: dict[str, float]) -> None:  # noqa: ANN401
        """Note that it is over, and the tables are there."""
        self._meter.back(time.monotonic() - state["began"])


class _Lag(Collector):
    def __init__(self, left: Left) -> None:
        self._left = left

    def collect(self) -> Iterable[Metric]:
        """Ask what is left now."""
        lag = GaugeMetricFamily(
            "newsmon_worker_lag_records",
            "records that this worker has still to do",
            labels=["topic", "partition"],
        )
        for (topic, partition), records in self._left().items():
            lag.add_metric([topic, str(partition)], records)
        yield lag
