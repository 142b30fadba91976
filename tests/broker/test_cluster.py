"""Three brokers on one machine, as a user runs them: one start for the whole story."""

from __future__ import annotations

import json
import os
import signal
from asyncio import to_thread
from pathlib import Path

import pytest

from bench._cluster import Cluster, cluster
from monitor.cli import main
from monitor.kafka.admin import live_brokers
from tests.chaos.load import Load


@pytest.mark.slow
@pytest.mark.skipif(
    "NEWSMON_CLUSTER_TEST" not in os.environ,
    reason="takes minutes on two cores; NEWSMON_CLUSTER_TEST=1 runs it",
)
async def test_brokers_may_be_killed_and_restarted_one_at_a_time(
    kafka_ready: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kill and a rolling restart under load: nothing is lost, every count is right."""
    monkeypatch.setenv("NEWSMON_KAFKA_BROKERS", "3")
    monkeypatch.setenv("NEWSMON_WEB_ENABLED", "false")
    # At 10 a second three copies of everything keep one busy machine behind for minutes.
    async with cluster(tmp_path, Load(3)) as running:
        running.load.begin()
        await _is_shown(running, capsys)
        await running.flowing(30)
        await running.strike("broker-2", signal.SIGKILL)
        await running.in_step()
        await running.roll("broker")
        restarts = {role.name: role.restarts for role in running.roles("broker")}
        await running.worked_off()
        verdict = await running.verdict()

    assert verdict.ok, verdict.faults
    assert verdict.seen["articles"] == running.load.published
    assert restarts == {"broker-1": 1, "broker-2": 2, "broker-3": 1}


async def _is_shown(running: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """`status` and `doctor` name each broker; every topic has three copies."""
    assert list(await live_brokers(running.bootstrap)) == [1, 2, 3]
    assert len(running.bootstrap.split(",")) == 3
    place = ["--json", "--data-dir", str(running.data_dir)]
    await to_thread(main, ["status", *place])
    status = json.loads(capsys.readouterr().out)
    assert [role["name"] for role in status["roles"][:3]] == ["broker-1", "broker-2", "broker-3"]
    await to_thread(main, ["doctor", *place])
    found = {x["check"]: x for x in map(json.loads, capsys.readouterr().out.splitlines())}
    assert found["brokers"]["ok"]
    assert all(f"{n} at 127.0.0.1:" in found["brokers"]["text"] for n in (1, 2, 3))
    assert found["topics"]["ok"], found["topics"]["faults"]
