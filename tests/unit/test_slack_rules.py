"""Routes, quiet hours, mutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.messages import Label, Severity
from monitor.settings import CONFIG_DIR
from monitor.slack.rules import (
    Quiet,
    SlackRules,
    channel_of,
    held_until,
    load_rules,
    quiet_end,
)
from monitor.slack.samples import sample_alert
from tests.samples import NOW

NIGHT = Quiet.model_validate({"start": "22:00", "end": "07:00", "zone": "Europe/Berlin"})

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def rules(**tables: object) -> SlackRules:
    return SlackRules.model_validate(tables)


def test_the_shipped_file_states_the_defaults():
    """config/slack.toml documents and changes nothing."""
    assert load_rules(CONFIG_DIR / "slack.toml") == SlackRules()


def test_the_first_route_that_matches_decides():
    """By severity at least, by watch, by any filter key."""
    chosen = rules(
        routes=[
            {"severity": "critical", "channel": "C1"},
            {"watch": "baltic", "channel": "C2"},
            {"label": "drill", "discard": True},
            {"severity": "high"},
        ]
    )

    def where(**changes: object) -> str | None:
        return channel_of(sample_alert(NOW, **changes), chosen, "usual", {})

    assert where(severity=Severity.CRITICAL, watches=("baltic",)) == "C1"
    assert where(watches=("baltic",)) == "C2"
    assert where(label=Label.DRILL) is None
    assert where() == "usual"


def test_a_watch_has_its_own_channel_where_no_route_matches():
    """alerts.toml's `channel` counts, else the usual one."""
    alert = sample_alert(NOW, watches=("urgent", "baltic"))

    assert channel_of(alert, rules(), "usual", {"baltic": "#baltic"}) == "#baltic"
    assert channel_of(alert, rules(), "usual", {}) == "usual"


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-02T20:59:59Z", None),
        ("2026-03-02T21:00:00Z", "2026-03-03T06:00:00Z"),
        ("2026-03-03T05:59:59Z", "2026-03-03T06:00:00Z"),
        ("2026-03-03T06:00:00Z", None),
        ("2026-03-28T23:00:00Z", "2026-03-29T05:00:00Z"),  # the clocks go forward that night
    ],
)
def test_quiet_hours_go_over_midnight_in_their_own_zone(now: str, end: str | None):
    """The start is quiet, the end is not; the end is on the wall clock of the zone."""
    expected = datetime.fromisoformat(end) if end else None

    assert quiet_end(NIGHT, datetime.fromisoformat(now)) == expected


@given(st.integers(0, 365 * 24 * 60).map(lambda m: NEW_YEAR + timedelta(minutes=m)))
def test_the_end_of_quiet_hours_is_ahead_and_not_quiet_itself(now: datetime):
    """Whoever waits for the end need not wait twice."""
    end = quiet_end(NIGHT, now)

    if end:
        assert now < end <= now + timedelta(hours=11)
        assert quiet_end(NIGHT, end) is None


def test_quiet_hours_let_the_severe_through():
    """High and above is told at night."""
    night = datetime(2026, 3, 2, 23, tzinfo=UTC)

    assert held_until(sample_alert(NOW, severity=Severity.HIGH), rules(quiet=NIGHT), night) is None
    assert held_until(sample_alert(NOW, severity=Severity.MEDIUM), rules(quiet=NIGHT), night)


def test_a_mute_holds_until_it_expires_and_not_longer():
    """The last of several ends counts."""
    muted = rules(
        mutes=[
            {"name": "parade", "place": "IS", "until": NOW + timedelta(hours=2)},
            {"name": "longer", "place": "IS", "until": NOW + timedelta(hours=3)},
            {"name": "elsewhere", "place": "FR", "until": NOW + timedelta(hours=9)},
        ]
    )
    alert = sample_alert(NOW)

    assert held_until(alert, muted, NOW) == NOW + timedelta(hours=3)
    assert held_until(alert, muted, NOW + timedelta(hours=3)) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[mutes]]\nname = 'x'\n", "mutes[0].until"),
        ("[quiet]\nzone = 'Mars/Base'\n", "quiet.zone"),
        ("[[routes]]\nchanel = 'C1'\n", "did you mean 'channel'"),
        ("[[routes]]\nseverity = 'hihg'\n", "did you mean 'high'"),
        ("messages_per_second = 0\n", "messages_per_second"),
        ("[quiet]\nstart = 'ten'\n", "quiet.start"),
    ],
)
def test_a_fault_names_its_place(tmp_path: Path, text: str, named: str):
    """A mute without an end, an unknown zone, a misspelt key."""
    path = tmp_path / "slack.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(ConfigError) as caught:
        load_rules(path)

    assert named in str(caught.value)
