"""PURE: board -> the JSON of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from monitor.feeds.condition import FeedHealth
from monitor.messages import Alert, Severity
from monitor.stats.board import Board
from monitor.stats.health import when
from monitor.stats.places import place_name
from monitor.stats.row import Row

FILTERS = ("label", "status", "severity", "place", "actor")
_SEVERITIES = list(Severity)


def alerts(board: Board, wanted: Mapping[str, str], limit: int) -> list[dict[str, Any]]:
    """Return the newest alerts that match, the newest first, as they stand on the topic.

    Args:
        board: What is known.
        wanted: A value for any of `FILTERS`; a severity stands for itself and all above.
        limit: How many at most.
    """
    chosen: list[dict[str, Any]] = []
    for alert in board.latest_alerts(board.kept_alerts):
        if len(chosen) >= limit:
            break
        if all(_matches(alert, name, value) for name, value in wanted.items()):
            chosen.append(alert.model_dump(mode="python"))
    return chosen


def counts(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return rows for the page: windows, change, and the last 24 hours by the hour."""
    return [
        {
            "key": row.key,
            "label": row.label,
            "place": row.place,
            "name": place_name(row.place),
            **_numbers(row),
        }
        for row in rows
    ]


def totals(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return rows of labels or actors, counted over all places, with the same numbers."""
    return [
        {"key": row.key, "code": row.place, "name": place_name(row.place), **_numbers(row)}
        for row in rows
    ]


def story(board: Board, story_id: str) -> dict[str, Any] | None:
    """Return a story and its thread of claims and denials, the newest first; None if unknown."""
    alert = board.alerts.get(story_id)
    if alert is None:
        return None
    thread = board.thread(story_id)
    known = {story_id, *(other.id for other in thread)}
    linked = {*alert.denies, *alert.denied_by}
    return {
        "story": alert.model_dump(mode="python"),
        "thread": [other.model_dump(mode="python") for other in thread],
        "forgotten": sorted(linked - known),
    }


def feeds(board: Board, now: datetime) -> list[dict[str, Any]]:
    """Return the feeds, the ones in trouble first."""
    found = [_feed(feed, now) for feed in board.feeds.values()]
    order = list(board.feed_conditions(now))
    return sorted(found, key=lambda feed: (order.index(feed["condition"]), feed["id"]))


def state(board: Board, now: datetime) -> dict[str, Any]:
    """Return how the flow is."""
    pulse = board.pulse
    return {
        "as_of": now,
        "loaded": board.loaded,
        "trouble": board.trouble,
        "feeds": board.feed_conditions(now),
        "articles_per_s": pulse.articles_per_s if pulse else None,
        "lag": pulse.lag if pulse else {},
        "written": pulse.written if pulse else {},
    }


def _numbers(row: Row) -> dict[str, Any]:
    return {
        "windows": {n: w.model_dump() for n, w in row.windows.items()},
        "change": None if row.change is None else round(row.change, 2),
        "hours": row.hours,
        "seen": row.seen,
    }


def _feed(feed: FeedHealth, now: datetime) -> dict[str, Any]:
    return {
        "id": feed.feed_id,
        "host": feed.host,
        "condition": feed.condition(now),
        "outcome": feed.outcome,
        "last_poll_at": when(feed.last_poll_at),
        "next_poll_at": when(feed.next_poll_at),
        "failing_since": when(feed.failing_since),
        "gaps": feed.gaps,
        "items": feed.items,
    }


def _matches(alert: Alert, name: str, value: str) -> bool:
    if name == "severity":
        return _SEVERITIES.index(alert.severity) >= _SEVERITIES.index(Severity(value))
    if name == "place":
        return value in (alert.places or ("ZZ",))
    if name == "actor":
        return value in alert.actors
    return bool(getattr(alert, name) == value)
