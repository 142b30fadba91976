"""What a place remembers: bounded, whatever comes, and never changed in place."""

from __future__ import annotations

import orjson

from monitor.alerts import PlaceState, update_stories
from monitor.alerts.story import MAX_BYTES, MAX_STORIES
from tests.unit.build_mentions import mention
from tests.unit.tell_stories import DEFAULT, OTHER, SECOND, told


def test_the_state_is_not_changed_in_place() -> None:
    """The worker may fail to store the new state, so the old one must still be whole."""
    state, _ = told([mention()])
    before = orjson.dumps(state.to_json())
    update_stories(state, mention(SECOND, outlet="B", status="ended", at=3), DEFAULT)
    assert orjson.dumps(state.to_json()) == before


def test_stories_without_reports_leave_the_state() -> None:
    """After the longer of gap and link time a story is forgotten; not before."""
    state, _ = told([mention(), mention(OTHER, actors=("NO",), at=60 * 72)])
    assert len(state.stories) == 2
    state, _ = told([mention(SECOND, actors=("DK",), at=60 * 72 + 1)], state=state)
    assert [sorted(story.actors) for story in state.stories] == [["NO"], ["DK"]]


def test_a_place_with_ever_new_stories_keeps_the_newest_within_bounds() -> None:
    """Past the cap the story seen longest ago goes."""
    items = [
        mention(f"{n} lorries were seen.", actors=(f"A{n}",), at=n) for n in range(MAX_STORIES + 10)
    ]
    state, _ = told(items)
    assert len(state.stories) == MAX_STORIES
    assert "A9" not in {code for story in state.stories for code in story.actors}


def test_hostile_lengths_keep_the_state_and_the_alert_small() -> None:
    """Huge sentences, titles, names and addresses in a three-byte script are cut or left out."""
    state = PlaceState()
    biggest = 0
    for n in range(400):
        item = mention(
            f"{n} " + "軍" * 20_000,
            actors=(f"A{n % 60}",),
            outlet=f"{n}" + "報" * 5000,
            at=n,
            speaker=f"{n}" + "人" * 5000,
            title="題" * 9000,
            url="https://example.org/" + "x" * 90_000,
        )
        state, outcome = update_stories(state, item, DEFAULT)
        biggest = max([biggest, *(len(alert.encode()) for alert in outcome.alerts)])
    assert len(orjson.dumps(state.to_json())) < MAX_BYTES * 1.05 < 200_000
    assert biggest < 64 * 1024


def test_an_unknown_field_of_a_newer_state_is_ignored() -> None:
    """A state written by a later version is read."""
    state, _ = told([mention()])
    raw = state.to_json()
    raw["stories"][0]["mood"] = "tense"
    assert PlaceState.from_json(raw).to_json()["stories"][0]["mentions"] == 1
