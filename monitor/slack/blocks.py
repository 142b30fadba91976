"""PURE: alerts -> Slack messages, within all of Slack's limits.

Every message has a plain `text` beside its blocks, for notifications, screen readers and the case
that Slack refuses the blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitor.messages import Alert, AlertEvidence, Label, Severity, Status
from monitor.slack.kit import Block, buttons, context, fitted, header, section
from monitor.slack.markup import escape, link, moment, web_address

EVENT_TYPE = "newsmon_alerts"
"""Type of the metadata by which a message is found again."""

MARKS = {
    Severity.LOW: "⚪",
    Severity.MEDIUM: "🟡",
    Severity.HIGH: "🟠",
    Severity.CRITICAL: "🔴",
}
REASONS = {
    "new": "new story",
    "denied": "now denied",
    "claim_found": "the claim behind this denial was found",
    "new_status": "new status",
    "more_severe": "more severe",
    "new_outlet": "another outlet",
    "new_actor": "another actor",
    "new_place": "another place",
    "burst": "unusually many reports",
}
REPLIED = frozenset({"denied", "claim_found", "new_status", "more_severe", "burst"})
"""Reasons that deserve a reply in the story's thread; the others only edit its message."""

REPEAT_NOTE = "May be a repeat: Slack did not confirm the first attempt."
_SENTENCE, _HEADLINE, _NAME = 700, 300, 80


@dataclass(frozen=True)
class Message:
    """What is sent to Slack, without the channel.

    Attributes:
        id: The delivery's name, the same for every attempt.
        text: The message in plain words, escaped.
        blocks: The same in Block Kit.
        tells: The (story id, revision) pairs that it tells.
        broadcast: For a reply: show it in the channel as well.
    """

    id: str
    text: str
    blocks: tuple[Block, ...]
    tells: tuple[tuple[str, int], ...] = ()
    broadcast: bool = False

    def payload(self) -> dict[str, Any]:
        """Return the message as Slack's JSON, with the metadata that names it."""
        told = " ".join(f"{story}.{revision}" for story, revision in self.tells)
        return {
            "text": self.text,
            "blocks": list(self.blocks),
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {
                "event_type": EVENT_TYPE,
                "event_payload": {"id": self.id, "alerts": told},
            },
        }

    def plainly(self) -> Message:
        """Return the message without blocks, for a Slack that refuses them."""
        return Message(self.id, self.text, (), self.tells, self.broadcast)


def story_message(delivery: str, alert: Alert, web_url: str = "", repeat: bool = False) -> Message:
    """Write a story as it stands now: what, where, who, the sentences, the buttons.

    Args:
        delivery: The delivery's name.
        alert: The story's newest revision that is to be told.
        web_url: Address of newsmon's web page, for the button to the story; empty leaves it out.
        repeat: Add the note that this may be a repeat.
    """
    head: list[Block] = [header(_title(alert))]
    if alert.headline not in {item.sentence for item in alert.evidence}:
        head.append(section(escape(alert.headline, _HEADLINE) or "—"))
    head += [section(line) for line in _links(alert)]
    foot = [_actions(alert, web_url), context(_facts(alert)), *_note(repeat)]
    evidence = [section(_quote(item)) for item in alert.evidence]
    blocks = fitted(head, evidence, [block for block in foot if block])
    return Message(delivery, _plain_words(alert), blocks, ((alert.id, alert.revision),))


def reply_message(delivery: str, alert: Alert, repeat: bool = False) -> Message:
    """Write what has changed in a story, for its thread."""
    line = f"*{_first_up(REASONS.get(alert.reason, 'update'))}*"
    if alert.reason == "new_status" and alert.status:
        line += f": {_words(alert.status)}"
    if alert.reason == "more_severe":
        line += f": {alert.severity}"
    head = [section(f"{MARKS[alert.severity]} {line}"), *(section(x) for x in _links(alert))]
    foot = [context(_facts(alert)), *_note(repeat)]
    evidence = [section(_quote(item)) for item in alert.evidence[:1]]
    text = f"{_first_up(REASONS.get(alert.reason, 'update'))}: {_plain_words(alert)}"
    return Message(
        delivery,
        text,
        fitted(head, evidence, foot),
        ((alert.id, alert.revision),),
        broadcast=alert.reason == "more_severe",
    )


def digest_message(
    delivery: str,
    alerts: Sequence[Alert],
    *,
    rows: int = 10,
    web_url: str = "",
    repeat: bool = False,
) -> Message:
    """Fold many revisions into one message that says how many they are.

    Args:
        delivery: The delivery's name.
        alerts: The revisions in their order, at least one; of each story the newest is shown.
        rows: Stories that get a row of their own; the others are counted by label and place.
        web_url: Address of newsmon's web page.
        repeat: Add the note that this may be a repeat.
    """
    newest = {alert.id: alert for alert in alerts}
    order = sorted(newest.values(), key=lambda a: list(Severity).index(a.severity), reverse=True)
    title = f"{_count(len(alerts), 'update')} on {_count(len(newest), 'story', 'stories')}"
    shown, rest = order[:rows], order[rows:]
    evidence = [section(_row(alert)) for alert in shown]
    foot: list[Block] = []
    if rest:
        kinds = Counter(f"{a.label} {a.places[0] if a.places else '?'}" for a in rest)
        most = ", ".join(f"{escape(kind, 60)} × {n}" for kind, n in kinds.most_common(12))
        foot.append(context([f"+{len(rest)} more: {most}"]))
    if address := web_address(web_url):
        foot.append(buttons([("Open all", address)]))
    foot += _note(repeat)
    text = f"{title}: " + "; ".join(escape(_title(a), 150) for a in shown[:5])
    told = tuple((alert.id, alert.revision) for alert in alerts)
    return Message(delivery, text, fitted([header(f"📚 {title}")], evidence, foot), told)


def notice_message(delivery: str, text: str) -> Message:
    """Write a message of newsmon's own, for instance that a route has stopped."""
    safe = escape(text, 2000)
    return Message(delivery, safe, (section(safe),))


def _title(alert: Alert) -> str:
    what = f"{alert.label.value.capitalize()}"
    if alert.status and alert.label != Label.DENIAL:
        what += f" · {_words(alert.status)}"
    where = " → ".join(", ".join(x[:4]) for x in (alert.actors, alert.places) if x)
    return f"{MARKS[alert.severity]} {what}" + (f" · {where}" if where else "")


def _plain_words(alert: Alert) -> str:
    return escape(f"{_title(alert)}: {alert.headline}", 500)


def _links(alert: Alert) -> list[str]:
    lines = []
    if alert.denied_by:
        lines.append(
            f"❗ *Denied* by {_count(len(alert.denied_by), 'other story', 'other stories')}"
        )
    if alert.denies:
        lines.append(f"❗ *Denies* {_count(len(alert.denies), 'other story', 'other stories')}")
    return lines


def _facts(alert: Alert) -> list[str]:
    counts = alert.counts
    facts = [
        f"{alert.severity} · {_count(counts.mentions, 'report')}, "
        f"{_count(counts.outlets, 'outlet')}",
        f"first {moment(counts.first_seen)}, last {moment(counts.last_seen)}",
        f"{escape(REASONS.get(alert.reason, alert.reason), 60) or 'update'}, "
        f"revision {alert.revision}",
    ]
    if alert.watches:
        facts.append("watches: " + escape(", ".join(alert.watches[:5]), 200))
    return facts


def _quote(item: AlertEvidence) -> str:
    lines = [f">{escape(item.sentence, _SENTENCE)}", link(item.url, item.outlet, _NAME)]
    if item.speaker:
        lines[1] = f"{escape(item.speaker, _NAME)}, in {lines[1]}"
    if item.published_at:
        lines[1] += f", {moment(item.published_at)}"
    return "\n".join(lines)


def _row(alert: Alert) -> str:
    newest = alert.evidence[0] if alert.evidence else None
    source = f"\n{link(newest.url, newest.outlet, _NAME)}" if newest else ""
    return (
        f"*{escape(_title(alert), 150)}*\n{escape(alert.headline, 200)}{source} · "
        f"{_count(alert.counts.mentions, 'report')}, {_count(alert.counts.outlets, 'outlet')}"
    )


def _actions(alert: Alert, web_url: str) -> Block | None:
    named = []
    if alert.evidence and (address := web_address(alert.evidence[0].url)):
        named.append(("Open article", address))
    if story := web_address(web_url.rstrip("/") + f"/story/{alert.id}"):
        named.append(("Open story", story))
    return buttons(named) if named else None


def _note(repeat: bool) -> list[Block]:
    return [context([REPEAT_NOTE])] if repeat else []


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _words(status: Status) -> str:
    return status.value.replace("_", " ")


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
