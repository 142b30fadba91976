"""Messages for tests, all invented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor.messages import Article, Evidence, Label, Mention, Status, make_id

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def article(**changes: Any) -> Article:
    """Return an article; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "id": make_id("article", "https://gazette.example/1"),
        "feed_id": "gazette",
        "url": "https://gazette.example/1",
        "title": "Norway sends soldiers to Iceland",
        "text": "Norway sent 120 soldiers to Iceland on Monday.",
        "outlet": "Gazette",
        "country": "GB",
        "language": "en",
        "published_at": NOW,
        "date_source": "feed",
        "fetched_at": NOW,
    }
    return Article(**{**fields, **changes})


def mention(**changes: Any) -> Mention:
    """Return a mention; `changes` replace its fields."""
    sentence = changes.pop("sentence", "Norway sent 120 soldiers to Iceland on Monday.")
    article_id = changes.get("article_id", make_id("article", "https://gazette.example/1"))
    label = changes.get("label", Label.DEPLOYMENT)
    fields: dict[str, Any] = {
        "id": make_id("mention", article_id, label, sentence),
        "article_id": article_id,
        "label": label,
        "status": None if label == Label.DENIAL else Status.HAPPENED,
        "cue": "sent",
        "actors": ("NO",),
        "places": ("IS",),
        "score": 0.9,
        "evidence": Evidence(sentence=sentence, field="text", start=0, end=len(sentence)),
        "title": "Norway sends soldiers to Iceland",
        "url": "https://gazette.example/1",
        "outlet": "Gazette",
        "language": "en",
        "published_at": NOW,
        "seen_at": NOW,
        "detector": "test",
    }
    return Mention(**{**fields, **changes})
