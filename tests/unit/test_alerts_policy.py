"""The policy file and its filters."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.alerts import Policy, Watch, load_policy
from monitor.alerts.filters import Filter
from monitor.errors import ConfigError
from monitor.messages import Alert, AlertCounts, AlertEvidence, Label, Severity, Status
from monitor.settings import CONFIG_DIR
from tests.unit.build_mentions import T0


def alert(**fields: object) -> Alert:
    base: dict[str, object] = {
        "id": "s",
        "revision": 1,
        "reason": "new",
        "label": Label.DRILL,
        "status": Status.PLANNED,
        "severity": Severity.MEDIUM,
        "headline": "Ships will practise off the cape",
        "actors": ("SE", "NO"),
        "places": ("FI", "Baltic Sea"),
        "evidence": (
            AlertEvidence(sentence="s", outlet="The Lantern", url="", language="en"),
            AlertEvidence(sentence="s", outlet="Фонарь", url="", language="ru"),
        ),
        "counts": AlertCounts(mentions=2, outlets=2, first_seen=T0, last_seen=T0),
    }
    return Alert.model_validate(base | fields)


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "alerts.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_policy(path)
    return [fault.replace(str(tmp_path), "") for fault in caught.value.faults]


def test_the_policy_that_ships_is_valid_and_its_numbers_are_the_defaults() -> None:
    """What the file shows as a default is the default."""
    policy = load_policy(CONFIG_DIR / "alerts.toml")
    assert (policy.stories, policy.alerts, policy.bursts) == (
        Policy().stories,
        Policy().alerts,
        Policy().bursts,
    )
    assert policy.severity
    assert [watch.name for watch in policy.watches] == ["urgent"]


def test_the_examples_in_comments_are_valid(tmp_path: Path) -> None:
    """A user may take the comment signs away."""
    text = (CONFIG_DIR / "alerts.toml").read_text("utf-8")
    examples = text[text.index("# [[watches]]") :].replace("# Silences", "## Silences")
    lines = [line[2:] for line in examples.splitlines() if line.startswith("# ")]
    path = tmp_path / "alerts.toml"
    path.write_text("\n".join(lines), "utf-8")
    policy = load_policy(path)
    assert len(policy.watches) == len(policy.silences) == 1


def test_an_empty_file_is_the_default_policy(tmp_path: Path) -> None:
    """Every key has a default."""
    path = tmp_path / "alerts.toml"
    path.write_text("", "utf-8")
    assert load_policy(path) == Policy()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "[stories]\n\ngap_hors = 2",
            "/alerts.toml:3: stories.gap_hors: unknown key, did you mean 'gap_hours'?",
        ),
        ("[storys]\n", "/alerts.toml:1: storys: unknown key, did you mean 'stories'?"),
        (
            "[[watches]]\nname = 'a'\n[[watches]]\nname = 'b'\nlabl = 'drill'",
            "/alerts.toml:5: watches[1].labl: unknown key, did you mean 'label'?",
        ),
        (
            "[[watches]]\nname = 'a'\nlabel = ['drill', 'denail']",
            "/alerts.toml:3: watches[0].label: 'denail' is not one of deployment, drill, denial, "
            "did you mean 'denial'?",
        ),
        (
            "[[severity]]\nlevel = 'hihg'",
            "/alerts.toml:2: severity[0].level: 'hihg' is not one of low, medium, high, critical, "
            "did you mean 'high'?",
        ),
        (
            "[[watches]]\nname = 'a'\nplace = ['UA', 'Blak Sea']",
            "/alerts.toml:3: watches[0].place: 'Blak Sea' is no code of config/gazetteer, "
            "expected for instance 'UA' or 'NATO', did you mean 'Black Sea'?",
        ),
        ("[[watches]]\nlabel = 'drill'", "/alerts.toml:1: watches[0].name: Field required"),
        (
            "[alerts]\nmin_outlets = 0",
            "/alerts.toml:2: alerts.min_outlets: Input should be greater than or equal to 1",
        ),
        (
            "[[watches]]\nname = 'a'\n[[watches]]\nname = 'a'",
            "/alerts.toml:1: watches: two watches are called 'a'",
        ),
        ("stories = 3", "/alerts.toml:1: stories: Input should be a valid dictionary"),
        ("[stories]\ngap_hours = 200", "/alerts.toml: file: stories.span_hours must be at least"),
    ],
)
def test_a_fault_names_file_line_key_and_the_nearest_known(
    tmp_path: Path, text: str, fault: str
) -> None:
    """A user finds the place and the right word in one line."""
    (found,) = faults(tmp_path, text)
    assert found.startswith(fault)
    assert "\n" not in found


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """One run shows every fault of the file."""
    assert len(faults(tmp_path, "[stories]\nnear = 7\n[alerts]\nquiet = 3\n[bursts]\nx = 1")) == 3


def test_a_file_that_is_missing_or_no_toml_is_one_clear_line(tmp_path: Path) -> None:
    """Both are configuration errors, not tracebacks."""
    assert "no valid TOML" in faults(tmp_path, "[[watches")[0]
    with pytest.raises(ConfigError, match="no such file"):
        load_policy(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({}, True),
        ({"label": "drill"}, True),
        ({"label": ("denial", "drill")}, True),
        ({"label": "denial"}, False),
        ({"status": "planned"}, True),
        ({"status": ["happened"]}, False),
        ({"actor": ("DK", "no")}, True),
        ({"actor": "DK"}, False),
        ({"place": "baltic sea"}, True),
        ({"place": "EE"}, False),
        ({"language": "ru"}, True),
        ({"language": "de"}, False),
        ({"outlet": "the lantern"}, True),
        ({"outlet": "Lantern"}, False),
        ({"severity": "low"}, True),
        ({"severity": "medium"}, True),
        ({"severity": "high"}, False),
        ({"label": "drill", "actor": "SE", "place": "EE"}, False),
    ],
)
def test_a_watch_matches_where_every_key_does(filters: dict, matches: bool) -> None:
    """Keys are joined by and, the values of one key by or; severity is a least one."""
    assert Watch(name="w", **filters).matches(alert()) is matches


def test_a_filter_on_status_never_matches_an_alert_without_one() -> None:
    """A denial has no status."""
    assert not Filter(status=tuple(Status)).matches(alert(status=None))
