"""A place's open stories as they are remembered: plain JSON values, and bounded."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import orjson

from monitor.messages import Status

MAX_STORIES = 64
"""Stories of one place; the one whose last report was seen longest ago goes first."""
MAX_BYTES = 180_000
"""Of all stories of one place as JSON; the same one goes first."""
MAX_LINKS = 8

# Later stages tell more of the same event, so they name it; talk about it comes first.
STAGE = {
    status: rank
    for rank, status in enumerate(
        (
            Status.DENIED,
            Status.POSSIBLE,
            Status.ALLEGED,
            Status.CALLED_FOR,
            Status.PLANNED,
            Status.ONGOING,
            Status.HAPPENED,
            Status.ENDED,
        ),
        start=1,
    )
}
_RANK = {status.value: rank for status, rank in STAGE.items()}


@dataclass(slots=True)
class Story:
    """One event as its reports tell it. Times are seconds since 1970.

    Attributes:
        id: Named by the first report that came.
        label: The label of all its reports.
        first: Earliest report by publication.
        last: Latest report by publication.
        first_seen: When the earliest was fetched.
        last_seen: When the latest was fetched.
        mentions: Number of reports.
        actors: Weight per code: a report gives its first code most.
        places: The same.
        speakers: Reports per speaker.
        statuses: Each status with the time of its earliest report.
        own: Each outlet by hash, 1 if it said a sentence that was no copy, else 0.
        texts: Fingerprints of the last distinct sentences.
        samples: Words of a few distinct reports, chosen by fingerprint; see `likeness.sample`.
        evidence: The sentences shown, best first.
        headline: The line that names it.
        headline_key: Why that line; greater is better.
        confidence: Best score.
        trusted: Whether an outlet of the policy's trusted list told it.
        clear: Whether a report of it was not doubtful.
        articles: The last articles, by hash.
        ids: The last mention ids, by their first digits.
        links: Stories of the other side: claims of a denial, denials of a claim.
        shown: What the last revision told (see `face`); empty before the first.
        revision: Number of the last revision; 0 before the first.
        revised_at: When it was made.
        size: Bytes as JSON.
    """

    id: str
    label: str
    first: float
    last: float
    first_seen: float
    last_seen: float
    mentions: int = 0
    actors: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    speakers: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, float] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    samples: dict[str, str] = field(default_factory=dict)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    headline: str = ""
    headline_key: list[float | str] = field(default_factory=list)
    confidence: float = 0.0
    trusted: bool = False
    clear: bool = False
    articles: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)
    revision: int = 0
    revised_at: float = 0.0
    size: int = 0

    @property
    def status(self) -> Status | None:
        """The furthest stage that was reported."""
        furthest = max(self.statuses, key=_RANK.__getitem__, default=None)
        return Status(furthest) if furthest else None

    @property
    def voices(self) -> int:
        """Number of independent outlets: those that said more than copies."""
        return sum(self.own.values())


_FIELDS = dict.fromkeys(f.name for f in fields(Story)).keys()  # a set with an order


@dataclass(slots=True)
class PlaceState:
    """The open stories of one place.

    Attributes:
        stories: In the order in which they began.
        now: Newest fetch time seen, seconds since 1970.
    """

    stories: tuple[Story, ...] = ()
    now: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain JSON values; it shares them with the state, so do not edit."""
        stories = [_plain(story) for story in self.stories]
        return {"now": self.now, "stories": stories}

    @classmethod
    def from_json(cls, raw: dict[str, Any] | None) -> PlaceState:
        """Read a state; None is the state of a place of which nothing is known."""
        if not raw:
            return cls()
        return cls(tuple(_read(story) for story in raw["stories"]), raw["now"])

    def changes_since(self, before: PlaceState) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """Return the stories that are new or other than before, by id, and the ids of those gone.

        They are told by identity: a story that was not put anew is the same object.
        """
        old = {story.id: story for story in before.stories}
        changed = {s.id: _plain(s) for s in self.stories if old.pop(s.id, None) is not s}
        here = {story.id for story in self.stories}
        return changed, [story.id for story in before.stories if story.id not in here]

    def put(self, *changed: Story) -> PlaceState:
        """Return the state with these stories in it, in the place of their old selves."""
        new = {story.id: _weighed(story) for story in changed}
        kept = tuple(new.pop(story.id, story) for story in self.stories)
        return PlaceState(kept + tuple(new.values()), self.now)

    def advanced(self, now: float, keep: float) -> PlaceState:
        """Return the state as of `now`: without stories not reported for `keep` seconds."""
        now = max(now, self.now)
        open_ = [story for story in self.stories if now - story.last_seen <= keep]
        return PlaceState(tuple(open_), now)

    def bounded(self) -> PlaceState:
        """Return the state within `MAX_STORIES` and `MAX_BYTES`."""
        size = sum(story.size for story in self.stories)
        if len(self.stories) <= MAX_STORIES and size <= MAX_BYTES:
            return self
        gone: set[str] = set()
        for story in sorted(self.stories, key=lambda s: (s.last_seen, s.id)):
            if len(self.stories) - len(gone) <= MAX_STORIES and size <= MAX_BYTES:
                break
            gone.add(story.id)
            size -= story.size
        return replace(self, stories=tuple(s for s in self.stories if s.id not in gone))


def _plain(story: Story) -> dict[str, Any]:
    return {name: getattr(story, name) for name in _FIELDS}


def _read(raw: dict[str, Any]) -> Story:
    if not raw.keys() <= _FIELDS:  # written by a newer version
        raw = {name: value for name, value in raw.items() if name in _FIELDS}
    return Story(**raw)


def _weighed(story: Story) -> Story:
    return replace(story, size=len(orjson.dumps(_plain(story))))


def ordered(tally: dict[str, int]) -> tuple[str, ...]:
    """Return the codes or names, the weightiest first."""
    return tuple(sorted(tally, key=lambda code: (-tally[code], code)))
