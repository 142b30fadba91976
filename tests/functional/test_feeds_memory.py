"""What a parse worker remembers must never show: its answers are those of a worker that forgot."""

from __future__ import annotations

import orjson
import pytest

from monitor.feeds.encoding import to_utf8
from monitor.feeds.entry import ParsedFeed
from monitor.feeds.memory import Memory, cut
from monitor.feeds.parse import parse_text
from monitor.feeds.worker import answer
from tests import shared_dir
from tests.feed_server import item, rss

OPTIONS = {"base": "https://news.example/feed", "detect": False}


def both(memory: Memory, doc: bytes) -> tuple[bytes, bytes]:
    """Return the answer of a worker that remembers and of one that does not."""
    return answer(OPTIONS, doc, memory), answer(OPTIONS, doc, Memory())


class Counting:
    """Parses, and notes how many items each document had."""

    def __init__(self) -> None:
        self.items: list[int] = []

    def __call__(self, text: bytes) -> ParsedFeed:
        feed = parse_text(text, OPTIONS["base"])
        self.items.append(len(feed.entries))
        return feed


def test_captures_that_change_are_read_as_if_for_the_first_time() -> None:
    """Each real feed: items come, go, change places and change; each time both answers agree."""
    folder = shared_dir("feeds")
    changed = 0
    for row in orjson.loads((folder / "index.json").read_bytes()):
        doc = to_utf8((folder / row["file"]).read_bytes())
        pieces = cut(doc)
        if pieces is None or len(doc) > 40_000:
            continue
        memory = Memory()
        answer(OPTIONS, pieces.without(pieces.names[:1]), memory)  # the newest is yet to come
        first, *others = pieces.between
        turned = b"".join([first, *reversed(pieces.items), *others])
        for version in (
            doc,
            pieces.without(pieces.names[2:3]),
            turned,
            doc.replace(b"2025", b"2024").replace(b"</title>", b" more</title>", 2),
        ):
            ours, fresh = both(memory, version)
            assert ours == fresh, row["file"]
            changed += 1
    assert changed > 150


def test_only_new_items_are_parsed() -> None:
    """Of two documents with nine items in common, the second costs one item."""
    memory, parse = Memory(), Counting()
    stamp = "<lastBuildDate>{}</lastBuildDate>"
    for first in (0, 1):
        doc = rss(*(item(f"n{n}") for n in range(first, first + 10)), head=stamp.format(first))
        feed = memory.read("feed", doc, parse)
        assert [entry.id for entry in feed.entries] == [f"n{n}" for n in range(first, first + 10)]
    assert parse.items == [10, 1]


@pytest.mark.parametrize(
    "head",
    [
        "<managingEditor>another@news.example (Another)</managingEditor>",
        "<language>fr</language>",
        "<link>https://moved.example/</link>",
        "<x:y xmlns:x='urn:x'/>",
    ],
)
def test_a_frame_that_changes_has_all_read_anew(head: str) -> None:
    """What stands around an item decides on its author, language, links and names."""
    memory, items = Memory(), [item("a"), item("b"), "<item><title>c</title><link>/c</link></item>"]
    both(memory, rss(*items))
    ours, fresh = both(memory, rss(item("z"), *items, head=head))
    assert ours == fresh


@pytest.mark.parametrize(
    "inside",
    [
        "<![CDATA[<item><title>no item</title></item>]]>",
        "<!-- <item><title>no item</title></item> -->",
        "<item/>",
        "<item><title>nested</title></item>",
    ],
)
def test_what_only_looks_like_an_item_is_none(inside: str) -> None:
    """Items in comments and texts, empty and nested ones: whatever is made of them is the same."""
    memory = Memory()
    odd = f"<item><title>odd</title><description>{inside}</description></item>"
    for doc in (
        rss(odd, item("a")),
        rss(item("b"), odd, item("a")),
        rss(item("c"), inside, odd, item("a")),
        rss(item("c"), inside, item("a"), head=inside),
        rss(item("d"), inside, item("a"), head=inside),
    ):
        ours, fresh = both(memory, doc)
        assert ours == fresh


def test_a_broken_document_is_not_remembered() -> None:
    """What a tolerant parser makes of an item depends on all that stands before it."""
    memory, parse = Memory(), Counting()
    for n in range(2):
        memory.read("feed", rss(item("a"), item("b", text="a < b"), *[item("c")] * n), parse)
    assert parse.items[1] == 3


def test_two_feeds_do_not_share_items() -> None:
    """The same bytes under another address are read for that address."""
    memory = Memory()
    doc = rss("<item><title>a</title><guid>/a</guid></item>", item("b"))
    answer(OPTIONS, doc, memory)
    other = OPTIONS | {"base": "https://other.example/feed"}
    assert answer(other, doc, memory) == answer(other, doc, Memory())


def test_what_is_kept_has_a_limit() -> None:
    """The feed that came longest ago is forgotten first; the size never passes the limit."""
    memory, parse = Memory(limit=20_000), Counting()
    doc = rss(*(item(f"n{n}") for n in range(20)))
    for n in range(10):
        memory.read(f"feed-{n}", doc, parse)
        assert memory._size <= 20_000
        assert memory._size == sum(kept.size for kept in memory._kept.values())
    assert "feed-9" in memory._kept
    assert "feed-0" not in memory._kept
