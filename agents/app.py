"""THE wiring: which agent reads which topic, which tables it keeps.

    newsmon.articles --Detect--> newsmon.mentions --Alerting--> newsmon.alerts
                                                  --Counting--> newsmon.counts

Alerting and counting take each mention in turn within one stream: the counts need the story that
the alert found, and one acknowledgement covers both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faust
from faust.types import StreamT

from agents.alert import Alerting
from agents.count import Counting
from agents.detect import Detect, FindMentions
from agents.faust_guards import acknowledged, app_options, quiesce_after_rebalance
from agents.outbox import Outbox, raw_topic
from agents.seen import SeenMentions
from monitor.alerts import Policy
from monitor.errors import MessageError
from monitor.messages import Mention
from monitor.topics import ARTICLES, MENTIONS, PARTITIONS, TABLES, WORKERS


def create_app(
    bootstrap: str,
    find_mentions: FindMentions,
    policy: Policy,
    *,
    data_dir: Path,
    replication: int = 1,
    instance: str | None = None,
) -> faust.App:
    """Wire the agents.

    Args:
        bootstrap: `host:port`, several with commas between.
        find_mentions: The detector: article in, mentions out, always the same ones.
        policy: When a story becomes an alert.
        data_dir: Where Faust may write; it exists.
        replication: Replicas of the table topics.
        instance: Name of this worker for static membership: one that comes back within the session
            timeout finds its partitions again without a rebalance. None where names could clash.
    """
    app = faust.App(
        WORKERS,
        broker=[f"kafka://{server}" for server in bootstrap.split(",")],
        store="memory://",
        datadir=str(data_dir),
        # Faust would start its tables before the topics that it has just made are known
        # everywhere, and crash: monitor.topics declares them, `apply_topics` makes them.
        topic_allow_declare=False,
        topic_partitions=PARTITIONS,
        topic_replication_factor=replication,
        broker_commit_interval=1.0,
        broker_max_poll_records=500,
        stream_buffer_maxsize=500,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=20.0,
        consumer_group_instance_id=instance,
        web_enabled=False,
        **app_options(),
    )
    quiesce_after_rebalance(app)
    outbox = Outbox(app)
    stories, counts, seen_ids = (_table(app, name) for name in TABLES)
    alerting = Alerting(stories, policy, outbox)
    counting = Counting(counts, policy, outbox)
    seen = SeenMentions(seen_ids)

    async def report(stream: StreamT[Any]) -> None:
        """File, alert and count each mention once; what cannot be read is a dead letter."""
        async for event in acknowledged(stream):
            record = event.message
            try:
                mention = Mention.decode(record.value)
            except MessageError as exc:
                await outbox.dead_letter(record, str(exc))
                continue
            if mention.id in seen:
                continue
            story_id = await alerting.take(mention, record.offset)
            await counting.take(
                mention, story_id, record.partition, record.offset, alerting.tell_burst
            )
            # Last: until here a crash leads to the same mention again, and to the same result.
            await seen.add(mention.id, mention.seen_at, record.partition)

    app.agent(raw_topic(app, ARTICLES), name="detect")(Detect(find_mentions, outbox).__call__)
    app.agent(raw_topic(app, MENTIONS), name="report")(report)
    return app


def _table(app: faust.App, name: str) -> Any:  # noqa: ANN401 - Faust's own
    return app.Table(name, partitions=PARTITIONS, default=None, key_type=str, value_type=None)
