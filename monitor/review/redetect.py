"""PURE: what the detector finds today beside the mentions that it found then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from monitor.messages import Mention

Kind = Literal["added", "gone", "changed", "same"]

KINDS: tuple[Kind, ...] = ("added", "gone", "changed", "same")

_SHOWN = ("status", "actors", "places", "speaker", "claim", "quantity")
"""What makes a mention another one to its reader; scores and versions are not among it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One mention, then and today.

    Attributes:
        kind: `added`: only today's detector finds it; `gone`: only the one of then did.
        mention: Today's, or the one that is gone.
        fields: What differs, each with both values, then and today.
    """

    kind: Kind
    mention: Mention
    fields: dict[str, tuple[Any, Any]]


def comparable(
    kept: Iterable[Mention],
    today: Iterable[Mention],
    articles: Collection[str],
    since: datetime,
    until: datetime,
) -> dict[str, Mention]:
    """Return by id the kept mentions that today's detector had the chance to find.

    Args:
        kept: All mentions of the topic in its order; of a repeat the first counts, as for workers.
        today: What the detector finds.
        articles: Ids of the articles that it has read.
        since: Earliest fetch of those.
        until: Latest fetch of those.
    """
    found = {mention.id for mention in today}
    first: dict[str, Mention] = {}
    for mention in kept:
        read = mention.article_id in articles and since <= mention.seen_at <= until
        if read or mention.id in found:
            first.setdefault(mention.id, mention)
    return first


def differences(before: Mapping[str, Mention], after: Iterable[Mention]) -> list[Difference]:
    """Compare the mentions of the same articles, in the order of `KINDS`, the oldest first in each.

    Args:
        before: Those on the topic, by id.
        after: Those of today; of one that comes twice, the first counts.
    """
    today: dict[str, Mention] = {}
    for mention in after:
        today.setdefault(mention.id, mention)
    found = [_difference(before.get(name), mention) for name, mention in today.items()]
    found += [Difference("gone", was, {}) for name, was in before.items() if name not in today]
    found.sort(key=lambda difference: (difference.mention.seen_at, difference.mention.id))
    return sorted(found, key=lambda difference: KINDS.index(difference.kind))


def _difference(before: Mention | None, after: Mention) -> Difference:
    if before is None:
        return Difference("added", after, {})
    was, now = before.model_dump(), after.model_dump()
    pairs = {name: (was[name], now[name]) for name in _SHOWN}
    fields = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return Difference("changed" if fields else "same", after, fields)
