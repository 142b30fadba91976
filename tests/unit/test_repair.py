"""How much was told before tables are made anew, and how today's mentions differ."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.errors import CorruptRecordException, InvalidTimestampError
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli import main
from monitor.cli.replay import moment
from monitor.kafka.connect import explain
from monitor.kafka.told import lost_ends
from monitor.messages import Mention, Status, make_id
from monitor.review.draw import draw_difference
from monitor.review.rebuild import row_offset, told_until
from monitor.review.redetect import comparable, differences
from tests.samples import NOW, mention

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "offset"),
    [
        (b'{"head": {"offset": 7}, "fresh": {}, "gone": []}', 7),
        (b'{"head": {"now": 7}}', -1),
        (b'{"stories": []}', -1),
        (b"[1, 2]", -1),
        (b'{"head": "x"}', -1),
        (b"\xff", -1),
        (None, -1),
    ],
)
def test_the_offset_of_a_row_of_any_build(value: bytes | None, offset: int) -> None:
    """Where there is none the committed offset alone counts."""
    assert row_offset(value) == offset


def test_a_killed_worker_is_further_than_it_said() -> None:
    """The rows count beside the commits and the marks of a rebuilding that was not finished."""
    assert told_until({0: 9}, {0: 5, 1: 3}, [(0, 6), (1, 3)], {0: 10, 1: 10, 2: 10}) == {
        0: 9, 1: 4, 2: 0,
    }  # fmt: skip


def test_marks_past_the_end_are_of_records_that_were_lost() -> None:
    """What is left was told; rows of a topic that was made anew say nothing."""
    assert told_until({}, {0: 50}, [(0, 70), (1, 70)], {0: 10, 1: 10}) == {0: 10, 1: 0}
    assert lost_ends({0: 50, 1: 10}, {0: 10, 1: 10, 2: 0}) == {0: 40}


SMALL = st.dictionaries(st.integers(0, 2), st.integers(0, 20))


@given(SMALL, SMALL, st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 20))))
def test_interrupted_and_run_again_nothing_is_told_twice(
    marks: dict[int, int], committed: dict[int, int], rows: list[tuple[int, int]]
) -> None:
    """After the marks are written, commits set back and tables emptied, the marks stay."""
    ends = dict.fromkeys(range(3), 21)
    until = told_until(marks, committed, rows, ends)
    assert told_until(until, dict.fromkeys(committed, 0), [], ends) == until
    assert all(until[n] >= at for n, at in committed.items())


def found(n: int, hours: float = 0, **changes: object) -> Mention:
    when = NOW + hours * HOUR
    article = make_id("article", str(n))
    return mention(article_id=article, seen_at=when, published_at=when, **changes)


def test_mentions_are_added_gone_changed_or_the_same() -> None:
    """Scores and the detector's version make no difference; a repeat counts once."""
    before = [found(1), found(2), found(3)]
    today = [
        found(1, score=0.5, detector="new"),
        found(2, status=Status.PLANNED, actors=("NO", "CA")),
        found(4),
        found(4),
    ]

    changes = differences({m.id: m for m in before}, today)

    assert [(c.kind, c.mention.id) for c in changes] == [
        ("added", today[2].id),
        ("gone", before[2].id),
        ("changed", before[1].id),
        ("same", before[0].id),
    ]
    assert changes[2].fields == {
        "status": (Status.HAPPENED, Status.PLANNED),
        "actors": (("NO",), ("NO", "CA")),
    }
    text = draw_difference(changes[2]).plain
    assert "status: happened → planned" in text
    assert len(text.splitlines()) == 4


def test_only_what_could_be_found_today_can_be_gone() -> None:
    """Not mentions of articles that were not read again or were read at another time."""
    read, early, other = found(1), found(2, hours=-9), found(3)
    again = found(4, hours=-9)
    today = [found(4)]

    before = comparable(
        [read, early, other, again], today,
        {read.article_id, early.article_id, again.article_id}, NOW - HOUR, NOW + HOUR,
    )  # fmt: skip

    assert set(before) == {read.id, again.id}
    assert [c.kind for c in differences(before, today)] == ["gone", "same"]


def test_a_moment_is_an_age_or_a_time_with_its_zone() -> None:
    """A time without a zone is refused, in words that say what is expected."""
    assert abs(datetime.now(UTC) - 24 * HOUR - moment("24h")) < HOUR
    assert moment("2026-03-01T12:00+02:00") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    for text in ("2026-03-01T12:00", "yesterday", "7w"):
        with pytest.raises(argparse.ArgumentTypeError, match="time with its zone"):
            moment(text)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["reset", "--yes"], "--state"),
        (["reset", "--state"], "--yes"),
        (["replay", "--since", "1h", "--until", "2h"], "before --until"),
    ],
)
def test_what_is_not_said_is_asked_for(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is opened: one line, exit 2; without a terminal nobody can be asked."""
    assert main(words) == 2
    err = capsys.readouterr().err
    assert why in err
    assert len(err.splitlines()) == 1


def test_what_the_broker_cannot_read_or_take_is_said_in_words() -> None:
    """Topic and partition of the damage and where to look; which clock is wrong."""
    why = "Invalid CRC - TopicPartition(topic='newsmon.articles', partition=3)"
    text = explain(CorruptRecordException(why))
    assert "damaged" in text
    assert "topic='newsmon.articles', partition=3" in text
    assert "docs/repair.md" in text
    assert "clock" in explain(InvalidTimestampError())
