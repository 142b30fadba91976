"""The short form of `python -m tests.chaos`: a blow of several kinds, two workers, under load."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.plan import Kind, Plan
from tests.chaos.run import run

_KINDS = (
    Kind("kill", "worker"),
    Kind("pause", "worker"),
    Kind("terminate", "poller"),
    Kind("kill", "slack"),
    Kind("kill", "broker"),
    Kind("blackhole", "network"),
)


@pytest.mark.slow
async def test_nothing_is_lost_when_every_part_is_struck(kafka_ready: None, tmp_path: Path) -> None:
    """All articles, mentions, alerts, counts, deliveries are right, whatever was struck."""
    plan = Plan(blows=len(_KINDS), seed=11, kinds=_KINDS, rate=6.0, pause_s=(2.0, 4.0))

    outcome = await run(plan, tmp_path, print)

    assert outcome.ok, outcome
    assert sum(outcome.struck.values()) == plan.blows, outcome.missed
