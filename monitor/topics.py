"""THE topics: what flows where, in the order of the flow.

Embedded broker, compose and cluster all create their topics from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from monitor.messages import Alert, Article, Count, DeadLetter, Mention, Message, Total

PARTITIONS = 6
"""Upper bound of workers that can share the load; tables are tied to it for ever."""

MAX_MESSAGE_BYTES = 900_000
"""Largest value that newsmon writes; Kafka's own limit is 1 MiB with headers and framing."""

MAX_AHEAD = timedelta(minutes=50)
"""Kafka refuses a record whose time lies more than an hour ahead of the broker's clock."""

_MIB = 1 << 20


@dataclass(frozen=True)
class Topic:
    """One topic of the flow.

    Attributes:
        name: The Kafka topic.
        model: Class of its values; None where the value is internal to one role.
        key: What the record key is, in words.
        writer: The roles that write it, with commas between.
        readers: The roles that read it.
        retention: How long a record stays; None keeps the newest of each key for ever.
        compact: Whether Kafka keeps only the newest record of each key.
        partitions: Number of partitions.
    """

    name: str
    model: type[Message] | None
    key: str
    writer: str
    readers: tuple[str, ...]
    retention: timedelta | None
    compact: bool = False
    partitions: int = PARTITIONS

    def config(self, replication: int = 1) -> dict[str, str]:
        """Return the topic's settings as Kafka names them.

        Args:
            replication: How many copies of it there are.
        """
        policy = ["compact"] if self.compact else []
        config = {
            "compression.type": "producer",
            # A pubDate never decides what is kept: producers stamp records with the fetch time.
            "message.timestamp.type": "CreateTime",
            # The cleaner's small offset map must hold the keys of one segment.
            "segment.bytes": str(16 * _MIB if self.compact else 64 * _MIB),
        }
        if self.retention:
            policy.append("delete")
            config["retention.ms"] = str(int(self.retention.total_seconds() * 1000))
        if self.compact:
            config["min.cleanable.dirty.ratio"] = "0.3"
        config["cleanup.policy"] = ",".join(policy)
        if replication >= 3:
            config["min.insync.replicas"] = str(min_in_sync(replication))
        return config


_WEEK, _MONTH = timedelta(days=7), timedelta(days=30)
_SUBSCRIBERS = ("subscribers", "slack", "web", "terminal")

# fmt: off
ARTICLES = Topic("newsmon.articles", Article, "article id", "poller", ("detect",), _WEEK)
MENTIONS = Topic("newsmon.mentions", Mention, "label:place", "detect", ("alert", "count"), _WEEK)
ALERTS = Topic("newsmon.alerts", Alert, "alert id", "alert", (*_SUBSCRIBERS, "worker"), _MONTH, compact=True)
COUNTS = Topic("newsmon.counts", Count, "label:place", "count", ("terminal", "web"), None, compact=True)
TOTALS = Topic("newsmon.totals", Total, "label or actor, #, partition", "count", ("terminal", "web"), None, compact=True)
FEED_STATE = Topic("newsmon.feed-state", None, "feed id", "poller", ("poller", "terminal"), None, compact=True)
SLACK_DELIVERIES = Topic("newsmon.slack-deliveries", None, "channel:story", "slack", ("slack",), _MONTH, compact=True)
DEAD_LETTERS = Topic("newsmon.dead-letters", DeadLetter, "none", "worker, slack", ("operators",), _MONTH, partitions=1)
# fmt: on

WORKERS = "newsmon"
"""Consumer group of the workers."""

POLLERS, SLACK = "newsmon-pollers", "newsmon-slack"
"""Consumer groups of the pollers and of the Slack consumer."""

TOLD = f"{WORKERS}-told"
"""A group without members, whose offsets say what was told before the tables were made anew."""

TABLES = ("stories", "counts", "seen")
"""The tables that the workers keep: stories by place; windows by `label:place`, by label
and by actor; mention ids."""

CHANGELOGS = tuple(
    Topic(
        f"{WORKERS}-{table}-changelog", None, "table key", "worker", ("worker",), None, compact=True
    )
    for table in TABLES
)

TOPICS: tuple[Topic, ...] = (
    ARTICLES,
    MENTIONS,
    ALERTS,
    COUNTS,
    TOTALS,
    FEED_STATE,
    SLACK_DELIVERIES,
    DEAD_LETTERS,
    *CHANGELOGS,
)
"""All of them; the last ones hold the workers' tables."""


def min_in_sync(replication: int) -> int:
    """Return Kafka's `min.insync.replicas`: how many copies a write waits for at least.

    Of three copies one may be missing: the loss of a broker stops nothing, and what was
    acknowledged survives the loss of a second one.
    """
    return replication // 2 + 1 if replication >= 3 else 1


def record_time(at: datetime, now: datetime) -> datetime:
    """Return the time that a record bears: the fetch time, unless Kafka would refuse that.

    A machine whose clock was ahead and is put back leaves articles of the future behind, and what
    is made of them must not wait until their time has come.
    """
    return at if at <= now + MAX_AHEAD else now


def partition_of(text: str, partitions: int = PARTITIONS) -> int:
    """Choose a partition by CRC-32 of a text.

    Mentions are placed by *place* alone, so that the claims and the denials of one place meet in
    one worker; feed states by registrable domain, so that one poller serves a whole host.
    """
    return crc32(text.encode("utf-8", "surrogatepass")) % partitions
