"""Denials and their claims find each other, and only each other."""

from __future__ import annotations

import pytest

from monitor.alerts import Policy
from monitor.alerts.policy import AlertRules
from monitor.messages import Status
from tests.unit.build_mentions import mention
from tests.unit.tell_stories import OTHER, SECOND, told


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
