"""Properties of stories over any order, any repetition and any restart.

What holds for every order: which reports are one story, where each report clearly belongs to one,
and all that the story's alert shows but its id. What does not: the id (the first report that came),
how many revisions there were and when; and, with `min_outlets`, when the first one came.
"""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts import PlaceState, Policy, update_stories
from monitor.alerts.absorb import MAX_CODES
from monitor.alerts.face import alert_of, reason_for
from monitor.alerts.filters import SEVERITIES, SeverityRule, Watch
from monitor.alerts.story import MAX_LINKS
from monitor.messages import Alert, Mention, Status
from tests.unit.build_mentions import mention

POLICY = Policy(
    severity=(
        SeverityRule(level="critical", status="happened", min_outlets=4),
        SeverityRule(level="high", status=("happened", "ongoing")),
        SeverityRule(level="medium", label="deployment"),
    ),
    watches=(Watch(name="many", actor=("B1", "B2")), Watch(name="loud", severity="high")),
)
SAID = ("gulls", "lorries", "lanterns", "ferries", "tents", "cranes")


@st.composite
def reports(draw: st.DrawFn) -> list[Mention]:
    """Reports of up to four events with actors of their own, and of denials of them."""
    found = []
    for event in range(draw(st.integers(1, 4))):
        for label in draw(st.sampled_from([("deployment",), ("drill", "denial"), ("denial",)])):
            for number in range(draw(st.integers(1, 7))):
                thing = draw(st.sampled_from(SAID))
                own = f"A{event}"
                extra = draw(st.sampled_from([(), (f"B{event}",), (f"C{event}",)]))
                found.append(
                    mention(
                        f"{event}saw {event}{label} {event}{thing} {event}pier {event}town.",
                        label=label,
                        status=draw(st.sampled_from(list(Status))),
                        actors=(own, *extra),
                        places=draw(st.sampled_from([("FI",), ("FI", "EE"), ("FI", "LV")])),
                        outlet=f"Outlet {draw(st.integers(0, 7))}",
                        at=draw(st.integers(0, 700)),
                        seen=draw(st.integers(700, 720)),
                        speaker=draw(st.sampled_from(["", "A pilot", "A nurse"])),
                        score=draw(st.sampled_from([0.7, 0.8, 0.9])),
                        name=f"{event}.{label}.{number}",
                    )
                )
    return found


def run(mentions: list[Mention]) -> tuple[PlaceState, list[Alert]]:
    state, alerts = PlaceState(), []
    for item in mentions:
        state, outcome = update_stories(state, item, POLICY)
        alerts += outcome.alerts
    return state, alerts


def faces(state: PlaceState) -> list[dict[str, Any]]:
    """Return what each story shows, with links named by what they lead to, not by id."""
    names = {story.id: (story.label, sorted(story.actors)) for story in state.stories}
    shown = []
    for story in state.stories:
        face = alert_of(story, tuple(story.links), POLICY).model_dump(mode="json")
        for field in ("denies", "denied_by"):
            face[field] = sorted(names[link] for link in face[field])
        del face["id"], face["revision"]
        shown.append(face)
    return sorted(shown, key=lambda face: (face["label"], sorted(face["actors"])))


@given(reports(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_any_order_tells_the_same_in_the_end(items: list[Mention], dice: random.Random) -> None:
    """The stories and what each shows do not depend on the order of arrival."""
    mixed = list(items)
    dice.shuffle(mixed)
    assert faces(run(mixed)[0]) == faces(run(items)[0])


@given(reports(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_any_repetition_and_any_restart_change_nothing(
    items: list[Mention], dice: random.Random
) -> None:
    """Alerts are the same, to the byte, if mentions come again and the state is read anew."""
    plain_state, plain_alerts = run(items)
    state, alerts = PlaceState(), []
    for number, item in enumerate(items):
        again = dice.sample(items[:number], min(number, 2))
        for repeated in [*again, item, item]:
            state, outcome = update_stories(state, repeated, POLICY)
            alerts += outcome.alerts
        if dice.random() < 0.5:
            state = PlaceState.from_json(orjson.loads(orjson.dumps(state.to_json())))
    assert [a.encode() for a in alerts] == [a.encode() for a in plain_alerts]
    assert orjson.dumps(state.to_json()) == orjson.dumps(plain_state.to_json())


@given(reports())
@settings(max_examples=40, deadline=None)
def test_in_the_end_all_is_told(items: list[Mention]) -> None:
    """Without quiet periods no story knows anything that its last revision did not tell."""
    state, alerts = run(items)
    newest = {alert.id: alert for alert in alerts}
    for story in state.stories:
        face = alert_of(story, tuple(story.links), POLICY)
        assert reason_for(story, face) is None
        assert set(newest[story.id].actors) == set(face.actors)
        assert set(newest[story.id].places) == set(face.places)
        assert newest[story.id].status == face.status
        assert newest[story.id].denies == face.denies
        assert newest[story.id].denied_by == face.denied_by


@given(reports())
@settings(max_examples=40, deadline=None)
def test_revisions_count_up_and_each_tells_something(items: list[Mention]) -> None:
    """Revisions of a story are 1, 2, 3, ... and neighbours differ in what an analyst reads."""
    _, alerts = run(items)
    by_story: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_story.setdefault(alert.id, []).append(alert)
    for revisions in by_story.values():
        assert [alert.revision for alert in revisions] == list(range(1, len(revisions) + 1))
        for old, new in pairwise(revisions):
            # An outlet that only copied before may become a voice of its own.
            assert _told(old) != _told(new) or new.reason == "new_outlet"


def _told(alert: Alert) -> tuple[object, ...]:
    return (
        {change.status for change in alert.status_history},
        set(alert.actors),
        set(alert.places),
        alert.severity,
        alert.counts.outlets,
        alert.denies,
        alert.denied_by,
    )


@given(st.integers())
@settings(max_examples=10, deadline=None)
def test_a_story_cannot_be_revised_without_end(seed: int) -> None:
    """However many reports come, revisions are bounded by the things that can be new."""
    dice = random.Random(seed)
    state, revisions = PlaceState(), 0
    for n in range(600):
        item = mention(
            f"Word{dice.random()} of ships {dice.random()}.",
            status=dice.choice(list(Status)),
            actors=("SE", f"X{dice.randrange(90)}"),
            places=("FI", f"Y{dice.randrange(90)}"),
            outlet=f"O{dice.randrange(200)}",
            at=n,
        )
        state, outcome = update_stories(state, item, POLICY)
        revisions += len(outcome.alerts)
    limit = 1 + len(Status) + len(SEVERITIES) + 5 + 2 * MAX_CODES + MAX_LINKS
    assert len(state.stories) == 1
    assert state.stories[0].mentions == 600
    assert revisions <= limit


@given(reports())
@settings(max_examples=20, deadline=None)
def test_a_state_survives_json(items: list[Mention]) -> None:
    """Writing and reading a state gives the same state."""
    state, _ = run(items)
    raw = orjson.dumps(state.to_json())
    assert orjson.dumps(PlaceState.from_json(orjson.loads(raw)).to_json()) == raw
