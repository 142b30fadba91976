"""Leads a run: starts everything, strikes, waits until all is worked off, and has it judged."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from monitor.errors import BrokerError
from monitor.kafka.client import open_producer, read_topic, send_value
from monitor.kafka.gauge import group_lag
from monitor.slack.consumer import GROUP as SLACK_GROUP
from monitor.topics import ALERTS, ARTICLES, MENTIONS, WORKERS
from tests.chaos.check import BAD, Records, Verdict, alerts_in, judge, read_all
from tests.chaos.deliveries import judge_deliveries
from tests.chaos.plan import Plan, blows_of
from tests.chaos.stage import Stage, channel_of, staged
from tests.chaos.strike import Striker

Say = Callable[[str], None]

_BAD_EVERY_S = 2.0
_READ_TRIES = 5


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        verdict: What the readers found.
        struck: Blows that struck something, by kind.
        missed: Blows that found nothing to strike, by kind.
        restarts: How often each role was started again.
        drained: Whether everything was worked off in time.
    """

    verdict: Verdict = field(default_factory=Verdict)
    struck: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    restarts: dict[str, int] = field(default_factory=dict)
    drained: bool = False

    @property
    def ok(self) -> bool:
        """Whether all was worked off, and nothing is lost or wrong."""
        return self.drained and self.verdict.ok

    @property
    def shows_loss(self) -> bool:
        """Whether something is lost or wrong for good: what still waits is not lost."""
        return self.drained and any(self.verdict.faults.values())


async def run(plan: Plan, data_dir: Path, say: Say) -> Outcome:
    """Carry out a plan and return what independent readers found."""
    outcome = Outcome()
    async with staged(plan, data_dir, say) as stage:
        striker = Striker(stage)
        stage.load.begin()
        if not await striker.all_work():
            raise RuntimeError(f"not every role works; see {data_dir / 'logs'}")
        acknowledged: set[int] = set()
        bad = asyncio.create_task(_send_bad_records(stage.bootstrap, acknowledged))
        try:
            await _strike_all(plan, stage, striker, outcome, say)
            await asyncio.sleep(3)
        finally:
            bad.cancel()
            await asyncio.gather(bad, return_exceptions=True)
        await stage.load.end()
        published = stage.load.published
        say(f"{published} articles published; waiting for the rest to be worked off")
        outcome.drained = await _drained(stage.bootstrap, published, plan.drain_s)
        outcome.restarts = stage.restarts()
        records = await _read(stage.bootstrap)
        roles = len(stage.roles())
    # After everything has stopped: judging takes its time, in which the proxy passes nothing on.
    outcome.verdict = judge(records, published, acknowledged)
    outcome.verdict.seen["zombies"] = striker.expelled
    _judge_deliveries(records, stage, outcome.verdict)
    _judge_way(stage, roles, outcome.verdict)
    return outcome


async def _strike_all(
    plan: Plan, stage: Stage, striker: Striker, outcome: Outcome, say: Say
) -> None:
    for number, blow in enumerate(blows_of(plan), 1):
        await asyncio.sleep(blow.after_s)
        what = await striker.strike(blow)
        (outcome.struck if what else outcome.missed)[str(blow.kind)] += 1
        text = f"{blow.kind.action} {what}" if what else f"{blow.kind}: nothing to strike"
        say(f"blow {number:>3}: {text}, {stage.load.published} articles")


def _judge_deliveries(records: Records, stage: Stage, verdict: Verdict) -> None:
    wanted = {
        name: channel
        for name, alert in alerts_in(records).items()
        if (channel := channel_of(alert)) is not None
    }
    found = judge_deliveries(wanted, stage.slack)
    verdict.seen["deliveries"] = found.wanted - len(found.lost)
    verdict.repeats["deliveries"] = found.repeats
    for kind, told in found.wrong().items():
        verdict.note(kind, (f"{story} revision {revision}" for story, revision in told))


def _judge_way(stage: Stage, roles: int, verdict: Verdict) -> None:
    """See that the blows on the network could strike anybody: each role has a few connections."""
    verdict.seen["connections"] = stage.proxy.passed
    few = stage.proxy.passed < roles
    verdict.note("clients past the proxy", [f"{stage.proxy.passed} connections"] if few else [])


async def _send_bad_records(bootstrap: str, acknowledged: set[int]) -> None:
    """Put unreadable records among the articles until cancelled; note which were acknowledged."""
    number = 0
    async with open_producer(bootstrap) as producer:
        while True:
            try:
                await send_value(producer, ARTICLES, f"bad-{number}", BAD + b"%d" % number)
                acknowledged.add(number)
            except BrokerError:
                pass  # nobody promised anything about this one
            number += 1
            await asyncio.sleep(_BAD_EVERY_S)


async def _drained(bootstrap: str, published: int, patience_s: float) -> bool:
    """Wait until all articles are there and no group has anything left to do."""
    until = time.monotonic() + patience_s
    quiet = 0
    while quiet < 2:
        if time.monotonic() > until:
            return False
        await asyncio.sleep(4)
        try:
            quiet = quiet + 1 if await _is_quiet(bootstrap, published) else 0
        except BrokerError:
            quiet = 0
    return True


async def _is_quiet(bootstrap: str, published: int) -> bool:
    lag = await group_lag(bootstrap, WORKERS, [ARTICLES, MENTIONS])
    lag |= await group_lag(bootstrap, SLACK_GROUP, [ALERTS])
    if any(lag.values()):
        return False
    records = read_topic(bootstrap, ARTICLES, from_beginning=True, follow=False)
    keys = {r.key async for r in records if not (r.value or b"").startswith(BAD)}
    return len(keys) >= published


async def _read(bootstrap: str) -> Records:
    for _ in range(_READ_TRIES - 1):
        try:
            return await read_all(bootstrap)
        except BrokerError:
            await asyncio.sleep(2)
    return await read_all(bootstrap)
