"""What makes a revision, what holds one back, and which reason it has."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.alerts import Outcome, Policy, add_burst, update_stories
from monitor.alerts.face import REASONS
from monitor.alerts.filters import SeverityRule, Silence
from monitor.alerts.policy import AlertRules
from monitor.messages import Severity
from tests.unit.build_mentions import T0, mention
from tests.unit.tell_stories import DEFAULT, SECOND, last, reasons, told


def test_the_first_mention_is_told_at_once() -> None:
    """Without any policy the first report is revision 1 with the reason `new`."""
    _, outcomes = told([mention()])
    (alert,) = outcomes[0].alerts
    assert (alert.revision, alert.reason, alert.id) == (1, "new", outcomes[0].story_id)
    assert (alert.counts.mentions, alert.counts.outlets) == (1, 1)


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


def test_a_doubtful_report_waits_for_a_second_outlet_or_a_clear_report() -> None:
    """Doubts hold back the first alert only, and not that of a trusted outlet."""
    doubtful = mention(doubts=("no_forces",))
    second = mention(SECOND, outlet="B", at=5, doubts=("police",))
    clear = mention(at=5, name="2")
    assert reasons(told([doubtful])[1]) == ["suppressed:doubtful"]
    assert reasons(told([doubtful, second])[1]) == ["suppressed:doubtful", "new"]
    assert reasons(told([doubtful, clear])[1]) == ["suppressed:doubtful", "new"]
    assert reasons(told([clear, mention(at=6, doubts=("police",))])[1]) == ["new", "nothing_new"]
    trusted = Policy(alerts=AlertRules(trusted=("The Lantern",)))
    assert reasons(told([doubtful], trusted)[1]) == ["new"]
    plain = Policy(alerts=AlertRules(doubtful_outlets=1))
    assert reasons(told([doubtful], plain)[1]) == ["new"]


def test_a_report_with_a_low_score_is_doubtful() -> None:
    """It is more likely wrong than right; whoever wants it told can say so."""
    low = mention(score=0.49)
    assert reasons(told([low])[1]) == ["suppressed:doubtful"]
    assert reasons(told([mention(score=0.5)])[1]) == ["new"]
    assert reasons(told([low, mention(SECOND, outlet="B", at=5, score=0.49)])[1])[1] == "new"
    assert reasons(told([low], Policy(alerts=AlertRules(sure_score=0)))[1]) == ["new"]


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
