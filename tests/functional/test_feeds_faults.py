"""A server that does everything wrong: each fault has a name, ends in time, and costs one feed."""

from __future__ import annotations

import asyncio
import gzip
import resource
import shutil
import ssl
import subprocess
import time
import zlib
from pathlib import Path

import brotli
import pytest
from aiohttp import web

from monitor.errors import FetchError
from monitor.feeds.fetch import MAX_BODY, Answer, Fetcher
from monitor.feeds.hosts import HostGate
from tests.feed_desk import START, desk
from tests.feed_server import FeedServer, feed_server, item, rss

try:
    from compression import zstd  # Python 3.14
except ImportError:
    from backports import zstd

HOUR = 3600
_ZEROS = b"<rss>" + b"0" * 400_000_000


async def fetch(server: FeedServer, path: str, timeout_s: float = 3) -> Answer:
    async with Fetcher("", timeout_s, HostGate(4)) as fetcher:
        return await fetcher.fetch(server.url(path), allow_private=True)


async def outcome_of(server: FeedServer, path: str, timeout_s: float = 3) -> str:
    with pytest.raises(FetchError) as caught:
        await fetch(server, path, timeout_s)
    return caught.value.outcome


async def test_a_chain_of_five_redirects_is_followed_and_a_sixth_is_not() -> None:
    """The limit counts redirects of every kind."""
    async with feed_server() as server:
        for n, status in enumerate((301, 302, 303, 307, 308, 301)):
            server.give(f"/{n}", status=status, Location=f"/{n + 1}")
        server.give("/6", b"here")
        assert (await fetch(server, "/1")).body == b"here"
        assert await outcome_of(server, "/0") == "too_many_redirects"


async def test_only_a_chain_of_permanent_redirects_counts_as_permanent() -> None:
    """One passing redirect in the chain, and the new address is not to be kept."""
    async with feed_server() as server:
        server.give("/a", status=301, Location="/b")
        server.give("/b", status=308, Location="/c")
        server.give("/c", b"here")
        server.give("/d", status=301, Location="/e")
        server.give("/e", status=302, Location="/c")
        assert (await fetch(server, "/a")).permanent == server.url("/c")
        assert (await fetch(server, "/d")).permanent == ""


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://x.example/", "data:text/xml,x", ""]
)
async def test_redirects_lead_to_the_web_only(target: str) -> None:
    """A redirect out of http and https, or to nowhere, is an error with a name."""
    async with feed_server() as server:
        server.give("/feed", status=302, Location=target)
        assert await outcome_of(server, "/feed") == "bad_redirect"


async def test_a_redirect_loop_ends() -> None:
    """A page that points to itself is not asked for ever."""
    async with feed_server() as server:
        server.give("/feed", status=301, Location="/feed")
        assert await outcome_of(server, "/feed") == "too_many_redirects"
        assert len(server.hits) <= 6


async def test_a_server_that_drips_is_given_up_in_time() -> None:
    """A byte now and then does not extend the time for the whole answer."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.05)

    async with feed_server() as server:
        server.handlers["/feed"] = drip
        begin = time.monotonic()
        assert await outcome_of(server, "/feed", 0.7) == "timeout"
        assert time.monotonic() - begin < 2


async def test_an_endless_document_is_cut_off() -> None:
    """The limit holds while streaming, whatever the server promised."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"<item/>" * 10_000)

    async with feed_server() as server:
        server.handlers["/feed"] = endless
        assert await outcome_of(server, "/feed", 20) == "too_large"


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
async def test_compressed_bombs_are_refused_in_little_memory(coding: str) -> None:
    """400 MB of zeros in a few kilobytes never unfold."""
    pack = {
        "gzip": lambda data: gzip.compress(data, 9),
        "br": lambda data: brotli.compress(data, quality=5),
        "zstd": zstd.compress,
        "deflate": zlib.compress,
    }[coding]
    bomb = await asyncio.to_thread(pack, _ZEROS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with feed_server() as server:
        server.give("/feed", bomb, Content_Encoding=coding)
        assert await outcome_of(server, "/feed", 20) == "too_large"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 3 * MAX_BODY // 1024


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_compressed_feeds_arrive_whole(coding: str) -> None:
    """All three codings that we ask for are read."""
    pack = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstd.compress}[coding]
    async with feed_server() as server:
        server.give("/feed", pack(rss(item("a"))), Content_Encoding=coding)
        assert (await fetch(server, "/feed")).body == rss(item("a"))


async def test_a_cut_gzip_is_no_document() -> None:
    """Half a document must not look like one that lost its items."""
    async with feed_server() as server:
        server.give("/feed", gzip.compress(rss(item("a")) * 50)[:-30], Content_Encoding="gzip")
        assert await outcome_of(server, "/feed") in {"bad_encoding", "truncated"}


async def test_plain_bytes_that_claim_to_be_gzip_have_a_name() -> None:
    """A false Content-Encoding is an error of the server, not a crash."""
    async with feed_server() as server:
        server.give("/feed", rss(item("a")), Content_Encoding="gzip")
        assert await outcome_of(server, "/feed") == "bad_encoding"


async def test_a_document_shorter_than_promised_is_no_document() -> None:
    """A connection that closes before Content-Length is reached."""
    async with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<rss></rss>") as url:
        assert await raw_outcome(url) == "truncated"


async def test_something_that_is_not_http_has_a_name() -> None:
    """A banner of another protocol, or nothing at all."""
    async with raw_server(b"SSH-2.0-OpenSSH_9.6\r\n") as url:
        assert await raw_outcome(url) == "bad_answer"
    async with raw_server(b"") as url:
        assert await raw_outcome(url) == "truncated"


async def test_hundreds_of_headers_are_fine_and_thousands_are_not() -> None:
    """Some outlets send over a hundred; memory stays bounded all the same."""
    async with feed_server() as server:
        for count in (600, 5000):
            names = {f"X-Number-{n}": "v" for n in range(count)}
            server.give(f"/{count}", b"here", **names)
        assert (await fetch(server, "/600")).body == b"here"
        assert await outcome_of(server, "/5000") == "bad_answer"


async def test_a_closed_port_has_a_name() -> None:
    """Nobody there is a failure to connect."""
    async with feed_server() as server:
        url = server.url("/feed")
    assert await raw_outcome(url) == "connect"


async def test_a_certificate_of_nobody_has_a_name(tmp_path: Path) -> None:
    """TLS is verified, always."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("needs openssl to make a certificate")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = f"req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout {key} -out {cert}"
    maker = await asyncio.create_subprocess_exec(openssl, *words.split(), stderr=subprocess.DEVNULL)
    assert await maker.wait() == 0
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with server:
        assert await raw_outcome(f"https://127.0.0.1:{port}/") == "tls"


async def test_a_name_that_does_not_exist_has_a_name() -> None:
    """The reserved domain `invalid` never resolves."""
    assert await raw_outcome("http://nowhere.invalid/") in {"dns", "dns_temporary"}


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"status": 204}, "http_204"),
        ({"status": 410}, "http_410"),
        ({"status": 404}, "http_404"),
        ({"status": 500}, "http_500"),
        ({"status": 304}, "http_304"),
        ({"body": b""}, "empty"),
        ({"body": b"  \n "}, "empty"),
        ({"body": b"<!DOCTYPE html><html><body>Just a moment</body></html>"}, "not_a_feed"),
        ({"body": b"<html>x</html>", "cf_mitigated": "challenge"}, "challenge"),
        ({"body": b"{}"}, "not_a_feed"),
        ({"body": b"%PDF-1.7"}, "not_a_feed"),
    ],
)
async def test_answers_without_a_feed_have_a_name(answer: dict, word: str) -> None:
    """Every ending of a poll leaves an outcome, and never an empty success."""
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give("/feed", **answer)
        step = await at.poll()
    assert step.word == word
    assert step.state.outcomes[-1][1] == word
    assert step.state.fail_score > 0
    assert step.state.next_poll_at > START


async def test_410_three_times_over_days_means_once_a_week() -> None:
    """The publisher means it; all the same the feed is never switched off."""
    async with feed_server() as server, desk(server.url("/feed")) as at:
        server.give("/feed", rss(item("a")))
        await at.poll()
        server.give("/feed", status=410)
        for _ in range(4):
            await at.poll(86_400)
        assert at.state.next_poll_at - at.now > 6 * 86_400
        server.give("/feed", rss(item("b")))
        step = await at.poll()
    assert step.word in {"new", "gap"}
    assert at.state.fail_score == 0


async def test_an_etag_that_never_matches_costs_no_parse() -> None:
    """Servers that change the ETag with the compression: the bytes decide."""
    async with feed_server() as server, desk(server.url("/feed")) as at:
        for n in range(3):
            server.give("/feed", rss(item("a")), ETag=f'"{n}-gzip"')
            await at.poll(HOUR)
    assert [word for _, word in at.state.outcomes] == ["new", "same_body", "same_body"]


async def test_a_constant_etag_with_new_content_loses_nothing() -> None:
    """A 200 is read whatever its ETag says."""
    async with feed_server() as server, desk(server.url("/feed")) as at:
        for n in range(3):
            server.give("/feed", rss(*(item(f"a{i}") for i in range(n + 1))), ETag='"1"')
            await at.poll(HOUR)
    assert len(at.articles) == 3


async def test_validators_that_lie_are_found_out() -> None:
    """A server that answers 304 to changed content is asked without validators from then on."""
    old = "Mon, 02 Mar 2026 10:00:00 GMT"
    async with feed_server() as server, desk(server.url("/feed")) as at:
        items = [item("a", old)]

        async def lying(request: web.Request) -> web.Response:
            if "If-None-Match" in request.headers:
                return web.Response(status=304)
            return web.Response(body=rss(*items), headers={"ETag": '"1"'})

        server.handlers["/feed"] = lying
        await at.poll()
        for day in range(3, 7):
            for hour in (13, 15, 17, 19, 21, 23):
                items.insert(0, item(f"{day}-{hour}", f"{day:02d} Mar 2026 {hour}:00:00 GMT"))
                await at.poll(4 * HOUR)
        before = len(at.articles)
        items.insert(0, item("last", "07 Mar 2026 13:00:00 GMT"))
        await at.poll(HOUR)
    assert not at.state.trust
    assert len(at.articles) == before + 1


def raw_server(answer: bytes):
    """Run a server that sends these bytes to anybody and hangs up."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def run():
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    return run()


async def raw_outcome(url: str) -> str:
    async with Fetcher("", 5, HostGate(4)) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(url, allow_private=True)
    return caught.value.outcome
