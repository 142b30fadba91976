"""`newsmon up` as a user runs it: a process, a real broker, feeds on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.kafka.running import running_brokers
from tests.broker.served import served

NEWSMON = [sys.executable, "-m", "monitor.cli"]
ENVIRON = {**os.environ, "NEWSMON_WEB_ENABLED": "false"}


def newsmon(*words: str, timeout: float = 60, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*NEWSMON, *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        env=ENVIRON,
    )


def json_lines(*words: str) -> list[dict[str, Any]]:
    """Run a command and read what it prints."""
    done = newsmon(*words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def up(data_dir: Path, feeds: str) -> Iterator[subprocess.Popen[str]]:
    """Run `newsmon up --headless`, and end it with SIGTERM if it still runs."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "feeds.toml"
    path.write_text(feeds, "utf-8")
    process = subprocess.Popen(
        [*NEWSMON, "up", "--headless", "--feeds", str(path), "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE, stderr=(data_dir / "up.log").open("w"), text=True, env=ENVIRON,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_for(what: str, done: Any, patience_s: float = 60) -> Any:
    """Call `done` until it returns something true."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if found := done():
            return found
        time.sleep(1)  # mostly a command is asked, and it takes the CPU from what is waited for
    raise AssertionError(f"no {what} within {patience_s} s")


def running(data_dir: Path) -> dict[str, Any] | None:
    """Return the status once all roles run."""
    done = newsmon("status", "--json", "--data-dir", str(data_dir))
    return json.loads(done.stdout) if done.returncode == 0 else None


FICTION = (
    "Norway sends soldiers to Iceland",
    "Norway sent 120 soldiers to Iceland on Monday to guard a volcano.",
)


def test_an_article_is_told_and_counted_once_whatever_dies(
    kafka_ready: None, tmp_path: Path
) -> None:
    """Feed, article, mention, alert, count, seen from outside.

    Then worker, poller and broker are killed: they are started again, the count of one article
    stays one, and SIGTERM ends all in order with exit 0.
    """
    data = str(tmp_path)
    with served({"gazette": [FICTION]}) as feeds, up(tmp_path, feeds) as process:
        status = wait_for("status", lambda: running(tmp_path))
        names = [role["name"] for role in status["roles"]]
        alerts = wait_for(
            "alert",
            lambda: json_lines("alerts", "--from-beginning", "--json", "--data-dir", data),
        )
        before = json_lines("stats", "--once", "--json", "--data-dir", data)[0]["counts"]
        refused = newsmon("up", "--headless", "--data-dir", data)
        old = {role["pid"] for role in status["roles"]}
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait_for(
            "restart",
            lambda: (now := running(tmp_path)) and not old & {r["pid"] for r in now["roles"]},
        )
        time.sleep(8)
        after = json_lines("stats", "--json", "--data-dir", data)[0]["counts"]
        process.send_signal(signal.SIGTERM)

        assert process.wait(60) == 0
    assert names == ["broker", "worker-0", "poller"]
    assert ":" in status["bootstrap_servers"]
    assert alerts[0]["label"] == "deployment"
    assert alerts[0]["actors"] == ["NO"]
    assert alerts[0]["places"] == ["IS"]
    assert alerts[0]["evidence"][0]["sentence"] in FICTION
    assert "deployment:IS" in [count["key"] for count in before]
    numbers = [{c["key"]: c["windows"]["7d"]["mentions"] for c in x} for x in (before, after)]
    assert numbers[0] == numbers[1]
    assert refused.returncode == 1
    assert "another `newsmon up`" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    gone = newsmon("status", "--json", "--data-dir", data)
    assert gone.returncode == 1
    assert json.loads(gone.stdout)["roles"] == []


@pytest.mark.parametrize(
    ("feeds", "why"),
    [
        ("", "feeds: Field required"),
        ("feeds = []", "at least 1 item"),
        ('[[feeds]]\nid = "x"\n', "feeds[0].url"),
        ('[[feed]]\nid = "x"\n', "unknown key, did you mean 'feeds'?"),
        ("[[", "no valid TOML"),
    ],
    ids=["empty", "none", "no-url", "unknown-key", "no-toml"],
)
def test_a_wrong_feeds_file_is_named(tmp_path: Path, feeds: str, why: str) -> None:
    """Exit 2, the file and the key, and nothing was started."""
    with up(tmp_path, feeds) as process:
        code = process.wait(30)

    text = (tmp_path / "up.log").read_text()
    assert code == 2
    assert why in text
    assert str(tmp_path / "feeds.toml") in text
    assert "Traceback" not in text
    assert not (tmp_path / "broker.json").exists()


def test_commands_say_when_no_broker_runs(tmp_path: Path) -> None:
    """Exit 1 and one line that says what to do."""
    for words in (["alerts"], ["stats"], ["topics", "apply"], ["worker"], ["poll"]):
        done = newsmon(*words, "--data-dir", str(tmp_path))

        assert done.returncode == 1, words
        assert "no broker is running" in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_broker_that_is_away_for_long_loses_nothing(kafka_ready: None, tmp_path: Path) -> None:
    """The broker is stopped (SIGSTOP) past all session timeouts and goes on; news still flows."""
    data = str(tmp_path)
    news = {"gazette": [FICTION]}
    with served(news) as feeds, up(tmp_path, feeds):
        status = wait_for("status", lambda: running(tmp_path))
        wait_for("alert", lambda: json_lines("alerts", "--json", "--data-dir", data))
        broker = next(role["pid"] for role in status["roles"] if role["name"] == "broker")
        os.kill(broker, signal.SIGSTOP)
        time.sleep(15)
        news["gazette"].append(
            ("Canada plans exercise in Ireland", "Canada will hold a military exercise in Ireland.")
        )
        os.kill(broker, signal.SIGCONT)

        alerts = wait_for(
            "second alert",
            lambda: [
                a
                for a in json_lines("alerts", "--json", "--data-dir", data)
                if a["label"] == "drill"
            ],
            90,
        )
    assert alerts[0]["places"] == ["IE"]


def test_the_demo_shows_the_flow(kafka_ready: None) -> None:
    """`newsmon demo` on a pipe ends by itself with exit 0 and shows claim, denial and drill."""
    done = newsmon("demo", "--headless", "--seconds", "35", timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("deployment", "denial", "drill", "first alert"):
        assert word in done.stdout


def test_output_to_a_closed_pipe_is_no_error() -> None:
    """`newsmon topics | head -1` ends quietly."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*NEWSMON, "topics", "--json"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)

    assert b"Traceback" not in done.stderr


def test_ctrl_c_during_the_start_ends_cleanly(kafka_ready: None, tmp_path: Path) -> None:
    """SIGINT right after the start: exit 0, no broker left behind."""
    with served({"gazette": [FICTION]}) as feeds, up(tmp_path, feeds) as process:
        wait_for("start", (tmp_path / "up.lock").exists)
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        code = process.wait(60)

    assert code == 0
    assert running_brokers(tmp_path) == {}
