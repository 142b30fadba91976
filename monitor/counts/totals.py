"""Counts per label and per actor, over all places.

Mentions are partitioned by place, so each worker counts the places that it has: one row per label
and per actor and partition, published as a `Total`. Whoever reads adds the parts up: reports and
stories by addition, because a story has one place; outlets by the newest report of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from monitor.counts.row import FIVE, HOUR, CountRow, counted
from monitor.counts.windows import count_of_buckets, held_by, rolled
from monitor.messages import Count, Mention, Total

MAX_ACTORS = 8
"""Actors of a mention that are counted; a sentence seldom names three."""


def total_keys(mention: Mention) -> list[str]:
    """Return the keys that a mention counts for: its label, and each of its actors once."""
    actors = list(dict.fromkeys(mention.actors))[:MAX_ACTORS]
    return [f"label:{mention.label}", *(f"actor:{code}" for code in actors)]


def add_to_total(
    row: CountRow, key: str, part: int, mention: Mention, story_id: str
) -> tuple[CountRow, Total]:
    """Count one more mention for a label or an actor.

    Args:
        row: The row of the key in this partition; it is not changed.
        key: One of `total_keys`.
        part: The partition of the mention.
        mention: A mention that was not counted before.
        story_id: The story that it reports.
    """
    row = counted(row if row.key else CountRow(key=key), mention, story_id)
    held = held_by(row)
    outlets = {name: five for day in row.days.values() for name, five in day.outlets.items()}
    total = Total(
        key=key,
        part=part,
        as_of=datetime.fromtimestamp(row.as_of, UTC),
        hours=tuple((n, m, s) for n, (m, _, s) in sorted(held.hours.items())),
        recent=tuple((n, m, s) for n, (m, _, s) in sorted(held.recent.items())),
        outlets=tuple(sorted(outlets.items())),
    )
    return row, total


def merged(totals: Iterable[Total]) -> Count:
    """Add up the parts of one key: the count of the key over all places.

    Args:
        totals: At least one, the newest of each part.
    """
    parts = list(totals)
    as_of = max(total.as_of for total in parts)
    newest: dict[str, int] = {}
    for total in parts:
        for outlet, five in total.outlets:
            newest[outlet] = max(five, newest.get(outlet, five))
    hours = _added((total.hours for total in parts), newest.values(), HOUR)
    recent = _added((total.recent for total in parts), newest.values(), FIVE)
    # Parts end at moments of their own: what has left the windows by now goes with `rolled`.
    oldest = min(total.as_of for total in parts)
    return rolled(count_of_buckets(parts[0].key, oldest, recent, hours), as_of)


def _added(
    parts: Iterable[Iterable[tuple[int, int, int]]], outlets: Iterable[int], length: int
) -> dict[int, tuple[int, int, int]]:
    reports, stories = Counter[int](), Counter[int]()
    for part in parts:
        for number, mentions, last_stories in part:
            reports[number] += mentions
            stories[number] += last_stories
    heard = Counter(five * FIVE // length for five in outlets)
    return {number: (n, heard[number], stories[number]) for number, n in reports.items()}
