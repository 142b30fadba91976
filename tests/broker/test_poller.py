"""The poller against a real broker: sharing, order of writes, crashes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

from monitor.feeds.feed import Feed
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from monitor.feeds.poller import Poller
from monitor.feeds.pool import ParserPool
from monitor.feeds.state import FeedState
from monitor.kafka.client import open_producer, read_topic
from monitor.kafka.feed_state import FeedStateLog
from monitor.messages import Article
from monitor.settings import PollSettings
from monitor.topics import ARTICLES, FEED_STATE
from tests.feed_server import FeedServer, feed_server, item, rss


@asynccontextmanager
async def polling(
    broker: str, feeds: list[Feed], group: str, interval: int = 5
) -> AsyncIterator[Poller]:
    """Run one poller until the block ends."""
    settings = PollSettings(interval=interval)
    stop = asyncio.Event()
    parsers = ParserPool(1)
    async with (
        open_producer(broker) as producer,
        Fetcher("", 10, HostGate(8)) as fetcher,
    ):
        store = FeedStateLog(broker, producer, group)
        poller = Poller(settings, feeds, store, fetcher, parsers)
        task = asyncio.create_task(store.run(stop, poller))
        try:
            yield poller
        finally:
            stop.set()
            await task
            await parsers.close()


def feed_at(url: str, name: str, **more: object) -> Feed:
    return Feed.model_validate(
        {"id": name, "url": url, "allow_private": True, "language": "en"} | more
    )


async def articles_of(broker: str, feed_ids: set[str]) -> list[Article]:
    records = read_topic(broker, ARTICLES, from_beginning=True, follow=False)
    found = [Article.decode(record.value) async for record in records]
    return [article for article in found if article.feed_id in feed_ids]


async def states_of(broker: str, feed_ids: set[str]) -> dict[str, list[FeedState]]:
    found: dict[str, list[FeedState]] = {feed_id: [] for feed_id in feed_ids}
    async for record in read_topic(broker, FEED_STATE, from_beginning=True, follow=False):
        key = (record.key or b"").decode()
        if key in feed_ids:
            found[key].append(FeedState.decode(record.value or b""))
    return found


async def until(check, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.05)


async def test_new_items_become_articles_and_one_state(broker: str) -> None:
    """Two polls of a feed that grew give each article once, and a state record per poll."""
    name = uuid4().hex
    async with feed_server() as server:
        server.give("/feed", rss(item(f"a-{name}"), item(f"b-{name}")))
        feeds = [feed_at(server.url("/feed"), name, interval=1)]
        async with polling(broker, feeds, name) as poller:
            await until(lambda: name in poller.states and poller.states[name].polls == 1)
            server.give("/feed", rss(item(f"c-{name}"), item(f"a-{name}"), item(f"b-{name}")))
            await until(
                lambda: poller.states[name].last_new_at > 0 and poller.states[name].items == 3
            )
    articles = await articles_of(broker, {name})
    assert Counter(a.title for a in articles) == {f"Title of {x}-{name}": 1 for x in "abc"}
    states = (await states_of(broker, {name}))[name]
    assert states[-1].items == 3
    assert [state.polls for state in states] == list(range(1, len(states) + 1))


async def test_a_restart_repeats_nothing(broker: str) -> None:
    """A second poller goes on from the state: no request before its time, no article again."""
    name = uuid4().hex
    async with feed_server() as server:
        server.give("/feed", rss(item(f"a-{name}")), ETag='W/"odd, one"')
        feeds = [feed_at(server.url("/feed"), name, interval=3)]
        for _ in range(3):
            async with polling(broker, feeds, name) as poller:
                await until(lambda: name in poller.states and poller.states[name].polls >= 1)
        before = len(server.hits)
        async with polling(broker, feeds, name) as poller:
            await until(lambda: len(server.hits) > before)
        assert server.hits[-1].headers["If-None-Match"] == 'W/"odd, one"'
    assert len(await articles_of(broker, {name})) == 1


async def test_articles_stand_before_the_state_and_a_crash_between_loses_nothing(
    broker: str,
) -> None:
    """A poller that dies after its articles and before its state repeats them with the same ids."""
    name = uuid4().hex
    async with feed_server() as server:
        server.give("/feed", rss(item(f"a-{name}"), item(f"b-{name}")))
        feeds = [feed_at(server.url("/feed"), name, interval=1)]

        async def dies(*_: object) -> None:
            raise asyncio.CancelledError

        async with polling(broker, feeds, name) as poller:
            poller.store.save = dies  # type: ignore[method-assign]
            await until(lambda: len(server.hits) == 1)
            await asyncio.sleep(1)
        assert (await states_of(broker, {name}))[name] == []
        async with polling(broker, feeds, name) as poller:
            await until(lambda: name in poller.states and poller.states[name].polls == 1)
    ids = Counter(article.id for article in await articles_of(broker, {name}))
    assert list(ids.values()) == [2, 2]


async def test_pollers_share_the_feeds_and_none_is_polled_twice(broker: str) -> None:
    """Two pollers divide the hosts; when one leaves, the other takes its feeds over."""
    name = uuid4().hex
    async with many_hosts(12) as servers:
        feeds = [feed_at(s.url("/feed"), f"{name}-{n}", interval=2) for n, s in enumerate(servers)]
        for server in servers:
            server.give("/feed", rss(item(server.base[7:].replace(":", "-"))))
        async with polling(broker, feeds, name) as first:
            await until(lambda: len(first.states) == 12)
            async with polling(broker, feeds, name) as second:
                await until(lambda: len(second.states) > 0 and len(first.states) < 12)
                await until(lambda: len(first.states) + len(second.states) == 12)
                assert not set(first.states) & set(second.states)
                await asyncio.sleep(5)
            await until(lambda: len(first.states) == 12)
        starts = {server.base: [hit.at for hit in server.hits] for server in servers}
    # The interval is 2 s with a jitter of a tenth; a rebalance may delay a poll, never hasten it.
    assert all(b - a > 1.7 for times in starts.values() for a, b in pairwise(times))
    ids = Counter(a.id for a in await articles_of(broker, {feed.id for feed in feeds}))
    assert len(ids) == 12
    assert set(ids.values()) == {1}


async def test_one_of_three_pollers_killed_is_replaced_within_the_session_time(
    broker: str, tmp_path: Path
) -> None:
    """kill -9 on one of three: the others poll all feeds soon, none twice as often, none never."""
    name = uuid4().hex
    async with many_hosts(12) as servers:
        feeds = [feed_at(s.url("/feed"), f"{name}-{n}", interval=2) for n, s in enumerate(servers)]
        for server in servers:
            server.give("/feed", rss(item(f"{name}-{server.base[-5:]}-{server.base[7:17]}")))
        catalogue = tmp_path / "feeds.toml"
        catalogue.write_text("".join(map(as_toml, feeds)), "utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.broker.one_poller",
            broker,
            name,
            env={**os.environ, "NEWSMON_POLL_FEEDS": str(catalogue)},
        )
        try:
            async with (
                polling(broker, feeds, name) as first,
                polling(broker, feeds, name) as second,
            ):
                shares = lambda: (len(first.states), len(second.states))  # noqa: E731
                await until(lambda: min(shares()) > 0 and sum(shares()) < 12, 60)
                await until(lambda: all(server.hits for server in servers), 60)
                process.kill()
                await process.wait()
                loop = asyncio.get_running_loop()
                killed = loop.time()
                await until(lambda: sum(shares()) == 12, 60)
                assert loop.time() - killed < 20
                assert not set(first.states) & set(second.states)
                taken = loop.time()
                await asyncio.sleep(6)
        finally:
            if process.returncode is None:
                process.kill()
        starts = [[hit.at for hit in server.hits] for server in servers]
    # The interval is 2 s with a jitter of a tenth; what was in flight may be asked once more.
    after = [[at for at in times if at > taken] for times in starts]
    assert all(2 <= len(times) <= 4 for times in after), after
    assert all(b - a > 1.7 for times in after for a, b in pairwise(times))
    before = [[at for at in times if at < killed] for times in starts]
    assert all(b - a > 1.7 for times in before for a, b in pairwise(times))
    articles = await articles_of(broker, {feed.id for feed in feeds})
    assert len({article.id for article in articles}) == 12


@asynccontextmanager
async def many_hosts(count: int) -> AsyncIterator[list[FeedServer]]:
    """Run servers on different addresses of loopback, so that their feeds spread."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(feed_server(f"127.0.0.{n}"))
            for n in range(1, count + 1)
        ]


def as_toml(feed: Feed) -> str:
    return (
        f'[[feeds]]\nid = "{feed.id}"\nurl = "{feed.url}"\nlanguage = "en"\n'
        f"interval = {feed.interval}\nallow_private = true\n"
    )


async def test_sigterm_ends_the_role_in_time(broker: str, tmp_path: Path) -> None:
    """`newsmon poll` stops within ten seconds, with 0, and what was polled is on the topics."""
    name = uuid4().hex
    async with feed_server() as server:
        server.give("/feed", rss(item(f"a-{name}")))
        catalogue = tmp_path / "feeds.toml"
        catalogue.write_text(as_toml(feed_at(server.url("/feed"), name, interval=1)), "utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor.cli", "poll", "--feeds", str(catalogue),
            env={**os.environ, "NEWSMON_BOOTSTRAP_SERVERS": broker},
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await until(lambda: len(server.hits) >= 2, 60)
        process.terminate()
        async with asyncio.timeout(10):
            _, errors = await process.communicate()
    assert process.returncode == 0, errors
    assert b"Traceback" not in errors
    assert len(await articles_of(broker, {name})) == 1
    assert (await states_of(broker, {name}))[name]


async def test_a_catalogue_with_faults_ends_the_role_with_2(tmp_path: Path) -> None:
    """One line for each fault, and no traceback."""
    catalogue = tmp_path / "feeds.toml"
    catalogue.write_text("[[feeds]]\nid = 'a'\n", "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor.cli", "poll", "--feeds", str(catalogue),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"feeds[0].url" in errors
    assert b"Traceback" not in errors
