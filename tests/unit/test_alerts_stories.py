"""Stories: which mentions are one, what makes a revision, what stays bounded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import orjson
import pytest

from monitor.alerts import Outcome, PlaceState, Policy, add_burst, update_stories
from monitor.alerts.face import REASONS
from monitor.alerts.filters import SeverityRule, Silence, Watch
from monitor.alerts.policy import AlertRules, StoryRules
from monitor.alerts.story import MAX_BYTES, MAX_STORIES
from monitor.messages import Alert, Mention, Severity, Status
from tests.unit.build_mentions import T0, mention

DEFAULT = Policy()
SECOND = "Swedish units landed near the old lighthouse, a ship's crew told the radio."
OTHER = "Convoys of fuel lorries rolled through the valley before dawn."


def told(
    mentions: Iterable[Mention], policy: Policy = DEFAULT, state: PlaceState | None = None
) -> tuple[PlaceState, list[Outcome]]:
    """Pass mentions through, with the state written and read in between as the worker does."""
    state = state or PlaceState()
    outcomes = []
    for item in mentions:
        state, outcome = update_stories(state, item, policy)
        state = PlaceState.from_json(orjson.loads(orjson.dumps(state.to_json())))
        outcomes.append(outcome)
    return state, outcomes


def reasons(outcomes: list[Outcome]) -> list[str]:
    return [outcome.reason for outcome in outcomes]


def last(outcomes: list[Outcome]) -> Alert:
    return [alert for outcome in outcomes for alert in outcome.alerts][-1]


def test_the_first_mention_is_told_at_once() -> None:
    """Without any policy the first report is revision 1 with the reason `new`."""
    _, outcomes = told([mention()])
    (alert,) = outcomes[0].alerts
    assert (alert.revision, alert.reason, alert.id) == (1, "new", outcomes[0].story_id)
    assert (alert.counts.mentions, alert.counts.outlets) == (1, 1)


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


def test_a_second_outlet_in_its_own_words_is_a_revision() -> None:
    """An independent outlet is told, the third is not."""
    third = "Stockholm's soldiers have reached the coast, according to fishermen."
    _, outcomes = told(
        [mention(), mention(SECOND, outlet="B", at=5), mention(third, outlet="C", at=9)]
    )
    assert reasons(outcomes) == ["new", "new_outlet", "nothing_new"]


def test_the_fifth_independent_outlet_is_told_again() -> None:
    """Outlets are told at 2, 5, 10, 20 and 50."""
    texts = [f"Word{n} rumour{n} about{n} sighting{n} of Swedish forces." for n in range(10)]
    _, outcomes = told(mention(t, outlet=f"O{n}", at=n) for n, t in enumerate(texts))
    when = [n for n, outcome in enumerate(outcomes, 1) if outcome.reason == "new_outlet"]
    assert when == [2, 5, 10]


def test_a_repeated_mention_changes_nothing() -> None:
    """The same mention id again is a repeat: no alert, an equal state."""
    first = mention()
    state, _ = told([first, mention(SECOND, outlet="B", at=3)])
    again, outcome = update_stories(state, first, DEFAULT)
    assert (outcome.reason, outcome.alerts) == ("repeat", ())
    assert again.to_json() == state.to_json()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "ended"}, "new_status"),
        ({"actors": ("SE", "NO")}, "new_actor"),
        ({"places": ("FI", "EE")}, "new_place"),
        ({"at": 30}, "nothing_new"),
        ({"speaker": "A fisherman"}, "nothing_new"),
    ],
)
def test_each_thing_that_an_analyst_learns_has_its_reason(change: dict, reason: str) -> None:
    """A status, actor or place that the story did not have is told; the rest is not."""
    _, outcomes = told([mention(), mention(**({"at": 4} | change), name="2")])
    assert outcomes[1].reason == reason


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
    _, outcomes = told([mention(), mention(near, actors=(), at=3), mention(OTHER, actors=(), at=4)])
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


def test_a_denial_and_its_claim_show_each_other() -> None:
    """A denial that meets a claim links both, and both are told; neither hides the other."""
    denial = mention("Sweden denies that its troops landed.", "denial", None, outlet="B", at=20)
    _, outcomes = told([mention(), denial])
    own, other = outcomes[1].alerts
    assert (own.reason, own.denies) == ("new", (outcomes[0].story_id,))
    assert (other.reason, other.denied_by) == ("denied", (outcomes[1].story_id,))
    assert other.status == Status.HAPPENED


def test_a_denial_that_stood_alone_is_linked_when_the_claim_comes() -> None:
    """The claim's first revision names the denial, and the denial gets `claim_found`."""
    denial = mention("Sweden denies that its troops landed.", "denial", None, outlet="B")
    _, outcomes = told([denial, mention(at=20)])
    own, other = outcomes[1].alerts
    assert (own.reason, own.denied_by) == ("new", (outcomes[0].story_id,))
    assert (other.reason, other.denies) == ("claim_found", (outcomes[1].story_id,))


def test_the_place_itself_may_deny_what_others_do_there() -> None:
    """A denier that is the claim's place is a party to the claim."""
    denial = mention("Helsinki denies any foreign landing.", "denial", None, actors=("FI",), at=9)
    _, outcomes = told([mention(), denial])
    assert outcomes[1].alerts[0].denies == (outcomes[0].story_id,)


def test_a_stranger_s_denial_of_something_else_is_not_linked() -> None:
    """A denier that is no party, in words that have nothing of the claim, stands alone."""
    denial = mention("Oslo called the broadcast a fake.", "denial", None, actors=("NO",), at=9)
    _, outcomes = told([mention(), denial])
    assert outcomes[1].alerts[0].denies == ()
    assert len(outcomes[1].alerts) == 1


def test_a_move_that_was_only_ever_denied_is_no_claim() -> None:
    """It is not set against the denial in the same sentence, until someone says it is real."""
    sentence = "Sweden denies that it will send troops."
    denial = mention(sentence, "denial", None, outlet="B", at=1)
    _, outcomes = told([mention(sentence, status="denied", outlet="B"), denial, mention(at=9)])
    assert outcomes[1].alerts[0].denies == ()
    assert outcomes[2].alerts[0].denied_by == (outcomes[1].story_id,)


def test_without_a_place_a_denial_meets_only_a_claim_in_near_words() -> None:
    """The same denier alone says too little where the place is not known."""
    denial = mention("Sweden denies it.", "denial", None, places=(), at=1)
    near = mention(
        "Sweden denies battalions arrived at the harbour.", "denial", None, places=(), at=2
    )
    assert not told([mention(places=()), denial])[1][1].alerts[0].denies
    assert told([mention(places=()), near])[1][1].alerts[0].denies


@pytest.mark.parametrize(("hours", "linked"), [(72, True), (73, False)])
def test_links_reach_as_far_as_the_policy_says(hours: int, linked: bool) -> None:
    """A denial three days later still finds its claim, an hour more and it does not."""
    denial = mention("Sweden denies that its troops landed.", "denial", None, at=60 * hours)
    _, outcomes = told([mention(), denial])
    assert bool(outcomes[1].alerts[0].denies) is linked


def test_a_denial_takes_the_claim_that_it_fits_best() -> None:
    """Of two claims at one place the one whose actor denies is linked."""
    _, outcomes = told(
        [
            mention(actors=("NO",)),
            mention(OTHER, actors=("SE",), at=1),
            mention("Sweden's army denies it moved lorries.", "denial", None, at=9),
        ]
    )
    assert outcomes[2].alerts[0].denies == (outcomes[1].story_id,)


def test_min_outlets_holds_a_story_back_until_a_second_voice() -> None:
    """The first alert then counts both reports and is `new`; a copy is no second voice."""
    policy = Policy(alerts=AlertRules(min_outlets=2))
    _, outcomes = told(
        [mention(), mention(outlet="Copyist", at=1), mention(SECOND, outlet="B", at=5)], policy
    )
    assert reasons(outcomes) == ["suppressed:min_outlets"] * 2 + ["new"]
    assert outcomes[2].alerts[0].counts.mentions == 3


def test_a_trusted_outlet_needs_no_second_one() -> None:
    """Names are compared without regard to capitals."""
    policy = Policy(alerts=AlertRules(min_outlets=3, trusted=("the lantern",)))
    assert reasons(told([mention()], policy)[1]) == ["new"]


def test_no_alert_names_a_story_that_has_none() -> None:
    """A held-back claim appears with its denial only once it is told itself."""
    policy = Policy(alerts=AlertRules(min_outlets=2))
    denial = "Sweden denies that its troops landed."
    again = "Nothing of the kind happened, Stockholm's spokeswoman insisted."
    _, outcomes = told(
        [
            mention(),
            mention(denial, "denial", None, outlet="B", at=1),
            mention(again, "denial", None, outlet="C", at=2),
            mention(SECOND, outlet="B", at=3),
        ],
        policy,
    )
    assert outcomes[2].alerts[0].denies == ()
    assert [(a.reason, bool(a.denies or a.denied_by)) for a in outcomes[3].alerts] == [
        ("new", True),
        ("claim_found", True),
    ]


def test_a_quiet_period_holds_back_small_news_and_tells_it_afterwards() -> None:
    """A new actor waits for the pause to end; then even a repeat of the story brings it out."""
    policy = Policy(alerts=AlertRules(quiet_minutes=30))
    _, outcomes = told(
        [
            mention(),
            mention(actors=("SE", "NO"), at=10, name="2"),
            mention(at=20, name="3"),
            mention(at=31, name="4"),
        ],
        policy,
    )
    assert reasons(outcomes) == ["new", "suppressed:quiet", "suppressed:quiet", "new_actor"]
    assert set(last(outcomes).actors) == {"SE", "NO"}


def test_a_quiet_period_does_not_hold_back_a_new_status() -> None:
    """What changes the event itself is told at once."""
    policy = Policy(alerts=AlertRules(quiet_minutes=30))
    _, outcomes = told([mention(status="planned"), mention(at=1)], policy)
    assert reasons(outcomes) == ["new", "new_status"]


def test_a_silence_holds_back_and_its_end_tells() -> None:
    """Within a silence nothing that it matches is told; afterwards the story is."""
    silence = Silence(name="parade", label="deployment", until=T0 + timedelta(minutes=30))
    policy = Policy(silences=(silence,))
    _, outcomes = told([mention(), mention(at=30, name="2")], policy)
    assert reasons(outcomes) == ["suppressed:silenced", "new"]


def test_severity_follows_the_first_rule_and_growing_worse_is_told() -> None:
    """A rule on outlets lifts the severity and names it as the reason."""
    rules = (
        SeverityRule(level="critical", status="happened", min_outlets=2),
        SeverityRule(level="medium", label="deployment"),
    )
    _, outcomes = told([mention(), mention(outlet="Copyist", at=1)], Policy(severity=rules))
    assert reasons(outcomes) == ["new", "more_severe"]
    assert [a.severity for o in outcomes for a in o.alerts] == [Severity.MEDIUM, Severity.CRITICAL]


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


def test_a_burst_is_a_revision_that_says_so() -> None:
    """The burst's words lead the headline, and the next revision is numbered on."""
    state, outcomes = told([mention()])
    state, outcome = add_burst(state, outcomes[0].story_id, "9 stories in 3 h, usual 0.4", DEFAULT)
    (alert,) = outcome.alerts
    assert (alert.revision, alert.reason) == (2, "burst")
    assert alert.headline.startswith("9 stories in 3 h, usual 0.4: ")
    _, outcomes = told([mention(status="ended", at=3)], state=state)
    assert outcomes[0].alerts[0].revision == 3


def test_a_burst_of_a_story_that_is_held_back_is_not_told() -> None:
    """No revision comes before the first alert."""
    policy = Policy(alerts=AlertRules(min_outlets=2))
    state, outcomes = told([mention()], policy)
    _, outcome = add_burst(state, outcomes[0].story_id, "9 stories", policy)
    assert outcome == Outcome(outcomes[0].story_id, (), "suppressed:min_outlets")


def test_every_reason_is_of_the_bounded_set() -> None:
    """Reasons are metric labels, so there are only those that are listed."""
    _, outcomes = told(
        [
            mention(status=status, actors=actors, at=n, outlet=f"O{n % 3}", name=str(n))
            for n, (status, actors) in enumerate(
                [("planned", ("SE",)), ("happened", ("SE", "NO")), ("ended", ("NO",))] * 5
            )
        ]
    )
    assert {a.reason for o in outcomes for a in o.alerts} <= set(REASONS)


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


def test_rules_of_stories_hold() -> None:
    """A shorter gap splits what the default keeps together."""
    policy = Policy(stories=StoryRules(gap_hours=1))
    _, outcomes = told([mention(), mention(SECOND, at=90)], policy)
    assert outcomes[0].story_id != outcomes[1].story_id
