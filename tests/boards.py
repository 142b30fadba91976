"""Boards for tests of what people look at, all invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.feeds.condition import FeedHealth
from monitor.messages import Alert, AlertCounts, AlertEvidence, Bucket, Count, Label, WindowCount
from monitor.stats.board import Board
from monitor.stats.health import Pulse

NOW = datetime(2026, 3, 2, 12, 20, tzinfo=UTC)
CLAIM, DENIAL = "a" * 20, "b" * 20

HOSTILE = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"><svg onload=document.title='owned'>",
    "'-alert(1)-'",
    "javascript:document.title='owned'",
    "</q></li></ul><iframe src=javascript:alert(1)></iframe>",
    "<a href=javascript:alert(1)>read</a>",
    "{{constructor.constructor('return 1')()}}",
    "${document.title='owned'}",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content=0;url=https://elsewhere.example>",
    "<base href=https://elsewhere.example>",
    "<!--",
    "]]>",
    "&lt;b&gt;not bold&lt;/b&gt; &amp; &#60;i&#62;",
    "data: injected\n\nevent: alert\ndata: {}",
    "line\r\nid: 9.9\r\n\r\nevent: reload",
    "\x1b[31mred\x1b[0m \x1b]8;;https://elsewhere.example\x07link\x1b]8;;\x07",
    "\u202egnp.exe \u2066isolated\u2069 \u200bzero\u200dwidth \ufeff",
    "\u2028line separator\u2029paragraph separator",
    "a" * 3000,
    "\U0001f6f0\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301\u0302\u0303",
    "[bold red]rich markup[/] [link=https://elsewhere.example]x[/link] [@click=app.quit]y[/]",
    "[/]",
    "\\[escaped\\]",
    "%s %d {0} {name!r}",
    "</textarea><button autofocus onfocus=alert(1)>",
    "<math><mi xlink:href=javascript:alert(1)>x",
    "<template><script>alert(1)</script></template>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<form action=https://elsewhere.example><input name=token>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<link rel=stylesheet href=https://elsewhere.example/x.css>",
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<x onclick=alert(1)>press</x>",
    "\x00null\x01\x02\x7f\x80\x9f",
    "null",
    "__proto__",
    "constructor",
    "NaN",
    "-1e309",
    "'; DROP TABLE alerts; --",
    "../../../../etc/passwd",
    "http://[::1",
    "\t\ttabs\tand\nlines",
    " ",
]
"""Fifty titles that a feed could send to do harm."""


def alert(**changes: Any) -> Alert:
    """Return an alert; `changes` replace its fields, `sentence` and `url` those of its evidence."""
    sentence = changes.pop("sentence", "Norway sent 120 soldiers to Iceland on Monday.")
    url = changes.pop("url", "https://gazette.example/1")
    label = changes.get("label", Label.DEPLOYMENT)
    fields: dict[str, Any] = {
        "id": CLAIM,
        "revision": 1,
        "reason": "new",
        "label": label,
        "status": None if label == Label.DENIAL else "happened",
        "severity": "high",
        "headline": "Norway sends soldiers to Iceland",
        "actors": ("NO",),
        "places": ("IS",),
        "evidence": (
            AlertEvidence(
                sentence=sentence,
                outlet="Gazette",
                url=url,
                published_at=NOW,
                language="en",
                label=label,
            ),
        ),
        "counts": AlertCounts(
            mentions=3, outlets=2, first_seen=NOW - timedelta(hours=2), last_seen=NOW
        ),
        "confidence": 0.9,
    }
    return Alert(**{**fields, **changes})


def count(
    key: str = "deployment:IS",
    today: int = 4,
    before: int = 0,
    now: datetime = NOW,
    **changes: Any,
) -> Count:
    """Return a count: `today` reports in the running hour, `before` 30 hours ago."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    five = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    buckets = []
    if before:
        buckets.append(Bucket(start=hour - timedelta(hours=30), mentions=before))
    if today:
        buckets.append(Bucket(start=hour, mentions=today, last_outlets=2, last_stories=1))
    recent = (Bucket(start=five, mentions=today, last_outlets=2, last_stories=1),) if today else ()
    small = WindowCount(mentions=today, outlets=2, stories=1)
    fields: dict[str, Any] = {
        "key": key,
        "as_of": now,
        "windows": {
            "1h": small,
            "24h": small,
            "7d": WindowCount(mentions=today + before, outlets=2, stories=1),
        },
        "buckets": tuple(buckets),
        "recent": recent,
    }
    return Count(**{**fields, **changes})


def feed(**changes: Any) -> FeedHealth:
    """Return a feed that is well."""
    at = int(NOW.timestamp())
    fields: dict[str, Any] = {
        "feed_id": "gazette",
        "host": "gazette.example",
        "outcome": "new",
        "last_poll_at": at - 60,
        "last_good_at": at - 60,
        "next_poll_at": at + 240.0,
        "interval": 300.0,
        "failing_since": 0,
        "gaps": 0,
        "loss_risk": False,
        "stale": False,
        "items": 20,
        "rate_per_h": 2.0,
    }
    return FeedHealth(**{**fields, **changes})


def board(now: datetime = NOW) -> Board:
    """Return a board with a claim, its denial, two rows counted `now`, two feeds and a pulse."""
    made = Board(loaded=True, pulse=Pulse(NOW, {"articles": 40}, {"articles": 0}, 1.5))
    made.add(count("deployment:IS", 4, 3, now))
    made.add(count("denial:IS", 1, now=now))
    made.add(alert(denied_by=(DENIAL,)))
    made.add(
        alert(
            id=DENIAL,
            label="denial",
            headline="Oslo denies sending soldiers",
            sentence="Oslo denied that it had sent soldiers.",
            severity="medium",
            denies=(CLAIM,),
        )
    )
    made.add(feed())
    made.add(feed(feed_id="tribune", failing_since=int(NOW.timestamp()) - 900, outcome="timeout"))
    return made
