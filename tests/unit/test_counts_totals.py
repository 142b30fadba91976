"""Counts per label and per actor: the parts of the partitions add up to what counting gives."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.counts import CountRow, add_to_total, merged, rolled, total_keys
from monitor.counts.totals import MAX_ACTORS
from monitor.messages import Mention, Total
from tests.unit.build_mentions import mention

PLACES = ("FI", "EE", "NO")
HOUR, DAY = 60, 24 * 60


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Mention, str]]:
    """Mentions at three places by a few actors and outlets, some of them late."""
    found = []
    for number in range(draw(st.integers(1, 25))):
        seen = draw(st.integers(0, 9 * DAY))
        place = draw(st.sampled_from(PLACES))
        item = mention(
            at=seen - draw(st.sampled_from([0, 0, 2, 70, DAY, 8 * DAY])),
            seen=seen,
            label=draw(st.sampled_from(["deployment", "drill"])),
            actors=draw(st.sampled_from([(), ("SE",), ("SE", "DK"), ("DK", "DK")])),
            places=(place,),
            outlet=f"O{draw(st.integers(0, 3))}",
            name=str(number),
        )
        # A story is of one place and one label, so its id is too.
        found.append((item, f"{place}{item.label[:4]}{draw(st.integers(0, 2))}".ljust(20, "0")))
    return found


def counted(items: list[tuple[Mention, str]]) -> dict[str, dict[int, Total]]:
    """Count as the workers do: each place is a partition of its own."""
    rows: dict[tuple[str, int], CountRow] = defaultdict(CountRow)
    totals: dict[str, dict[int, Total]] = defaultdict(dict)
    for item, story in items:
        part = PLACES.index(item.place)
        for key in total_keys(item):
            row, total = add_to_total(rows[key, part], key, part, item, story)
            rows[key, part] = row
            totals[key][part] = Total.decode(total.encode())
    return totals


def by_hand(items: list[tuple[Mention, str]], key: str, now: float) -> dict[str, tuple[int, ...]]:
    result = {}
    for name, length, number in (("1h", 300, 12), ("24h", 3600, 24), ("7d", 3600, 168)):
        inside = [
            (item, story)
            for item, story in items
            if key in total_keys(item)
            and min(item.time, item.seen_at).timestamp() // length > now // length - number
        ]
        outlets, stories = {item.outlet for item, _ in inside}, {story[:8] for _, story in inside}
        result[name] = (len(inside), len(outlets), len(stories))
    return result


@given(histories(), st.integers(0, 5 * DAY))
@settings(max_examples=80, deadline=None)
def test_the_parts_add_up_to_what_counting_by_hand_gives(
    items: list[tuple[Mention, str]], later: int
) -> None:
    """Reports, distinct outlets and distinct stories are exact over all places, now and later."""
    for key, parts in counted(items).items():
        count = merged(parts.values())
        at = count.as_of.timestamp() + 60 * later
        found = rolled(count, count.as_of.fromtimestamp(at, count.as_of.tzinfo)).windows
        numbers = {name: (w.mentions, w.outlets, w.stories) for name, w in found.items()}
        assert numbers == by_hand(items, key, at)


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_any_order_gives_the_same_totals(items: list[tuple[Mention, str]], dice: object) -> None:
    """The last total of each part is equal to the byte whatever came first."""
    mixed = list(items)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    first, second = counted(items), counted(mixed)
    assert {k: {p: t.encode() for p, t in v.items()} for k, v in first.items()} == {
        k: {p: t.encode() for p, t in v.items()} for k, v in second.items()
    }


@pytest.mark.parametrize(
    ("actors", "keys"),
    [
        ((), ["label:drill"]),
        (("SE", "DK"), ["label:drill", "actor:SE", "actor:DK"]),
        (("SE", "SE"), ["label:drill", "actor:SE"]),
    ],
)
def test_a_mention_counts_for_its_label_and_each_of_its_actors_once(
    actors: tuple[str, ...], keys: list[str]
) -> None:
    """An actor that is named twice is counted once; a mention without one counts for its label."""
    assert total_keys(mention(label="drill", actors=actors)) == keys


def test_a_sentence_of_many_actors_counts_for_a_bounded_number() -> None:
    """A hostile list of names makes no more rows than the cap."""
    assert len(total_keys(mention(actors=tuple(f"A{n}" for n in range(90))))) == 1 + MAX_ACTORS
