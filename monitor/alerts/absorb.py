"""How a story takes a report in.

Each field is a sum, a minimum, a maximum, or the best few by a total order, so that the same
reports give the same story whichever came first. What depends on the order, all of it unseen in
an alert until a cap is passed: the codes, speakers and outlets past their cap, and `own` (who came
first with a sentence is not the one who copied it).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.alerts.likeness import fingerprint, sample, terms
from monitor.alerts.story import STAGE, Story
from monitor.messages import Mention, make_id

MAX_EVIDENCE = 5
MAX_CODES = 16
MAX_SPEAKERS = 8
MAX_OUTLETS = 64
MAX_SAMPLES = 6
MAX_TEXTS = 32
MAX_IDS = 24
MAX_ARTICLES = 16
_CLIP = {"sentence": 1200, "title": 400, "outlet": 160, "speaker": 160, "headline": 500}
_MAX_URL = 1000
_FIRST = 4  # weight of the code that a report names first; the next ones have less


def event_time(mention: Mention) -> float:
    """Return when the report was published, or fetched where that is earlier or alone known."""
    return min(mention.time, mention.seen_at).timestamp()


def begin(mention: Mention) -> Story:
    """Begin the story that this mention is the first report of; it still has to be absorbed."""
    when, seen = event_time(mention), mention.seen_at.timestamp()
    return Story(make_id("story", mention.id), mention.label.value, when, when, seen, seen)


def absorb(story: Story, mention: Mention, trusted: bool, clear: bool) -> Story:
    """Return the story with one more report in it.

    Args:
        story: It is not changed.
        mention: The report.
        trusted: Whether its outlet needs no second one.
        clear: Whether nothing makes it doubtful.
    """
    when, seen = event_time(mention), mention.seen_at.timestamp()
    words = terms(mention.evidence.sentence)
    mark, told = fingerprint(words), sample(words, terms(mention.title))
    outlet = make_id("outlet", mention.outlet.casefold())[:6]
    status = mention.status.value if mention.status else None
    headline, key = _headline(mention)
    better = key > story.headline_key
    return replace(
        story,
        first=min(story.first, when),
        last=max(story.last, when),
        first_seen=min(story.first_seen, seen),
        last_seen=max(story.last_seen, seen),
        mentions=story.mentions + 1,
        actors=_tally(story.actors, mention.actors, MAX_CODES),
        places=_tally(story.places, mention.places, MAX_CODES),
        speakers=_tally(
            story.speakers,
            [_clip(mention.speaker, "speaker")] * bool(mention.speaker),
            MAX_SPEAKERS,
        ),
        statuses=_earliest(story.statuses, status, when),
        own=_owned(story.own, outlet, mark not in story.texts),
        texts=_last(story.texts, mark, MAX_TEXTS),
        samples=dict(sorted((story.samples | {mark: told}).items())[:MAX_SAMPLES]),
        evidence=_best(story.evidence, _shown(mention, when)),
        headline=headline if better else story.headline,
        headline_key=key if better else story.headline_key,
        confidence=max(story.confidence, mention.score),
        trusted=story.trusted or trusted,
        clear=story.clear or clear,
        articles=_last(story.articles, mention.article_id[:10], MAX_ARTICLES),
        ids=_last(story.ids, short(mention.id), MAX_IDS),
    )


def short(mention_id: str) -> str:
    """Return the part of a mention id that a story remembers."""
    return mention_id[:12]


def _tally(tally: dict[str, int], codes: tuple[str, ...] | list[str], cap: int) -> dict[str, int]:
    new = dict(tally)
    for position, code in enumerate(dict.fromkeys(codes)):
        if code in new or len(new) < cap:
            new[code] = new.get(code, 0) + max(1, _FIRST - position)
    return new


def _earliest(statuses: dict[str, float], status: str | None, when: float) -> dict[str, float]:
    if status is None or statuses.get(status, when + 1) <= when:
        return statuses
    return statuses | {status: when}


def _owned(own: dict[str, int], outlet: str, original: bool) -> dict[str, int]:
    if outlet not in own and len(own) >= MAX_OUTLETS:
        return own
    return own | {outlet: max(own.get(outlet, 0), int(original))}


def _last(items: list[str], item: str, cap: int) -> list[str]:
    return items if item in items else [*items, item][-cap:]


def _clip(text: str, kind: str) -> str:
    """Cut a text to the bytes that its kind may have."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= _CLIP[kind]:
        return text
    return raw[: _CLIP[kind] - 3].decode("utf-8", "ignore") + "…"


def _shown(mention: Mention, when: float) -> dict[str, Any]:
    published = mention.published_at
    return {
        "sentence": _clip(mention.evidence.sentence, "sentence"),
        "outlet": _clip(mention.outlet, "outlet"),
        "url": mention.url if len(mention.url) <= _MAX_URL else "",
        "published_at": published.isoformat() if published else None,
        "title": _clip(mention.title, "title"),
        "language": mention.language,
        "label": mention.label.value,
        "status": mention.status.value if mention.status else None,
        "speaker": _clip(mention.speaker, "speaker"),
        "mention_id": mention.id,
        "when": when,
    }


def _best(evidence: list[dict[str, Any]], item: dict[str, Any]) -> list[dict[str, Any]]:
    """Keep the newest sentence of each outlet first, then further ones, newest first."""
    newest = sorted([*evidence, item], key=lambda e: (-e["when"], e["mention_id"]))
    told: set[str] = set()
    firsts: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    for entry in newest:
        (rest if entry["outlet"] in told else firsts).append(entry)
        told.add(entry["outlet"])
    return (firsts + rest)[:MAX_EVIDENCE]


def _headline(mention: Mention) -> tuple[str, list[float | str]]:
    """Return the line that names the event, and its worth: stage, title or not, score, brevity."""
    titled = mention.evidence.field == "title"
    text = _clip(
        mention.title if titled and mention.title else mention.evidence.sentence, "headline"
    )
    stage = STAGE[mention.status] if mention.status else 0
    return text, [stage, float(titled), round(mention.score, 3), -len(text), mention.id]
