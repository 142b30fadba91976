"""Evidence: what the words say for a label, beside the networks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.evidence import NAMES, WORDS, Evidence, weigh
from monitor.detect.scoring import Unit
from monitor.messages import Label
from tests.unit.detect_doubles import lexicons

PLAIN = Unit("Bread is dearer than last year.", title="Prices rise")


def words(unit: Unit, label: Label) -> set[str]:
    return {name for name, there in Evidence(lexicons()).of(unit)[label].items() if there}


@pytest.mark.parametrize(
    ("unit", "label", "found"),
    [
        (PLAIN, Label.DENIAL, set()),
        (Unit("The army sent two brigades north."), Label.DEPLOYMENT, {"cue", "military", "armed"}),
        (Unit("The army sent two brigades north."), Label.DRILL, {"military", "armed"}),
        (
            Unit("“Nobody was there”, she said.", title="Ministry denies raid"),
            Label.DENIAL,
            {"headline", "military", "quote"},
        ),
        (Unit("She denied the reports.", prev="Tanks rolled in."), Label.DENIAL,
         {"cue", "charge", "military", "armed"}),
        (Unit("The officers mobilized the crowd."), Label.DEPLOYMENT, {"military"}),
        (Unit("She mobilized the crowd."), Label.DEPLOYMENT, set()),
        (Unit("She denied that the crowd was mobilized."), Label.DENIAL,
         {"cue", "charge", "military"}),
        (Unit("She did not intend to move."), Label.DENIAL, {"cue", "no_plan"}),
        (Unit("Министр опроверг сообщения о войсках.", language="ru"), Label.DENIAL,
         {"cue", "charge", "military", "armed"}),
        (Unit("Міністр спростував повідомлення про війська.", language="uk"), Label.DENIAL,
         {"cue", "charge", "military", "armed"}),
    ],
)  # fmt: skip
def test_words_are_found_where_they_stand(unit: Unit, label: Label, found: set[str]) -> None:
    assert words(unit, label) == found


def test_a_headline_is_not_its_own_headline() -> None:
    """It would count its own words twice."""
    text = "Ministry denies raid"
    assert "headline" not in words(Unit(text, is_title=True), Label.DENIAL)
    assert "headline" not in words(Unit(text, title=text), Label.DENIAL)


@given(st.text(max_size=300), st.text(max_size=80), st.sampled_from(["en", "ru", "uk", "xx"]))
def test_any_text_in_any_language_gives_the_same_names(
    text: str, title: str, language: str
) -> None:
    """A language that is none of ours is read as English."""
    for found in Evidence(lexicons()).of(Unit(text, title, "", language)).values():
        assert tuple(found) == WORDS
        assert set(found.values()) <= {0.0, 1.0}


def test_only_what_has_a_weight_adds_to_the_log_odds() -> None:
    values = dict.fromkeys(NAMES, 2.0)
    assert weigh({"encoder": 0.5, "cue": -1.0, "offset": 3.0}, values) == {
        "encoder": 1.0, "cue": -2.0, "offset": 3.0,
    }  # fmt: skip
