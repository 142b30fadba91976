"""A public feed never makes us speak to an address that the internet cannot reach."""

from __future__ import annotations

import socket
from unittest.mock import patch

import aiohttp
import pytest

from monitor.errors import FetchError
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from tests.feed_server import feed_server

LITERALS = """
127.0.0.1 127.1.2.3 127.255.255.255 10.0.0.1 10.255.0.1 172.16.0.1 172.31.255.255 192.168.0.1
192.168.255.255 169.254.169.254 169.254.0.1 100.64.0.1 100.127.255.255 0.0.0.0 0.1.2.3 192.0.0.8
192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
192.88.99.1 [::1] [::] [fe80::1] [fc00::1] [fd12:3456::1] [ff02::1] [::ffff:127.0.0.1]
[::ffff:10.0.0.1] [::ffff:a9fe:a9fe] [::127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::10.0.0.1]
[64:ff9b::169.254.169.254] [64:ff9b:1::1] [2002:7f00:1::] [2002:a00:1::1] [2002:c0a8:1::1]
[2001:0:7f00:1::] [2001:db8::1] [2001:10::1] [fec0::1] [100::1] [3fff::1] [5f00::1]
[2600::5efe:10.0.0.1] [2600::200:5efe:192.168.0.1]
""".split()
DISGUISED = """
2130706433 0x7f000001 0x7f.1 0177.0.0.1 127.1 127.0.1 0 localhost LOCALHOST localhost. 127.0.0.1.
[0:0:0:0:0:0:0:1] [::ffff:7f00:1] [0000::0001] ①②⑦.0.0.1 127。0。0。1
""".split()


async def refused(url: str) -> str:
    async with Fetcher("", 5, HostGate(4, spacing_s=0)) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(url)
    return caught.value.outcome


@pytest.mark.parametrize("host", LITERALS)
async def test_addresses_of_no_public_host_are_refused(host: str) -> None:
    """Literal addresses of every special range, IPv4 wrapped into IPv6 among them."""
    assert await refused(f"http://{host}:1/") == "private_address"


@pytest.mark.parametrize("host", DISGUISED)
async def test_disguised_loopback_is_refused(host: str) -> None:
    """Numbers, hex, octal, short forms, other digits: none of them arrives."""
    async with feed_server() as server:
        port = server.base.rpartition(":")[2]
        assert await refused(f"http://{host}:{port}/") in {
            "private_address",
            "bad_url",
            "dns",
            "dns_temporary",
        }
        assert not server.hits


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_to_private_addresses_are_refused(status: int) -> None:
    """The first hop is allowed here by a stand-in for a public server; the second is checked."""
    async with feed_server() as public, feed_server("127.0.0.2") as private:
        public.give("/feed", status=status, Location=private.url("/secret"))
        private.give("/secret", b"secret")
        with patch("monitor.feeds.fetch.is_public", lambda address: address == "127.0.0.1"):
            assert await refused(public.url("/feed")) == "private_address"
        assert public.hits
        assert not private.hits


async def test_a_name_server_that_changes_its_mind_gains_nothing() -> None:
    """The check is of the very address that is connected to, at each connect."""
    answers = iter(["93.184.216.34", "127.0.0.1"])
    asked = []

    async def resolve(self, host, port=0, family=0):
        address = next(answers, "127.0.0.1")
        asked.append(address)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET,
                "proto": 6,
                "flags": 0,
            }
        ]

    async with feed_server() as server:
        port = server.base.rpartition(":")[2]
        url = f"http://rebind.example:{port}/"
        with patch.object(aiohttp.ThreadedResolver, "resolve", resolve):
            async with Fetcher("", 0.5, HostGate(4, spacing_s=0)) as fetcher:
                outcomes = []
                for _ in range(2):
                    with pytest.raises(FetchError) as caught:
                        await fetcher.fetch(url)
                    outcomes.append(caught.value.outcome)
        assert outcomes[-1] == "private_address"
        assert "127.0.0.1" in asked
        assert not server.hits


async def test_a_name_with_one_private_address_among_public_ones_is_refused_there() -> None:
    """Several answers of the name server are each checked."""

    async def resolve(self, host, port=0, family=0):
        return [
            {
                "hostname": host,
                "host": a,
                "port": port,
                "family": socket.AF_INET,
                "proto": 6,
                "flags": 0,
            }
            for a in ("127.0.0.1", "10.0.0.1")
        ]

    async with feed_server() as server:
        port = server.base.rpartition(":")[2]
        with patch.object(aiohttp.ThreadedResolver, "resolve", resolve):
            assert await refused(f"http://many.example:{port}/") == "private_address"
        assert not server.hits


async def test_an_open_private_connection_is_not_lent_to_a_public_feed() -> None:
    """Connections of feeds that may be private are kept apart from all others."""
    async with feed_server() as server, Fetcher("", 5, HostGate(4)) as fetcher:
        server.give("/feed", b"x")
        await fetcher.fetch(server.url("/feed"), allow_private=True)
        with pytest.raises(FetchError):
            await fetcher.fetch(server.url("/feed"))
        assert len(server.hits) == 1


async def test_a_private_feed_may_be_private_when_it_says_so() -> None:
    """`allow_private` lifts the rule for this feed."""
    async with feed_server() as server, Fetcher("", 5, HostGate(4)) as fetcher:
        server.give("/feed", b"x")
        answer = await fetcher.fetch(server.url("/feed"), allow_private=True)
    assert answer.body == b"x"
