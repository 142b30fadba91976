"""`newsmon doctor` where nothing runs: every fault is named, and none hides the next."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from monitor.cli import doctor, main
from monitor.kafka.node import free_port


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEWSMON_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWSMON_WEB_PORT", str(free_port()))


@pytest.fixture
def no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what `newsmon check` reads; loading the detector takes a second."""
    monkeypatch.setattr(doctor, "results", lambda _: [])


def answers(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict]]:
    code = main(["doctor", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, {line["check"]: line for line in lines}


def test_without_a_broker_it_says_so_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """What needs a broker is not looked at; all that does not is."""
    code, found = answers(capsys)
    assert code == 1
    assert [name for name, line in found.items() if not line["ok"]] == ["broker"]
    assert "newsmon up" in found["broker"]["faults"][0]
    assert {"settings", "detector", "disk", "roles", "web port"} <= set(found)
    assert "topics" not in found


def test_a_full_disk_and_a_taken_port_are_both_named(
    no_files: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the figure and the number."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5 << 20))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("NEWSMON_WEB_PORT", str(port))
        _, found = answers(capsys)
    assert "5 MiB free" in found["disk"]["faults"][0]
    assert str(port) in found["web port"]["faults"][0]


def test_a_wrong_file_exits_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As `newsmon check` does; the rest is looked at all the same."""
    policy = tmp_path / "alerts.toml"
    policy.write_text("colour = 1\n")
    monkeypatch.setenv("NEWSMON_ALERT_POLICY", str(policy))
    code, found = answers(capsys)
    assert code == 2
    assert not found["alerts"]["ok"]
    assert "disk" in found


def test_a_slack_that_does_not_answer_is_named_without_the_token(
    no_files: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token is tried, nothing is sent, and it stands nowhere in the answer."""
    monkeypatch.setenv("NEWSMON_SLACK_BOT_TOKEN", "xoxb-planted-secret")
    monkeypatch.setenv("NEWSMON_SLACK_CHANNEL", "C1")
    monkeypatch.setenv("NEWSMON_SLACK_API_URL", "http://127.0.0.1:9/api/")
    code, found = answers(capsys)
    assert code == 1
    assert not found["slack token"]["ok"]
    assert "planted" not in json.dumps(found)
