"""What a story shows: its alert, how severe it is, and why it would need a new revision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.alerts.filters import severity_rank
from monitor.alerts.policy import Policy
from monitor.alerts.story import Story, ordered
from monitor.messages import (
    Alert,
    AlertCounts,
    AlertEvidence,
    Codes,
    Label,
    Severity,
    Status,
    StatusChange,
)

REASONS = (
    "new",
    "denied",
    "claim_found",
    "new_status",
    "more_severe",
    "new_outlet",
    "new_actor",
    "new_place",
    "burst",
)
"""All reasons of a revision. Where several hold, the first but `burst` names it."""

MINOR = frozenset({"new_outlet", "new_actor", "new_place"})
"""Reasons that a quiet period holds back."""

_REASON_OF = {
    "statuses": "new_status",
    "severity": "more_severe",
    "outlets": "new_outlet",
    "actors": "new_actor",
    "places": "new_place",
}
_MILESTONES = (2, 5, 10, 20, 50)

# CAMEO and PLOVER of each label and status. A planned move has no CAMEO code: it is 138 where it
# threatens and 033 where it is a pledge, and a sentence seldom says which.
_PRESENT = Codes(cameo="154", plover="MOBILIZE")
_AHEAD = Codes(plover="MOBILIZE")
_CODES: Mapping[Status | None, Codes] = {
    None: _PRESENT,
    Status.HAPPENED: _PRESENT,
    Status.ONGOING: _PRESENT,
    Status.PLANNED: _AHEAD,
    Status.POSSIBLE: _AHEAD,
    Status.CALLED_FOR: Codes(cameo="023", plover="REQUEST"),
    Status.ALLEGED: Codes(cameo="1123", plover="ACCUSE"),
    Status.ENDED: Codes(cameo="0874", plover="RETREAT"),
    Status.DENIED: Codes(cameo="016"),
}


def codes_of(label: Label, status: Status | None, actors: int) -> Codes:
    """Return the event in CAMEO 1.1 and PLOVER; empty where they have no code for it."""
    if label == Label.DENIAL:
        return Codes(cameo="016")
    if label == Label.DRILL:
        joint = actors > 1
        return Codes(cameo="062" if joint else "150", plover="COOPERATE" if joint else "MOBILIZE")
    return _CODES[status]


def alert_of(story: Story, links: tuple[str, ...], policy: Policy) -> Alert:
    """Return the story's alert as it stands, without a reason.

    Args:
        story: The story.
        links: Ids of linked stories that have an alert themselves.
        policy: Decides severity and watches.
    """
    label, actors = Label(story.label), ordered(story.actors)
    denial = label == Label.DENIAL
    history = sorted(story.statuses.items(), key=lambda item: (item[1], item[0]))
    alert = Alert(
        id=story.id,
        revision=story.revision,
        reason="",
        label=label,
        status=story.status,
        severity=policy.alerts.severity,
        headline=story.headline,
        actors=actors,
        places=ordered(story.places),
        speakers=ordered(story.speakers),
        evidence=tuple(AlertEvidence.model_validate(entry) for entry in story.evidence),
        counts=AlertCounts(
            mentions=story.mentions,
            outlets=len(story.own),
            first_seen=_time(story.first_seen),
            last_seen=_time(story.last_seen),
        ),
        denies=links if denial else (),
        denied_by=() if denial else links,
        status_history=tuple(StatusChange(status=Status(s), at=_time(t)) for s, t in history),
        confidence=story.confidence,
        codes=codes_of(label, story.status, len(actors)),
    )
    alert = alert.model_copy(update={"severity": _severity(alert, policy)})
    watches = tuple(watch.name for watch in policy.watches if watch.matches(alert))
    return alert.model_copy(update={"watches": watches})


def _severity(alert: Alert, policy: Policy) -> Severity:
    for rule in policy.severity:
        if alert.counts.outlets >= rule.min_outlets and rule.matches(alert):
            return rule.level
    return policy.alerts.severity


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def what_is_told(story: Story, alert: Alert) -> dict[str, Any]:
    """Return what an analyst knows once this alert is out.

    Numbers and sets that only grow: a set of which no member ever leaves is told by its size.
    """
    shown = story.shown
    return {
        "links": sorted({*alert.denies, *alert.denied_by, *shown.get("links", ())}),
        "statuses": len(story.statuses),
        "severity": max(severity_rank(alert.severity), shown.get("severity", 0)),
        "outlets": max(_milestone(story.voices), shown.get("outlets", 0)),
        "actors": len(story.actors),
        "places": len(story.places),
    }


def reason_for(story: Story, alert: Alert) -> str | None:
    """Name what the alert tells that the last revision did not; None where it is nothing."""
    if not story.shown:
        return "new"
    told, shown = what_is_told(story, alert), story.shown
    link = "claim_found" if alert.label == Label.DENIAL else "denied"
    reasons = {"links": link} | _REASON_OF
    return next((reason for what, reason in reasons.items() if told[what] != shown[what]), None)


def _milestone(outlets: int) -> int:
    return max((m for m in _MILESTONES if m <= outlets), default=1)
