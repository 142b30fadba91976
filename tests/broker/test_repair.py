"""Tables made anew, on a real broker with a real worker: nothing is told twice or forgotten."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts import load_policy
from monitor.cli import main
from monitor.errors import FormatError
from monitor.kafka.admin import apply_topics
from monitor.kafka.client import Record, open_producer, read_topic, send, send_value
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.gauge import group_lag, group_offsets
from monitor.kafka.rewind import commit, member_count
from monitor.kafka.told import check_ends
from monitor.messages import Alert, Count, Status
from monitor.review.replay import Replay
from monitor.settings import CONFIG_DIR
from monitor.topics import (
    ALERTS,
    ARTICLES,
    CHANGELOGS,
    COUNTS,
    MENTIONS,
    WORKERS,
    Topic,
    partition_of,
)
from tests.broker.desk import START, STORY, until
from tests.samples import article

ARRIVAL = article(
    title="Norwegian troops withdraw from Iceland",
    text="Norway withdrew all its 120 soldiers from Iceland on Monday.",
    outlet="Herald",
    published_at=START + timedelta(minutes=40),
    fetched_at=START + timedelta(minutes=40),
)
"""An article in which the older build found nothing."""

STORIES = next(topic for topic in CHANGELOGS if "stories" in topic.name)


@pytest.fixture
def data_dir(make_settings: Any) -> Iterator[Path]:
    """A broker of an older build: alerts that were told, tables that nobody can read any more."""
    settings = make_settings()
    kafka = EmbeddedKafka(settings)
    asyncio.run(_fill(kafka))
    yield settings.data_dir
    asyncio.run(kafka.stop())


async def _fill(kafka: EmbeddedKafka) -> None:
    bootstrap = await kafka.start()
    await apply_topics(bootstrap)
    replay = Replay(load_policy(CONFIG_DIR / "alerts.toml"))
    done = {(ARTICLES.name, 0): 1}
    async with open_producer(bootstrap) as producer:
        await send(producer, ARTICLES, ARRIVAL, partition=0, timestamp=ARRIVAL.fetched_at)
        for mention in STORY:
            number = partition_of(mention.place)
            _, offset = await send(
                producer, MENTIONS, mention, partition=number, timestamp=mention.seen_at
            )
            done[MENTIONS.name, number] = offset + 1
            replay.take(mention)
        for alert in replay.alerts:
            # An older build told each story in twice as many revisions.
            for revision in (2 * alert.revision - 1, 2 * alert.revision):
                again = alert.model_copy(update={"revision": revision})
                await send(producer, ALERTS, again, timestamp=alert.counts.last_seen)
        await send_value(producer, STORIES, b'"IS"', b'{"stories": []}', partition=0)
    await commit(bootstrap, WORKERS, done)


@contextmanager
def worker(data_dir: Path) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor.cli", "worker", "--data-dir", str(data_dir)],
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def records(bootstrap: str, topic: Topic) -> list[Record]:
    async def read() -> list[Record]:
        return [r async for r in read_topic(bootstrap, topic, from_beginning=True, follow=False)]

    return asyncio.run(read())


def test_tables_that_cannot_be_read_are_made_anew(
    data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker names the command; the command keeps what was told; the next news is told."""
    bootstrap = json.loads((data_dir / "broker.json").read_text())["bootstrap"]
    refused = subprocess.run(
        [sys.executable, "-m", "monitor.cli", "worker", "--data-dir", str(data_dir)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    before = {r.value for r in records(bootstrap, ALERTS)}

    code = main(["reset", "--state", "--yes", "--data-dir", str(data_dir)])

    out = capsys.readouterr().out
    assert refused.returncode == 2
    assert "newsmon reset --state" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert code == 0
    assert f"read again from the first of {len(STORY)} kept" in out
    assert records(bootstrap, STORIES) == []
    offsets = asyncio.run(group_offsets(bootstrap, WORKERS))
    assert offsets[ARTICLES.name, 0] == 1
    assert {offsets[MENTIONS.name, partition_of(m.place)] for m in STORY} == {0}

    with worker(data_dir):
        until(lambda: asyncio.run(member_count(bootstrap, WORKERS)))
        monkeypatch.setattr("monitor.cli.reset._PATIENCE_S", 0.0)
        assert main(["reset", "--state", "--yes", "--data-dir", str(data_dir)]) == 1
        assert "1 worker runs" in capsys.readouterr().err
        until(lambda: not sum(asyncio.run(group_lag(bootstrap, WORKERS, [MENTIONS])).values()))
        assert {r.value for r in records(bootstrap, ALERTS)} == before
        assert _replay(capsys, data_dir, "--dry-run") == "2 added, 0 gone, 0 changed, 0 same"
        assert _replay(capsys, data_dir) == "2 added, 0 gone, 0 changed, 0 same"
        assert _replay(capsys, data_dir) == "0 added, 0 gone, 0 changed, 2 same"
        news = until(lambda: [r for r in records(bootstrap, ALERTS) if r.value not in before])
        until(lambda: not sum(asyncio.run(group_lag(bootstrap, WORKERS, [MENTIONS])).values()))

    old = [Alert.decode(value) for value in before]
    alert = Alert.decode(news[0].value)
    assert alert.status == Status.ENDED
    assert alert.revision == 1 + max(a.revision for a in old if a.id == alert.id)
    counts = {c.key: c for c in (Count.decode(r.value) for r in records(bootstrap, COUNTS))}
    assert counts["deployment:IS"].windows["24h"].mentions == 3 + 2
    assert len(records(bootstrap, MENTIONS)) == len(STORY) + 2


def _replay(capsys: pytest.CaptureFixture[str], data_dir: Path, *words: str) -> str:
    assert main(["replay", "--since", "3h", *words, "--data-dir", str(data_dir)]) == 0
    out, err = capsys.readouterr()
    summary = next(line for line in err.splitlines() if "same" in line).partition(": ")[2]
    assert out.count("+ added") == int(summary[0])
    return summary


async def test_a_damaged_segment_costs_its_end_and_is_named(make_settings: Any) -> None:
    """After a power cut: half a record at the end, zeros in the middle; what is before is there."""
    settings = make_settings()
    kafka = EmbeddedKafka(settings)
    bootstrap = await kafka.start()
    await apply_topics(bootstrap)
    async with open_producer(bootstrap) as producer:
        for number in (0, 1):
            for n in range(20):
                await send_value(producer, MENTIONS, None, b"value %d" % n, partition=number)
    await commit(bootstrap, WORKERS, {(MENTIONS.name, number): 20 for number in (0, 1)})
    await check_ends(bootstrap)
    await kafka.stop()
    half, zeros = (segment(settings.data_dir, number) for number in (0, 1))
    half.write_bytes(half.read_bytes()[:-10])
    whole = zeros.read_bytes()
    zeros.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    (settings.data_dir / "kafka" / "data" / ".kafka_cleanshutdown").unlink()

    bootstrap = await kafka.start()
    try:
        left = [r async for r in read_topic(bootstrap, MENTIONS, from_beginning=True, follow=False)]
        with pytest.raises(FormatError, match=r"the last 11 records .*partitions 0, 1.*reset"):
            await check_ends(bootstrap)
    finally:
        await kafka.stop()

    by_partition = [[r.value for r in left if r.partition == number] for number in (0, 1)]
    assert by_partition == [[b"value %d" % n for n in range(count)] for count in (19, 10)]


def segment(data_dir: Path, number: int) -> Path:
    return next((data_dir / "kafka" / "data" / f"{MENTIONS.name}-{number}").glob("*.log"))
