"""Mentions for the tests of stories and counts; every name and sentence in them is invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.counts import CountRow, add_to_total, total_keys
from monitor.messages import Evidence, Label, Mention, Status, Total, make_id

T0 = datetime(2031, 3, 4, 9, 0, tzinfo=UTC)


def mention(
    sentence: str = "Two northern battalions arrived at the harbour of Ostrava Bay.",
    label: str = "deployment",
    status: str | None = "happened",
    actors: tuple[str, ...] = ("SE",),
    places: tuple[str, ...] = ("FI",),
    outlet: str = "The Lantern",
    at: float = 0,
    seen: float | None = None,
    published: bool = True,
    name: str = "",
    **more: Any,
) -> Mention:
    """Build a mention; `at` and `seen` are minutes after T0, `name` tells equal ones apart."""
    when = T0 + timedelta(minutes=at)
    seen_at = T0 + timedelta(minutes=at if seen is None else seen)
    key = f"{name}|{sentence}|{label}|{status}|{actors}|{places}|{outlet}|{at}|{seen}"
    fields: dict[str, Any] = {
        "id": make_id("mention", key),
        "article_id": make_id("article", key),
        "label": Label(label),
        "status": Status(status) if status and label != "denial" else None,
        "cue": "arrived",
        "actors": actors,
        "places": places,
        "score": 0.9,
        "evidence": Evidence(sentence=sentence, field="text", start=0, end=len(sentence)),
        "title": "A headline",
        "url": f"https://{make_id(key)}.example/",
        "outlet": outlet,
        "language": "en",
        "published_at": when if published else None,
        "seen_at": seen_at,
        "detector": "test",
    }
    return Mention(**(fields | more))


def totals() -> list[Total]:
    """Two places in two partitions: SE acts at both, told by one outlet of three twice."""
    found: dict[tuple[str, int], Total] = {}
    rows: dict[tuple[str, int], CountRow] = {}
    told = [("FI", 0, "A", ("SE",)), ("FI", 0, "B", ("SE", "DK")), ("EE", 1, "A", ("SE",))]
    for n, (place, part, outlet, actors) in enumerate(told):
        item = mention(actors=actors, places=(place,), outlet=outlet, at=n)
        for key in total_keys(item):
            row = rows.get((key, part), CountRow())
            rows[key, part], total = add_to_total(row, key, part, item, f"story-{place}")
            found[key, part] = total
    return list(found.values())
