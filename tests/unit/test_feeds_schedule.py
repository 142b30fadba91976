"""The schedule over every history that hypothesis can think of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.schedule import (
    CAP_S,
    DAY,
    FLOOR_CAP_S,
    GOOD,
    HOUR,
    MAX_S,
    MIN_S,
    RETRY_AFTER_CAP_S,
    Outcome,
    Pace,
    after_skips,
    first_poll_at,
    network_down,
    plan,
    usual_interval,
)
from monitor.feeds.state import FeedState

NOW = 1_772_452_800.0
FAILURES = [
    "timeout", "dns", "dns_temporary", "tls", "connect", "http_403", "http_404", "http_410",
    "http_429", "http_500", "http_503", "not_a_feed", "too_large", "parse_timeout", "challenge",
    "publish_failed", "private_address", "internal",
]  # fmt: skip
words = st.sampled_from([*sorted(GOOD), *FAILURES])
seconds = st.floats(0, 40 * DAY)


@st.composite
def states(draw: st.DrawFn) -> FeedState:
    return FeedState(
        feed_id=draw(st.sampled_from(["a", "b", "gazette"])),
        fail_score=draw(st.floats(0, 100)),
        failing_since=draw(st.sampled_from([0, int(NOW - 40 * DAY), int(NOW - 60)])),
        floor_s=draw(seconds),
        own_floor_s=draw(seconds),
        window_s=draw(st.sampled_from([0.0, 600.0, 5000.0, 200_000.0])),
        rate_per_h=draw(st.floats(0, 1000)),
        newest_at=draw(st.sampled_from([0] + [int(NOW - days * DAY) for days in (0, 8, 99)])),
        gone_votes=draw(st.integers(0, 5)),
        gone_since=draw(st.sampled_from([0, int(NOW - 3 * DAY)])),
        last_poll_at=int(NOW),
        skip_hours=draw(st.lists(st.integers(0, 23), max_size=24)),
        skip_days=draw(st.lists(st.integers(0, 6), max_size=7)),
    )


outcomes = st.builds(
    Outcome, words, retry_after_s=st.none() | st.floats(0, 60 * DAY), frozen=st.booleans()
)
paces = st.builds(
    Pace, start_s=st.floats(5, DAY), fixed_s=st.none() | st.floats(1, DAY), floors=st.booleans()
)


@given(states(), outcomes, paces)
def test_never_sooner_than_a_floor(state: FeedState, outcome: Outcome, pace: Pace) -> None:
    """The feed's, the server's and Retry-After's wishes hold, up to their caps."""
    at = plan(state, outcome, NOW, pace).at
    if pace.floors:
        assert at >= NOW + min(max(state.floor_s, state.own_floor_s), FLOOR_CAP_S) - 1e-3
    assert at >= NOW + min(outcome.retry_after_s or 0, RETRY_AFTER_CAP_S) - 1e-3


@given(states(), outcomes, paces)
def test_never_later_than_the_cap_and_never_in_the_past(
    state: FeedState, outcome: Outcome, pace: Pace
) -> None:
    """No history switches a feed off, and none makes it spin."""
    at = plan(state, outcome, NOW, pace).at
    assert NOW < at <= NOW + CAP_S + FLOOR_CAP_S


@given(st.lists(words, min_size=1, max_size=60), paces)
def test_a_success_ends_every_history_of_failures(history: list[str], pace: Pace) -> None:
    """After any failures one good poll brings back the feed's usual pace."""
    state, now = FeedState("a", newest_at=int(NOW)), NOW
    for word in history:
        step = plan(state, Outcome(word), now, pace)
        state = replace(state, fail_score=step.fail_score, last_poll_at=int(now))
        assert step.at - now <= CAP_S
        now = step.at
    last = plan(state, Outcome("no_news"), now, pace)
    assert last.fail_score == 0
    assert last.at - now <= usual_interval(state, now, pace) * 1.1 + 1e-3


@given(states(), words)
def test_the_same_question_has_the_same_answer(state: FeedState, word: str) -> None:
    """The jitter follows from feed and time: there is no hidden chance."""
    assert plan(state, Outcome(word), NOW, Pace()) == plan(state, Outcome(word), NOW, Pace())


def test_jitter_keeps_feeds_of_one_pace_apart() -> None:
    """Feeds that were polled in the same second are spread over a fifth of their interval."""
    waits = {plan(FeedState(f"f{n}"), Outcome("no_news"), NOW, Pace()).at - NOW for n in range(50)}
    assert len(waits) > 40
    assert min(waits) >= 900 * 0.9
    assert max(waits) <= 900 * 1.1
    assert max(waits) - min(waits) > 90


@given(st.integers(1, 20_000), st.text(min_size=1, max_size=9))
def test_first_polls_are_spread_over_a_minute_at_most(feeds: int, feed_id: str) -> None:
    """A new catalogue starts soon, and not all at once."""
    assert NOW <= first_poll_at(feed_id, NOW, feeds, Pace()) <= NOW + 60


@pytest.mark.parametrize(
    ("window", "rate", "interval"),
    [
        (0, 0, 900),  # unknown: the start interval
        (4000, 0, 4000 / 3),
        (90_000, 1, HOUR / 2),
        (90_000, 100, MIN_S),
        (1_000_000, 0.01, MAX_S),
    ],
)
def test_the_interval_follows_window_and_rate(window: float, rate: float, interval: float) -> None:
    """A third of the window, two polls an item, between five minutes and four hours."""
    state = FeedState("a", window_s=window, rate_per_h=rate, newest_at=int(NOW))
    assert usual_interval(state, NOW, Pace()) == pytest.approx(interval)


@pytest.mark.parametrize(("silent", "interval"), [(1, 900), (8, 6 * HOUR), (31, DAY)])
def test_silent_feeds_are_asked_less(silent: float, interval: float) -> None:
    """A week without news: four times a day; a month: daily."""
    state = FeedState("a", newest_at=int(NOW - silent * DAY), rate_per_h=2)
    assert usual_interval(state, NOW, Pace()) == interval


def test_failures_stretch_by_kind() -> None:
    """Hard failures count fully, soft ones half, a name server's hiccup a quarter."""
    scores = {w: plan(FeedState("a"), Outcome(w), NOW, Pace()).fail_score for w in FAILURES}
    assert (scores["dns"], scores["http_500"], scores["dns_temporary"]) == (1, 0.5, 0.25)
    assert scores["publish_failed"] == 0


def test_waits_grow_and_stop_growing() -> None:
    """The wait doubles up to a day, and up to a week after a month of failures."""
    state, now, waits = FeedState("a"), NOW, []
    for _ in range(60):
        step = plan(state, Outcome("connect"), now, Pace())
        waits.append(step.at - now)
        state = replace(
            state, fail_score=step.fail_score, failing_since=int(NOW), last_poll_at=int(now)
        )
        now = step.at
    assert waits[0] < HOUR
    assert waits[14] == pytest.approx(DAY, rel=0.36)
    assert waits[-1] > 2 * DAY or max(waits) <= 1.1 * DAY


def test_a_failure_that_is_ours_changes_no_score() -> None:
    """While our own network is down, nobody's feed is punished."""
    state = FeedState("a", fail_score=1.5)
    step = plan(state, Outcome("timeout", frozen=True), NOW, Pace())
    assert step.fail_score == 1.5
    assert step.at - NOW <= 900 * 1.1


def test_the_network_is_down_when_most_polls_of_a_minute_fail() -> None:
    """Six polls at least, more than half of them without an answer."""
    failed = [(NOW - n, "timeout") for n in range(5)]
    assert not network_down(failed, NOW)
    assert network_down([*failed, (NOW, "dns")], NOW)
    assert not network_down([*failed, *[(NOW, "new")] * 6], NOW)
    assert not network_down([(at - 100, word) for at, word in [*failed, (NOW, "dns")]], NOW)


def test_a_floor_longer_than_a_third_of_the_window_is_a_risk() -> None:
    """The server's wish is honoured, and the danger is shown."""
    state = FeedState("a", window_s=3 * HOUR, floor_s=2 * HOUR, newest_at=int(NOW))
    step = plan(state, Outcome("new"), NOW, Pace())
    assert step.loss_risk
    assert step.at >= NOW + 2 * HOUR


def test_skipped_hours_and_days_are_left_out() -> None:
    """2026-03-02 is a Monday, 12:00 UTC: skipping 12 to 14 o'clock leads to 15:00."""
    assert after_skips(NOW, [12, 13, 14], []) == NOW + 3 * HOUR
    assert after_skips(NOW, [], [0]) == NOW + 12 * HOUR
    assert after_skips(NOW, list(range(24)), []) == NOW
    assert after_skips(NOW, [], [0, 1, 2]) == NOW + FLOOR_CAP_S


def test_a_gap_halves_the_wait() -> None:
    """What was lost once must not be lost again."""
    state = FeedState("a", window_s=6000, newest_at=int(NOW))
    gap, plain = (plan(state, Outcome(word), NOW, Pace()).at - NOW for word in ("gap", "new"))
    assert gap == pytest.approx(plain / 2)
