"""A broker and a worker that have read an invented story: what analysts and subscribers ask."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.kafka.admin import apply_topics
from monitor.kafka.client import open_producer, send, send_value
from monitor.kafka.embedded import EmbeddedKafka
from monitor.messages import Label, Mention, Status, make_id
from monitor.settings import Settings
from monitor.topics import MENTIONS, partition_of
from tests.samples import mention

START = datetime.now(UTC) - timedelta(hours=2)
"""Not a fixed time: commands speak of the last 24 hours."""

Ask = Callable[..., list[dict[str, Any]]]
"""Runs a command with `--json` in this process and reads what it prints."""

BAD = b'{"id": "a mention of another planet"}'


def told(minute: int, outlet: str, sentence: str, **changes: Any) -> Mention:
    """Return a report of its own article, fetched `minute` minutes after START."""
    when = START + timedelta(minutes=minute)
    return mention(
        article_id=make_id("article", sentence, outlet),
        outlet=outlet,
        sentence=sentence,
        url=f"https://{outlet.lower()}.example/{minute}",
        seen_at=when,
        published_at=when,
        **changes,
    )


STORY = (
    told(0, "Gazette", "Norway will send 120 soldiers to Iceland.", status=Status.PLANNED),
    told(5, "Courier", "Norway is to send soldiers to Iceland soon.", status=Status.PLANNED),
    told(
        9, "Lantern", "Norway has sent no soldiers to Iceland, a minister said.",
        label=Label.DENIAL, speaker="a minister", claim="sent soldiers to Iceland",
    ),
    told(20, "Gazette", "Norway's 120 soldiers have landed in Iceland."),
    told(
        30, "Courier", "Canada will hold a drill in Ireland.",
        label=Label.DRILL, status=Status.PLANNED, actors=("CA",), places=("IE",),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """Where the monitor is: its data directory and its broker."""

    data_dir: Path
    bootstrap: str


@contextmanager
def opened(settings: Settings) -> Iterator[Desk]:
    """Run a broker and a worker, publish `BAD` and the story."""
    embedded = EmbeddedKafka(settings)

    async def begin() -> str:
        bootstrap = await embedded.start()
        await apply_topics(bootstrap)
        async with open_producer(bootstrap) as producer:
            await send_value(producer, MENTIONS, "drill:IE", BAD, partition=4, timestamp=START)
            for each in STORY:
                partition = partition_of(each.place)
                await send(producer, MENTIONS, each, partition=partition, timestamp=each.seen_at)
        return bootstrap

    try:
        bootstrap = asyncio.run(begin())
        worker = subprocess.Popen(
            [sys.executable, "-m", "monitor.cli", "worker", "--data-dir", str(settings.data_dir)],
            stderr=(settings.data_dir / "worker.log").open("w"),
        )
        try:
            yield Desk(settings.data_dir, bootstrap)
        finally:
            worker.terminate()
            worker.wait(30)
    finally:
        asyncio.run(embedded.stop())


def until(done: Callable[[], Any], patience_s: float = 60) -> Any:
    """Call `done` until it returns something true."""
    deadline = time.monotonic() + patience_s
    while not (found := done()):
        assert time.monotonic() < deadline, f"nothing came within {patience_s} s"
        time.sleep(0.3)
    return found
