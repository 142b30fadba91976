"""What `top` and `web` are measured under: a broker of its own, many keys, many alerts a second.

Each alert brings one count, as in the flow. A few keys get most of the news and hold a bucket for
every hour of the week, most keys get little.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.kafka.admin import apply_topics
from monitor.kafka.client import Producer, open_producer, send
from monitor.kafka.embedded import EmbeddedKafka
from monitor.messages import Alert, AlertCounts, AlertEvidence, Bucket, Count, Label, WindowCount
from monitor.settings import Settings
from monitor.stats.places import place_names
from monitor.topics import ALERTS, COUNTS

_LABELS = (Label.DEPLOYMENT, Label.DRILL, Label.DENIAL)


class Traffic:
    """News onto a broker.

    Attributes:
        bootstrap: The broker.
        data_dir: Its folder; `newsmon … --data-dir` finds the broker by it.
        keys: Label and place of each count.
        acked: When an alert's arrival was confirmed (monotonic seconds), by its mark `n0000001`.
    """

    def __init__(self, bootstrap: str, data_dir: Path, producer: Producer, keys: int) -> None:
        self.bootstrap = bootstrap
        self.data_dir = data_dir
        self.acked: dict[str, float] = {}
        self._producer = producer
        self._random = random.Random(7)
        places = [*place_names(), *(f"sea {n}" for n in range(keys))]
        names = [(label, place) for place in places for label in _LABELS][:keys]
        self.keys = names
        self._weights = [1 / (1 + rank / 100) for rank in range(keys)]

    async def fill(self) -> None:
        """Put the first count of every key onto the topic."""
        now = datetime.now(UTC)
        for start in range(0, len(self.keys), 100):
            ranks = range(start, min(start + 100, len(self.keys)))
            await asyncio.gather(*(self._count(rank, now) for rank in ranks))

    async def run(self, rate: float) -> None:
        """Send `rate` alerts a second, with their counts, until cancelled."""
        began, number = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - began) * rate)
            await asyncio.gather(*(self._news(n) for n in range(number, due)))
            number = max(number, due)
            await asyncio.sleep(0.02)

    async def _news(self, number: int) -> None:
        rank = self._random.choices(range(len(self.keys)), self._weights)[0]
        label, place = self.keys[rank]
        now, mark = datetime.now(UTC), f"n{number:07d}"
        evidence = tuple(
            AlertEvidence(
                sentence=f"{mark} The ministry sent {n + 20} soldiers of the second brigade to the "
                "harbour on Monday, an official of the northern region told reporters.",
                outlet=f"Gazette {n}", url=f"https://gazette{n}.example/{number}", published_at=now,
                title="Soldiers arrive at the harbour", language="en", label=label,
                mention_id=f"{n:020d}",
            )
            for n in range(1 + number % 3)
        )  # fmt: skip
        alert = Alert(
            id=f"{number:020d}", revision=1, reason="new", label=label,
            status=None if label == Label.DENIAL else "happened",
            severity=("low", "medium", "high", "critical")[number % 4],
            headline="Soldiers arrive at the harbour", actors=("NO",), places=(place,),
            evidence=evidence,
            counts=AlertCounts(mentions=3, outlets=2, first_seen=now, last_seen=now),
            confidence=0.9,
        )  # fmt: skip
        await send(self._producer, ALERTS, alert)
        self.acked[mark] = time.monotonic()
        await self._count(rank, now)

    async def _count(self, rank: int, now: datetime) -> None:
        label, place = self.keys[rank]
        hour, filled = now.replace(minute=0, second=0, microsecond=0), 168 * self._weights[rank]
        buckets = tuple(
            Bucket(start=hour - timedelta(hours=n), mentions=1 + n % 5, last_outlets=1)
            for n in sorted(self._random.sample(range(168), max(2, int(filled))), reverse=True)
        )
        five = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
        week = WindowCount(mentions=sum(b.mentions for b in buckets), outlets=9, stories=5)
        count = Count(
            key=f"{label}:{place}", as_of=now, buckets=buckets,
            windows={"1h": WindowCount(mentions=1, outlets=1, stories=1), "24h": week, "7d": week},
            recent=(Bucket(start=five, mentions=1, last_outlets=1, last_stories=1),),
        )  # fmt: skip
        await send(self._producer, COUNTS, count)


@asynccontextmanager
async def traffic(keys: int) -> AsyncIterator[Traffic]:
    """Start a broker with newsmon's topics and a count of every key on it; stop it at the end."""
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-bench-"))
    broker = EmbeddedKafka(Settings(data_dir=data_dir))
    bootstrap = await broker.start()
    try:
        await apply_topics(bootstrap)
        async with open_producer(bootstrap, [ALERTS, COUNTS]) as producer:
            made = Traffic(bootstrap, data_dir, producer, keys)
            await made.fill()
            yield made
    finally:
        await broker.stop()
