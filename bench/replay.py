"""Reading a week again: sending its mentions in batches, telling and counting them, trying a rule.

    python -m bench replay [--mentions 3000] [--singly 300]

So many mentions are about what 400 feeds bring in a week (`python -m bench day` computes it). They
are spread over the last 7 days and 60 places and sent once in batches, some of them also one by
one; then a worker tells and counts them all, and `newsmon watch test` passes them through the
policy.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from bench._news import natural
from bench._stack import Stack, ready, stack, work_off
from bench.stories import mentions
from monitor.kafka.client import open_producer, send
from monitor.messages import Mention
from monitor.topics import DEAD_LETTERS, MENTIONS

_WEEK = timedelta(days=7)
_PLACES = 60
_BATCH = 500


def week(number: int) -> Iterator[Mention]:
    """Spread mentions over the last 7 days and some places, oldest first."""
    now = datetime.now(UTC)
    for n, mention in enumerate(mentions(number, 120)):
        seen = now - _WEEK * (1 - (n + 1) / number)
        place = f"X{n * 7 % _PLACES}"
        yield mention.model_copy(update={"seen_at": seen, "published_at": seen, "places": (place,)})


async def measure(number: int, singly: int) -> None:
    """Send, work off, try a rule; print a table."""
    told = list(week(number))
    _, first = natural(60)
    table = Table("step", "mentions/s", box=None)
    async with stack() as made:
        table.add_row("sent one by one", f"{await _sent(made, told[:singly], 1):.0f}")
        table.add_row("sent in batches", f"{await _sent(made, told, _BATCH):.0f}")
        with made.running(made.worker(0)) as pids:
            await ready(made, pids, first)
            began = time.monotonic()
            pace = await work_off(made, pids, told, topic=MENTIONS)
            spent = time.monotonic() - began
        table.add_row("told and counted, one worker", f"{pace.rate:.0f}")
        rule_s = await _watch_test(made)
        table.add_row("tried by a rule", f"{number / rule_s:.0f}")
    Console().print(table)
    each = [1000 * seconds / number for seconds in (pace.workers_s, pace.broker_s)]
    print(
        f"a week of {number:,} mentions: told and counted in {spent:.0f} s ({each[0]:.1f} ms CPU "
        f"of the worker each, {each[1]:.1f} of the broker); a rule tried in {rule_s:.1f} s"
    )


async def _sent(made: Stack, told: list[Mention], size: int) -> float:
    """Send mentions, so many at once, onto a topic that nobody reads; return mentions a second."""
    async with open_producer(made.bootstrap) as producer:
        began = time.monotonic()
        for start in range(0, len(told), size):
            batch = told[start : start + size]
            await asyncio.gather(*(send(producer, DEAD_LETTERS, each) for each in batch))
        return len(told) / (time.monotonic() - began)


async def _watch_test(made: Stack) -> float:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor.cli", "watch", "test", "--since", "7d", "--json",
        "--data-dir", str(made.data_dir), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    if code := await process.wait():
        raise SystemExit(f"newsmon watch test ended with {code}")
    return time.monotonic() - began


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench replay", description=__doc__)
    parser.add_argument("--mentions", type=int, default=3000, help="of the week")
    parser.add_argument("--singly", type=int, default=300, help="sent one by one")
    args = parser.parse_args(words)
    asyncio.run(measure(args.mentions, args.singly))
