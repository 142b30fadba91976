"""The short form of `python -m tests.chaos`: one blow of each kind, two workers, under load."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.chaos.run import Plan, run


@pytest.mark.slow
async def test_nothing_is_lost_when_every_part_is_struck(kafka_ready: None, tmp_path: Path) -> None:
    """Kill and terminate worker, poller and broker: all articles, mentions, counts are right."""
    plan = Plan(blows=6, rate=25, workers=2, seed=11, pause_s=(3.0, 6.0))

    verdict = await run(plan, tmp_path, print)

    assert verdict.ok, asdict(verdict)
