"""CPU of one poll, against `reader` (PyPI) and a plain feedparser loop.

    python -m bench poll [--rounds 3] [--feeds 60]

Real captures (NEWSMON_SHARED) are served from a process of its own. Each side polls all of them
for `--rounds` rounds: first unchanged ones (the server answers 304 to the right ETag), then changed
ones (each feed has one new item). Counted is the CPU of the polling side, its parse worker
included, from /proc, so Linux only; starting up and the first poll are left out. The other two are
installed into an environment of their own in the cache directory.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from rich.console import Console
from rich.table import Table

from bench._proc import cpu_s
from monitor.feeds.feed import Feed
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from monitor.feeds.poller import Poller
from monitor.feeds.pool import ParserPool
from monitor.feeds.state import FeedState
from monitor.settings import PollSettings, load_settings
from tests import shared_dir
from tests.feed_desk import MemoryStore

_ITEM = re.compile(rb"<item[ >]")
UNCHANGED = 10
"""Rounds of unchanged polls for one of changed ones: they are so cheap that the clock is coarse."""
SIDES = ("newsmon", "feedparser loop", "reader")


def main(words: list[str]) -> None:
    """Print the table, or play one part of it."""
    parser = argparse.ArgumentParser(prog="python -m bench poll")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--feeds", type=int, default=60)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(words)
    if args.serve:
        asyncio.run(_serve(args.feeds))
        return
    with served(args.feeds) as (base, count):
        results = {side: _measure(side, base, count, args.rounds) for side in SIDES}
    _print(results, count)


@contextmanager
def served(feeds: int) -> Iterator[tuple[str, int]]:
    """Serve captured feeds from a process of its own; yield its address and how many there are."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench", "poll", "--serve", "--feeds", str(feeds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout
    try:
        line = next(line for line in server.stdout if line.startswith("http"))
        base, count = line.split()
        yield base, int(count)
    finally:
        server.kill()
        server.wait()


def own(feeds: int, rounds: int) -> tuple[float, float]:
    """Return newsmon's milliseconds of CPU per unchanged and per changed poll."""
    with served(feeds) as (base, count):
        return asyncio.run(_newsmon(base, count, rounds))


def documents(limit: int) -> list[bytes]:
    """Return captured feeds that a new item can be put into."""
    folder = shared_dir("feeds")
    docs = (
        path.read_bytes() for path in sorted(folder.glob("*.*ml")) + sorted(folder.glob("*.rss"))
    )
    return [doc for doc in docs if _ITEM.search(doc)][:limit]


def grown(doc: bytes, number: int) -> bytes:
    """Put `number` new items on top of a feed."""
    new = b"".join(
        b"<item><title>New item %d</title><link>https://news.example/%d</link>"
        b"<guid>https://news.example/%d</guid></item>" % (n, n, n)
        for n in range(number, 0, -1)
    )
    at = _ITEM.search(doc)
    assert at
    return doc[: at.start()] + new + doc[at.start() :]


async def _serve(limit: int) -> None:
    docs = documents(limit)

    async def answer(request: web.Request) -> web.Response:
        number, version = int(request.match_info["n"]), state["version"]
        etag = f'"{number}-{version}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        headers = {"ETag": etag, "Content-Type": "application/rss+xml"}
        return web.Response(body=grown(docs[number], version), headers=headers)

    async def turn(request: web.Request) -> web.Response:
        state["version"] = int(request.match_info["v"])
        return web.Response()

    state = {"version": 0}
    app = web.Application()
    app.add_routes([web.get("/turn/{v}", turn), web.get("/{n}", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", len(docs), flush=True)
    await asyncio.Event().wait()


def _measure(side: str, base: str, count: int, rounds: int) -> tuple[float, float]:
    """Return milliseconds of CPU per unchanged and per changed poll."""
    if side == "newsmon":
        return asyncio.run(_newsmon(base, count, rounds))
    code = _READER if side == "reader" else _LOOP
    done = subprocess.run(
        [_others(), "-c", code, base, str(count), str(rounds), str(UNCHANGED)],
        check=True,
        capture_output=True,
        text=True,
    )
    unchanged, changed = done.stdout.split()[-2:]
    return float(unchanged), float(changed)


def _others() -> str:
    """Return the Python of an environment that has the other two."""
    home = load_settings().cache_dir / "bench" / "reader-3.26"
    python = home / "bin" / "python"
    if not (home / "done").exists():
        venv.create(home, with_pip=True, clear=True)
        # reader's own copy of feedparser needs sgmllib, which it does not ask for.
        packages = ["reader==3.26", "feedparser==6.0.14", "sgmllib3k"]
        subprocess.run([python, "-m", "pip", "-q", "install", *packages], check=True)
        (home / "done").touch()
    return str(python)


async def _newsmon(base: str, count: int, rounds: int) -> tuple[float, float]:
    parsers = ParserPool(1, timeout_s=60)
    feeds = [
        Feed(id=str(n), url=f"{base}/{n}", allow_private=True, interval=1, language="en")
        for n in range(count)
    ]
    async with Fetcher("", 30, HostGate(4)) as fetcher:
        poller = Poller(PollSettings(), feeds, MemoryStore(), fetcher, parsers)
        states = {feed.id: FeedState(feed.id, feed.url) for feed in feeds}

        async def turn() -> None:
            for feed in feeds:
                step = await poller.poll(feed, states[feed.id])
                step.state.encode()
                for article in step.articles:
                    article.encode()
                states[feed.id] = step.state

        await fetcher.fetch(f"{base}/turn/1", allow_private=True)
        await turn()
        worker = parsers._workers[0]._process
        assert worker
        results = []
        for changes in (False, True):
            times = rounds if changes else rounds * UNCHANGED
            before = cpu_s(os.getpid()) + cpu_s(worker.pid)
            for number in range(times):
                if changes:
                    await fetcher.fetch(f"{base}/turn/{number + 2}", allow_private=True)
                await turn()
            assert parsers._workers[0]._process is worker
            spent = cpu_s(os.getpid()) + cpu_s(worker.pid) - before
            results.append(1000 * spent / times / count)
        await parsers.close()
    return results[0], results[1]


_COMMON = """
import sys, time, urllib.request
base, count, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def turn_to(v): urllib.request.urlopen(f"{base}/turn/{v}").read()
def timed(poll):
    turn_to(1); poll()
    for changes in (False, True):
        times = rounds if changes else rounds * int(sys.argv[4])
        begin = time.process_time()
        for n in range(times):
            if changes: turn_to(n + 2)
            poll()
        print(1000 * (time.process_time() - begin) / times / count)
"""
_LOOP = (
    _COMMON
    + """
import feedparser
etags = {}
def poll():
    for n in range(count):
        feed = feedparser.parse(f"{base}/{n}", etag=etags.get(n))
        if feed.status == 304: continue
        etags[n] = feed.etag
        for entry in feed.entries:
            entry.get("title"), entry.get("link"), entry.get("published_parsed")
timed(poll)
"""
)
_READER = (
    _COMMON
    + """
import reader as library
reader = library.make_reader(":memory:")
for n in range(count): reader.add_feed(f"{base}/{n}")
timed(lambda: reader.update_feeds(scheduled=False))
"""
)


def _print(results: dict[str, tuple[float, float]], count: int) -> None:
    table = Table("", "ms per unchanged poll", "ms per changed poll", box=None)
    ours = results["newsmon"]
    for side, (unchanged, changed) in results.items():
        ratios = (f"{ours[0] / unchanged:.2f}", f"{ours[1] / changed:.2f}")
        table.add_row(
            side, f"{unchanged:.2f} (ours: x {ratios[0]})", f"{changed:.2f} (ours: x {ratios[1]})"
        )
    Console().print(f"{count} captured feeds, CPU of the polling side, {time.strftime('%Y-%m-%d')}")
    Console().print(table)
