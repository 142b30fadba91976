"""The proxy of the chaos run: what passes it arrives, what it cuts or holds does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.chaos.proxy import HOST, Proxy


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """Return a proxy in front of an echo."""
    server = await asyncio.start_server(_echo, HOST, 0)
    proxy = Proxy(server.sockets[0].getsockname()[1])
    await proxy.start()
    yield proxy
    await proxy.stop()
    server.close()


async def test_bytes_pass_in_both_directions(proxy: Proxy) -> None:
    """A megabyte comes back as it went."""
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    sent = bytes(range(256)) * 4096

    writer.write(sent)

    assert await asyncio.wait_for(reader.readexactly(len(sent)), 20) == sent
    assert proxy.passed == 1
    writer.close()


async def test_a_cut_ends_every_connection_and_new_ones_are_fine(proxy: Proxy) -> None:
    """Both ends see it; the next connection works."""
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    writer.write(b"one")
    assert await asyncio.wait_for(reader.readexactly(3), 20) == b"one"

    proxy.cut()

    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 20)
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    writer.write(b"two")
    assert await asyncio.wait_for(reader.readexactly(3), 20) == b"two"
    writer.close()


async def test_what_is_held_arrives_after_the_release(proxy: Proxy) -> None:
    """Old and new connections are silent during a hold, and lose nothing."""
    old = await asyncio.open_connection(HOST, proxy.port)
    old[1].write(b"a")
    assert await asyncio.wait_for(old[0].readexactly(1), 20) == b"a"
    proxy.hold()
    new = await asyncio.open_connection(HOST, proxy.port)
    waiting = [asyncio.create_task(reader.readexactly(1)) for reader, _ in (old, new)]
    for _, writer in (old, new):
        writer.write(b"b")
    done, _ = await asyncio.wait(waiting, timeout=0.3)
    assert not done

    proxy.release()

    assert await asyncio.wait_for(asyncio.gather(*waiting), 20) == [b"b", b"b"]
    for _, writer in (old, new):
        writer.close()


async def test_nobody_behind_it_ends_the_connection() -> None:
    """As with a broker that is down, the client is not left waiting."""
    unused = await asyncio.start_server(_echo, HOST, 0)
    port = unused.sockets[0].getsockname()[1]
    unused.close()
    await unused.wait_closed()
    proxy = Proxy(port)
    await proxy.start()
    reader, writer = await asyncio.open_connection(HOST, proxy.port)

    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 20)

    writer.close()
    await proxy.stop()
