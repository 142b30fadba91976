"""State and work per mention on one hot key, as it grows old.

    python -m bench stories [--mentions 1000000]

The agents' own code with tables that count: CPU microseconds per mention for stories and for
counts (per place, label and actor), and the bytes that go to the changelogs and to the topics.
All must stay flat from some thousand mentions on, when the place has as many stories as it may.
A million takes an hour or two.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from agents.alert import Alerting
from agents.count import Counting
from monitor.alerts import Policy
from monitor.alerts.filters import SeverityRule, Watch
from monitor.messages import Evidence, Label, Mention, Message, Status, make_id
from monitor.topics import ALERTS, Topic

_BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
_ACTORS = ("US", "GB", "FR", "DE", "PL", "RU", "BY", "TR", "CA", "IT", "ES", "NL", "SE", "FI")
_WORDS = """
brigade harbour convoy northern frigate airfield rotation tanks battalion valley engineers
midnight bridge coast radar helicopters border reserve artillery rail depot crossing island
squadron
""".split()


def mentions(number: int, per_hour: int) -> Iterator[Mention]:
    """Tell many events of one place, in an order that is mixed but always the same."""
    dice = 12345
    for n in range(number):
        dice = (dice * 1103515245 + 12345) % 2**31
        actor = _ACTORS[dice % len(_ACTORS)]
        words = [_WORDS[(dice >> shift) % len(_WORDS)] for shift in (3, 7, 11, 15, 19, 23)]
        sentence = f"Report {n}: {actor} moved a {' '.join(words)} to the capital on the day."
        label = (Label.DEPLOYMENT, Label.DEPLOYMENT, Label.DRILL, Label.DENIAL)[(dice >> 5) % 4]
        seen = _BEGIN + timedelta(hours=n / per_hour)
        yield Mention(
            id=make_id("bench", str(n)),
            article_id=make_id("article", str(n // 2)),
            label=label,
            status=None if label is Label.DENIAL else list(Status)[(dice >> 9) % 8],
            cue="moved",
            actors=(actor,),
            places=("XA",),
            speaker=f"Speaker {dice % 50}",
            score=0.9,
            evidence=Evidence(sentence=sentence, field="text", start=0, end=len(sentence)),
            title=sentence[:60],
            url=f"https://news.example/{n}",
            outlet=f"Outlet {(dice >> 13) % 300}",
            language="en",
            published_at=seen - timedelta(minutes=dice % 180),
            seen_at=seen,
            detector="bench",
        )


class Table(dict[str, Any]):
    """A table that counts what its writes put on the changelog."""

    written = 0

    def __setitem__(self, key: str, value: Any) -> None:
        """Write a value."""
        self.written += len(key) + len(orjson.dumps(value))
        super().__setitem__(key, value)

    async def flushed(self) -> None:
        """Nothing waits."""


class Sent:
    """An outbox that writes messages and counts them."""

    def __init__(self) -> None:
        self.size = 0
        self.alerts = 0

    async def send(self, topic: Topic, message: Message, at: datetime) -> None:
        """Count a message."""
        self.size += len(message.encode())
        self.alerts += topic is ALERTS


def main(words: list[str]) -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=30_000)
    parser.add_argument("--per-hour", type=int, default=120)
    args = parser.parse_args(words)
    asyncio.run(measure(args.mentions, args.per_hour))


async def measure(number: int, per_hour: int) -> None:
    """Feed one hot place, and print a line at 1, 3, 10, 30, ... thousand mentions."""
    severity = (SeverityRule(level="high", status="happened", min_outlets=2),)  # type: ignore[arg-type]
    policy = Policy(severity=severity, watches=(Watch(name="urgent", severity="high"),))  # type: ignore[arg-type]
    stories, counts, sent = Table(), Table(), Sent()
    alerting = Alerting(stories, policy, sent)  # type: ignore[arg-type]
    counting = Counting(counts, policy, sent)  # type: ignore[arg-type]
    marks = sorted({m * 10**p for p in range(3, 8) for m in (1, 3) if m * 10**p <= number})
    spent, before = [0.0, 0.0], (0, 0, 0, 0)
    print(f"{'mentions':>9} {'stories µs':>10} {'counts µs':>10} {'stories B':>10} {'counts B':>9} "
          f"{'sent B':>7} {'alerts':>7} {'open':>5} {'state B':>8}")  # fmt: skip
    last = 0
    for n, mention in enumerate(mentions(number, per_hour), 1):
        begin = time.process_time()
        story = await alerting.take(mention, n)
        middle = time.process_time()
        await counting.take(mention, story, 0, n, alerting.tell_burst)
        spent[0] += middle - begin
        spent[1] += time.process_time() - middle
        if n % 1000 == 0 and sys.stderr.isatty():
            print(f"\r{n} of {number}", end="\r", file=sys.stderr, flush=True)
        if n in marks:
            step, last = n - last, n
            now = (stories.written, counts.written, sent.size, sent.alerts)
            each = [(b - a) / step for a, b in zip(before, now, strict=True)]
            state = sum(len(orjson.dumps(value)) for value in stories.values())
            print(f"{n:>9} {spent[0] / step * 1e6:>10.0f} {spent[1] / step * 1e6:>10.0f} "
                  f"{each[0]:>10.0f} {each[1]:>9.0f} {each[2]:>7.0f} {each[3]:>7.2f} "
                  f"{len(stories['XA']['head']['stories']):>5} {state:>8}", flush=True)  # fmt: skip
            spent, before = [0.0, 0.0], now
