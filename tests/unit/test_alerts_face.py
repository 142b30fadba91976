"""What an alert shows of its story."""

from __future__ import annotations

import pytest

from monitor.alerts import PlaceState, Policy, update_stories
from monitor.alerts.filters import Watch
from monitor.messages import Status
from tests.unit.build_mentions import T0, mention
from tests.unit.tell_stories import DEFAULT, last, told


def test_watches_tag_their_alerts() -> None:
    """An alert carries the names of the watches that match, in the order of the file."""
    policy = Policy(
        watches=(
            Watch(name="all", severity="low"),
            Watch(name="drills", label="drill"),
            Watch(name="north", place=("no", "fi")),
        )
    )
    assert told([mention()], policy)[1][0].alerts[0].watches == ("all", "north")


def test_evidence_is_at_most_five_and_each_outlet_comes_before_a_second_of_one() -> None:
    """Six reports of one outlet and one of another: the other one is shown, second newest."""
    items = [mention(f"Swedish lorry {n} passed.", at=n, outlet="A") for n in range(6)]
    items.insert(2, mention("A lone Swedish tank was seen.", at=1.5, outlet="B"))
    state, _ = told([*items, mention(status="ended", at=9, outlet="A", name="end")])
    outlets = [entry["outlet"] for entry in state.stories[0].evidence]
    assert outlets == ["A", "B", "A", "A", "A"]


def test_the_headline_follows_the_furthest_stage_and_prefers_titles() -> None:
    """What happened names the story before what was called for, a title before a sentence."""
    title = {"title": "Swedish force lands", "evidence": {"field": "title"}}
    called = mention("Sweden should send a force.", status="called_for")
    arrived = mention(at=5)
    entitled = mention(at=6, name="t")
    entitled = entitled.model_copy(
        update={
            "title": title["title"],
            "evidence": entitled.evidence.model_copy(update=title["evidence"]),
        }
    )
    heads = []
    state = PlaceState()
    for item in (called, arrived, entitled):
        state, _ = update_stories(state, item, DEFAULT)
        heads.append(state.stories[0].headline)
    assert heads == [called.evidence.sentence, arrived.evidence.sentence, "Swedish force lands"]


def test_the_status_history_keeps_each_status_at_its_first_report() -> None:
    """A status that comes again later does not move; the present one is the furthest."""
    _, outcomes = told(
        [
            mention(status="called_for"),
            mention(status="planned", at=5),
            mention(status="called_for", at=9, name="3"),
            mention(status="happened", at=12),
        ]
    )
    alert = last(outcomes)
    assert alert.status == Status.HAPPENED
    assert [(c.status, (c.at - T0).total_seconds() / 60) for c in alert.status_history] == [
        ("called_for", 0),
        ("planned", 5),
        ("happened", 12),
    ]


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({}, ("154", "MOBILIZE")),
        ({"status": "planned"}, ("", "MOBILIZE")),
        ({"status": "called_for"}, ("023", "REQUEST")),
        ({"status": "alleged"}, ("1123", "ACCUSE")),
        ({"status": "ended"}, ("0874", "RETREAT")),
        ({"status": "denied"}, ("016", "")),
        ({"label": "drill"}, ("150", "MOBILIZE")),
        ({"label": "drill", "actors": ("SE", "NO")}, ("062", "COOPERATE")),
        ({"label": "denial"}, ("016", "")),
    ],
)
def test_codes_of_other_systems(fields: dict, codes: tuple[str, str]) -> None:
    """CAMEO and PLOVER by label, status and number of actors."""
    alert = told([mention(**fields)])[1][0].alerts[0]
    assert (alert.codes.cameo, alert.codes.plover) == codes


def test_the_place_of_the_key_leads_although_another_code_sorts_before_it() -> None:
    """Places and actors keep the order in which the report weighs them."""
    alert = told([mention(places=("FI", "EE"), actors=("SE", "NO"))])[1][0].alerts[0]
    assert (alert.places, alert.actors) == (("FI", "EE"), ("SE", "NO"))
