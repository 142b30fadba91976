"""What a poller tells operators: polls, articles, and how its feeds are."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.feeds.condition import CONDITIONS, health_of
from monitor.feeds.state import FeedState
from monitor.feeds.step import Step
from monitor.ops.vital import Vital

_POLL_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_TELLING = frozenset({"http_403", "http_404", "http_410", "http_429"})
"""Answers that ask something of an operator; all others are told by their hundreds."""


class PollMeter:
    """Counts what a poller does.

    Attributes:
        vital: The poller's signs of life.
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
        self.vital = Vital()
        self._registry = registry
        self._clock = clock
        self._polls = Counter(
            "newsmon_poll_polls", "polls by how they ended", ["outcome"], registry=registry
        )
        self._seconds = Histogram(
            "newsmon_poll_duration_seconds",
            "one poll: turn at the host, fetch, parse, choose",
            buckets=_POLL_S,
            registry=registry,
        )
        self._articles = Counter(
            "newsmon_poll_articles",
            "articles that Kafka has acknowledged: new ones, and changed ones told again",
            ["kind"],
            registry=registry,
        )
        self._gaps = Counter(
            "newsmon_poll_gaps",
            "polls that shared no item with the one before: items may have been missed",
            registry=registry,
        )
        # An alert on a counter that grows needs the zero before its first one.
        for kind in ("new", "revised"):
            self._articles.labels(kind)
        self._polls.labels("publish_failed")

    def watch(self, states: Mapping[str, FeedState]) -> None:
        """Tell how these feeds are, whenever the metrics are read."""
        self._registry.register(_Feeds(states, self._clock))

    def polling(self) -> AbstractContextManager[Any]:
        """Time one poll."""
        return self._seconds.time()

    def ended(self, step: Step) -> None:
        """Count a poll whose articles and state are written, or have failed to be."""
        self._polls.labels(outcome_label(step.word)).inc()
        self._gaps.inc("gap" in step.events)
        revised = sum(article.revision > 1 for article in step.articles)
        self._articles.labels("revised").inc(revised)
        self._articles.labels("new").inc(len(step.articles) - revised)


def outcome_label(word: str) -> str:
    """Return an outcome as a label value: a server cannot make more of them than we know."""
    if not word.startswith("http_") or word in _TELLING:
        return word
    return f"{word[:6]}xx"


class _Feeds(Collector):
    def __init__(self, states: Mapping[str, FeedState], clock: Callable[[], float]) -> None:
        self._states = states
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """Look at the feeds as they are now."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        healths = [health_of(state) for state in self._states.values()]
        found = Tally(health.condition(now) for health in healths)
        feeds = GaugeMetricFamily(
            "newsmon_poll_feeds", "feeds of this poller by how they are", labels=["condition"]
        )
        for condition in CONDITIONS:
            feeds.add_metric([condition], found[condition])
        good = GaugeMetricFamily(
            "newsmon_poll_feed_last_success_timestamp_seconds",
            "when a feed of this poller was last polled without fault",
            labels=["feed"],
        )
        for health in healths:
            if health.last_good_at:
                good.add_metric([health.feed_id], health.last_good_at)
        return [feeds, good]
