"""What the Slack consumer tells operators: calls by how they went, what waits, what was told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.ops.vital import Vital
from monitor.slack.answers import Outcome
from monitor.slack.blocks import Message
from monitor.slack.client import Slack
from monitor.slack.journal import Intent
from monitor.slack.tally import Tally

_CALL_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class SlackMeter:
    """Counts what the consumer does.

    Attributes:
        vital: The consumer's signs of life.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Make the metrics; without a registry they are read by nobody."""
        registry = registry or CollectorRegistry()
        self.vital = Vital()
        self._registry = registry
        self._calls = Counter(
            "newsmon_slack_calls", "calls of Slack by how they went", ["call", "outcome"],
            registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "newsmon_slack_call_seconds", "one call of Slack, until its answer", ["call"],
            buckets=_CALL_S, registry=registry,
        )  # fmt: skip
        self._limited = Counter(
            "newsmon_slack_rate_limited", "calls that Slack refused for their rate",
            registry=registry,
        )  # fmt: skip
        self._asked_s = Counter(
            "newsmon_slack_rate_limit_wait_seconds", "how long Slack asked to wait, in all",
            registry=registry,
        )  # fmt: skip

    def watch(self, tally: Tally, waiting: Callable[[], int], stopped: Callable[[], int]) -> None:
        """Tell also these, whenever the metrics are read.

        Args:
            tally: What was done.
            waiting: Counts the alerts that wait.
            stopped: Counts the channels that cannot be reached until somebody acts.
        """
        self._registry.register(_Standing(tally, waiting, stopped))

    def metered(self, slack: Slack) -> Slack:
        """Return the same way to Slack, counted."""
        return _Metered(slack, self)

    async def called(self, call: str, outcome: Awaitable[Outcome]) -> Outcome:
        """Wait for a call's outcome and count it."""
        with self._seconds.labels(call).time():
            found = await outcome
        self._calls.labels(call, found.kind).inc()
        if found.error == "ratelimited":
            self._limited.inc()
            self._asked_s.inc(found.after_s)
        return found


class _Metered:
    def __init__(self, slack: Slack, meter: SlackMeter) -> None:
        self.edits = slack.edits
        self._slack = slack
        self._meter = meter

    async def post(self, channel: str, message: Message, thread: str = "") -> Outcome:
        return await self._meter.called("post", self._slack.post(channel, message, thread))

    async def edit(self, channel_id: str, ts: str, message: Message) -> Outcome:
        return await self._meter.called("edit", self._slack.edit(channel_id, ts, message))

    async def find(self, channel_id: str, intent: Intent) -> Outcome:
        return await self._meter.called("find", self._slack.find(channel_id, intent))


class _Standing(Collector):
    def __init__(
        self, tally: Tally, waiting: Callable[[], int], stopped: Callable[[], int]
    ) -> None:
        self._tally = tally
        self._waiting = waiting
        self._stopped = stopped

    def collect(self) -> Iterable[Metric]:
        """Look at the consumer as it is now."""
        revisions = CounterMetricFamily(
            "newsmon_slack_revisions", "alert revisions by what became of them", labels=["outcome"]
        )
        for outcome in ("told", "skipped", "dead"):
            revisions.add_metric([outcome], getattr(self._tally, outcome))
        yield revisions
        yield CounterMetricFamily(
            "newsmon_slack_maybe_repeats",
            "messages sent again without knowing whether the first one had arrived",
            value=self._tally.maybe_repeats,
        )
        yield CounterMetricFamily(
            "newsmon_slack_maybe_lost",
            "messages not sent again in that case, because the rules say so",
            value=self._tally.maybe_lost,
        )
        yield GaugeMetricFamily(
            "newsmon_slack_waiting_alerts", "alert revisions to be told", value=self._waiting()
        )
        yield GaugeMetricFamily(
            "newsmon_slack_stopped_channels",
            "channels that cannot be reached until somebody acts",
            value=self._stopped(),
        )
