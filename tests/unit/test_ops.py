"""What the roles tell operators: signs of life, metrics, and the files that are made of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from agents.metrics import WorkerMeter
from monitor.feeds.metrics import outcome_label
from monitor.ops.loopback import asked_for, names_of
from monitor.ops.registry import exposition
from monitor.ops.vital import STUCK_S, Vital
from monitor.settings import MetricsSettings, Settings, SlackSettings
from monitor.supervisor.metrics import not_running
from monitor.supervisor.roles import roles
from tests import ROOT
from tests.meters import UP, events, registries

DEPLOY = ROOT / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((DEPLOY / "grafana" / "newsmon.json").read_text("utf-8"))
OF_PROMETHEUS = {"up", "job", "instance", "le"}
FUNCTIONS = {
    "absent", "and", "by", "changes", "histogram_quantile", "increase", "or", "rate", "sum", "max",
    "time", "topk",
}  # fmt: skip


class Clock:
    """Seconds that only grow, when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_role_is_ready_once_it_has_what_it_needs() -> None:
    """Until then it says what is missing, and again when it loses it."""
    vital = Vital("no tables", "no group")

    assert vital.unready() == "no tables; no group"
    vital.has("no tables")
    vital.has("no group")
    assert vital.unready() == ""
    vital.lacks("no group")
    assert vital.unready() == "no group"
    assert vital.stuck() == ""


def test_a_loop_that_stands_still_is_first_not_ready_and_then_stuck() -> None:
    """A restart is asked for only when nothing else would help."""
    clock = Clock()
    vital = Vital(clock=clock)
    vital.turned()

    clock.now = 29
    assert not vital.unready()
    clock.now = 60
    assert vital.unready() == "the main loop has not come round for 60 s"
    assert not vital.stuck()
    clock.now = STUCK_S + 1
    assert "301 s" in vital.stuck()
    vital.turned()
    assert not vital.stuck() + vital.unready()


async def test_a_worker_without_work_is_never_stuck_and_one_with_a_long_record_is() -> None:
    """What counts is the record in hand, not the time since the last one."""
    clock = Clock()
    meter = WorkerMeter()
    meter.vital = Vital(clock=clock)
    stream = meter.timed("detect", events("one", "two"))

    assert await anext(stream) == "one"
    clock.now = STUCK_S + 1
    assert "detect has not come round" in meter.vital.stuck()
    assert await anext(stream) == "two"
    assert not meter.vital.stuck()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    clock.now *= 10
    assert not meter.vital.stuck()


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("new", "new"),
        ("http_429", "http_429"),
        ("http_418", "http_4xx"),
        ("http_999", "http_9xx"),
        ("not_a_feed", "not_a_feed"),
    ],
)
def test_a_server_cannot_make_up_label_values(word: str, label: str) -> None:
    """Statuses are told by their hundreds, but for those that ask something of us."""
    assert outcome_label(word) == label


def test_a_server_on_loopback_knows_its_names() -> None:
    """A page elsewhere that points its own name here is told apart."""
    assert asked_for("localhost:9464") in names_of("127.0.0.1")
    assert asked_for("[::1]:9464") in names_of("::1")
    assert asked_for("elsewhere.example:9464") not in names_of("127.0.0.1")
    assert asked_for("") not in names_of("127.0.0.1")
    assert asked_for("[") == ""
    assert not names_of("0.0.0.0")


def test_each_role_of_up_has_a_door_of_its_own_and_keeps_it() -> None:
    """Whether Slack runs changes nobody else's port; without a port nobody has one."""
    slack = SlackSettings(webhook_url_file=Path("/run/secrets/hook"))
    base = Settings(workers=2, metrics=MetricsSettings(port=9464))

    with_slack = _ports(base.model_copy(update={"slack": slack}))

    assert with_slack == {"worker-0": 9474, "worker-1": 9475, "slack": 9466, "poller": 9465}
    assert _ports(base) == {n: p for n, p in with_slack.items() if n != "slack"}
    assert _ports(Settings(slack=slack)) == {}


def _ports(settings: Settings) -> dict[str, int]:
    return {
        role.name: int(role.command[role.command.index("--metrics-port") + 1])
        for role in roles(settings, ())
        if "--metrics-port" in role.command
    }


def test_up_names_what_does_not_run() -> None:
    """One word a process."""
    assert not_running(UP) == "worker-0 is waiting"
    assert not_running(None) == ""


@pytest.fixture(scope="module")
def metrics() -> dict[str, set[str]]:
    """Return the labels of each sample that any role tells, by the sample's name."""
    found: dict[str, set[str]] = {}
    for registry in registries().values():
        for sample in samples(registry):
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def samples(registry: CollectorRegistry) -> list[Any]:
    """Read what a role shows to Prometheus."""
    text, _ = exposition(registry, "")
    families = text_string_to_metric_families(text.decode())
    return [sample for family in families for sample in family.samples]


def test_names_follow_the_custom_of_prometheus() -> None:
    """Ours begin with newsmon, counters end in _total, times in _seconds, each has a text."""
    for role, registry in registries().items():
        for family in registry.collect():
            assert family.documentation
            assert re.fullmatch(r"(newsmon|process)_[a-z_]+", family.name), (role, family.name)
            assert not family.name.endswith(("_ms", "_minutes", "_count"))
            if family.type == "histogram":
                assert family.name.endswith("_seconds")


def test_what_is_counted_is_told() -> None:
    """A few figures, through the text that Prometheus reads."""
    told = {
        (role, s.name, *sorted(s.labels.values())): s.value
        for role, registry in registries().items()
        for s in samples(registry)
    }

    assert told["poller", "newsmon_poll_articles_total", "new"] == 1
    assert told["poller", "newsmon_poll_articles_total", "revised"] == 1
    assert told["poller", "newsmon_poll_gaps_total"] == 1
    assert told["poller", "newsmon_poll_feeds", "ok"] == 1
    assert told["worker", "newsmon_worker_mentions_total", "deployment"] == 1
    assert told["worker", "newsmon_worker_fetch_to_alert_seconds_sum"] == 2
    assert told["worker", "newsmon_worker_lag_records", "3", "newsmon.articles"] == 7
    assert told["worker", "newsmon_ready"] == 1
    assert told["slack", "newsmon_slack_rate_limit_wait_seconds_total"] == 30
    assert told["slack", "newsmon_slack_calls_total", "post", "unsure"] == 1
    assert told["up", "newsmon_role_up", "worker-0"] == 0
    assert told["up", "newsmon_role_restarts_total", "worker-0"] == 3
    assert told["web", "newsmon_broker_up"] == 1


def queries() -> list[str]:
    """Return every expression of the rules and of the dashboard."""
    shown = [t["expr"] for panel in DASHBOARD["panels"] for t in panel.get("targets", ())]
    return [rule["expr"] for rule in ALERTS] + shown


@pytest.mark.parametrize("query", queries())
def test_every_query_asks_for_what_the_roles_tell(query: str, metrics: dict[str, set[str]]) -> None:
    """Each metric exists, and has the labels that are asked for."""
    plain = re.sub(r'"[^"]*"', '""', query)
    of_all = set().union(*metrics.values())
    asked = [(name, labels or "") for name, labels in re.findall(r"\b(\w+)\b(\{[^}]*\})?", plain)]
    names = {name for name, _ in asked if re.match(r"[a-z]", name)} - FUNCTIONS - OF_PROMETHEUS
    chosen = {name for name in names if "_" in name and name not in of_all}

    assert query.count("(") == query.count(")")
    assert chosen or "up{" in query
    assert chosen <= set(metrics)
    for name, selector in asked:
        wanted = set(re.findall(r"(\w+)=", selector))
        assert wanted - OF_PROMETHEUS <= metrics.get(name, set()), (name, wanted)
    for grouped in re.findall(r"by \(([^)]*)\)", plain):
        known = set().union(*(metrics[name] for name in chosen)) | OF_PROMETHEUS
        assert {word.strip() for word in grouped.split(",")} <= known


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    """In the rule itself, and under a heading of its name in the operators' book."""
    book = (ROOT / "docs" / "operations.md").read_text("utf-8")
    headings = set(re.findall(r"^### (Newsmon\w+)$", book, re.MULTILINE))

    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
        assert len(rule["annotations"]["runbook"]) > 30
    assert headings == {rule["alert"] for rule in ALERTS}


def test_the_operators_book_names_metrics_that_exist(metrics: dict[str, set[str]]) -> None:
    """A name with a star stands for several."""
    book = (ROOT / "docs" / "operations.md").read_text("utf-8")

    named = set(re.findall(r"`(newsmon_[a-z_]+)", book))

    assert len(named) > 15
    for name in named:
        assert any(known.startswith(name) for known in metrics), name


def test_the_dashboard_can_be_imported_anywhere() -> None:
    """Its source is a variable, its panels have numbers of their own and do not overlap."""
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for at in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]

    assert len(ids) == len(set(ids))
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert {v["name"] for v in DASHBOARD["templating"]["list"]} == {"datasource"}
    for panel in DASHBOARD["panels"]:
        assert panel.get("datasource", {}).get("uid", "${datasource}") == "${datasource}"


def test_prometheus_asks_the_services_of_the_stack() -> None:
    """By the names and ports of docker-compose.yml."""
    asked = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    port = int(compose["services"]["poller"]["environment"]["NEWSMON_METRICS_PORT"])
    roles_, page = asked["scrape_configs"]

    assert asked["rule_files"] == ["alerts.yml"]
    assert roles_["dns_sd_configs"][0]["port"] == port
    assert set(roles_["dns_sd_configs"][0]["names"]) <= set(compose["services"])
    assert page["static_configs"][0]["targets"] == ["web:8080"]
