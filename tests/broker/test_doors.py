"""The operators' doors of a running system, and that nothing it tells holds a secret."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.kafka.node import free_port, is_free
from monitor.web.address import read_address
from tests.broker import test_up
from tests.broker.served import served
from tests.broker.test_up import FICTION, newsmon, running, up, wait_for
from tests.meters import registries
from tests.unit.test_ops import samples

PLANTED = "PLANTED-SECRET"
TOKEN = f"{PLANTED}-of-the-page"
DOORS = {"up": 0, "poller": 1, "slack": 2, "worker": 10}


def ask(port: int, path: str) -> tuple[int, str]:
    """Get a path of a door; 0 where nobody listens."""
    return fetch(f"http://127.0.0.1:{port}{path}")


def fetch(url: str, **headers: str) -> tuple[int, str]:
    """Get an address; 0 where nobody listens."""
    asked = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read().decode()
    except OSError:
        return 0, ""


def first_port() -> int:
    """Return a port from which on `newsmon up` finds all doors free."""
    while True:
        base = free_port()
        if all(is_free(base + above) for above in DOORS.values()):
            return base


def figures(text: str) -> dict[str, float]:
    """Add up each metric over its labels."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


@pytest.fixture(scope="module")
def told(kafka_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run everything with a secret in every place, until an article is an alert; ask all doors."""
    base = first_port()
    data_dir = tmp_path_factory.mktemp("doors")
    environ = {
        "NEWSMON_METRICS_PORT": str(base),
        "NEWSMON_SLACK_BOT_TOKEN": f"xoxb-{PLANTED}",
        "NEWSMON_SLACK_WEBHOOK_URL": f"http://127.0.0.1:1/services/{PLANTED}",
        "NEWSMON_SLACK_CHANNEL": "C0ALERTS01",
        "NEWSMON_SLACK_API_URL": "http://127.0.0.1:1/",
        "NEWSMON_WEB_ENABLED": "true",
        "NEWSMON_WEB_PORT": "0",
        "NEWSMON_WEB_TOKEN": TOKEN,
        "NEWSMON_LOG_LEVEL": "debug",
    }
    with pytest.MonkeyPatch.context() as patch, served({"gazette": [FICTION]}) as feeds:
        for name, value in environ.items():
            patch.setitem(test_up.ENVIRON, name, value)
        with up(data_dir, feeds):
            yield _asked(base, data_dir)


def _asked(base: int, data_dir: Path) -> dict[str, str]:
    def all_ready() -> bool:
        return all(ask(base + above, "/readyz") == (200, "ok\n") for above in DOORS.values())

    def alerted() -> bool:
        return "newsmon_worker_alerts_total{" in ask(base + DOORS["worker"], "/metrics")[1]

    wait_for("readiness", all_ready)
    wait_for("alert", alerted)
    wait_for("call of Slack", lambda: "call=" in ask(base + DOORS["slack"], "/metrics")[1])
    data = ("--data-dir", str(data_dir))
    status = running(data_dir)
    assert status
    found = {role: ask(base + above, "/metrics")[1] for role, above in DOORS.items()}
    found |= {f"health of {r}": ask(base + above, "/healthz")[1] for r, above in DOORS.items()}
    page = read_address(data_dir)
    refused = fetch(f"{page}metrics")
    found["web"] = fetch(f"{page}metrics", Authorization=f"Bearer {TOKEN}")[1]
    assert refused[0] == 401
    found["page without token"] = refused[1]
    found |= {str(path): path.read_text("utf-8") for path in data_dir.glob("logs/*.log")}
    found |= {name: (data_dir / name).read_text("utf-8") for name in ("up.json", "up.log")}
    for words in (("status", "--json"), ("doctor", "--json")):
        done = newsmon(*words, *data)
        found[words[0]] = done.stdout + done.stderr
    found |= {f"command line of {r['name']}": _command_line(r["pid"]) for r in status["roles"]}
    return found


def _command_line(pid: int) -> str:
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_text("utf-8") if path.exists() else "unknown on this system"


def test_each_role_tells_what_one_article_became(told: dict[str, str]) -> None:
    """A poll, an article, a mention, an alert, a call of Slack; nothing left to do."""
    poller, worker, slack, everything = (
        figures(told[role]) for role in ("poller", "worker", "slack", "up")
    )

    assert poller["newsmon_poll_articles_total"] == 1
    assert poller["newsmon_poll_polls_total"] >= 1
    assert worker["newsmon_worker_mentions_total"] >= 1
    assert worker["newsmon_worker_alerts_total"] >= 1
    assert worker["newsmon_worker_fetch_to_alert_seconds_sum"] > 0
    assert worker["newsmon_worker_dead_letters_total"] == 0
    assert worker["newsmon_worker_rebalances_total"] >= 1
    assert worker["newsmon_worker_lag_records"] == 0
    assert slack["newsmon_slack_calls_total"] >= 1
    assert slack["newsmon_slack_waiting_alerts"] >= 1
    assert everything["newsmon_role_up"] == 5
    assert {told[f"health of {role}"] for role in DOORS} == {"ok\n"}


def test_the_registries_of_the_other_tests_are_those_of_the_roles(told: dict[str, str]) -> None:
    """The rules and the dashboard are checked against them."""
    made = registries()

    for role in (*DOORS, "web"):
        assert set(figures(told[role])) <= {sample.name for sample in samples(made[role])} | {
            "process_virtual_memory_bytes"
        }


def test_nothing_that_is_told_holds_a_secret(told: dict[str, str]) -> None:
    """Metrics, logs with all levels on, state, status, doctor, command lines."""
    for where in (*DOORS, "web", "page without token", "status", "doctor", "up.json", "up.log"):
        assert told[where]
    logs = {Path(where).name for where in told if where.endswith(".log")}
    assert {"poller.log", "slack.log", "web.log", "worker-0.log"} <= logs
    assert any("not_connected" in text for text in told.values())
    for where, text in told.items():
        assert PLANTED not in text, where
