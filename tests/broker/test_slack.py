"""The Slack consumer on a real broker, against the strict stand-in for Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from monitor.kafka.admin import apply_topics
from monitor.kafka.client import open_producer, read_topic, send, send_value
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.gauge import group_lag
from monitor.messages import Alert, DeadLetter
from monitor.slack.client import Bot, Secret, open_http
from monitor.slack.consumer import Consumer
from monitor.slack.peer import SlackPeer
from monitor.slack.rules import SlackRules
from monitor.slack.samples import sample_alert
from monitor.topics import ALERTS, DEAD_LETTERS
from tests.chaos.deliveries import tells
from tests.chaos.slack_alone import Plan, run

TOKEN = "xoxb-test"


@asynccontextmanager
async def slack(
    bootstrap: str, peer: SlackPeer, group: str, **rules: object
) -> AsyncIterator[Consumer]:
    """Run a consumer in this process."""
    stop = asyncio.Event()
    quick = {"messages_per_second": 500, "settle_seconds": 0.02, "timeout": 2}
    async with open_http(2) as http:
        bot = Bot(http, peer.api_url, Secret(TOKEN))
        made = SlackRules.model_validate({**quick, **rules})
        consumer = Consumer(bot, made, "C0ALERTS01", group=group)
        running = asyncio.create_task(consumer.run(bootstrap, stop))
        try:
            yield consumer
        finally:
            stop.set()
            await asyncio.wait_for(running, 20)


async def put(bootstrap: str, *alerts: Alert, age: timedelta = timedelta()) -> None:
    async with open_producer(bootstrap, [ALERTS]) as producer:
        for alert in alerts:
            await send(producer, ALERTS, alert, timestamp=datetime.now(UTC) - age)


async def lag(bootstrap: str, group: str) -> int:
    return sum((await group_lag(bootstrap, group, [ALERTS])).values())


async def drained(bootstrap: str, group: str, down_to: int = 0) -> None:
    async with asyncio.timeout(30):
        while await lag(bootstrap, group) > down_to:  # noqa: ASYNC110 - asks a broker
            await asyncio.sleep(0.2)


@asynccontextmanager
async def stand_in() -> AsyncIterator[SlackPeer]:
    peer = SlackPeer(TOKEN, rate=500, burst=500)
    await peer.start()
    try:
        yield peer
    finally:
        await peer.stop()


def told_by(peer: SlackPeer) -> list[tuple[str, int]]:
    return [pair for payload in peer.accepted for pair in tells(payload)]


def some(count: int, **changes: object) -> list[Alert]:
    prefix, now = uuid4().hex[:8], datetime.now(UTC)
    return [sample_alert(now, id=f"{prefix}-{n}", **changes) for n in range(count)]


async def test_what_is_held_back_is_neither_committed_nor_lost(broker: str):
    """A stopped consumer leaves muted alerts to the next one, which does not repeat the others."""
    now = datetime.now(UTC)
    muted = {"mutes": [{"name": "m", "label": "drill", "until": now + timedelta(hours=1)}]}
    drills, others = some(2, label="drill"), some(3)
    await put(broker, *drills, *others)
    async with stand_in() as peer:
        async with slack(broker, peer, "held", **muted):
            async with asyncio.timeout(30):
                while not {(a.id, 1) for a in others} <= set(told_by(peer)):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)
            assert not {alert.id for alert in drills} & {story for story, _ in told_by(peer)}
        assert await lag(broker, "held") >= 1
        async with slack(broker, peer, "held"):
            await drained(broker, "held")

    mine = {alert.id for alert in (*drills, *others)}
    assert sorted(pair for pair in told_by(peer) if pair[0] in mine) == sorted((i, 1) for i in mine)


async def test_the_first_start_does_not_tell_history(fresh_broker: EmbeddedKafka):
    """Alerts from before the last 24 hours are skipped, but only where nothing was ever told."""
    bootstrap = await fresh_broker.start()
    await apply_topics(bootstrap)
    old, new = some(3), some(1)
    await put(bootstrap, *old, age=timedelta(hours=30))
    await put(bootstrap, *new)
    async with stand_in() as peer:
        async with slack(bootstrap, peer, "first") as consumer:
            await drained(bootstrap, "first")
        assert len(peer.messages) == 1
        assert consumer.tally.skipped == 3

        late = some(1)
        await put(bootstrap, *late, age=timedelta(hours=30))
        async with slack(bootstrap, peer, "first"):
            await drained(bootstrap, "first")
        assert len(peer.messages) == 2


async def test_a_record_that_is_no_alert_is_a_dead_letter(broker: str):
    """It is kept, and the next alert is told."""
    async with open_producer(broker, [ALERTS]) as producer:
        await send_value(producer, ALERTS, "x", b"\xff no alert")
    next_one = some(1)
    await put(broker, *next_one)
    async with stand_in() as peer:
        async with slack(broker, peer, "bad"):
            await drained(broker, "bad")
        assert (next_one[0].id, 1) in told_by(peer)

    records = read_topic(broker, DEAD_LETTERS, from_beginning=True, follow=False)
    letters = [DeadLetter.decode(record.value) async for record in records]
    assert ALERTS.name in {letter.topic for letter in letters}


async def test_two_members_share_the_alerts_and_repeat_none(broker: str):
    """A second one joins and a first one leaves in the midst of it."""
    alerts = some(120)
    await put(broker, *alerts)
    slow = {"messages_per_second": 40, "fold": {"over": 1000}}
    async with stand_in() as peer, slack(broker, peer, "shared", **slow):
        async with slack(broker, peer, "shared", **slow):
            await asyncio.sleep(3)
        await drained(broker, "shared")

    mine = {alert.id for alert in alerts}
    assert sorted(pair for pair in told_by(peer) if pair[0] in mine) == sorted((i, 1) for i in mine)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alerts", "changes"), [(80, {}), (60, {"fold": True}), (60, {"webhook": True})], ids=str
)
async def test_nothing_is_lost_when_it_is_killed_while_slack_fails(
    broker: str, tmp_path: Path, alerts: int, changes: dict[str, bool]
):
    """The short form of `tests.chaos.slack_alone`: three kills, a fifth of the calls fail."""
    plan = replace(Plan(alerts=alerts, kills=3, seed=3, patience_s=120), **changes)

    outcome = await run(plan, broker, tmp_path)

    found = outcome.deliveries
    assert found.ok, asdict(found)
    assert outcome.kills == 3
    assert plan.webhook or found.repeats <= found.marked <= 3
