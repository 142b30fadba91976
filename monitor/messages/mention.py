"""A mention: one sentence that reports something, and its attributes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from monitor.messages.base import Message, Part, UtcTime

UNKNOWN_PLACE = "ZZ"
"""Key part of a mention that names no place (ISO 3166 reserves ZZ for users)."""


class Label(StrEnum):
    """What a sentence reports."""

    DEPLOYMENT = "deployment"
    DRILL = "drill"
    DENIAL = "denial"


class Status(StrEnum):
    """How real it is, by the sentence's own words."""

    HAPPENED = "happened"
    ONGOING = "ongoing"
    PLANNED = "planned"
    CALLED_FOR = "called_for"
    POSSIBLE = "possible"
    ALLEGED = "alleged"
    DENIED = "denied"
    ENDED = "ended"


class Evidence(Part):
    """The sentence that carries a mention, and where it stands in the article."""

    sentence: str
    field: Literal["title", "text"]
    start: int
    """First character of the sentence in the field."""
    end: int
    """One past its last character."""


class Entity(Part):
    """An actor or a place that a sentence names."""

    code: str
    """ISO 3166-1 alpha-2, or a code of `config/gazetteer`."""
    name: str
    """The words of the sentence."""
    start: int
    """Character offset in the sentence."""
    end: int
    role: str = ""
    """For an actor: `agent`, `denier` or `host`. For a place: `destination`, `origin`, `scene`."""


class Quantity(Part):
    """A number of something that the sentence moves, e.g. 500 soldiers."""

    value: float
    unit: str


class Mention(Message):
    """One sentence that reports a deployment, a drill or a denial."""

    ce_type: ClassVar[str] = "newsmon.mention.v1"

    id: str
    """Hash of article id, label and sentence."""
    article_id: str
    label: Label
    status: Status | None = None
    """Empty for a denial."""
    cue: str
    """The words that decided the label."""
    actors: tuple[str, ...] = ()
    """Codes, most important first."""
    places: tuple[str, ...] = ()
    """Codes, most important first; the first one is part of the key."""
    speaker: str = ""
    """To whom the sentence gives the statement, in its own words."""
    claim: str = ""
    """For a denial: the words that are denied."""
    score: float
    """Probability that a careful reader would mark it, 0 to 1."""
    evidence: Evidence
    title: str
    url: str
    outlet: str
    language: str | None = None
    published_at: UtcTime | None = None
    seen_at: UtcTime
    """When the article was fetched."""
    detector: str
    """Version of the detector that found it."""
    actor_spans: tuple[Entity, ...] = ()
    place_spans: tuple[Entity, ...] = ()
    quantity: Quantity | None = None
    doubts: tuple[str, ...] = ()
    """Why a reader should be careful: `history`, `police`, `no_forces`, `fiction`, `standing` (said
    to be always so), `aside` (the only mention of an article about something else); of a denial
    `no_military_claim`."""

    @property
    def place(self) -> str:
        """The place that the mention is filed under."""
        return self.places[0] if self.places else UNKNOWN_PLACE

    @property
    def record_key(self) -> str:
        """`label:place`."""
        return f"{self.label}:{self.place}"

    @property
    def event_id(self) -> str:
        """The mention id."""
        return self.id

    @property
    def time(self) -> datetime:
        """When the article was published, else seen."""
        return self.published_at or self.seen_at
