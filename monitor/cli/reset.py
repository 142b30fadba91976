"""`newsmon reset`: make the workers' tables anew from the mentions that are kept."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from monitor.cli.options import add_common, settings_of
from monitor.datadir import claim
from monitor.errors import BrokerError, ConfigError
from monitor.kafka.admin import offsets, partitions_in
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.client import read_topic
from monitor.kafka.connect import open_admin
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.gauge import group_offsets
from monitor.kafka.layout import replication_of
from monitor.kafka.rewind import commit, empty_topics, member_count
from monitor.kafka.running import running_brokers
from monitor.kafka.told import mark_told
from monitor.review.rebuild import row_offset, told_until
from monitor.settings import Settings
from monitor.supervisor.state import read_state
from monitor.topics import CHANGELOGS, MENTIONS, TOLD, WORKERS

_PATIENCE_S = 15.0
"""A worker that has just ended is a member of its group for its session timeout, ten seconds."""


@dataclass(frozen=True)
class _Plan:
    """What is to be done.

    Attributes:
        bootstrap: The brokers.
        mentions: How many are kept.
        records: How many each table's topic holds.
        starts: By (topic, partition), where the workers begin again.
        until: By partition, the offset before which subscribers have been told.
    """

    bootstrap: str
    mentions: int
    records: dict[str, int]
    starts: dict[tuple[str, int], int]
    until: dict[int, int]


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "reset",
        help="make the workers' tables anew",
        description="Empty the workers' tables and send the workers back to the first mention that "
        "is kept (7 days): they make stories and counts anew. Articles are not read again, and "
        "alerts that were told are not told again. Stop all workers first. It can be interrupted "
        "at any moment and run again.",
    )
    parser.add_argument("--state", action="store_true", help="the workers' tables")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Say what would be done, ask, do it."""
    if not args.state:
        raise ConfigError("reset: say what is to be made anew: --state, the workers' tables")
    if not (args.yes or sys.stdin.isatty()):
        raise ConfigError("reset: nobody can be asked here; --yes goes on without asking")
    settings = settings_of(args)
    if state := read_state(settings.data_dir):
        raise BrokerError(
            f"`newsmon up` (pid {state.pid}) runs on {settings.data_dir}; stop it first"
        )
    with _broker(settings):
        plan = asyncio.run(_survey(settings))
        print(_describe(plan))
        # Not within a running loop: there Ctrl-C would not reach the question.
        if not (args.yes or input("Go on? [y/N] ").strip().casefold() in {"y", "yes"}):
            print("nothing was changed")
            return 1
        try:
            asyncio.run(_carry_out(plan, replication_of(settings)))
        except KeyboardInterrupt:
            _say("interrupted; nothing is lost: run `newsmon reset --state` again")
            raise
    print("done; the next `newsmon up` or `newsmon worker` makes stories and counts anew")
    return 0


@contextmanager
def _broker(settings: Settings) -> Iterator[None]:
    """Have a broker: the one that runs, or our own for as long as this takes."""
    if settings.bootstrap_servers or running_brokers(settings.data_dir):
        yield
        return
    claim(settings.data_dir)
    kafka = EmbeddedKafka(settings, _say)
    try:
        asyncio.run(kafka.start())
        yield
    finally:
        asyncio.run(kafka.stop())


async def _survey(settings: Settings) -> _Plan:
    bootstrap = await resolve_bootstrap(settings)
    await _demand_no_workers(bootstrap)
    async with open_admin(bootstrap) as admin:
        counts = await partitions_in(admin, [MENTIONS, *CHANGELOGS])
    if MENTIONS.name not in counts:
        raise BrokerError(f"{bootstrap}: no topic {MENTIONS.name}; there are no tables either")
    bounds = await offsets(bootstrap, counts)
    rows = [
        (record.partition, row_offset(record.value))
        for topic in CHANGELOGS
        if topic.name in counts
        async for record in read_topic(bootstrap, topic, from_beginning=True, follow=False)
    ]
    mentions = {n: limits for (name, n), limits in bounds.items() if name == MENTIONS.name}
    held = dict.fromkeys([topic.name for topic in (MENTIONS, *CHANGELOGS)], 0)
    for (name, _), (begin, end) in bounds.items():
        held[name] += end - begin
    until = told_until(
        await _of_mentions(bootstrap, TOLD),
        await _of_mentions(bootstrap, WORKERS),
        rows,
        {number: end for number, (_, end) in mentions.items()},
    )
    starts = {(MENTIONS.name, number): begin for number, (begin, _) in mentions.items()}
    return _Plan(bootstrap, held.pop(MENTIONS.name), held, starts, until)


async def _of_mentions(bootstrap: str, group: str) -> dict[int, int]:
    found = await group_offsets(bootstrap, group)
    return {number: offset for (name, number), offset in found.items() if name == MENTIONS.name}


async def _demand_no_workers(bootstrap: str) -> None:
    deadline, told = time.monotonic() + _PATIENCE_S, False
    while members := await member_count(bootstrap, WORKERS):
        if time.monotonic() > deadline:
            raise BrokerError(
                f"{members} {'worker runs' if members == 1 else 'workers run'} (group {WORKERS} on"
                f" {bootstrap}); stop all workers first"
            )
        if not told:
            _say("waiting for workers that have just ended to be forgotten")
            told = True
        await asyncio.sleep(0.5)


def _describe(plan: _Plan) -> str:
    lines = [f"On {plan.bootstrap}:"]
    lines += [f"  {name}: {count} records, emptied" for name, count in plan.records.items()]
    lines += [
        f"  {MENTIONS.name}: read again from the first of {plan.mentions} kept; nothing is deleted",
        "Alerts that were told are not told again. Until the workers have caught up counts are too",
        "low; what stories and bursts knew from before the kept mentions is forgotten.",
    ]
    return "\n".join(lines)


async def _carry_out(plan: _Plan, replication: int) -> None:
    # In this order any part of it does no harm: marks that nobody needs, mentions read again by
    # tables that have them, and at last no tables.
    _say("1/3 noting what was told")
    await mark_told(plan.bootstrap, plan.until)
    _say("2/3 sending the workers back to the first mention")
    await commit(plan.bootstrap, WORKERS, plan.starts)
    _say("3/3 emptying the tables")
    await empty_topics(plan.bootstrap, CHANGELOGS, replication)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
