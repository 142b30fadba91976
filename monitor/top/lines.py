"""PURE: what stands in each line of the live view. Texts of strangers pass through `plain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from rich.style import Style
from rich.text import Text

from monitor.feeds.condition import FeedHealth
from monitor.messages import Alert, Severity
from monitor.stats.board import Board
from monitor.stats.places import place_name
from monitor.stats.row import Row
from monitor.stats.table import BARS, ago, sparkline
from monitor.text import plain

WIDE = 112
"""Columns from which the tables show more."""

LABEL = {"deployment": "bold yellow", "drill": "cyan", "denial": "magenta"}
SEVERITY = {
    Severity.LOW: "dim",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "bold white on red",
}
CONDITION = {"ok": "green", "failing": "bold red", "new": "dim"}

SORTS = ("24h", "1h", "7d", "vs usual", "where", "seen")
_ORDER: dict[str, Callable[[Row], tuple[float | str, ...]]] = {
    "24h": lambda row: (-row.mentions("24h"), -row.mentions("1h")),
    "1h": lambda row: (-row.mentions("1h"), -row.mentions("24h")),
    "7d": lambda row: (-row.mentions("7d"),),
    "vs usual": lambda row: (-(row.change or 0.0), -row.mentions("24h")),
    "where": lambda row: (place_name(row.place),),
    "seen": lambda row: (-row.seen.timestamp(),),
}


def sorted_rows(rows: Sequence[Row], sort: str) -> list[Row]:
    """Order rows by one of `SORTS`."""
    return sorted(rows, key=lambda row: (*_ORDER[sort](row), row.key))


def row_matches(row: Row, words: Sequence[str]) -> bool:
    """Tell whether a row has all of these lower-case words."""
    text = f"{row.key} {place_name(row.place)}".lower()
    return all(word in text for word in words)


def alert_matches(alert: Alert, words: Sequence[str]) -> bool:
    """Tell whether an alert has all of these lower-case words somewhere."""
    if not words:
        return True
    parts = [alert.label, alert.status or "", alert.severity, alert.headline, *alert.speakers]
    parts += [*alert.watches, *map(_code_and_name, (*alert.actors, *alert.places))]
    parts += [f"{e.sentence} {e.outlet}" for e in alert.evidence]
    text = " ".join(parts).lower()
    return all(word in text for word in words)


def feed_matches(feed: FeedHealth, words: Sequence[str]) -> bool:
    """Tell whether a feed has all of these lower-case words."""
    return all(word in f"{feed.feed_id} {feed.host} {feed.outcome}" for word in words)


def count_cells(
    row: Row, alert: Alert | None, now: datetime, wide: bool, bars: str = BARS
) -> list[Text]:
    """Return the cells of a row of counts."""
    numbers = [Text(str(row.mentions(name) or "·")) for name in ("1h", "24h", "7d")]
    cells = [
        Text(row.label, LABEL.get(row.label, "")),
        Text(plain(place_name(row.place))),
        *numbers,
        change_text(row.change),
        Text(sparkline(row.hours, bars), LABEL.get(row.label, "").removeprefix("bold ")),
    ]
    if wide:
        cells += [
            Text(str(row.windows["7d"].outlets)),
            status_text(alert) if alert else Text(),
            Text(ago(row.seen, now), "dim"),
        ]
    return cells


def change_text(change: float | None) -> Text:
    """Write the change against usual: `×2.5`, or `new` where nothing was before."""
    if change is None:
        return Text("new", "dim")
    return Text(f"×{change:.1f}" if change < 10 else f"×{change:.0f}", "red" if change >= 2 else "")


def status_text(alert: Alert) -> Text:
    """Write an alert's status, and whether it is denied."""
    text = Text((alert.status or "").replace("_", " "))
    if alert.denied_by:
        text.append(" denied" if alert.status != "denied" else "", "magenta")
    return text


def alert_cells(alert: Alert, now: datetime) -> list[Text]:
    """Return the cells of an alert."""
    sentence = alert.evidence[0].sentence if alert.evidence else alert.headline
    what = Text.assemble((alert.label, LABEL[alert.label]), " ")
    if alert.denied_by:
        what.append("✗", "bold magenta")
    what.append((alert.status or "").replace("_", " "))
    return [
        Text(ago(alert.counts.last_seen, now), "dim"),
        Text(alert.severity, SEVERITY[alert.severity]),
        what,
        Text(plain(direction(alert))),
        Text(plain(sentence)),
    ]


def direction(alert: Alert) -> str:
    """Say who and where, in codes."""
    return f"{', '.join(alert.actors) or '?'} → {', '.join(alert.places) or '?'}"


def feed_cells(feed: FeedHealth, now: datetime, wide: bool) -> list[Text]:
    """Return the cells of a feed."""
    condition = feed.condition(now)
    wait = feed.next_poll_at - now.timestamp()
    cells = [
        Text(feed.feed_id),
        Text(condition, CONDITION.get(condition, "yellow")),
        Text(feed.outcome.replace("_", " ")),
        Text(_since(feed.last_poll_at, now)),
        Text("due" if wait <= 0 else f"{wait:.0f} s" if wait < 90 else f"{wait / 60:.0f} min"),
        Text(str(feed.gaps or "·")),
    ]
    if wide:
        cells += [Text(_since(feed.last_good_at, now)), Text(feed.host, "dim")]
    return cells


def flow_line(board: Board, now: datetime) -> Text:
    """Write the line about broker, speed, lag, dead letters and feeds."""
    if board.trouble:
        return Text(f"no broker: {plain(board.trouble)}; trying again", "bold red")
    pulse = board.pulse
    if pulse is None or not board.loaded:
        return Text("reading the topics …", "yellow")
    text = Text.assemble(("●", "green"), " broker")
    if pulse.articles_per_s is not None:
        text.append(f"  {pulse.articles_per_s:.1f} articles/s")
    lag = sum(pulse.lag.values())
    text.append(f"  lag {lag:,}", "yellow" if lag > 1000 else "")
    dead = pulse.dead_letters
    text.append(f"  dead {dead}", "red" if dead else "")
    text.append("  feeds")
    for condition, number in board.feed_conditions(now).items():
        text.append(f" {number} {condition}", CONDITION.get(condition, "yellow"))
    return text


def story_text(alert: Alert, thread: Sequence[Alert], now: datetime) -> Text:
    """Write a story: what, who, evidence with links, and the claims and denials it hangs with."""
    text = Text()
    text.append(f" {alert.severity} ", SEVERITY[alert.severity])
    text.append(" ").append(alert.label, LABEL[alert.label]).append(" ")
    text.append_text(status_text(alert)).append("\n")
    text.append(plain(alert.headline), "bold").append("\n\n")
    counts = alert.counts
    names = [", ".join(map(place_name, codes)) or "?" for codes in (alert.actors, alert.places)]
    text.append(plain(f"{names[0]} → {names[1]}")).append("\n")
    text.append(
        f"{_number(counts.mentions, 'report')}, {_number(counts.outlets, 'outlet')}; "
        f"first {ago(counts.first_seen, now)} ago, last {ago(counts.last_seen, now)} ago; "
        f"revision {alert.revision} "
        f"({alert.reason.replace('_', ' ')}); confidence {alert.confidence:.0%}\n",
        "dim",
    )
    if alert.status_history:
        steps = (
            f"{s.status.replace('_', ' ')} ({ago(s.at, now)} ago)" for s in alert.status_history
        )
        text.append(f"status: {', '.join(steps)}\n", "dim")
    for number, other in enumerate(thread, 1):
        relation = "also in this thread"
        if other.id in alert.denied_by:
            relation = "denied by"
        elif other.id in alert.denies:
            relation = "denies"
        key = f"[{number}] " if number <= 9 else ""
        text.append(f"\n{key}{relation}: ", "magenta")
        text.append(plain(f"{direction(other)}  {other.headline}"))
    text.append("\n\nEvidence\n", "bold")
    for one in alert.evidence:
        text.append(f"\n“{plain(one.sentence)}”\n")
        said = f"{plain(one.speaker)} — " if one.speaker else ""
        text.append(f"  {said}{plain(one.outlet)}", "dim")
        if one.published_at:
            text.append(f", {one.published_at.astimezone(UTC):%Y-%m-%d %H:%M}Z", "dim")
        text.append("\n  ").append(plain(one.url), link_style(one.url)).append("\n")
    return text


def link_style(url: str) -> Style:
    """Make an address clickable; only a web address is."""
    safe = plain(url)
    try:
        web = urlsplit(safe).scheme in ("http", "https") and " " not in safe
    except ValueError:
        web = False
    return Style(color="blue", underline=True, link=safe if web else None)


def help_text(keys: Mapping[str, str]) -> Text:
    """Write the list of keys."""
    text = Text("Keys\n\n", "bold")
    for key, about in keys.items():
        text.append(f"  {key:<12}", "bold cyan").append(f"{about}\n")
    text.append(
        "\n“vs usual” is the last 24 hours against the mean of the six days before.\n"
        "A denial never erases a claim: both are shown, linked; ✗ marks a claim that is denied.\n",
        "dim",
    )
    return text


def _number(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _code_and_name(code: str) -> str:
    return f"{code} {place_name(code)}"


def _since(seconds: float, now: datetime) -> str:
    return ago(datetime.fromtimestamp(seconds, UTC), now) if seconds else "never"
