"""Rolling counts: what the windows hold, in any order, at any later moment."""

from __future__ import annotations

import random
from datetime import timedelta

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.counts import CountRow, add_mention, rolled
from monitor.counts.row import MAX_OUTLETS, MAX_STORIES
from monitor.messages import Count, Mention
from tests.unit.build_mentions import T0, mention

DAY = 24 * 60


def counted(items: list[tuple[Mention, str]]) -> tuple[CountRow, Count]:
    row, count = CountRow(), None
    for item, story in items:
        row, count = add_mention(row, item, story)
        row = stored(row)
    assert count
    return row, count


def stored(row: CountRow) -> CountRow:
    """Return the row as the worker finds it again."""
    days = {number: day.to_json() for number, day in row.days.items()}
    head, days = orjson.loads(orjson.dumps((row.head(), {str(n): d for n, d in days.items()})))
    return CountRow.from_parts(head, {int(number): day for number, day in days.items()})


def numbers(count: Count) -> dict[str, tuple[int, int, int]]:
    return {k: (w.mentions, w.outlets, w.stories) for k, w in count.windows.items()}


@st.composite
def histories(draw: st.DrawFn, days: int = 10) -> list[tuple[Mention, str]]:
    """Mentions of one key over some days, published up to nine days before they are seen."""
    found = []
    for number in range(draw(st.integers(1, 25))):
        seen = draw(st.integers(0, days * DAY))
        delay = draw(st.sampled_from([0, 0, 1, 4, 50, 300, DAY, 6 * DAY, 9 * DAY]))
        item = mention(
            at=seen - delay,
            seen=seen,
            outlet=f"O{draw(st.integers(0, 4))}",
            name=str(number),
            published=draw(st.booleans()),
        )
        found.append((item, f"{draw(st.integers(0, 4)):020d}"[::-1]))
    return found


def by_hand(items: list[tuple[Mention, str]], now: float) -> dict[str, tuple[int, int, int]]:
    """Count from scratch: whole buckets that end with the bucket of `now`."""
    result = {}
    for name, length, number in (("1h", 300, 12), ("24h", 3600, 24), ("7d", 3600, 168)):
        inside = [
            (item, story)
            for item, story in items
            if min(item.time, item.seen_at).timestamp() // length > now // length - number
        ]
        outlets, stories = {i.outlet for i, _ in inside}, {s for _, s in inside}
        result[name] = (len(inside), len(outlets), len(stories))
    return result


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_any_order_gives_the_same_counts(
    items: list[tuple[Mention, str]], dice: random.Random
) -> None:
    """The last count is equal to the byte whatever the order of the same mentions."""
    mixed = list(items)
    dice.shuffle(mixed)
    assert counted(mixed)[1].encode() == counted(items)[1].encode()


@given(histories())
@settings(max_examples=60, deadline=None)
def test_windows_are_what_counting_by_hand_gives(items: list[tuple[Mention, str]]) -> None:
    """Mentions, distinct outlets and distinct stories are exact in each window."""
    _, count = counted(items)
    assert numbers(count) == by_hand(items, count.as_of.timestamp())


@given(histories(), st.integers(0, 9 * DAY))
@settings(max_examples=60, deadline=None)
def test_rolling_forward_is_counting_by_hand_later(
    items: list[tuple[Mention, str]], minutes: int
) -> None:
    """The message alone is enough to know the counts at any later moment."""
    _, count = counted(items)
    later = count.as_of + timedelta(minutes=minutes, seconds=1)
    assert numbers(rolled(count, later)) == by_hand(items, later.timestamp())


@given(histories(), st.integers(0, 5 * DAY), st.integers(0, 5 * DAY))
@settings(max_examples=60, deadline=None)
def test_rolling_in_two_steps_is_rolling_in_one(
    items: list[tuple[Mention, str]], first: int, second: int
) -> None:
    """A reader may roll as often as it likes."""
    count = counted(items)[1]
    middle = count.as_of + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)
    assert rolled(rolled(count, middle), end) == rolled(count, end)


@given(histories())
@settings(max_examples=50, deadline=None)
def test_windows_decay_to_nothing(items: list[tuple[Mention, str]]) -> None:
    """Seven days after the last report all is 0, and no bucket is left."""
    count = counted(items)[1]
    empty = rolled(count, count.as_of + timedelta(days=7))
    assert set(numbers(empty).values()) == {(0, 0, 0)}
    assert (empty.buckets, empty.recent) == ((), ())


@given(histories())
@settings(max_examples=50, deadline=None)
def test_a_row_survives_json_and_the_message_its_bytes(items: list[tuple[Mention, str]]) -> None:
    """What is stored and what is sent come back equal."""
    row, count = counted(items)
    assert stored(row) == row
    assert Count.decode(count.encode()) == count


def test_rolling_back_changes_nothing() -> None:
    """A moment before `as_of` gives the count as it is."""
    count = counted([(mention(), "s")])[1]
    assert rolled(count, T0 - timedelta(hours=1)) is count


def test_a_mention_published_after_it_was_seen_counts_when_seen() -> None:
    """A date in the future is not believed."""
    count = counted([(mention(at=500, seen=0), "s")])[1]
    assert [bucket.start for bucket in count.buckets] == [T0]


def test_a_late_article_lands_in_its_own_bucket() -> None:
    """It is in the week and not in the hour, and `as_of` does not move back."""
    row, _ = counted([(mention(at=2 * DAY), "a")])
    _, count = add_mention(row, mention(at=0, seen=2 * DAY, outlet="B"), "b" * 20)
    assert numbers(count) == {"1h": (1, 1, 1), "24h": (1, 1, 1), "7d": (2, 2, 2)}
    assert [bucket.start for bucket in count.buckets] == [T0, T0 + timedelta(days=2)]


def test_older_than_a_week_is_in_no_window() -> None:
    """The count of an old article is told and holds nothing."""
    count = counted([(mention(at=0, seen=7 * DAY + 60), "a")])[1]
    assert set(numbers(count).values()) == {(0, 0, 0)}


def test_the_key_may_be_given_for_another_grouping() -> None:
    """A row for an actor or a label keeps the key that it was made with."""
    assert add_mention(CountRow(key="actor:SE"), mention(), "s")[1].key == "actor:SE"
    assert add_mention(CountRow(), mention(), "s")[1].key == "deployment:FI"


def test_the_row_is_not_changed_in_place() -> None:
    """The worker may fail to store the new row, so the old one must still be whole."""
    row, _ = counted([(mention(), "a" * 20)])
    before = stored(row)
    add_mention(row, mention(at=9, outlet="B"), "b" * 20)
    assert row == before


def test_a_hot_key_stays_within_its_bounds() -> None:
    """A week with ever new outlets and stories: row and message stop growing, counts saturate."""
    row, count = CountRow(), None
    for n in range(1500):
        item = mention(at=n * 7, outlet=f"Outlet {n}", name=str(n))
        row, count = add_mention(row, item, f"{n:08x}".ljust(20, "0"))
    assert count
    days = [day.to_json() for day in row.days.values()]
    assert len(orjson.dumps(days)) < 60_000
    assert len(count.encode()) < 30_000
    week = count.windows["7d"]
    assert (week.outlets, week.stories) == (MAX_OUTLETS, MAX_STORIES)
    assert week.mentions == sum(n * 7 // 60 > 1499 * 7 // 60 - 168 for n in range(1500))


def test_stories_that_began_are_kept_for_the_baseline() -> None:
    """A story counts in the hour of its earliest report, also when that one came last."""
    row, _ = counted([(mention(at=90), "a" * 20), (mention(at=95), "b" * 20)])
    hour = int(T0.timestamp()) // 3600
    assert row.starts == {hour + 1: 2}
    row, _ = add_mention(row, mention(at=10, seen=95), "a" * 20)
    assert row.starts == {hour: 1, hour + 1: 1}


def test_the_baseline_forgets_after_four_weeks() -> None:
    """Hours older than 28 days leave the row."""
    row, _ = counted([(mention(), "a" * 20), (mention(at=28 * DAY, name="2"), "b" * 20)])
    assert len(row.starts) == 1


def test_a_mention_writes_its_day_and_no_other() -> None:
    """A row of a week is not written anew for each report: only the day in hand is."""
    row = CountRow()
    for n in range(600):
        item = mention(at=n * 15, outlet=f"Outlet {n % 90}", name=str(n))
        row, _ = add_mention(row, item, f"{n // 9:08x}")
    after, _ = add_mention(row, mention(at=600 * 15, outlet="Outlet 59", name="x"), f"{66:08x}")
    changed, gone = after.changes_since(row)
    assert len(row.days) == 7
    assert (list(changed), gone) == ([str(max(after.days))], [])
