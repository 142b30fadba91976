"""PURE: a story from its first report to its last revision, with what it denies or is denied by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.errors import ConfigError
from monitor.messages import Alert, AlertEvidence, Mention


@dataclass(frozen=True, slots=True)
class Report:
    """One sentence of a story.

    Attributes:
        at: When its article was fetched; for a report that only alerts still hold, when it was
            published, or None.
        evidence: The sentence, its outlet and its link.
    """

    at: datetime | None
    evidence: AlertEvidence


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a story.

    Attributes:
        at: When it was told: a denial is later than the newest report of what it denies.
        alert: What was told.
    """

    at: datetime
    alert: Alert


@dataclass(frozen=True, slots=True)
class Thread:
    """A whole story.

    Attributes:
        story: Its newest revision.
        revisions: All that the topic keeps, in order.
        reports: Every report that the topics keep, in the order in which they came.
        linked: The newest revision of each story that it denies or is denied by.
        forgotten: Ids of linked stories that the topic no longer holds.
    """

    story: Alert
    revisions: tuple[Revision, ...]
    reports: tuple[Report, ...]
    linked: tuple[Alert, ...]
    forgotten: tuple[str, ...]


@dataclass
class Archive:
    """The alerts of the topic, as far as one story needs them.

    Attributes:
        prefix: First digits of the story's id.
        newest: The newest revision of every story.
        revisions: All revisions of the stories that the prefix fits.
    """

    prefix: str
    newest: dict[str, Alert] = field(default_factory=dict)
    revisions: dict[tuple[str, int], Revision] = field(default_factory=dict)

    def add(self, alert: Alert, at: datetime) -> None:
        """Take in an alert and when it was told, in any order and any number of times."""
        if alert.id not in self.newest or self.newest[alert.id].revision < alert.revision:
            self.newest[alert.id] = alert
        if alert.id.startswith(self.prefix):
            self.revisions[alert.id, alert.revision] = Revision(at, alert)

    def story(self) -> Alert:
        """Return the newest revision of the one story that the prefix fits.

        Raises:
            ConfigError: None fits, or several do.
        """
        fitting = sorted({story_id for story_id, _ in self.revisions})
        if not fitting:
            raise ConfigError(
                f"{self.prefix!r} is no id of a kept alert; `newsmon alerts --since 30d` lists them"
            )
        if len(fitting) > 1:
            some = ", ".join(fitting[:5]) + (", ..." if len(fitting) > 5 else "")
            raise ConfigError(f"{self.prefix!r} begins {len(fitting)} ids, expected one of {some}")
        return self.newest[fitting[0]]

    def thread(self, mentions: Sequence[Mention]) -> Thread:
        """Put the story together.

        Args:
            mentions: The story's mentions as far as the topic keeps them.
        """
        story = self.story()
        revisions = tuple(self.revisions[key] for key in sorted(self.revisions))
        links = dict.fromkeys((*story.denies, *story.denied_by))
        return Thread(
            story,
            revisions,
            _reports(mentions, revisions),
            tuple(self.newest[link] for link in links if link in self.newest),
            tuple(link for link in links if link not in self.newest),
        )

    def shown_ids(self) -> set[str]:
        """Return the ids of the mentions that the story's revisions show."""
        return {e.mention_id for told in self.revisions.values() for e in told.alert.evidence}


def _reports(mentions: Sequence[Mention], revisions: Sequence[Revision]) -> tuple[Report, ...]:
    shown = {e.mention_id: Report(e.published_at, e) for r in revisions for e in r.alert.evidence}
    whole = {mention.id: Report(mention.seen_at, _shown(mention)) for mention in mentions}
    first = revisions[-1].alert.counts.first_seen
    return tuple(
        sorted((shown | whole).values(), key=lambda r: (r.at or first, r.evidence.mention_id))
    )


def _shown(mention: Mention) -> AlertEvidence:
    return AlertEvidence(
        sentence=mention.evidence.sentence,
        outlet=mention.outlet,
        url=mention.url,
        published_at=mention.published_at,
        title=mention.title,
        language=mention.language,
        label=mention.label,
        status=mention.status,
        speaker=mention.speaker,
        mention_id=mention.id,
    )
