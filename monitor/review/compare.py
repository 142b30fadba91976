"""PURE: the alerts that a topic holds beside those that other rules would have told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from monitor.messages import Alert

Kind = Literal["added", "removed", "changed", "same"]

KINDS: tuple[Kind, ...] = ("added", "removed", "changed", "same")


@dataclass(frozen=True, slots=True)
class Change:
    """One story under the old rules and under the new ones.

    Attributes:
        kind: `added`: only the new rules tell it; `removed`: only the old ones did.
        before: Its newest revision on the topic; None where it is added.
        after: Its newest revision under the new rules; None where it is removed.
        fields: What differs, each with both values, old and new.
    """

    kind: Kind
    before: Alert | None
    after: Alert | None
    fields: dict[str, tuple[Any, Any]]

    @property
    def alert(self) -> Alert:
        """The revision to show: the new one where there is one."""
        alert = self.after or self.before
        assert alert
        return alert


def compare(before: Iterable[Alert], after: Iterable[Alert], watch: str | None) -> list[Change]:
    """Pair the stories of two lists of revisions and say how they differ.

    A story is the same by id, or, where its first report has left the topic and the id with it, by
    a sentence that both show.

    Args:
        before: Revisions as the topic holds them.
        after: Revisions as a replay told them.
        watch: Only revisions with this tag count; None counts all.

    Returns:
        The changes in the order of `KINDS`, the newest first within each.
    """
    old, new = _newest(before, watch), _newest(after, watch)
    partner = _partners(old, new)
    changes = [_change(alert, new.get(partner.get(name, ""))) for name, alert in old.items()]
    met = set(partner.values())
    changes += [Change("added", None, alert, {}) for name, alert in new.items() if name not in met]
    changes.sort(key=lambda change: change.alert.counts.last_seen, reverse=True)
    return sorted(changes, key=lambda change: KINDS.index(change.kind))


def _newest(alerts: Iterable[Alert], watch: str | None) -> dict[str, Alert]:
    """Keep the newest revision of each story that the watch has told."""
    found: dict[str, Alert] = {}
    for alert in alerts:
        if watch is not None and watch not in alert.watches:
            continue
        if alert.id not in found or found[alert.id].revision < alert.revision:
            found[alert.id] = alert
    return found


def _partners(old: dict[str, Alert], new: dict[str, Alert]) -> dict[str, str]:
    told_by = {
        evidence.mention_id: name
        for name, alert in new.items()
        if name not in old
        for evidence in alert.evidence
    }
    partners = {name: name for name in old if name in new}
    for name, alert in old.items():
        shared = (told_by.get(evidence.mention_id) for evidence in alert.evidence)
        other = next((story for story in shared if story), None)
        if name not in new and other and other not in partners.values():
            partners[name] = other
    return partners


def _change(before: Alert, after: Alert | None) -> Change:
    if after is None:
        return Change("removed", before, None, {})
    names = ["label", "status", "severity", "watches"]
    # A story that began before the topic does has another id and fewer revisions: no change.
    names += ["revision", "denies", "denied_by"] if before.id == after.id else []
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in names}
    fields = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return Change("changed" if fields else "same", before, after, fields)
