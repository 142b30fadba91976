"""An hour of polling, on a virtual clock: are articles lost, or given twice?

    python -m bench hour [--feeds 140]

Real captures (NEWSMON_SHARED) are served on loopback as rolling windows: half of a feed's items are
there at the start, the others come one by one within the hour and push the oldest out. What a feed
says of its pace (`ttl`, `sy:*`) is cut out: it belongs to days, not to an hour. The poller, its
schedule, its parser and what that remembers are the real ones, clock and store are not.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import re
import time
from collections import Counter
from dataclasses import dataclass
from email.utils import formatdate

import orjson
from rich.console import Console

from monitor.feeds.encoding import to_utf8
from monitor.feeds.feed import Feed
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from monitor.feeds.memory import Pieces, cut
from monitor.feeds.parse import parse_text
from monitor.feeds.poller import Poller
from monitor.feeds.pool import ParserPool
from monitor.feeds.schedule import HOUR
from monitor.feeds.select import select
from monitor.feeds.state import FeedState
from monitor.settings import PollSettings
from tests import shared_dir
from tests.feed_desk import MemoryStore
from tests.feed_server import FeedServer, feed_server

NOW = 1_772_452_800.0
_DATE = re.compile(
    rb"<(pubDate|dc:date|published|updated|(?:a10|atom):updated|issued|modified)\b.*?</\1>",
    re.DOTALL,
)
_PACE = re.compile(rb"<(ttl|\w+:update\w+|skipHours|skipDays)\b.*?</\1>", re.DOTALL)


@dataclass(frozen=True)
class Rolling:
    """A capture as a window that moves: `shown` items, of which one more comes every `every_s`."""

    pieces: Pieces
    shown: int
    every_s: float

    def at(self, now: float) -> bytes:
        """Return the document at a time; its items are dated by when they came."""
        items = self.pieces.items[::-1]  # oldest first
        last = min(len(items), self.shown + int((now - NOW) / self.every_s))
        chosen = [self._dated(items[n], n) for n in range(last - 1, last - 1 - self.shown, -1)]
        head, tail = (_PACE.sub(b"", self.pieces.between[end]) for end in (0, -1))
        return b"".join([head, *chosen, tail])

    def _dated(self, item: bytes, number: int) -> bytes:
        came = NOW + (number - self.shown) * self.every_s
        dated = b"<pubDate>%s</pubDate></" % formatdate(came, usegmt=True).encode()
        return dated.join(_DATE.sub(b"", item).rsplit(b"</", 1))


def rolling(limit: int) -> list[Rolling]:
    """Make windows of the captured feeds that are well-formed and have six items or more."""
    found = []
    for row in orjson.loads(shared_dir("feeds", "index.json").read_bytes())[:limit]:
        text = to_utf8(shared_dir("feeds", row["file"]).read_bytes())
        pieces = cut(text)
        if pieces and len(pieces.items) >= 6 and parse_text(text).well_formed:
            shown = len(pieces.items) // 2
            found.append(Rolling(pieces, shown, HOUR / (len(pieces.items) - shown)))
    return found


def main(words: list[str]) -> None:
    """Print what was lost and what came twice."""
    parser = argparse.ArgumentParser(prog="python -m bench hour")
    parser.add_argument("--feeds", type=int, default=1000)
    asyncio.run(hour(rolling(parser.parse_args(words).feeds)))


async def hour(windows: list[Rolling]) -> tuple[int, int, int]:
    """Poll for an hour; return and print how many articles were missed, came twice; and gaps."""
    begin = time.monotonic()
    async with feed_server() as server, Fetcher("", 30, HostGate(4)) as fetcher:
        feeds = [
            Feed(id=f"f{n}", url=server.url(f"/{n}"), allow_private=True, max_age_hours=0)
            for n in range(len(windows))
        ]
        parsers = ParserPool(1, timeout_s=60)
        poller = Poller(PollSettings(), feeds, MemoryStore(), fetcher, parsers)
        try:
            words, given = await _polls(poller, windows, server)
        finally:
            await parsers.close()
    shown = {name for w, feed in zip(windows, feeds, strict=True) for name in _ids(w, feed)}
    ids = Counter(given)
    missed, twice = len(shown - {name for name, _ in ids}), ids.total() - len(ids)
    console = Console()
    console.print(
        f"{len(feeds)} feeds, an hour of virtual time in {time.monotonic() - begin:.0f} s: "
        f"{sum(words.values())} polls ({', '.join(f'{n} {w}' for w, n in words.most_common())})"
    )
    console.print(
        f"{len(shown):,} articles shown, {missed} missed, {twice} given twice, {words['gap']} gaps"
    )
    return missed, twice, words["gap"]


async def _polls(
    poller: Poller, windows: list[Rolling], server: FeedServer
) -> tuple[Counter[str], list[tuple[str, int]]]:
    words, given = Counter[str](), list[tuple[str, int]]()
    queue = [(NOW + n / 10, n) for n in range(len(windows))]
    while queue:
        now, number = heapq.heappop(queue)
        poller.clock = lambda now=now: now
        feed = poller.feeds[number]
        server.give(f"/{number}", windows[number].at(now))
        step = await poller.poll(feed, poller.states.get(feed.id, FeedState(feed.id, feed.url)))
        poller.states[feed.id] = FeedState.decode(step.state.encode())
        words[step.word] += 1
        given += [(article.id, article.revision) for article in step.articles]
        if now <= NOW + HOUR:  # the first poll after the hour sees what its end left there
            heapq.heappush(queue, (step.state.next_poll_at, number))
    return words, given


def _ids(window: Rolling, feed: Feed) -> set[str]:
    """Return the ids of all articles that the window ever shows."""
    found, last = set(), len(window.pieces.items) - window.shown
    for number in (*range(0, last, max(1, window.shown // 2)), last):
        parsed = parse_text(window.at(NOW + number * window.every_s + 1), feed.url)
        chosen = select(feed, FeedState(feed.id, feed.url), parsed, NOW + HOUR, 0)
        found |= {article.id for article in chosen.articles}
    return found
