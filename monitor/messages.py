"""The messages on the topics: what they hold, how they are written, what names them.

The value of a Kafka record is the model as JSON (orjson); its attributes travel as CloudEvents
1.0 headers in binary mode. Times are aware UTC datetimes, RFC 3339 on the wire. Countries are
ISO 3166-1 alpha-2; seas, alliances and armed groups have the codes of `config/gazetteer`.

A reader ignores fields that it does not know: a schema change adds an optional field, a changed
meaning is a new topic version.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from monitor.errors import MessageError

UNKNOWN_PLACE = "ZZ"
"""Key part of a mention that names no place (ISO 3166 reserves ZZ for users)."""


def _utc(value: object) -> object:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return value.astimezone(UTC)
    return value


UtcTime = Annotated[datetime, BeforeValidator(_utc)]
"""An aware datetime in UTC. A time without a zone is refused."""


def make_id(*parts: str) -> str:
    """Name a thing by what it is: 20 hex digits of SHA-256 over the parts, the same for ever."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


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


class Severity(StrEnum):
    """How much an alert matters; the order is the order of the values."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Part(BaseModel):
    """A piece of a message: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Message(Part):
    """A value on a topic. `ce_type` is its CloudEvents type."""

    ce_type: ClassVar[str]

    def encode(self) -> bytes:
        """Write the value as JSON bytes; the same message gives the same bytes."""
        return orjson.dumps(self.model_dump(mode="python"), option=orjson.OPT_UTC_Z)

    @classmethod
    def decode(cls, raw: bytes | None) -> Self:
        """Read a value.

        Raises:
            MessageError: The bytes are no JSON object, or a field is missing or wrong.
        """
        try:
            return cls.model_validate(orjson.loads(raw or b""))
        except orjson.JSONDecodeError as exc:
            raise MessageError(cls.__name__, f"no JSON ({exc})") from exc
        except ValidationError as exc:
            first = exc.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "value"
            raise MessageError(cls.__name__, f"{place}: {first['msg']}") from exc

    @property
    def record_key(self) -> str | None:
        """The record key."""
        return None

    @property
    def event_id(self) -> str:
        """The CloudEvents id: equal for every repeat of the same fact."""
        raise NotImplementedError

    @property
    def time(self) -> datetime | None:
        """The CloudEvents time: when the thing happened for newsmon."""
        return None

    def headers(self) -> list[tuple[str, bytes]]:
        """Return the CloudEvents attributes, binary mode."""
        attributes = {
            "ce_specversion": "1.0",
            "ce_type": self.ce_type,
            "ce_source": "/newsmon",
            "ce_id": self.event_id,
            "content-type": "application/json",
        }
        if self.time:
            attributes["ce_time"] = self.time.isoformat().replace("+00:00", "Z")
        return [(name, value.encode()) for name, value in attributes.items()]


class Article(Message):
    """One article as a feed gave it."""

    ce_type: ClassVar[str] = "newsmon.article.v1"

    id: str
    """Hash of the canonical URL: the same article through two feeds has one id."""
    feed_id: str
    url: str
    title: str
    text: str
    """Plain text: the summary or the content, whichever says more; no markup."""
    outlet: str
    country: str | None = None
    """Where the outlet sits, ISO 3166-1 alpha-2."""
    language: str | None = None
    """ISO 639-1, lower case."""
    authors: tuple[str, ...] = ()
    published_at: UtcTime | None = None
    date_source: Literal["feed", "clamped", "fetched"] = "fetched"
    """Where `published_at` is from: the feed; the feed but in the future, so clamped; the fetch."""
    fetched_at: UtcTime
    revision: int = 1
    """Grows when the same article comes with another text."""

    @property
    def record_key(self) -> str:
        """The article id."""
        return self.id

    @property
    def event_id(self) -> str:
        """The article id and its revision."""
        return f"{self.id}.{self.revision}"

    @property
    def time(self) -> datetime:
        """When the article was fetched."""
        return self.fetched_at


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


class WindowCount(Part):
    """What one rolling window holds."""

    mentions: int
    outlets: int
    stories: int


class Bucket(Part):
    """What one hour holds, for sparklines."""

    start: UtcTime
    mentions: int
    last_outlets: int = 0
    """Outlets whose newest report it holds: the sum over a window is the window's outlets."""
    last_stories: int = 0
    """Stories whose newest report it holds, the same."""


class Count(Message):
    """Rolling counts of one `label:place`."""

    ce_type: ClassVar[str] = "newsmon.count.v1"

    key: str
    """`label:place`."""
    as_of: UtcTime
    """Newest moment that the counts include."""
    windows: dict[str, WindowCount]
    """By `1h`, `24h`, `7d`; each ends at `as_of`."""
    buckets: tuple[Bucket, ...]
    """The last 7 days by the hour, oldest first, empty hours left out."""
    recent: tuple[Bucket, ...] = ()
    """The last hour by five minutes, oldest first, empty ones left out."""

    @property
    def record_key(self) -> str:
        """`label:place`."""
        return self.key

    @property
    def event_id(self) -> str:
        """The key and the moment."""
        return f"{self.key}@{self.as_of.isoformat()}"

    @property
    def time(self) -> datetime:
        """The newest moment that the counts include."""
        return self.as_of


class DeadLetter(Message):
    """A record that could not be read, kept as it came."""

    ce_type: ClassVar[str] = "newsmon.dead-letter.v1"

    topic: str
    partition: int
    offset: int
    reason: str
    raw: str
    """The value in base64, at most 64 KiB of it."""
    key_raw: str = ""
    """The key in base64."""
    size: int
    """Bytes of the whole value."""
    seen_at: UtcTime
    """Timestamp of the bad record."""

    @property
    def event_id(self) -> str:
        """Where the record stood."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def time(self) -> datetime:
        """Timestamp of the bad record."""
        return self.seen_at
