"""A TCP proxy on loopback that can cut, delay and hold what passes through it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

HOST = "127.0.0.1"
_CHUNK = 1 << 16


class Proxy:
    """Passes connections on to a port of this machine.

    Attributes:
        delay_s: How long each piece of data waits before it is passed on, in seconds.
        passed: Connections so far.
    """

    def __init__(self, target_port: int) -> None:
        self.delay_s = 0.0
        self.passed = 0
        self._target_port = target_port
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        assert self._server
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._connected, HOST, 0)

    async def stop(self) -> None:
        """Cut everything and listen no more."""
        self.release()
        if self._server:
            self._server.close()
            self.cut()
            await self._server.wait_closed()

    def cut(self) -> int:
        """Reset both ends of all connections, and return how many; new ones are welcome at once."""
        writers = list(self._writers)
        for writer in writers:
            writer.transport.abort()
        return len(writers)

    def hold(self) -> None:
        """Be a black hole: take connections and data, and pass nothing on until `release`.

        What was taken is passed on then, as TCP sends again what it could not deliver.
        """
        self._flows.clear()

    def release(self) -> None:
        """End a hold."""
        self._flows.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.passed += 1
        self._writers.add(writer)
        try:
            await self._flows.wait()
            try:
                far_reader, far_writer = await asyncio.open_connection(HOST, self._target_port)
            except OSError:
                return  # nobody listens there: the caller sees its connection end
            self._writers.add(far_writer)
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
            self._writers.discard(far_writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass data on in one direction; its end ends the other direction too."""
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._flows.wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                writer.write(data)
                await writer.drain()
        writer.close()
