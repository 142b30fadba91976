"""Real captured feeds, served on loopback and polled by `newsmon up` as it stands."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.errors import ParseError
from monitor.feeds.feed import Feed, load_feeds
from monitor.feeds.parse import parse_feed
from monitor.feeds.select import select
from monitor.feeds.state import FeedState
from monitor.kafka.client import read_topic
from monitor.messages import Article
from monitor.topics import ARTICLES, DEAD_LETTERS, Topic
from tests import shared_dir
from tests.broker.served import answering
from tests.broker.test_up import running, up, wait_for


@contextmanager
def captures(folder: Path, names: list[str]) -> Iterator[str]:
    """Serve the files and yield a feeds file."""

    def answer(path: str) -> tuple[bytes, str]:
        return (folder / names[int(path.strip("/"))]).read_bytes(), ""

    with answering(answer) as port:
        yield "\n".join(
            f'[[feeds]]\nid = "capture-{n}"\nurl = "http://127.0.0.1:{port}/{n}"\n'
            f'outlet = "{n}"\nallow_private = true\ninterval = 20\nmax_age_hours = 0\n'
            for n in range(len(names))
        )


async def values(bootstrap: str, topic: Topic) -> list[bytes]:
    return [
        record.value or b""
        async for record in read_topic(bootstrap, topic, from_beginning=True, follow=False)
    ]


def expected_ids(folder: Path, names: list[str], feeds: Sequence[Feed]) -> dict[str, set[str]]:
    """Return the ids that a first poll of each document chooses; no feed, no entry."""
    found = {}
    for name, feed in zip(names, feeds, strict=True):
        with contextlib.suppress(ParseError):
            parsed = parse_feed((folder / name).read_bytes(), feed.url)
            chosen = select(feed, FeedState(feed.id, feed.url), parsed, time.time(), 0)
            found[name] = {article.id for article in chosen.articles}
    return {name: ids for name, ids in found.items() if ids}


@pytest.mark.slow
def test_captured_feeds_give_their_articles_once(kafka_ready: None, tmp_path: Path) -> None:
    """Every article of every third document arrives; no id comes twice; no dead letter."""
    folder = shared_dir("feeds")
    index = json.loads((folder / "index.json").read_text("utf-8"))
    names = [entry["file"] for entry in index][::3]

    with captures(folder, names) as served, up(tmp_path, served):
        by_feed = expected_ids(folder, names, load_feeds(tmp_path / "feeds.toml"))
        expected = set().union(*by_feed.values())
        status = wait_for("status", lambda: running(tmp_path), 120)
        bootstrap = status["bootstrap_servers"]

        def arrived() -> list[bytes] | None:
            time.sleep(2)
            found = asyncio.run(values(bootstrap, ARTICLES))
            return found if {Article.decode(value).id for value in found} >= expected else None

        with contextlib.suppress(AssertionError):  # what is missing is named below
            wait_for("articles", arrived, 150)
        found = [Article.decode(value) for value in asyncio.run(values(bootstrap, ARTICLES))]
        letters = asyncio.run(values(bootstrap, DEAD_LETTERS))

    ids = Counter(article.id for article in found)
    missing = {name: len(ids_of - ids.keys()) for name, ids_of in by_feed.items()}
    assert {name: n for name, n in missing.items() if n} == {}
    assert [article_id for article_id, n in ids.items() if n > 1] == []
    assert letters == []
    assert len(by_feed) == len(names)
