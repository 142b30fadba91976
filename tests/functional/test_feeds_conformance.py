"""Parser tests of other projects, and real feeds as captured."""

from __future__ import annotations

import base64
import html
import re
import tomllib
from collections import Counter
from typing import Any

import orjson
import pytest

from monitor.errors import ParseError
from monitor.feeds.entry import Entry, ParsedFeed
from monitor.feeds.parse import parse_feed
from monitor.feeds.worker import fill_languages, make_readable
from tests import ROOT, shared_dir

SITEMAPS = {"hebdenbridgetimes_sitemap_images.xml", "aktualmedia_plain_sitemap.xml"}
"""Plain sitemaps among the captures: they must be refused."""


def plain(text: str) -> str:
    """Write a text as the expectations are compared: no tags, no entities, single spaces."""
    text = re.sub(
        r"<!--.*?-->|<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL | re.IGNORECASE
    )
    text = re.sub(r"<[^>]+>", "", html.unescape(re.sub(r"<[^>]+>", "", text)))
    return " ".join(text.split())


def given(entry: Entry, home: str, name: str) -> Any:
    """Return what `newsmon parse` answers for a field."""
    fallbacks = {"content": entry.content or entry.summary, "url": entry.url or home}
    return fallbacks.get(name, getattr(entry, name))


def same(name: str, ours: Any, theirs: Any) -> bool:
    """Compare times as numbers, addresses and ids exactly, all else as plain text."""
    if not isinstance(theirs, str):
        return bool(ours == theirs)
    if name in {"id", "url"}:
        return str(ours).strip() == theirs.strip()
    return plain(ours or "") == plain(theirs)


def faults_of(case: dict[str, Any]) -> list[str]:
    expect = case["expect"]
    try:
        feed = parse_feed(base64.b64decode(case["doc"]), case["base"])
    except ParseError as exc:
        return [str(exc)]
    faults = []
    if expect.get("n") is not None and len(feed.entries) != expect["n"]:
        faults.append(f"{len(feed.entries)} entries, expected {expect['n']}")
    if expect.get("language") and feed.language != expect["language"]:
        faults.append(f"language {feed.language}, expected {expect['language']}")
    for index, fields in expect["entries"].items():
        if int(index) >= len(feed.entries):
            faults.append(f"no entry {index}")
            continue
        for name, theirs in fields.items():
            ours = given(feed.entries[int(index)], feed.home, name)
            if not same(name, ours, theirs):
                faults.append(f"{index}.{name} {str(ours)[:60]!r}, expected {str(theirs)[:60]!r}")
    return faults


def test_every_case_passes_or_is_waived_for_a_reason(record_property: Any) -> None:
    """No case fails that is not on the list, and no case is on the list that passes."""
    lines = shared_dir("conformance", "cases.jsonl").read_bytes().splitlines()
    waived = tomllib.loads((ROOT / "tests/data/feeds/waivers.toml").read_text("utf-8"))["waived"]
    cases = {f"{case['suite']}:{case['name']}": case for case in map(orjson.loads, lines)}
    failing = {name: faults for name, case in cases.items() if (faults := faults_of(case))}
    passed = Counter(name.partition(":")[0] for name in cases if name not in failing)
    record_property("passed", dict(passed))
    assert {name: faults for name, faults in failing.items() if name not in waived} == {}
    assert [name for name in waived if name in cases and name not in failing] == []
    assert all(len(reason) > 20 for reason in waived.values())


@pytest.fixture(scope="module")
def captures() -> dict[str, tuple[dict[str, Any], ParsedFeed]]:
    """Parse each capture that is a feed, once; by its file name."""
    found = {}
    for row in orjson.loads(shared_dir("feeds", "index.json").read_bytes()):
        doc = shared_dir("feeds", row["file"]).read_bytes()
        if row["file"] not in SITEMAPS:
            found[row["file"]] = (row, parse_feed(doc, "https://feeds.example/feed"))
    return found


@pytest.mark.parametrize("name", sorted(SITEMAPS))
def test_plain_sitemaps_are_no_feeds(name: str) -> None:
    """A list of pages without news entries is refused."""
    with pytest.raises(ParseError, match="not_a_feed"):
        parse_feed(shared_dir("feeds", name).read_bytes())


def test_every_captured_feed_gives_its_entries(captures: Any) -> None:
    """Each real feed, broken ones too, gives as many entries as it has items, all with a title."""
    for name, (row, feed) in captures.items():
        # One sitemap lists its front page beside the news.
        assert len(feed.entries) + feed.dropped >= row["items"], name
        real = [e for e in feed.entries if e.title or e.summary or e.content or e.url]
        # Illegally nested, every other item of one feed is an empty tag.
        assert len(real) * 2 >= row["items"], name
        assert real, name
        assert all(entry.title for entry in real), name


def test_dates_are_read_or_refused_and_never_invented(captures: Any) -> None:
    """What is read lies between the first feeds and the captures; what is not read is known."""
    unread = Counter(
        {
            name: sum(e.dated and e.published is None for e in feed.entries)
            for name, (_, feed) in captures.items()
        }
    )
    for name, (_, feed) in captures.items():
        for when in (when for e in feed.entries for when in (e.published, e.updated) if when):
            assert 788_918_400 < when < (2_100_000_000 if "2035" in name else 1_800_000_000), name
    # Dates in the year 1, and dates of three numbers of two digits.
    assert +unread == {"aaaamirabbas_fa.xml": 3, "cnki_zh_shortdates.xml": 50}


def test_the_language_is_known_for_nearly_all_items(captures: Any) -> None:
    """99 of 100 items have a language: the feed's word, or found in the text."""
    entries = []
    for _, feed in captures.values():
        make_readable(feed, detect=True)
        fill_languages(feed.entries)
        entries += feed.entries
    assert sum(bool(entry.language) for entry in entries) >= 0.99 * len(entries)
