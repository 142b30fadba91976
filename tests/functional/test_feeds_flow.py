"""Real feeds through the whole poller, from HTTP to what would go onto the topics."""

from __future__ import annotations

import asyncio
from collections import Counter

import orjson

from monitor.feeds.feed import Feed
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from monitor.feeds.poller import Poller
from monitor.feeds.pool import ParserPool
from monitor.settings import PollSettings
from monitor.topics import partition_of
from tests import shared_dir
from tests.feed_desk import MemoryStore, desk
from tests.feed_server import FeedServer, feed_server, item, rss

SITEMAPS = {"hebdenbridgetimes_sitemap_images.xml", "aktualmedia_plain_sitemap.xml"}


async def poll_all(server: FeedServer, store: MemoryStore, names: list[str], polls: int) -> Poller:
    feeds = [
        Feed(id=name, url=server.url(f"/{name}"), allow_private=True, interval=9, max_age_hours=0)
        for name in names
    ]
    parsers = ParserPool(1, timeout_s=60)
    async with Fetcher("", 30, HostGate(8)) as fetcher:
        poller = Poller(PollSettings(), feeds, store, fetcher, parsers)
        partition = partition_of(feeds[0].domain)
        await poller.take(partition, store.states)
        async with asyncio.timeout(240):
            while any(state.polls < polls for state in poller.states.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        poller_states = dict(poller.states)
        await poller.drop({partition})
        poller.states = poller_states
    await parsers.close()
    return poller


async def test_captured_feeds_give_each_article_once() -> None:
    """Every third capture, all at once, then again after a restart: no id twice, none lost."""
    every = orjson.loads(shared_dir("feeds", "index.json").read_bytes())
    rows = [row for n, row in enumerate(every) if n % 3 == 0 or row["file"] in SITEMAPS]
    store = MemoryStore()
    async with feed_server() as server:
        for row in rows:
            server.give(f"/{row['file']}", shared_dir("feeds", row["file"]).read_bytes())
        names = [row["file"] for row in rows]
        await poll_all(server, store, names, 1)
        first = len(store.articles)
        poller = await poll_all(server, store, names, 2)
    assert {name for name, state in poller.states.items() if not state.last_200_at} == SITEMAPS
    ids = Counter(article.id for article in store.articles)
    assert set(ids.values()) == {1}
    assert len(store.articles) == first > 1900
    given = Counter(article.feed_id for article in store.articles)
    silent = {name for name in names if not given[name]} - SITEMAPS
    # The same documents under another name: their articles were given by the other feed.
    assert len(silent) < 2, silent


async def test_articles_stand_before_the_state_of_their_feed() -> None:
    """The order of writes is the guarantee: all articles, then one state."""
    store = MemoryStore()
    async with feed_server() as server:
        server.give("/a", rss(*(item(str(n)) for n in range(30))))
        await poll_all(server, store, ["a"], 1)
    assert [kind for kind, _ in store.order[:31]] == ["A"] * 30 + ["S"]


async def test_an_article_carries_the_catalogues_facts_and_plain_text() -> None:
    """Outlet, country and language are the catalogue's, the longer text wins, markup is gone."""
    body = rss(
        "<item><title>A &amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt; move</title>"
        "<link>https://news.example/a?utm_source=rss</link>"
        "<description>&lt;p&gt;Short.&lt;/p&gt;</description>"
        '<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        "<![CDATA[<p>One.</p><script>x()</script><p>Two &amp; more.</p>]]></content:encoded>"
        "<pubDate>Mon, 02 Mar 2026 11:00:00 GMT</pubDate><author>Ann Other</author></item>"
    )
    more = {"outlet": "Gazette", "country": "GB", "language": "en-GB"}
    async with feed_server() as server, desk(server.url("/feed"), **more) as at:
        server.give("/feed", body)
        (article,) = (await at.poll()).articles
    assert (article.outlet, article.country, article.language) == ("Gazette", "GB", "en")
    assert (article.title, article.text) == ("A bold move", "One.\nTwo & more.")
    assert article.url == "https://news.example/a?utm_source=rss"
    assert article.authors == ("Ann Other",)
    assert (article.date_source, article.revision) == ("feed", 1)


async def test_an_unknown_language_is_found_in_the_text() -> None:
    """Neither catalogue nor feed name it."""
    words = "Міністр оборони заявив, що нові підрозділи прибули до міста вчора ввечері."
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give("/feed", rss(item("a", text=words, title=words)))
        (article,) = (await at.poll()).articles
    assert article.language == "uk"


async def test_one_unreadable_item_costs_that_item_alone() -> None:
    """An item with an impossible link and date does not take the others with it."""
    bad = "<item><title>bad</title><link>http://[::1</link><pubDate>soon</pubDate></item>"
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give("/feed", rss(item("a"), bad, item("b")))
        step = await at.poll()
    assert {a.title for a in step.articles} >= {"Title of a", "Title of b"}


async def test_what_the_feed_says_of_its_pace_is_a_floor() -> None:
    """`ttl` is minutes; skipped hours are left out."""
    head = "<ttl>120</ttl><skipHours><hour>14</hour><hour>15</hour></skipHours>"
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give("/feed", rss(item("a"), head=head))
        await at.poll()
    # Polled at 12:00; two hours on is 14:00, which is skipped, as is 15:00.
    assert at.state.next_poll_at - at.now >= 4 * 3600


async def test_a_failure_of_the_topics_is_not_the_feeds_fault() -> None:
    """When articles cannot be published, the state stays as it was and the feed is tried again."""
    from monitor.errors import BrokerError

    class Broken(MemoryStore):
        async def publish(self, articles) -> None:
            if self.fails:
                raise BrokerError("away")
            await super().publish(articles)

        fails = True

    store = Broken()
    async with feed_server() as server:
        server.give("/a", rss(item("1")))
        feed = Feed(id="a", url=server.url("/a"), allow_private=True, interval=1)
        parsers = ParserPool(1)
        async with Fetcher("", 5, HostGate(2)) as fetcher:
            poller = Poller(PollSettings(), [feed], store, fetcher, parsers)
            await poller.take(partition_of(feed.domain), {})
            async with asyncio.timeout(20):
                while len(server.hits) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                assert store.order == []
                assert poller.states["a"].fail_score == 0
                store.fails = False
                while not store.states:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await poller.drop({partition_of(feed.domain)})
        await parsers.close()
    assert len(store.articles) == 1
