"""`newsmon doctor` on a broker."""

from __future__ import annotations

import json
from asyncio import to_thread

import pytest

from monitor.cli import main
from monitor.kafka.admin import apply_topics


async def test_topics_and_lag_are_looked_at(
    broker: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
):
    """With the topics in place all is well, and it is said how far the workers are behind."""
    await apply_topics(broker)
    monkeypatch.setenv("NEWSMON_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWSMON_BOOTSTRAP_SERVERS", broker)
    await to_thread(main, ["doctor", "--json"])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_name = {line["check"]: line for line in found}
    assert by_name["broker"]["ok"]
    assert by_name["topics"]["ok"], by_name["topics"]["faults"]
    assert "newsmon" in by_name["lag"]["text"] or not by_name["lag"]["ok"]
