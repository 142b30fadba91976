"""The machine's clock jumps an hour: what poller, records, stories and counts do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.alerts import PlaceState, Policy, update_stories
from monitor.counts import CountRow, add_mention
from monitor.feeds.schedule import HOUR, Outcome, Pace, due_at, plan
from monitor.feeds.state import FeedState
from monitor.messages import Mention, Status, make_id
from monitor.topics import record_time
from tests.samples import NOW, mention

T = NOW.timestamp()
AHEAD = timedelta(hours=1)


def polled(at: float) -> FeedState:
    """Return a feed that was polled well at a moment, by the clock of that moment."""
    state = FeedState("gazette", last_poll_at=int(at))
    return replace(state, next_poll_at=plan(state, Outcome("unchanged"), at, Pace()).at)


def test_a_clock_put_back_makes_no_feed_wait_for_the_old_time() -> None:
    """Polled by a clock an hour ahead: due at once, then again at its own pace."""
    state = polled(T + HOUR)
    assert state.next_poll_at > T + HOUR
    assert due_at(state, T) == T
    assert T < due_at(polled(T), T) < T + HOUR


def test_a_publisher_s_wish_outlives_a_jump() -> None:
    """What Retry-After asked for is waited for also when the clock was put back."""
    state = replace(polled(T + HOUR), retry_after_until=T + 3 * HOUR)
    assert due_at(state, T) == T + 3 * HOUR


def test_a_clock_that_is_kept_right_by_seconds_changes_nothing() -> None:
    """A step of half a minute is no reason for a poll."""
    state = polled(T + 30)
    assert due_at(state, T) == state.next_poll_at


def test_a_clock_put_ahead_makes_a_feed_due_and_no_more() -> None:
    """It is polled once, and its next poll lies an interval after that."""
    state = polled(T)
    assert due_at(state, T + HOUR) < T + HOUR
    assert due_at(polled(T + HOUR), T + HOUR) > T + HOUR


def test_no_record_is_so_far_ahead_that_kafka_refuses_it() -> None:
    """The fetch time stays where Kafka takes it, however old; beyond that now is taken."""
    for hours in (-200, -1, 0, 0.8):
        at = NOW + timedelta(hours=hours)
        assert record_time(at, NOW) == at
    for hours in (0.9, 1, 2, 9000):
        assert record_time(NOW + timedelta(hours=hours), NOW) == NOW


def report(n: int, at: timedelta, status: Status = Status.PLANNED) -> Mention:
    when = NOW + at
    return mention(
        article_id=make_id("article", str(n)), outlet=f"Outlet {n}", status=status,
        sentence=f"Norway may send {n} soldiers to the island.", seen_at=when, published_at=when,
    )  # fmt: skip


MINUTE = timedelta(minutes=1)
EARLY = [report(0, AHEAD), report(1, AHEAD + MINUTE)]
"""What was fetched while the clock was an hour ahead."""


def counted(mentions: list[Mention]) -> dict[str, int]:
    row = CountRow()
    for each in mentions:
        row, count = add_mention(row, each, "story")
    return {name: window.mentions for name, window in count.windows.items()}


def test_counts_lose_nothing_and_the_last_hour_ends_at_the_old_time() -> None:
    """Days are right at once; the hour is the one before the newest fetch, by the old clock."""
    back = [report(n, n * MINUTE) for n in range(2, 40)]
    in_the_hour = [m for m in back if m.seen_at >= NOW + 5 * MINUTE]
    assert counted([*EARLY, *back]) == {"1h": 2 + len(in_the_hour), "24h": 40, "7d": 40}
    later = [report(n, timedelta(minutes=90 + n)) for n in range(40, 50)]
    assert counted([*EARLY, *back, *later]) == {"1h": 10, "24h": 50, "7d": 50}


def test_news_is_told_whatever_the_clock_says() -> None:
    """A report from before the newest one joins its story, and a new status is told at once."""
    state = PlaceState()
    for each in EARLY:
        state, _ = update_stories(state, each, Policy())
    state, outcome = update_stories(state, report(2, MINUTE, Status.HAPPENED), Policy())

    (alert,) = outcome.alerts
    assert alert.reason == "new_status"
    assert alert.counts.mentions == 3
    assert alert.counts.first_seen == NOW + MINUTE
    assert len(state.stories) == 1
