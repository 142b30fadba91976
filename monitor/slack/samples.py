"""Invented alerts, for `newsmon slack test` and for a demo without a broker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from monitor.messages import Alert, AlertCounts, AlertEvidence, Label, Severity, Status, make_id

_DEPLOYMENT = "Norway sent 120 soldiers to Iceland on Monday, the ministry said."
_DENIAL = "A spokesman denied that Norwegian soldiers had gone to Iceland."
_PLACES = ("IE", "PT", "NZ", "IS", "CA", "UY", "FJ")


def sample_alert(now: datetime, **changes: Any) -> Alert:  # noqa: ANN401 - any field of an alert
    """Return one invented alert; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "id": make_id("sample", changes.get("headline", _DEPLOYMENT)),
        "revision": 1,
        "reason": "new",
        "label": Label.DEPLOYMENT,
        "status": Status.HAPPENED,
        "severity": Severity.HIGH,
        "headline": _DEPLOYMENT,
        "actors": ("NO",),
        "places": ("IS",),
        "evidence": (_evidence(_DEPLOYMENT, "Invented Gazette", now),),
        "counts": AlertCounts(mentions=1, outlets=1, first_seen=now, last_seen=now),
    }
    return Alert(**{**fields, **changes})


def sample_story(now: datetime) -> Iterator[tuple[float, Alert]]:
    """Yield (second after the start, alert): a story, its denial, a burst of drills."""
    first = sample_alert(now)
    yield 0, first
    second = AlertCounts(
        mentions=3, outlets=2, first_seen=now, last_seen=now + timedelta(seconds=5)
    )
    yield 5, first.model_copy(update={"revision": 2, "reason": "new_outlet", "counts": second})
    denial = sample_alert(
        now,
        headline=_DENIAL,
        label=Label.DENIAL,
        status=None,
        severity=Severity.MEDIUM,
        denies=(first.id,),
        evidence=(_evidence(_DENIAL, "Invented Courier", now),),
    )
    yield 10, denial
    denied = {"revision": 3, "reason": "denied", "counts": second, "denied_by": (denial.id,)}
    yield 10, first.model_copy(update=denied)
    for number in range(14):
        sentence = f"Exercise number {number + 1} of the invented spring drills began."
        place = _PLACES[number % len(_PLACES)]
        yield (
            18,
            sample_alert(
                now,
                headline=sentence,
                label=Label.DRILL,
                status=Status.ONGOING,
                severity=Severity.MEDIUM,
                places=(place,),
                evidence=(_evidence(sentence, "Invented Observer", now),),
            ),
        )
    worst = {"revision": 4, "reason": "more_severe", "severity": Severity.CRITICAL}
    yield 20, first.model_copy(update={**denied, **worst})


def _evidence(sentence: str, outlet: str, now: datetime) -> AlertEvidence:
    return AlertEvidence(
        sentence=sentence,
        outlet=outlet,
        url=f"https://example.org/{make_id(sentence)}",
        published_at=now,
    )
