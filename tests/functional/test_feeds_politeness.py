"""What a publisher may expect of us: one test for each rule of the polite reader."""

from __future__ import annotations

import asyncio
import itertools
import time
from email.utils import formatdate

from aiohttp import web

from monitor.feeds.feed import Feed
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from monitor.feeds.poller import Poller
from monitor.feeds.pool import ParserPool
from monitor.settings import PollSettings
from tests.feed_desk import START, MemoryStore, desk
from tests.feed_server import FeedServer, feed_server, item, rss

HOUR = 3600


async def test_validators_go_back_to_the_byte() -> None:
    """Odd validators, weak ones and dates in a wrong form are sent back exactly as they came."""
    odd = {"ETag": 'W/"a b\\c,"x', "Last-Modified": "Mon, 2 Mar 2026 9:00 GMT+1"}
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give("/feed", rss(item("a")), **odd)
        await at.poll()
        await at.poll(HOUR)
        first, second = server.hits_of("/feed")
    assert "If-None-Match" not in first.headers
    assert "If-Modified-Since" not in first.headers
    assert second.headers["If-None-Match"] == odd["ETag"]
    assert second.headers["If-Modified-Since"] == odd["Last-Modified"]


async def test_a_200_replaces_both_validators() -> None:
    """A validator that the newest answer lacks is not sent any more."""
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give(
            "/feed", rss(item("a")), ETag='"1"', Last_Modified="Mon, 02 Mar 2026 09:00:00 GMT"
        )
        await at.poll()
        server.give("/feed", rss(item("a"), item("b")), ETag='"2"')
        await at.poll(HOUR)
        await at.poll(HOUR)
        last = server.hits_of("/feed")[-1].headers
    assert last["If-None-Match"] == '"2"'
    assert "If-Modified-Since" not in last


async def test_a_304_may_bring_new_validators() -> None:
    """What a 304 says of validators and freshness counts; what it leaves out stays."""
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give(
            "/feed", rss(item("a")), ETag='"1"', Last_Modified="Mon, 02 Mar 2026 09:00:00 GMT"
        )
        await at.poll()
        server.give("/feed", status=304, ETag='"2"', Cache_Control="max-age=7200")
        step = await at.poll(HOUR)
        await at.poll(HOUR)
        last = server.hits_of("/feed")[-1].headers
    assert step.word == "unchanged"
    assert last["If-None-Match"] == '"2"'
    assert last["If-Modified-Since"] == "Mon, 02 Mar 2026 09:00:00 GMT"
    assert step.state.floor_s == 7200


async def test_the_same_bytes_still_store_the_new_validators() -> None:
    """A 200 with the bytes of before is not parsed, but its validators are taken."""
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give("/feed", rss(item("a")), ETag='"1"')
        await at.poll()
        server.give("/feed", rss(item("a")), ETag='"2"')
        step = await at.poll(HOUR)
        await at.poll(HOUR)
        last = server.hits_of("/feed")[-1].headers
    assert step.word == "same_body"
    assert last["If-None-Match"] == '"2"'
    assert len(at.articles) == 1


async def test_the_server_sets_the_floor_and_one_poll_a_day_is_unconditional() -> None:
    """`max-age` is never undercut, and once a day the validators are left out."""
    times = []
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give("/feed", rss(item("a")), ETag='"1"', Cache_Control="public, max-age=43200")
        await at.poll()
        server.give("/feed", status=304)
        for _ in range(4):
            await at.poll()
            times.append(at.now)
            if "If-None-Match" not in server.hits[-1].headers:
                server.give("/feed", rss(item("a")), ETag='"1"', Cache_Control="max-age=43200")
        conditional = ["If-None-Match" in hit.headers for hit in server.hits_of("/feed")[1:]]
    assert all(b - a >= 43200 for a, b in zip([START, *times], times, strict=False))
    assert False in conditional
    assert True in conditional


async def test_retry_after_is_obeyed_in_both_forms_for_429_and_503() -> None:
    """Nothing is asked of the feed before the time that the server names."""
    for status in (429, 503):
        for wait in ("86400", formatdate(START + 86400, usegmt=True)):
            async with feed_server() as server, desk(server.url("/feed")) as at:
                server.give("/feed", status=status, Retry_After=wait)
                step = await at.poll()
            assert step.word == f"http_{status}"
            assert at.state.next_poll_at >= START + 86400


async def test_429_holds_back_the_other_feeds_of_the_host() -> None:
    """The host means the reader, not the one feed."""
    feeds = [Feed(id=name, url=f"http://news.example/{name}") for name in ("a", "b")]
    async with feed_server() as server, Fetcher("", 5, HostGate(4)) as fetcher:
        poller = Poller(PollSettings(), feeds, MemoryStore(), fetcher, ParserPool(1))
        server.give("/feed", status=429, Retry_After="3600")
        real = Feed(id="a", url=server.url("/feed"), allow_private=True)
        answer = await fetcher.fetch(real.url, allow_private=True)
        poller._refused(feeds[0], await _fresh(), answer, _pace())
    assert poller._blocked["news.example"] >= time.time() + 3500


async def test_a_restart_makes_no_burst() -> None:
    """Ten starts in a row ask no more often than one poller that runs on."""
    async with feed_server() as server:
        server.give("/feed", rss(item("a")))
        store = MemoryStore()
        for _ in range(10):
            await _run_for(server, store, 0.4)
    assert len(server.hits) == 1


async def test_requests_carry_our_name_and_nothing_that_harms() -> None:
    """No cookie, no referer, no cache-busting; a name, a contact and compression."""
    async with feed_server() as server:

        async def handler(_: web.Request) -> web.Response:
            answer = web.Response(body=rss(item("a")))
            answer.set_cookie("track", "1")
            return answer

        server.handlers["/feed"] = handler
        async with desk(server.url("/feed"), contact="https://desk.example/bot") as at:
            await at.poll()
            await at.poll(HOUR)
        for hit in server.hits:
            names = {name.lower() for name in hit.headers}
            assert not names & {"cookie", "referer", "cache-control", "pragma"}
            assert hit.headers["User-Agent"].startswith("newsmon/")
            assert "(+https://desk.example/bot)" in hit.headers["User-Agent"]
            assert {"gzip", "br", "zstd"} <= set(
                hit.headers["Accept-Encoding"].replace(",", " ").split()
            )


async def test_one_address_is_asked_once_though_two_entries_name_it(tmp_path) -> None:
    """The second entry with an address that is there already is left out."""
    from monitor.feeds.feed import load_feeds

    path = tmp_path / "feeds.toml"
    path.write_text(
        '[[feeds]]\nid = "a"\nurl = "https://x.example/f"\n[[feeds]]\nid = "b"\nurl = "https://x.example/f"\n'
    )
    assert [feed.id for feed in load_feeds(path)] == ["a"]


async def test_a_proven_permanent_redirect_is_not_walked_again() -> None:
    """After ten equal answers over a week the new address is asked; a 302 is never believed."""
    for status, believed in ((301, True), (308, True), (302, False), (307, False)):
        async with feed_server() as server, desk(server.url("/old")) as at:
            server.give("/old", status=status, Location="/new")
            for n in range(12):
                server.give("/new", rss(item("a"), item(f"b{n}")))
                await at.poll(86_400)
            before = len(server.hits_of("/old"))
            await at.poll(86_400)
        assert (len(server.hits_of("/old")) == before) is believed
        assert len({article.id for article in at.articles}) == len(at.articles)


async def test_a_host_gets_two_requests_at_once_and_a_second_between_them() -> None:
    """Eight fetches of one host start apart from each other, at most two are open."""
    open_now = most = 0

    async def slow(_: web.Request) -> web.Response:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.25)
        open_now -= 1
        return web.Response(body=b"x")

    gate = HostGate(16, spacing_s=0.1)
    async with feed_server() as server, Fetcher("", 5, HostGate(16)) as fetcher:
        server.handlers["/feed"] = slow

        async def one() -> None:
            async with gate.slot("news.example"):
                await fetcher.fetch(server.url("/feed"), allow_private=True)

        await asyncio.gather(*(one() for _ in range(8)))
        starts = [hit.at for hit in server.hits]
    assert most <= 2
    assert all(b - a >= 0.09 for a, b in itertools.pairwise(starts))


async def test_403_means_hours() -> None:
    """A refusal, with or without a bot check, is not answered by asking again soon."""
    for headers in ({}, {"cf_mitigated": "challenge"}):
        async with feed_server() as server, desk(server.url("/feed")) as at:
            server.give("/feed", b"<html>no</html>", status=403, **headers)
            await at.poll()
        assert at.state.next_poll_at >= START + 4 * HOUR * 0.9


async def _run_for(server: FeedServer, store: MemoryStore, seconds: float) -> None:
    feed = Feed(id="gazette", url=server.url("/feed"), allow_private=True, language="en")
    parsers = ParserPool(1)
    async with Fetcher("", 5, HostGate(4)) as fetcher:
        poller = Poller(PollSettings(), [feed], store, fetcher, parsers)
        partition = _partition(feed)
        await poller.take(partition, store.states)
        await asyncio.sleep(seconds if store.states else 5 * seconds)
        await poller.drop({partition})
    await parsers.close()


def _partition(feed: Feed) -> int:
    from monitor.topics import partition_of

    return partition_of(feed.domain)


async def _fresh():
    from monitor.feeds.state import FeedState

    return FeedState("a")


def _pace():
    from monitor.feeds.schedule import Pace

    return Pace()
