"""Which mentions are one story."""

from __future__ import annotations

import pytest

from monitor.alerts import Policy
from monitor.alerts.policy import StoryRules
from tests.unit.build_mentions import mention
from tests.unit.tell_stories import OTHER, SECOND, reasons, told


def test_thirty_outlets_with_one_agency_text_are_one_alert() -> None:
    """Copies of a sentence make one story with thirty outlets and no revision but the first."""
    state, outcomes = told(mention(outlet=f"Gazette {n}", at=n) for n in range(30))
    assert len({outcome.story_id for outcome in outcomes}) == 1
    assert reasons(outcomes) == ["new"] + ["nothing_new"] * 29
    assert len(state.stories[0].own) == 30


def test_a_copy_joins_its_story_although_another_actor_was_read_from_it() -> None:
    """A nearly equal sentence is the same story whatever codes the detector gave it."""
    _, outcomes = told([mention(), mention(actors=("NO",), outlet="B", at=5)])
    assert outcomes[0].story_id == outcomes[1].story_id


def test_other_actors_are_another_story() -> None:
    """Two forces that have nothing in common are two stories of one place."""
    _, outcomes = told([mention(), mention(OTHER, actors=("NO",), at=2)])
    assert outcomes[0].story_id != outcomes[1].story_id


def test_other_labels_are_other_stories() -> None:
    """A drill and a deployment of the same force at the same place are two stories."""
    _, outcomes = told([mention(), mention(label="drill", status="planned", at=2)])
    assert outcomes[0].story_id != outcomes[1].story_id


def test_a_retelling_in_another_language_joins_by_its_codes() -> None:
    """Words in common are not needed where actor and place agree."""
    text = "Шведские подразделения прибыли в порт, сообщили рыбаки."
    _, outcomes = told([mention(), mention(text, outlet="Вестник", at=9, language="ru")])
    assert outcomes[0].story_id == outcomes[1].story_id


def test_without_an_actor_the_words_must_be_near() -> None:
    """A report that names nobody joins by its words, else it stands alone."""
    near = "Battalions arrived at the harbour of Ostrava Bay at night, residents say."
    _, outcomes = told(
        [
            mention(),
            mention(near, actors=(), at=3),
            mention(OTHER, actors=(), at=4, title="Fuel on the move"),
        ]
    )
    assert outcomes[0].story_id == outcomes[1].story_id != outcomes[2].story_id


def test_without_a_place_the_words_must_be_near_even_where_actors_agree() -> None:
    """All mentions without a place share one key, so the actor alone says too little."""
    _, outcomes = told([mention(places=()), mention(OTHER, places=(), at=3)])
    assert outcomes[0].story_id != outcomes[1].story_id


@pytest.mark.parametrize(("minutes", "same"), [(24 * 60, True), (24 * 60 + 1, False)])
def test_a_day_without_a_report_ends_a_story(minutes: int, same: bool) -> None:
    """The gap is measured from the last report, its end included."""
    _, outcomes = told([mention(at=-60), mention(), mention(SECOND, at=minutes)])
    assert (outcomes[1].story_id == outcomes[2].story_id) is same


def test_a_story_that_never_pauses_ends_after_its_span() -> None:
    """Hourly reports for ten days are several stories, none longer than the policy allows."""
    state, outcomes = told(mention(at=60 * n, name=str(n)) for n in range(240))
    assert len({outcome.story_id for outcome in outcomes}) == 4
    assert all(story.last - story.first <= 72 * 3600 for story in state.stories)


def test_late_reports_join_the_story_of_their_own_day() -> None:
    """Publication decides, not arrival: yesterday's article seen today is yesterday's story."""
    day = 24 * 60
    _, outcomes = told(
        [
            mention(at=0),
            mention(SECOND, at=2 * day),
            mention(OTHER, at=30, seen=2 * day + 5),
        ]
    )
    assert outcomes[2].story_id == outcomes[0].story_id != outcomes[1].story_id


def test_rules_of_stories_hold() -> None:
    """A shorter gap splits what the default keeps together."""
    policy = Policy(stories=StoryRules(gap_hours=1))
    _, outcomes = told([mention(), mention(SECOND, at=90)], policy)
    assert outcomes[0].story_id != outcomes[1].story_id


def test_at_a_busy_place_the_codes_alone_carry_no_report_into_a_story() -> None:
    """With one story of a force at a place a retelling needs no common word; with four it does."""
    things = ("Tents by the mill", "Frigates off the cape", "Radars on the ridge", "A field bakery")
    statuses = ("planned", "called_for", "possible", "alleged")
    busy = [
        mention(f"{thing}.", status=status, at=n, title=thing)
        for n, (thing, status) in enumerate(zip(things, statuses, strict=True))
    ]
    state, outcomes = told(busy)
    assert len(state.stories) == 4
    retold = mention("Swedish ferries carried crates ashore.", at=9, title="Ashore at dawn")
    assert told([retold], state=state)[1][0].story_id not in {o.story_id for o in outcomes}
    near = mention("Frigates were seen off the cape.", at=9, title="Frigates off the cape")
    assert told([near], state=state)[1][0].story_id == outcomes[1].story_id


def test_an_alliance_may_stand_for_its_members() -> None:
    """A report that names NATO joins a member's story by its words, another force's does not."""
    words = "Battalions arrived at the harbour of Ostrava Bay, NATO said."
    joined = told([mention(), mention(words, actors=("NATO",), at=3)])[1]
    apart = told([mention(), mention("Ostrava Bay: ships.", actors=("DK",), at=3)])[1]
    assert joined[0].story_id == joined[1].story_id
    assert apart[0].story_id != apart[1].story_id


def test_the_headline_helps_where_the_sentence_says_little() -> None:
    """Two outlets' sentences without a common word are one story if their headlines are near."""
    title = "Battalions land at Ostrava Bay harbour"
    first = mention("Ferries brought them before dawn.", status="planned", title=title)
    second = mention("Residents counted forty lorries.", at=5, outlet="B", title=title)
    _, outcomes = told([first, second])
    assert outcomes[0].story_id == outcomes[1].story_id
