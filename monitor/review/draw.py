"""PURE: threads, comparisons and dead letters, written for a reader.

Texts of strangers pass through `plain`.
"""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from monitor.messages import Alert, DeadLetter
from monitor.review.compare import Change
from monitor.review.redetect import Difference
from monitor.review.thread import Report, Revision, Thread
from monitor.text import plain

_COLOUR = {"added": "green", "removed": "red", "gone": "red", "changed": "yellow", "same": "dim"}
_SIGN = {"added": "+", "removed": "-", "gone": "-", "changed": "~", "same": "="}


def draw_thread(thread: Thread) -> Text:
    """Write a thread: what it is, then reports and revisions in the order in which they came."""
    story, counts = thread.story, thread.story.counts
    text = Text(plain(story.headline), "bold")
    text.append(f"\n{_summary(story)}", "not bold")
    text.append(
        f"\n{_number(counts.mentions, 'report')} by {_number(counts.outlets, 'outlet')}, "
        f"{_time(counts.first_seen)} to {_time(counts.last_seen)}; story {story.id}",
        "not bold",
    )
    if story.watches:
        text.append(f"\nwatches: {plain(', '.join(story.watches))}", "not bold")
    first = counts.first_seen
    lines = [(_second(report.at or first), 0, _report(report)) for report in thread.reports]
    lines += [(_second(told.at), told.alert.revision, _revision(told)) for told in thread.revisions]
    for _, _, line in sorted(lines, key=lambda line: line[:2]):
        text.append("\n\n").append(line)
    for alert in thread.linked:
        text.append("\n\n").append(_link(story, alert))
    if thread.forgotten:
        text.append(f"\n\nno longer kept: {', '.join(thread.forgotten)}", "dim")
    return text


def draw_change(change: Change) -> Text:
    """Write how a story differs under other rules."""
    alert = change.alert
    text = Text(f"{_SIGN[change.kind]} {change.kind:8}", _COLOUR[change.kind])
    text.append(f" {_time(alert.counts.last_seen)}  {_summary(alert)}  {alert.id}", "not bold")
    text.append(f"\n    {plain(alert.headline)}", "default")
    for name, (before, after) in change.fields.items():
        text.append(f"\n    {name}: {plain(_value(before))} → {plain(_value(after))}", "yellow")
    return text


def draw_difference(difference: Difference) -> Text:
    """Write how a mention differs today."""
    kind, mention = difference.kind, difference.mention
    status = f"{mention.status} ".replace("_", " ") if mention.status else ""
    who = f"{', '.join(mention.actors) or '?'} → {', '.join(mention.places) or '?'}"
    text = Text(f"{_SIGN[kind]} {kind:8}", _COLOUR[kind])
    text.append(f" {_time(mention.seen_at)}  ", "not bold")
    text.append(plain(f"{mention.label} {status}{who}  {mention.id}"), "not bold")
    sentence = plain(f"“{mention.evidence.sentence}” [{mention.outlet}]")
    text.append(f"\n    {sentence}", "default")
    for name, (before, after) in difference.fields.items():
        text.append(f"\n    {name}: {plain(_value(before))} → {plain(_value(after))}", "yellow")
    return text


def draw_letter(letter: DeadLetter) -> Text:
    """Write a dead letter on one line."""
    state = f"sent back as {letter.replayed_as}" if letter.replayed_as else "waiting"
    text = Text(f"{_time(letter.seen_at)}  {plain(letter.place)}  {letter.size} bytes  {state}  ")
    return text.append(plain(letter.reason), "red")


def _summary(alert: Alert) -> str:
    status = f"{alert.status} ".replace("_", " ") if alert.status else ""
    who = f"{', '.join(alert.actors) or '?'} → {', '.join(alert.places) or '?'}"
    return plain(f"{alert.severity}  {alert.label} {status} {who}")


def _report(report: Report) -> Text:
    said = report.evidence
    speaker = f" — {said.speaker}" if said.speaker else ""
    text = Text(f"{_time(report.at)}  " if report.at else f"{'':22}")
    text.append(plain(f"{said.outlet}"), "cyan")
    text.append(plain(f"  {said.status or said.label or ''}".replace("_", " ")))
    text.append(f"\n    {plain(f'“{said.sentence}”{speaker}')}")
    return text.append(f"\n    {plain(said.url)}", "dim")


def _revision(told: Revision) -> Text:
    alert = told.alert
    text = Text(f"{_time(told.at)}  ").append(
        f"revision {alert.revision}: {alert.reason.replace('_', ' ')}", "bold yellow"
    )
    return text.append(f"  {_summary(alert)}, {_number(alert.counts.outlets, 'outlet')}")


def _link(story: Alert, other: Alert) -> Text:
    word = "denies" if other.id in story.denies else "denied by"
    text = Text(f"{word} {other.id}: ", "magenta").append(_summary(other), "default")
    text.append(f"\n    {plain(other.headline)}", "default")
    for said in other.evidence[:1]:
        text.append(f"\n    {plain(f'“{said.sentence}” [{said.outlet}] {said.url}')}", "default")
    return text


def _second(moment: datetime) -> datetime:
    """Cut to the second: within one the report comes first, for it made the revision."""
    return moment.replace(microsecond=0)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value) if value is not None else "none"
