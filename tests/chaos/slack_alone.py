"""Kill the Slack consumer again and again while Slack fails, and count what the channels got.

    python -m tests.chaos.slack_alone --alerts 10000 --kills 20 --faults 0.2 --seed 7

Alerts go onto a real broker of its own; `newsmon slack`, a process that is killed with SIGKILL,
tells them to the strict stand-in for Slack, of whose calls a share fails in every way it knows.
Then the stand-in's list of accepted messages is compared with the alerts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.errors import BrokerError
from monitor.kafka.admin import apply_topics
from monitor.kafka.client import open_producer, send
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.gauge import group_lag
from monitor.messages import Alert, Label, Severity
from monitor.settings import load_settings
from monitor.slack.consumer import GROUP
from monitor.slack.faults import FAULTS, Faults
from monitor.slack.peer import SlackPeer
from monitor.slack.samples import sample_alert
from monitor.topics import ALERTS
from tests.chaos.deliveries import Deliveries, judge_deliveries, tells

_TOKEN = "xoxb-chaos-token"
_REASONS = ("new", "new_outlet", "new_status", "denied", "more_severe", "new_place")
_SEVERITIES = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.MEDIUM)
_RULES = """
messages_per_second = 1000
timeout = 0.5
settle_seconds = 0.02
[fold]
over = {over}
after_seconds = {after}
[[routes]]
label = "drill"
channel = "urgent"
"""


@dataclass(frozen=True)
class Plan:
    """What a run does: so many alerts and kills, and the share of calls that fail."""

    alerts: int = 10_000
    kills: int = 20
    faults: float = 0.2
    seed: int = 7
    fold: bool = False
    webhook: bool = False
    patience_s: float = 3000.0


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    deliveries: Deliveries
    kills: int
    seconds: float


def make_alerts(plan: Plan) -> list[Alert]:
    """Return stories of six revisions each, mixed; of a story they keep their order."""
    chance = random.Random(plan.seed)
    prefix = f"s{chance.getrandbits(32):08x}{time.time_ns() % 10**9}"
    now, alerts = datetime.now(UTC), []
    turns = [n // len(_REASONS) for n in range(plan.alerts)]
    chance.shuffle(turns)
    revisions: Counter[int] = Counter()
    for story in turns:
        revisions[story] += 1
        revision = revisions[story]
        alerts.append(
            sample_alert(
                now,
                id=f"{prefix}x{story}",
                revision=revision,
                reason=_REASONS[revision - 1],
                label=Label.DRILL if story % 3 == 0 else Label.DEPLOYMENT,
                severity=_SEVERITIES[story % len(_SEVERITIES)],
                headline=f"Invented story #{prefix}x{story}.{revision}#",
            )
        )
    return alerts


async def run(
    plan: Plan, bootstrap: str, folder: Path, say: Callable[[str], None] = print
) -> Outcome:
    """Carry out a plan against a broker that has newsmon's topics."""
    began = time.monotonic()
    # Nobody can tell for a webhook that a message was posted and yet refused for its rate.
    kinds = [kind for kind in FAULTS if not (plan.webhook and kind == "429-post")]
    faults = Faults(plan.faults, kinds, plan.seed)
    peer = SlackPeer(_TOKEN, rate=5000, burst=5000, retry_after=0.02, faults=faults)
    await peer.start()
    alerts = make_alerts(plan)
    async with open_producer(bootstrap, [ALERTS]) as producer:
        for start in range(0, len(alerts), 500):
            await asyncio.gather(*(send(producer, ALERTS, a) for a in alerts[start : start + 500]))
    kills = await _strike(plan, peer, _Consumer(plan, peer, bootstrap, folder), bootstrap, say)
    await peer.stop()
    wanted = {(alert.id, alert.revision): "" for alert in alerts}
    # The broker of the test suite holds the alerts of other tests too.
    deliveries = judge_deliveries(wanted, peer, shared=True)
    return Outcome(deliveries, kills, time.monotonic() - began)


class _Consumer:
    def __init__(self, plan: Plan, peer: SlackPeer, bootstrap: str, folder: Path) -> None:
        over, after = (5, 60) if plan.fold else (1_000_000, 1e6)
        rules = _RULES.format(over=over, after=after)
        (folder / "slack.toml").write_text(rules, "utf-8")
        secret = (
            {"NEWSMON_SLACK_WEBHOOK_URL": peer.hook_url}
            if plan.webhook
            else {"NEWSMON_SLACK_BOT_TOKEN": _TOKEN}
        )
        self._env = {
            **os.environ,
            **secret,
            "NEWSMON_BOOTSTRAP_SERVERS": bootstrap,
            "NEWSMON_SLACK_API_URL": peer.api_url,
            "NEWSMON_SLACK_CHANNEL": "C0ALERTS01",
            "NEWSMON_SLACK_RULES": str(folder / "slack.toml"),
        }
        self._log = folder / "slack.log"

    async def start(self) -> asyncio.subprocess.Process:
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "monitor.cli", "slack", "--instance", "chaos",
                env=self._env, stdout=log, stderr=log,
            )  # fmt: skip


async def _strike(
    plan: Plan, peer: SlackPeer, consumer: _Consumer, bootstrap: str, say: Callable[[str], None]
) -> int:
    chance = random.Random(plan.seed)
    until = time.monotonic() + plan.patience_s
    process = await consumer.start()
    kills, looked_at, expected = 0, 0.0, plan.alerts
    try:
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(0.01, 0.2))
            if process.returncode is not None:
                raise RuntimeError(f"newsmon slack ended by itself with {process.returncode}")
            if kills < plan.kills and _told(peer) >= expected * (kills + 1) / (plan.kills + 2):
                process.send_signal(signal.SIGKILL)
                await process.wait()
                kills += 1
                say(f"kill {kills:>3}: {len(peer.messages)} messages, {len(peer.accepted)} writes")
                process = await consumer.start()
            elif time.monotonic() > looked_at + 2:
                looked_at = time.monotonic()
                if await _lag(bootstrap) == 0:
                    return kills
        raise TimeoutError(f"not done after {plan.patience_s:.0f} s")
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)


def _told(peer: SlackPeer) -> int:
    return sum(len(tells(payload)) for payload in peer.accepted)


async def _lag(bootstrap: str) -> int:
    try:
        return sum((await group_lag(bootstrap, GROUP, [ALERTS])).values())
    except BrokerError:
        return -1


def main() -> int:
    """Run a plan from the command line and print the verdict."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.slack_alone", description=__doc__)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--faults", type=float, default=0.2, help="share of calls that fail")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--fold", action="store_true", help="with digests")
    parser.add_argument("--webhook", action="store_true", help="by webhook instead of bot token")
    plan = Plan(**vars(parser.parse_args()))
    folder = Path(tempfile.mkdtemp(prefix="newsmon-slack-chaos-"))
    print(f"{plan}\nlogs in {folder}", flush=True)
    outcome = asyncio.run(_with_broker(plan, folder))
    found = outcome.deliveries
    for name, value in asdict(found).items():
        print(f"{name:<18} {value}")
    verdict = "PASS" if found.ok else "FAIL"
    print(f"{verdict} after {outcome.kills} kills and {outcome.seconds:.0f} s")
    return 0 if found.ok else 1


async def _with_broker(plan: Plan, folder: Path) -> Outcome:
    broker = EmbeddedKafka(load_settings(overrides={"data_dir": folder / "data"}))
    try:
        bootstrap = await broker.start()
        await apply_topics(bootstrap)
        return await run(plan, bootstrap, folder, lambda text: print(text, flush=True))
    finally:
        await broker.stop()


if __name__ == "__main__":
    sys.exit(main())
