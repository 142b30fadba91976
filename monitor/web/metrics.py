"""PURE: board -> what the page tells Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.stats.board import Board
from monitor.stats.health import Pulse
from monitor.topics import WORKERS
from monitor.web.hub import Hub

Sample = tuple[tuple[str, ...], float]
"""The label values, in the order of the family's labels, and the value."""


class BoardMetrics(Collector):
    """All that a board and its page know, read anew at each request.

    Args:
        board: What is shown.
        hub: Who looks at it.
        now: The time (UTC).
    """

    def __init__(self, board: Board, hub: Hub, now: Callable[[], datetime]) -> None:
        self._board = board
        self._hub = hub
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Write all families."""
        now, board, hub = self._now(), self._board, self._hub
        pulse = board.pulse
        yield _gauge(
            "newsmon_broker_up",
            "1 while the broker answers",
            [((), float(pulse is not None and not board.trouble))],
        )
        if pulse:
            yield from _flow(pulse)
        yield _gauge(
            "newsmon_feeds",
            "feeds by how they are",
            [((condition,), n) for condition, n in board.feed_conditions(now).items()],
            "condition",
        )
        yield _gauge(
            "newsmon_feed_last_success_timestamp_seconds",
            "when a feed was last polled without fault",
            [((f.feed_id,), f.last_good_at) for f in board.feeds.values() if f.last_good_at],
            "feed",
        )
        yield _gauge(
            "newsmon_mentions",
            "reports in the last 24 hours",
            [((r.label, r.place), r.mentions("24h")) for r in board.rows(now)],
            "label",
            "place",
        )
        yield _gauge("newsmon_web_readers", "open live connections", [((), len(hub.readers))])
        yield _counter(
            "newsmon_web_events",
            "events handed to readers",
            [((name,), n) for name, n in hub.sent.items()],
            "event",
        )
        yield _counter(
            "newsmon_web_slow_readers",
            "times that a slow reader was sent back to the newest state",
            [((), hub.dropped + sum(reader.dropped for reader in hub.readers))],
        )


def _flow(pulse: Pulse) -> Iterator[Metric]:
    yield _counter(
        "newsmon_topic_records",
        "records ever written to a topic",
        [((name,), n) for name, n in pulse.written.items()],
        "topic",
    )
    yield _gauge(
        "newsmon_consumer_lag_records",
        "records that a consumer group has still to do",
        [((WORKERS, name), n) for name, n in pulse.lag.items()],
        "group",
        "topic",
    )
    yield _counter(
        "newsmon_dlq_messages", "records that could not be read", [((), pulse.dead_letters)]
    )


def _gauge(name: str, about: str, samples: Iterable[Sample], *labels: str) -> Metric:
    return _filled(GaugeMetricFamily(name, about, labels=labels), samples)


def _counter(name: str, about: str, samples: Iterable[Sample], *labels: str) -> Metric:
    return _filled(CounterMetricFamily(name, about, labels=labels), samples)


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, samples: Iterable[Sample]
) -> GaugeMetricFamily | CounterMetricFamily:
    for values, value in samples:
        family.add_metric(values, value)
    return family
