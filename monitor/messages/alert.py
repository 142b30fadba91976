"""An alert: the public face of a story."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from monitor.messages.base import Message, Part, UtcTime
from monitor.messages.mention import Label, Status


class Severity(StrEnum):
    """How much an alert matters; the order is the order of the values."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AlertEvidence(Part):
    """A sentence shown with an alert."""

    sentence: str
    outlet: str
    url: str
    published_at: UtcTime | None = None
    title: str = ""
    language: str | None = None
    label: Label | None = None
    status: Status | None = None
    speaker: str = ""
    mention_id: str = ""


class AlertCounts(Part):
    """How often a story was reported, and between when."""

    mentions: int
    outlets: int
    first_seen: UtcTime
    last_seen: UtcTime


class StatusChange(Part):
    """A status that a story took on."""

    status: Status
    at: UtcTime


class Codes(Part):
    """The same event in the codes of other systems; empty where they have none."""

    cameo: str = ""
    plover: str = ""


class Alert(Message):
    """A story's public face; a new revision each time an analyst learns something."""

    ce_type: ClassVar[str] = "newsmon.alert.v1"

    id: str
    """The story id."""
    revision: int
    """Starts at 1."""
    reason: str
    """Why this revision exists, one of a bounded set of words: `new`, `new_status`, ..."""
    label: Label
    status: Status | None = None
    severity: Severity
    headline: str
    actors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    evidence: tuple[AlertEvidence, ...] = ()
    """At most five, the newest of each outlet first."""
    counts: AlertCounts
    denies: tuple[str, ...] = ()
    """Ids of the stories that this denial contradicts."""
    denied_by: tuple[str, ...] = ()
    """Ids of the denials that contradict this story."""
    watches: tuple[str, ...] = ()
    """Names of the watches that match."""
    status_history: tuple[StatusChange, ...] = ()
    confidence: float = 0.0
    """Best score among the mentions, 0 to 1."""
    codes: Codes = Field(default_factory=Codes)

    @property
    def record_key(self) -> str:
        """The story id."""
        return self.id

    @property
    def event_id(self) -> str:
        """The story id and the revision."""
        return f"{self.id}.{self.revision}"

    @property
    def time(self) -> datetime:
        """When the newest report was seen."""
        return self.counts.last_seen
