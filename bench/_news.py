"""The articles that are measured with: as they come in captured feeds, or invented ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import cycle, islice, zip_longest

import pytest

from monitor.errors import NewsmonError
from monitor.feeds.entry import Entry
from monitor.feeds.parse import parse_text
from monitor.messages import Article, make_id
from tests import shared_dir
from tests.chaos.load import sentence

_TAG = re.compile(r"<[^<>]*>")
_LANGUAGES = ("en", "ru", "uk")

_TEMPLATES = (
    "{actor} deployed 120 soldiers to {place} on Monday, an official said.",
    "{actor} will hold a military exercise in {place} next week.",
    "{actor} deployed two warships off {place}, the ministry said.",
)
_COUNTRIES = (
    "Albania", "Algeria", "Angola", "Argentina", "Armenia", "Australia", "Austria", "Bangladesh",
    "Belgium", "Bolivia", "Botswana", "Brazil", "Bulgaria", "Cambodia", "Cameroon", "Canada",
    "Chile", "Colombia", "Croatia", "Cuba", "Denmark", "Ecuador", "Egypt", "Estonia", "Ethiopia",
    "Finland", "Ghana", "Greece", "Hungary", "Iceland", "India", "Indonesia", "Ireland", "Italy",
    "Japan", "Kenya", "Latvia", "Lithuania", "Malaysia", "Mexico", "Morocco", "Nepal", "Nigeria",
    "Norway", "Pakistan", "Peru", "Poland", "Portugal", "Romania", "Spain", "Sweden", "Uganda",
)  # fmt: skip


def fresh_story(number: int) -> str:
    """Return the text of article `number`, which tells something new: each brings an alert.

    Texts repeat after some thousand.
    """
    size = len(_COUNTRIES)
    actor, rest = number % size, number // size
    place = (actor * 7 + 1 + rest) % size
    if place == actor:
        place = (place + 1) % size
    template = _TEMPLATES[(rest // size + number) % len(_TEMPLATES)]
    return template.format(actor=_COUNTRIES[actor], place=_COUNTRIES[place])


def natural(count: int) -> tuple[str, list[Article]]:
    """Return articles in the mix of captured feeds (headline and summary), else of the load.

    Each has an id of its own; when there are too few, their texts come again.

    Returns:
        What they are, in words, and the articles.
    """
    try:
        found = list(_captured())
        what = f"headline and summary of {len(found):,} captured entries, English and Slavic feeds"
    except pytest.skip.Exception:
        found = [("", sentence(n), "en") for n in range(360)]
        what = "invented articles, three of four about troops: the captures are absent"
    now = datetime.now(UTC)
    articles = [
        Article(
            id=make_id("bench", str(n)), feed_id=f"bench-{n % 40}", title=title, text=text,
            url=f"https://news.example/{n}", outlet=f"Outlet {n % 40}", language=language,
            fetched_at=now,
        )
        for n, (title, text, language) in enumerate(islice(cycle(found), count))
    ]  # fmt: skip
    return what, articles


def _captured() -> Iterator[tuple[str, str, str]]:
    for entry, language in captured(_LANGUAGES):
        yield entry.title or "", untagged(entry.summary or entry.content or ""), language


def captured(languages: Collection[str]) -> Iterator[tuple[Entry, str]]:
    """Read entries of captured feeds: the first of each, the second ...; and their language."""
    feeds: list[list[tuple[Entry, str]]] = []
    for path in sorted(shared_dir("feeds").iterdir()):
        try:
            feed = parse_text(path.read_bytes())
        except (NewsmonError, OSError):
            continue
        language = (feed.language or "").lower()[:2]
        if language in languages:
            feeds.append([(entry, language) for entry in feed.entries])
    yield from (entry for row in zip_longest(*feeds) for entry in row if entry is not None)


def untagged(text: str) -> str:
    """Return a text without its tags."""
    return _TAG.sub(" ", text)
