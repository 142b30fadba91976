"""What the API and the metrics say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import orjson
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from monitor.configfile import read_toml
from monitor.messages import Alert
from monitor.settings import CONFIG_DIR
from monitor.stats.board import Board
from monitor.stats.places import place_names
from monitor.stats.totals import rows_of, summed
from monitor.web import view
from monitor.web.hub import Hub
from monitor.web.metrics import BoardMetrics
from monitor.web.openapi import document
from tests.boards import CLAIM, DENIAL, NOW, alert, board, feed
from tests.unit.build_mentions import T0, totals

STATIC = Path(view.__file__).parent / "static"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, {CLAIM, DENIAL}),
        ({"label": "denial"}, {DENIAL}),
        ({"severity": "medium"}, {CLAIM, DENIAL}),
        ({"severity": "high"}, {CLAIM}),
        ({"severity": "critical"}, set()),
        ({"place": "IS", "actor": "NO"}, {CLAIM, DENIAL}),
        ({"place": "NO"}, set()),
        ({"status": "happened"}, {CLAIM}),
    ],
)
def test_alerts_are_filtered(wanted: dict[str, str], found: set[str]) -> None:
    """All filters must match; a severity stands for all above it."""
    assert {a["id"] for a in view.alerts(board(), wanted, 10)} == found


def test_an_alert_of_the_api_is_the_alert_of_the_topic() -> None:
    """Field by field, so that one reader fits both."""
    raw = orjson.dumps(view.alerts(board(), {"label": "denial"}, 1)[0])

    assert Alert.decode(raw) == board().alerts[DENIAL]


def test_a_story_comes_with_its_thread_and_says_what_is_forgotten() -> None:
    """A link to a story that is not remembered is named, not hidden."""
    made = board()
    made.add(alert(revision=2, denied_by=(DENIAL, "c" * 20)))

    found = view.story(made, CLAIM)

    assert found
    assert [a["id"] for a in found["thread"]] == [DENIAL]
    assert found["forgotten"] == ["c" * 20]
    assert view.story(made, "nobody") is None


def test_feeds_in_trouble_come_first() -> None:
    """Then by name."""
    made = board()
    made.add(feed(feed_id="aftonblad"))

    found = [(f["id"], f["condition"]) for f in view.feeds(made, NOW)]

    assert found == [("tribune", "failing"), ("aftonblad", "ok"), ("gazette", "ok")]


def metrics(made: Board, hub: Hub) -> str:
    registry = CollectorRegistry()
    registry.register(BoardMetrics(made, hub, lambda: NOW))
    return generate_latest(registry).decode()


def test_metrics_are_prometheus_text() -> None:
    """Every line is a comment or a sample, and every name is announced with its type."""
    made = board()
    made.add(feed(feed_id='odd "quoted\\name'))
    text = metrics(made, Hub())
    sample = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})? \S+')
    typed = set(re.findall(r"^# TYPE (\S+) (?:gauge|counter)$", text, re.MULTILINE))

    for line in text.splitlines():
        found = sample.fullmatch(line)
        assert line.startswith("# ") or found, line
        if found:
            assert found[1] in typed
    assert 'newsmon_consumer_lag_records{group="newsmon",topic="articles"} 0.0' in text
    assert 'newsmon_feeds{condition="failing"} 1.0' in text
    assert 'newsmon_mentions{label="deployment",place="IS"} 4.0' in text
    assert "newsmon_broker_up 1.0" in text


def test_the_metrics_say_when_the_broker_is_away() -> None:
    """The page lives on and says so."""
    made = board()
    made.trouble = "no broker"

    assert "newsmon_broker_up 0.0" in metrics(made, Hub())


def test_every_reference_of_the_openapi_document_has_a_target() -> None:
    """And every answer of the API is described."""
    made = document()
    targets = re.findall(r'"\$ref": ?"#/components/schemas/(\w+)"', json.dumps(made))

    assert set(targets) <= set(made["components"]["schemas"])
    for path, answer, name in (
        ("/api/alerts", view.alerts(board(), {}, 1)[0], "Alert"),
        ("/api/counts", view.counts(board().rows(NOW))[0], "Row"),
        ("/api/counts", view.totals(rows_of(summed(totals(), "actor"), T0))[0], "TotalRow"),
        ("/api/feeds", view.feeds(board(), NOW)[0], "Feed"),
        ("/api/state", view.state(board(), NOW), "State"),
    ):
        assert path in made["paths"]
        assert set(answer) == set(made["components"]["schemas"][name]["properties"])


def test_the_whole_page_is_light() -> None:
    """All files together, without compression, stay below 200 kB."""
    assert sum(path.stat().st_size for path in STATIC.iterdir()) < 200_000


def test_the_page_loads_nothing_from_elsewhere_and_makes_no_markup() -> None:
    """No foreign address, no inline code, no way from a string to markup."""
    page = (STATIC / "index.html").read_text("utf-8")
    script = (STATIC / "page.js").read_text("utf-8")
    style = (STATIC / "page.css").read_text("utf-8")

    assert re.findall(r'(?:src|href)="(?!/|#)', page) == []
    assert re.findall(r'<script(?! src="/static/page.js" defer></script>)', page) == []
    assert re.findall(r"\son\w+=|style=", page) == []
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                "Function(", "DOMParser", "createContextualFragment", "srcdoc"):  # fmt: skip
        assert way not in script
    assert "url(" not in style
    assert "@import" not in style


def test_the_map_knows_the_codes_of_the_gazetteer() -> None:
    """Every shape and point has a code that a mention can have."""
    drawn = json.loads((STATIC / "map.json").read_text("utf-8"))
    known = set(place_names()) | set(read_toml(CONFIG_DIR / "gazetteer" / "seas.toml"))
    inhabited = {"TF", "FK", "GL", "NC", "PR", "EH"}

    assert {code for code in drawn["points"] if code not in known} == set()
    assert {code for code in drawn["shapes"] if code not in known} <= inhabited
    assert len(drawn["shapes"]) > 170
