"""Whole texts from articles' pages: politely, in a process that can be killed, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from monitor.errors import ConfigError
from monitor.feeds import feed as catalogue
from monitor.feeds.feed import Feed, load_feeds
from monitor.feeds.fulltext import FullTexts
from monitor.feeds.robots import Robots
from tests.feed_desk import Desk, desk
from tests.feed_server import FeedServer, feed_server

BODY = " ".join(
    f"Sentence {n} tells how the town of Exampleton built its bridge." for n in range(30)
)
PAGE = (
    "<html><head><title>Bridge</title></head><body><nav>Home Sport Weather</nav><article>"
    f"<h1>Bridge</h1><p>{BODY}</p><p>{BODY}</p></article><footer>All rights</footer></body></html>"
).encode()
HTML = {"Content_Type": "text/html"}


@asynccontextmanager
async def site(*names: str, **more: object) -> AsyncIterator[tuple[FeedServer, Desk]]:
    """Serve a feed with an item for each name, whose page is at `/name`."""
    async with feed_server() as server:
        items = "".join(
            f"<item><title>{n}</title><link>{server.url('/' + n)}</link>"
            "<description>Short words.</description></item>"
            for n in names
        )
        head = '<rss version="2.0"><channel><title>T</title>'
        server.give("/feed", f"{head}{items}</channel></rss>".encode())
        async with desk(server.url("/feed"), **({"full_text": True} | more)) as one:
            yield server, one


async def test_the_page_takes_the_place_of_the_summary() -> None:
    """A new article has its page's text without menus, and detection reads that field."""
    async with site("a") as (server, one):
        server.give("/a", PAGE, **HTML)
        step = await one.poll()
    assert "bridge" in step.articles[0].text
    assert "Weather" not in step.articles[0].text
    assert "page_full=1" in step.detail
    agents = {hit.headers["User-Agent"] for hit in server.hits}
    assert all(agent.startswith("newsmon/") for agent in agents)


async def test_it_is_off_by_default() -> None:
    """Without the switch nothing but the feed is asked for."""
    async with site("a", full_text=False) as (server, one):
        server.give("/a", PAGE, **HTML)
        step = await one.poll()
    assert [hit.path for hit in server.hits] == ["/feed"]
    assert step.articles[0].text == "Short words."


async def test_robots_txt_is_obeyed_and_asked_once() -> None:
    """What is forbidden to us is not fetched; the rules hold for a day; wildcards count."""
    async with site("open", "closed", "x-print", full_text=True) as (server, one):
        rules = (
            b"User-agent: *\nDisallow: /\n\n"
            b"User-agent: newsmon\nDisallow: /closed\nDisallow: /*-print$\n"
        )
        server.give("/robots.txt", rules)
        for path in ("/open", "/closed", "/x-print"):
            server.give(path, PAGE, **HTML)
        step = await one.poll()
    paths = [hit.path for hit in server.hits]
    assert paths.count("/robots.txt") == 1
    assert paths.count("/open") == 1
    assert "/closed" not in paths
    assert "/x-print" not in paths
    assert "page_full=1 page_robots=2" in step.detail
    assert sorted(len(article.text) > 100 for article in step.articles) == [False, False, True]


@pytest.mark.parametrize(
    ("status", "allowed"), [(404, True), (403, True), (429, False), (500, False), (503, False)]
)
async def test_without_readable_rules(status: int, allowed: bool) -> None:
    """No rules allow all; rules that cannot be had for a fault of the site allow nothing."""
    async with site("a") as (server, one):
        server.give("/robots.txt", b"", status=status)
        robots = Robots(one.poller.fetcher)
        assert await robots.allow(server.url("/a"), allow_private=True) is allowed


@pytest.mark.parametrize(
    ("reason", "status", "body", "headers"),
    [
        ("http_403", 403, PAGE, HTML),
        ("http_404", 404, b"", HTML),
        ("challenge", 200, PAGE, {**HTML, "cf_mitigated": "challenge"}),
        ("not_html", 200, b"%PDF", {"Content_Type": "application/pdf"}),
        ("no_text", 200, b"<html><body></body></html>", HTML),
        ("too_large", 200, b"<p>" + b"word " * 2_200_000, HTML),
        ("bad_encoding", 200, PAGE, {**HTML, "Content_Encoding": "gzip"}),
        ("bad_redirect", 302, b"", {"Location": "file:///etc/passwd"}),
    ],
)
async def test_the_summary_stands_and_the_reason_is_counted(
    reason: str, status: int, body: bytes, headers: dict[str, str]
) -> None:
    """Whatever the page is, the article comes, with the feed's own words."""
    async with site("a") as (server, one):
        server.give("/a", body, status=status, **headers)
        step = await one.poll()
    assert [article.text for article in step.articles] == ["Short words."]
    assert step.detail.endswith(f" page_{reason}=1")


async def test_a_page_that_hangs_delays_the_news_by_the_budget_only() -> None:
    """One page never answers: its article comes with the summary, the other with its text."""
    async with site("slow", "quick", timeout_s=60) as (server, one):

        async def hang(_: web.Request) -> web.Response:
            await asyncio.sleep(60)
            return web.Response()

        server.handlers["/slow"] = hang
        server.give("/quick", PAGE, **HTML)
        one.poller._pages = FullTexts(one.poller.fetcher, one.poller.parsers, budget_s=4)
        async with asyncio.timeout(20):
            step = await one.poll()
    assert "page_full=1 page_late=1" in step.detail
    assert len(step.articles) == 2


async def test_a_redirect_to_a_private_address_is_refused() -> None:
    """A public feed's articles cannot make us fetch from the inside, robots.txt neither."""
    async with site("a") as (server, one):
        pages = FullTexts(one.poller.fetcher, one.poller.parsers)
        text, reason = await pages._text(server.url("/a"), False)
        assert (text, reason) == ("", "robots")
        assert server.hits == []
        pages._robots._sites[server.base] = (1e18, _allow_all())
        assert await pages._text(server.url("/a"), False) == ("", "private_address")
        assert server.hits == []


def _allow_all() -> object:
    from protego import Protego

    return Protego.parse("")


async def test_a_stuck_extraction_costs_the_page_only() -> None:
    """The worker that reads a page is killed after its time like any other."""
    async with site("a") as (server, one):
        server.give("/a", PAGE, **HTML)
        parse = one.poller.parsers.parse

        async def stopping(*args: object, page: bool = False, **kwargs: object) -> object:
            if page:
                worker = one.poller.parsers._workers[0]._process
                assert worker
                worker.send_signal(19)
            return await parse(*args, page=page, **kwargs)  # type: ignore[arg-type]

        one.poller.parsers._timeout_s = 3
        one.poller.parsers.parse = stopping  # type: ignore[method-assign, assignment]
        step = await one.poll()
    assert "page_parse_timeout=1" in step.detail
    assert step.articles[0].text == "Short words."


def test_without_the_packages_the_catalogue_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`full_text` needs an extra; the error names it, and only a feed that wants it asks for it."""
    monkeypatch.setattr(catalogue, "find_spec", lambda _: None)
    file = tmp_path / "feeds.toml"
    entry = '[[feeds]]\nid = "a"\nurl = "https://news.example/feed"\n'
    file.write_text(entry, "utf-8")
    assert load_feeds(file)[0] == Feed(id="a", url="https://news.example/feed")
    file.write_text(entry + "full_text = true\n", "utf-8")
    with pytest.raises(ConfigError, match=r"a\.full_text: .*newsmon\[fulltext\]"):
        load_feeds(file)
