"""THE wiring: which agent reads which topic, which tables it keeps.

    newsmon.articles --Detect--> newsmon.mentions --Alerting--> newsmon.alerts
                                                  --Counting--> newsmon.counts

Alerting and counting take each mention in turn within one stream: the counts need the story that
the alert found, and one acknowledgement covers both.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import faust
from faust.types import StreamT
from faust.types.auth import CredentialsT

from agents.alert import Alerting
from agents.count import Counting
from agents.detect import Detect, FindMentions
from agents.faust_guards import acknowledged, app_options, positions, quiesce_after_rebalance
from agents.formats import refuse_unreadable
from agents.metrics import WorkerMeter
from agents.outbox import Outbox, raw_topic
from agents.seen import SeenMentions
from monitor.alerts import Policy
from monitor.errors import MessageError
from monitor.kafka.connect import METADATA_MAX_AGE_MS
from monitor.kafka.security import Access, access_of
from monitor.kafka.told import Told
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
    told: Told | None = None,
    meter: WorkerMeter | None = None,
) -> faust.App:
    """Wire the agents.

    Args:
        bootstrap: `host:port`, several with commas between; a `Cluster` brings the way in.
        find_mentions: The detector: article in, mentions out, always the same ones.
        policy: When a story becomes an alert.
        data_dir: Where Faust may write; it exists.
        replication: Replicas of the table topics.
        instance: Name of this worker for static membership: one that comes back within the session
            timeout finds its partitions again without a rebalance. None where names could clash.
        told: What subscribers know where the tables are made anew.
        meter: Counts what is done; None counts for nobody.
    """
    app = faust.App(
        WORKERS,
        broker=[f"kafka://{server}" for server in bootstrap.split(",")],
        broker_credentials=_credentials(access_of(bootstrap)),
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
        broker_rebalance_timeout=20.0,
        # A broker that falls silent: its successor is known after 5 s (see monitor.kafka.connect),
        # and a group's coordinator is given up a little after the longest rebalance.
        broker_request_timeout=30.0,
        consumer_metadata_max_age_ms=METADATA_MAX_AGE_MS,
        producer_metadata_max_age_ms=METADATA_MAX_AGE_MS,
        consumer_group_instance_id=instance,
        web_enabled=False,
        **app_options(),
    )
    quiesce_after_rebalance(app)
    meter = meter or WorkerMeter()
    meter.watch(app, partial(_left, app))
    outbox = Outbox(app, meter)
    stories, counts, seen_ids = (_table(app, name) for name in TABLES)
    alerting = Alerting(stories, policy, outbox, told)
    counting = Counting(counts, policy, outbox)
    seen = SeenMentions(seen_ids)

    async def report(stream: StreamT[Any]) -> None:
        """File, alert and count each mention once; what cannot be read is a dead letter."""
        async for event in meter.timed("report", acknowledged(stream)):
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

    detect = Detect(find_mentions, outbox, meter)
    app.agent(raw_topic(app, ARTICLES), name="detect")(detect.__call__)
    app.agent(raw_topic(app, MENTIONS), name="report")(report)
    return app


def _credentials(access: Access) -> CredentialsT | None:
    """Say in Faust's words how to connect; it derives the protocol from what is there."""
    if access.mechanism:
        return faust.SASLCredentials(
            mechanism=access.mechanism,
            username=access.user,
            password=access.password.reveal(),
            ssl_context=access.tls,
        )
    return faust.SSLCredentials(access.tls) if access.tls else None


def _left(app: faust.App) -> dict[tuple[str, int], int]:
    """Count what is left of each partition that is ours; nothing before the worker has any."""
    if app.rebalancing or not app.consumer.started:
        return {}
    ours = app.consumer.assignment()
    next_up = {tp: offset for tp, offset in positions().items() if tp in ours}
    ends = {tp: app.consumer.highwater(tp) for tp in next_up}
    return {tp: max(0, end - next_up[tp]) for tp, end in ends.items() if end is not None}


def _table(app: faust.App, name: str) -> Any:  # noqa: ANN401 - Faust's own
    table = app.Table(name, partitions=PARTITIONS, default=None, key_type=str, value_type=None)

    async def look() -> None:
        refuse_unreadable(name, table)

    table.on_recover(look)
    return table
