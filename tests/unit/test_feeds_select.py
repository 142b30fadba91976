"""Which items become articles, what they are called, and what is remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import MessageError
from monitor.feeds.entry import Entry, ParsedFeed
from monitor.feeds.feed import Feed
from monitor.feeds.identity import article_id, canonical_url, entry_key
from monitor.feeds.select import MAX_REVISIONS, Selection, select
from monitor.feeds.state import KEEP_SEEN_S, MAX_SEEN, FeedState, Seen
from monitor.messages import make_id
from monitor.topics import MAX_MESSAGE_BYTES

NOW = 1_772_452_800
DAY = 86_400
FEED = Feed(id="gazette", url="https://news.example/feed", outlet="Gazette", country="GB")


def entry(name: str, **changes: object) -> Entry:
    fields: dict[str, object] = {
        "id": name,
        "url": f"https://news.example/{name}",
        "title": f"Title of {name}",
        "text": f"Text of {name}.",
        "published": NOW - 60,
    }
    return Entry(**(fields | changes))  # type: ignore[arg-type]


def doc(*entries: Entry) -> ParsedFeed:
    return ParsedFeed("rss20", entries=list(entries), home="https://news.example/")


def after(
    state: FeedState, chosen: Selection, now: int, items: int, newest: int = NOW
) -> FeedState:
    return replace(state, seen=chosen.seen, last_200_at=now, items=items, newest_at=newest)


def run(*documents: ParsedFeed, step: int = 3600) -> tuple[list[Selection], FeedState]:
    state, chosen = FeedState("gazette"), []
    for n, document in enumerate(documents):
        now = NOW + n * step
        dates = [e.published for e in document.entries if e.published and e.published <= now]
        chosen.append(select(FEED, state, document, now, 2 * DAY))
        state = after(state, chosen[-1], now, len(document.entries), max(dates, default=0))
    return chosen, state


def titles(chosen: Selection) -> list[str]:
    return [article.title for article in chosen.articles]


def test_a_first_poll_gives_what_is_young_enough() -> None:
    """Older items are remembered, so that they do not come later; undated ones are given."""
    old, undated = entry("old", published=NOW - 3 * DAY), entry("undated", published=None)
    (first, second), _ = run(doc(entry("a"), old, undated), doc(old, entry("b"), entry("a")))
    assert sorted(titles(first)) == ["Title of a", "Title of undated"]
    assert first.held == 1
    assert titles(second) == ["Title of b"]


def test_no_limit_on_age_gives_everything() -> None:
    """`max_age_hours = 0` means no limit."""
    chosen = select(FEED, FeedState("gazette"), doc(entry("old", published=NOW - 99 * DAY)), NOW, 0)
    assert chosen.new == 1


def test_articles_come_oldest_first() -> None:
    """A story unfolds in its own order, whatever the order of the document."""
    (chosen,), _ = run(doc(*(entry(str(n), published=NOW - n) for n in range(5))))
    assert [a.published_at.timestamp() for a in chosen.articles] == [
        NOW - n for n in (4, 3, 2, 1, 0)
    ]


def test_future_dates_are_clamped_and_missing_ones_are_the_fetch() -> None:
    """The source of the date is told."""
    chosen = select(FEED, FeedState("g"), doc(entry("a", published=NOW + 9999)), NOW, 0)
    assert (chosen.articles[0].date_source, chosen.articles[0].published_at.timestamp()) == (
        "clamped",
        NOW,
    )
    chosen = select(FEED, FeedState("g"), doc(entry("a", published=None)), NOW, 0)
    assert (chosen.articles[0].date_source, chosen.articles[0].published_at.timestamp()) == (
        "fetched",
        NOW,
    )


def test_a_changed_text_is_a_revision_of_the_same_article() -> None:
    """The id stays, the revision grows, the same text says nothing."""
    chosen, _ = run(doc(entry("a")), doc(entry("a", text="More.")), doc(entry("a", text="More.")))
    assert [[(a.id, a.revision) for a in c.articles] for c in chosen] == [
        [(chosen[0].articles[0].id, 1)],
        [(chosen[0].articles[0].id, 2)],
        [],
    ]


def test_revisions_are_bounded() -> None:
    """At least ten minutes apart, and no more than 24."""
    hasty, _ = run(*(doc(entry("a", text=str(n))) for n in range(9)), step=120)
    assert sum(len(c.articles) for c in hasty) == 1 + (9 - 1) * 120 // 600
    many, _ = run(*(doc(entry("a", text=str(n))) for n in range(60)))
    assert sum(len(c.articles) for c in many) == MAX_REVISIONS


def test_an_id_with_an_edit_counter_is_the_same_item() -> None:
    """`...#1` after `...#0` is an edit, also when the address changed with the headline."""
    first = entry("a", id="https://x.example/a#0")
    second = entry("a", id="https://x.example/a#1", url="https://news.example/a-2", text="More.")
    chosen, _ = run(doc(first, entry("b")), doc(second, entry("b")))
    assert [a.id for a in chosen[1].articles] == [
        a.id for a in chosen[0].articles if "a" in a.title[-1]
    ]


def test_new_ids_for_known_addresses_are_no_new_articles() -> None:
    """A site that changed its guids is known by its addresses."""
    before = [entry(str(n)) for n in range(6)]
    chosen, _ = run(doc(*before), doc(*(replace(e, id=f"new-{e.id}") for e in before)))
    assert chosen[1].articles == ()
    assert "gap" not in chosen[1].events


def test_new_ids_and_addresses_are_known_by_their_texts() -> None:
    """A site that moved gives no article twice: the batch is compared by content."""
    before = [entry(str(n)) for n in range(6)]
    moved = [replace(e, id=f"n-{e.id}", url=f"https://moved.example/{e.id}") for e in before]
    chosen, _ = run(doc(*before), doc(*moved), doc(*moved, entry("new", published=NOW + 7000)))
    assert chosen[1].articles == ()
    assert chosen[1].events == ("ids_changed",)
    assert titles(chosen[2]) == ["Title of new"]


def test_a_flood_of_old_strangers_is_held_back() -> None:
    """When nearly all is new and nothing is newer, only young items are given."""
    before = [entry(str(n)) for n in range(6)]
    strangers = [entry(f"s{n}", published=NOW - (n + 1) * DAY) for n in range(6)]
    chosen, _ = run(doc(*before), doc(*strangers))
    assert "flood" in chosen[1].events
    assert sorted(titles(chosen[1])) == ["Title of s0"]
    assert chosen[1].held == 5


def test_a_document_that_shares_nothing_is_a_gap() -> None:
    """What came and went between the polls is lost, and that is seen."""
    chosen, _ = run(
        doc(*(entry(str(n)) for n in range(5))),
        doc(*(entry(f"n{n}", published=NOW + 3000) for n in range(5))),
        doc(*(entry(f"n{n}", published=NOW + 3000) for n in range(5))),
    )
    assert [c.events for c in chosen] == [(), ("gap",), ()]
    assert chosen[1].new == 5


def test_a_feed_that_shrank_is_no_gap() -> None:
    """Fewer than three items prove nothing; none at all after many is a warning."""
    chosen, _ = run(
        doc(*(entry(str(n)) for n in range(6))), doc(entry("x", published=NOW + 9)), doc()
    )
    assert chosen[1].events == ()
    state = FeedState("g", items=6, last_200_at=NOW, seen=chosen[0].seen)
    assert select(FEED, state, doc(), NOW, 0).events == ("shrunk",)


def test_items_that_come_back_within_a_month_are_known() -> None:
    """An item is remembered for thirty days after the feed stopped showing it."""
    a, b = entry("a"), entry("b")
    chosen, _ = run(doc(a, b), doc(b), doc(a, b), step=14 * DAY)
    assert [c.new for c in chosen] == [2, 0, 0]
    chosen, _ = run(doc(a, b), doc(b), doc(b), doc(b), doc(a, b), step=20 * DAY)
    assert [c.new for c in chosen] == [2, 0, 0, 0, 1]


def test_an_unchanged_feed_keeps_its_items_for_ever() -> None:
    """Items that are still shown do not age, however long nothing changes."""
    chosen, _ = run(doc(entry("a")), doc(entry("a")), step=400 * DAY)
    assert chosen[1].new == 0


def test_repeated_ids_do_not_swallow_items() -> None:
    """An id that the document gives twice is no name; the addresses tell them apart."""
    (chosen,), _ = run(doc(entry("a", id="same"), entry("b", id="same"), entry("c", id="same")))
    assert chosen.new == 3


def test_items_that_share_the_front_page_stay_apart() -> None:
    """An address that items of several titles share is no name; a repeated item is one item."""
    shared = [entry(n, url="https://news.example/") for n in "abc"]
    chosen, _ = run(doc(*shared), doc(*shared))
    assert [c.new for c in chosen] == [3, 0]
    (again,), _ = run(doc(entry("a"), entry("a"), entry("b")))
    assert again.new == 2


def test_items_without_id_and_address_are_named_by_title_and_date() -> None:
    """The same title on another day is another item."""
    bare = [entry("x", id="", url="", title="Update", published=NOW - n * DAY) for n in range(2)]
    chosen, _ = run(doc(*bare), doc(*bare))
    assert [c.new for c in chosen] == [2, 0]
    assert {a.url for a in chosen[0].articles} == {"https://news.example/"}


def test_two_feeds_of_an_outlet_give_one_article() -> None:
    """The article id follows from the canonical address, not from the feed."""
    other = Feed(id="other", url="https://news.example/world")
    first = select(FEED, FeedState("a"), doc(entry("a", id="1")), NOW, 0).articles[0]
    tracked = entry("a", id="2", url="http://NEWS.example/a?utm_source=rss&traffic_source=x#top")
    second = select(other, FeedState("b"), doc(tracked), NOW, 0).articles[0]
    assert first.id == second.id == make_id("article", "https://news.example/a")


def test_an_article_that_another_feed_gave_is_not_given_again() -> None:
    """It is remembered; its revisions are left to the feed that is first by name."""
    name = bytes.fromhex(make_id("article", "https://news.example/a"))
    chosen = select(FEED, FeedState("g"), doc(entry("a"), entry("b")), NOW, 0, {name: "other"})
    assert titles(chosen) == ["Title of b"]
    state = after(FeedState("g"), chosen, NOW, 2)
    again = doc(entry("a", text="More."), entry("b"))
    assert titles(select(FEED, state, again, NOW + 3600, 0, {name: "zebra"})) == ["Title of a"]
    assert titles(select(FEED, state, again, NOW + 3600, 0, {name: "aardvark"})) == []


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(0, 30), max_size=12, unique=True), min_size=1, max_size=8))
def test_every_shown_item_is_given_exactly_once(history: list[list[int]]) -> None:
    """Whatever comes and goes, in whatever order: no item is lost and none is repeated."""
    documents = [
        doc(*(entry(str(n), published=NOW + i) for n in shown)) for i, shown in enumerate(history)
    ]
    chosen, _ = run(*documents)
    given_ids = [article.id for c in chosen for article in c.articles]
    assert len(given_ids) == len(set(given_ids))
    assert len(given_ids) == len({n for shown in history for n in shown})


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://Example.COM:80/a", "https://example.com/a"),
        ("https://example.com:443/a/../b", "https://example.com/b"),
        ("https://example.com/a?utm_source=x&id=3&fbclid=1", "https://example.com/a?id=3"),
        ("https://example.com/?p=123", "https://example.com/?p=123"),
        ("https://example.com/a?from=rss", "https://example.com/a"),
        ("https://example.com/a?from=2024", "https://example.com/a?from=2024"),
        ("https://example.com/a#comments", "https://example.com/a"),
        ("https://example.com/#!/story/5", "https://example.com/#!/story/5"),
        ("https://example.com", "https://example.com/"),
    ],
)
def test_addresses_have_one_form(url: str, canonical: str) -> None:
    """What does not name the page is left out, what does is kept."""
    assert canonical_url(url) == canonical


@given(st.text(max_size=60).map("https://example.com/".__add__) | st.text(max_size=60))
def test_the_canonical_form_is_its_own(url: str) -> None:
    """Nothing raises, and a second pass changes nothing."""
    once = canonical_url(url)
    assert canonical_url(once) == once


def test_ids_depend_on_what_they_name() -> None:
    """No two kinds of names collide, and an empty id has no key."""
    assert len({article_id("f", "", "a", "t", 1), article_id("f", "", "", "a", 1)}) == 2
    assert entry_key("") == b""
    assert entry_key("x#12") == entry_key("x") != entry_key("x#12345")


def test_a_state_comes_back_as_it_was() -> None:
    """All that a poller must know survives the topic."""
    _, state = run(doc(*(entry(str(n)) for n in range(20))), doc(entry("x")))
    state.etag, state.outcomes = 'W/"\u00fc\\"', [(NOW, "new")]
    assert FeedState.decode(state.encode()) == state


def test_the_largest_state_fits_into_a_record() -> None:
    """However many items a feed shows, the newest are remembered and the record stays small."""
    seen = [Seen(bytes(8), n.to_bytes(10, "big"), bytes(8), 1, NOW, n % 3) for n in range(40_000)]
    raw = FeedState("g", etag="x" * 2048, seen=seen, outcomes=[(NOW, "w" * 20)] * 30).encode()
    assert len(raw) < MAX_MESSAGE_BYTES
    kept = FeedState.decode(raw).seen
    assert len(kept) == MAX_SEEN
    assert all(item.gone_at == 0 for item in kept)


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{}", b'{"feed_id":1,"seen":"x"}', b"\xff"])
def test_a_broken_state_has_a_clear_error(raw: bytes) -> None:
    """Bytes that are no state raise one kind of error."""
    with pytest.raises(MessageError):
        FeedState.decode(raw)


def test_fields_of_another_version_are_ignored() -> None:
    """An older or newer poller's record is read as far as it is known."""
    assert FeedState.decode(b'{"feed_id":"a","polls":3,"new_field":[1]}') == FeedState("a", polls=3)


def test_memory_is_bounded_in_time() -> None:
    """Items that are gone for longer than a month are forgotten."""
    old = Seen(bytes(8), b"o" * 10, bytes(8), 1, 0, NOW - KEEP_SEEN_S - 1)
    state = FeedState("g", last_200_at=NOW, seen=[old])
    assert select(FEED, state, doc(entry("a")), NOW, 0).seen[0].article != old.article
