"""Which items of a document become articles. Pure: (feed, state, document, now) to a selection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

from monitor.feeds.entry import Entry, ParsedFeed
from monitor.feeds.feed import Feed
from monitor.feeds.identity import (
    article_id,
    canonical_url,
    entry_key,
    short_hash,
    usable_url,
)
from monitor.feeds.state import KEEP_SEEN_S, FeedState, Seen, newest_seen
from monitor.messages import Article, make_id

Verdict = Literal["new", "revised", "held", "known"]
DateSource = Literal["feed", "clamped", "fetched"]
FUTURE_S = 900
"""A date further in the future than this is wrong."""
MAX_REVISIONS = 24
REVISION_GAP_S = 600
FLOOD = 0.8
_NO_KEY = b"\0" * 8


@dataclass(frozen=True)
class Selection:
    """What a document gives.

    Attributes:
        articles: New ones and changed ones, oldest first.
        seen: What to remember of the items, for the state.
        new: How many articles are new.
        revised: How many are changed ones.
        held: How many new items were too old for a first poll.
        events: Words for the log and the health table: `gap`, `ids_changed`, `flood`, `shrunk`.
    """

    articles: tuple[Article, ...]
    seen: list[Seen]
    new: int = 0
    revised: int = 0
    held: int = 0
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Item:
    entry: Entry
    url: str
    home: str
    key: bytes
    article: str
    content: bytes


def select(
    feed: Feed,
    state: FeedState,
    parsed: ParsedFeed,
    now: float,
    max_age_s: float,
    elsewhere: Mapping[bytes, str] = MappingProxyType({}),
) -> Selection:
    """Choose the articles of a document.

    An item is known by the feed's own id, else by its article id (its canonical address). On a
    first poll items older than `max_age_s` are remembered, not emitted; so are they when nearly
    everything is new and nothing is newer than before, as when a site changed all its addresses.

    Args:
        feed: The feed.
        state: As the poll before left it.
        parsed: The document.
        now: Unix seconds, the fetch time.
        max_age_s: 0 = no limit.
        elsewhere: Articles that other feeds of the same publisher gave already, with the feed
            that leads: of several the first by name. Another feed does not give them again.
    """
    items = _items(feed, parsed)
    found = _known(state, items)
    flood, events = False, []
    if _is_flood(state, items, found):
        _compare_contents(state, items, found)
        flood = None in found
        events.append("flood" if flood else "ids_changed")
    if _is_gap(state, items, found):
        events.append("gap")
    if state.items >= 5 and not items:
        events.append("shrunk")
    limit = max_age_s if state.first_poll or flood else 0.0
    articles, shown, verdicts = [], dict[bytes, Seen](), Counter[str]()
    for item, old in zip(items, found, strict=True):
        name = old.article if old else bytes.fromhex(item.article)
        if name in shown:
            continue
        verdict = _judge(feed, item, old, now, limit, elsewhere.get(name))
        shown[name] = _remember(item, name, old, verdict, now)
        verdicts[verdict] += 1
        if verdict in {"new", "revised"}:
            articles.append(_article(feed, item, name.hex(), shown[name].revision, now))
    articles.sort(key=lambda article: article.published_at or article.fetched_at)
    return Selection(
        tuple(articles),
        newest_seen([*shown.values(), *_gone(state, shown, now)]),
        verdicts["new"],
        verdicts["revised"],
        verdicts["held"],
        tuple(events),
    )


def _known(state: FeedState, items: list[_Item]) -> list[Seen | None]:
    """Find each item among those of before; None is a stranger."""
    by_key = {seen.key: seen for seen in state.seen if seen.key != _NO_KEY}
    by_article = {seen.article: seen for seen in state.seen}
    return [by_key.get(i.key) or by_article.get(bytes.fromhex(i.article)) for i in items]


def _compare_contents(state: FeedState, items: list[_Item], found: list[Seen | None]) -> None:
    """Recognise strangers by their texts: the site may have changed ids and addresses at once."""
    by_content = {seen.content: seen for seen in state.seen if not seen.gone_at}
    for n, item in enumerate(items):
        found[n] = found[n] or by_content.get(item.content)


def _judge(
    feed: Feed, item: _Item, old: Seen | None, now: float, limit: float, leader: str | None
) -> Verdict:
    """Say what an item is: `leader` names another feed that has it, of several the first."""
    if old is None:
        if leader is not None:
            return "known"
        old_enough = limit and 0 < (item.entry.published or 0) < now - limit
        return "held" if old_enough else "new"
    if leader is not None and leader < feed.id:
        return "known"
    changed = item.content != old.content
    ripe = old.revision < MAX_REVISIONS and now - old.revised_at >= REVISION_GAP_S
    return "revised" if changed and ripe else "known"


def _remember(item: _Item, name: bytes, old: Seen | None, verdict: Verdict, now: float) -> Seen:
    if old is None:
        return Seen(item.key, name, item.content, 1, int(now))
    if verdict == "revised":
        return Seen(item.key, name, item.content, old.revision + 1, int(now))
    return Seen(item.key, name, old.content, old.revision, old.revised_at)


def _gone(state: FeedState, shown: Mapping[bytes, Seen], now: float) -> list[Seen]:
    """Keep what the feed stopped showing, for a month."""
    return [
        replace(seen, gone_at=seen.gone_at or int(now))
        for seen in state.seen
        if seen.article not in shown and not (seen.gone_at and now - seen.gone_at > KEEP_SEEN_S)
    ]


def _items(feed: Feed, parsed: ParsedFeed) -> list[_Item]:
    ids = Counter(entry.id for entry in parsed.entries)
    pairs = {(canonical_url(e.url), e.title) for e in parsed.entries if usable_url(e.url)}
    titles = Counter(url for url, _ in pairs)
    items = []
    for entry in parsed.entries:
        url = entry.url if usable_url(entry.url) else ""
        if not (url or entry.id or entry.title):
            continue
        # An id that the document gives twice names nothing by itself, and neither does an
        # address that items of several titles share (a live page, or the site's front page).
        twice = ids[entry.id] > 1
        key = short_hash(entry.id, url) if twice and entry.id else entry_key(entry.id)
        if url and titles[canonical_url(url)] > 1:
            own = entry.title if twice or entry.id == url else entry.id
            name = make_id("article", feed.id, own)
            key = short_hash(entry.id, own)
        else:
            name = article_id(feed.id, url, entry.id, entry.title, entry.published)
        content = short_hash(entry.title, entry.text)
        items.append(_Item(entry, url, parsed.home, key or _NO_KEY, name, content))
    return items


def _is_flood(state: FeedState, items: list[_Item], found: list[Seen | None]) -> bool:
    """Tell whether nearly all is new although nothing is newer than before."""
    if state.first_poll or len(items) < 3 or found.count(None) <= FLOOD * len(items):
        return False
    newest = max((item.entry.published or 0 for item in items), default=0)
    return 0 < newest <= state.newest_at


def _is_gap(state: FeedState, items: list[_Item], found: list[Seen | None]) -> bool:
    """A document that shares nothing with the one before: what came between is lost."""
    before = any(not item.gone_at for item in state.seen)
    return before and len(items) >= 3 and not any(found)


def _article(feed: Feed, item: _Item, name: str, revision: int, now: float) -> Article:
    entry = item.entry
    fetched = datetime.fromtimestamp(now, UTC)
    published, source = date_of(entry.published, now)
    names = entry.author_name.split(", ") if entry.author_name else []
    return Article(
        id=name,
        feed_id=feed.id,
        url=item.url or item.home or feed.url,
        title=entry.title,
        text=entry.text,
        outlet=feed.publisher,
        country=feed.country,
        language=feed.language or entry.language,
        authors=tuple(names[:20]),
        published_at=datetime.fromtimestamp(published, UTC),
        date_source=source,
        fetched_at=fetched,
        revision=revision,
    )


def date_of(published: int | None, now: float) -> tuple[float, DateSource]:
    """Decide on an item's date: the feed's, clamped to now where it lies ahead, else now."""
    if published is None:
        return now, "fetched"
    return (now, "clamped") if published > now + FUTURE_S else (published, "feed")
