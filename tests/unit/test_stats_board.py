"""What a viewer knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.counts import rolled
from monitor.feeds.condition import health_of
from monitor.feeds.state import FeedState
from monitor.messages import Bucket
from monitor.stats.board import Board
from monitor.stats.health import Pulse, articles_per_s
from monitor.stats.row import count_of, row_of, series_of
from tests.boards import CLAIM, DENIAL, NOW, alert, board, count, feed


def test_an_older_revision_changes_nothing() -> None:
    """A repeat or an older revision is no news and does not move the alert to the front."""
    made = Board()
    made.add(alert(revision=2))
    made.add(alert(id="c" * 20))

    assert not made.add(alert(revision=1))
    assert not made.add(alert(revision=2))
    assert list(made.alerts) == [CLAIM, "c" * 20]
    assert made.add(alert(revision=3))
    assert list(made.alerts) == ["c" * 20, CLAIM]


def test_alerts_are_bounded() -> None:
    """Only the newest are remembered."""
    made = Board(kept_alerts=3)
    for number in range(10):
        made.add(alert(id=f"{number:020d}"))

    assert [int(story) for story in made.alerts] == [7, 8, 9]


def test_the_newest_alert_comes_first_whatever_the_order_of_reading() -> None:
    """Partitions are read in any order, time decides."""
    made = Board()
    late = alert(id="c" * 20)
    early = alert(counts=late.counts.model_copy(update={"last_seen": NOW - timedelta(hours=1)}))
    made.add(late)
    made.add(early)

    assert [a.id for a in made.latest_alerts(5)] == [late.id, early.id]
    assert len(made.latest_alerts(1)) == 1


def test_each_row_knows_its_newest_alert() -> None:
    """By label and place, until the alert is no longer remembered."""
    made = Board(kept_alerts=2)
    made.add(alert())
    made.add(alert(id="c" * 20, places=("IS", "NO")))
    made.add(alert(revision=2))

    newest = [made.newest_alert(f"deployment:{place}") for place in ("IS", "NO", "SE")]
    assert [found and found.id for found in newest] == [CLAIM, "c" * 20, None]
    made.add(alert(id="d" * 20, places=()))
    assert made.newest_alert("deployment:NO") is None
    assert made.newest_alert("deployment:ZZ")


def test_a_row_keeps_when_its_newest_report_came() -> None:
    """Rolling on in time does not make a report newer."""
    row = row_of(series_of(count()), NOW + timedelta(hours=5))

    assert row.seen == NOW
    assert (row.mentions("1h"), row.mentions("24h")) == (0, 4)
    assert row.hours[-6] == 4
    assert sum(row.hours) == 4


@given(
    starts=st.dictionaries(st.integers(0, 167), st.integers(1, 9), max_size=20),
    fives=st.dictionaries(st.integers(0, 11), st.integers(1, 9), max_size=6),
    minutes=st.integers(-30, 12_000),
)
def test_a_row_has_the_windows_of_the_rolled_count(
    starts: dict[int, int], fives: dict[int, int], minutes: int
) -> None:
    """Whatever the buckets and however much later: the small form loses nothing."""
    hour, five = NOW.replace(minute=0), NOW
    made = count(
        buckets=tuple(
            Bucket(start=hour - timedelta(hours=n), mentions=m, last_outlets=1, last_stories=m)
            for n, m in sorted(starts.items(), reverse=True)
        ),
        recent=tuple(
            Bucket(start=five - timedelta(minutes=5 * n), mentions=m, last_stories=1)
            for n, m in sorted(fives.items(), reverse=True)
        ),
    )
    now = NOW + timedelta(minutes=minutes)
    # A count before its time is as it was told; one a moment later is summed up anew.
    expected = rolled(made, max(now, NOW + timedelta(seconds=1)))

    assert row_of(series_of(made), now).windows == expected.windows
    told = count_of(series_of(made), now)["buckets"]
    assert [(b["start"], b["mentions"]) for b in told] == [
        (b.start, b.mentions) for b in expected.buckets
    ]


@pytest.mark.parametrize(("today", "before", "change"), [(4, 0, None), (4, 3, 8.0), (1, 6, 1.0)])
def test_the_change_is_against_the_mean_of_the_six_days_before(
    today: int, before: int, change: float | None
) -> None:
    """Without earlier reports there is no usual."""
    assert row_of(series_of(count(today=today, before=before)), NOW).change == change


def test_rows_roll_on_without_news() -> None:
    """A key falls silent after seven days though nothing came for it."""
    made = board()

    assert [row.key for row in made.rows(NOW)] == ["deployment:IS", "denial:IS"]
    assert made.rows(NOW + timedelta(days=8)) == []


def test_a_thread_goes_both_ways_and_ends() -> None:
    """A claim leads to its denial and back, each once."""
    made = board()

    assert [a.id for a in made.thread(CLAIM)] == [DENIAL]
    assert [a.id for a in made.thread(DENIAL)] == [CLAIM]
    assert made.thread("unknown") == []


@pytest.mark.parametrize(
    ("changes", "condition"),
    [
        ({}, "ok"),
        ({"failing_since": 5}, "failing"),
        ({"last_poll_at": 0}, "new"),
        ({"next_poll_at": NOW.timestamp() - 300}, "late"),
        ({"next_poll_at": NOW.timestamp() - 30}, "ok"),
        ({"gaps": 1}, "gap"),
        ({"loss_risk": True}, "gap"),
        ({"stale": True}, "stale"),
        ({"stale": True, "failing_since": 5}, "failing"),
    ],
)
def test_how_a_feed_is(changes: dict[str, object], condition: str) -> None:
    """Of several things the worst is told; half an interval late is not late yet."""
    assert feed(**changes).condition(NOW) == condition


def test_health_is_taken_from_the_state_of_a_feed() -> None:
    """Host and last word; what a feed says is made safe."""
    state = FeedState("gazette", url="https://gazette.example/feed", last_304_at=7)
    state.note(9, "time\x1b[31mout")

    health = health_of(state)

    assert (health.host, health.outcome, health.last_good_at) == (
        "gazette.example",
        "time[31mout",
        7,
    )


def test_articles_a_second() -> None:
    """From two pulses; a topic that was made anew gives no negative number."""
    before = Pulse(NOW, {"articles": 100})
    later = NOW + timedelta(seconds=5)

    assert articles_per_s(None, later, 110) is None
    assert articles_per_s(before, later, 110) == 2
    assert articles_per_s(before, later, 3) == 0
    assert articles_per_s(before, NOW, 110) is None


@given(
    first=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    changes=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 9)), max_size=20),
)
def test_rows_kept_in_order_are_those_of_a_new_board(
    first: list[int], changes: list[tuple[int, int]]
) -> None:
    """Whatever came when: what is moved gives the same as what is sorted anew."""
    made = Board()
    for number, today in enumerate(first):
        made.add(count(f"drill:S{number}", today=today))
    made.rows(NOW)
    for second, (number, today) in enumerate(changes):
        made.add(count(f"drill:S{number}", today=today, now=NOW + timedelta(seconds=second)))
        made.rows(NOW)

    anew = Board(counts=made.counts)
    assert made.rows(NOW) == anew.rows(NOW)
    later = NOW + timedelta(hours=2)
    assert made.rows(later) == anew.rows(later)
