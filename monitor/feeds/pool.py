"""Parse workers that can be killed: a stuck or dead one costs its document, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import sys

import orjson

from monitor.errors import ParseError
from monitor.feeds.entry import ParsedFeed

_START_S = 60.0


class ParserPool:
    """A few worker processes; each call takes the next free one."""

    def __init__(self, size: int, timeout_s: float = 5.0) -> None:
        """Prepare the pool; processes start with the first documents.

        Args:
            size: How many processes.
            timeout_s: How long one document may take before its worker is killed.
        """
        self._timeout_s = timeout_s
        self._workers = [_Worker() for _ in range(size)]
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        for worker in self._workers:
            self._idle.put_nowait(worker)

    async def parse(
        self,
        doc: bytes,
        base: str = "",
        content_type: str = "",
        *,
        detect: bool = True,
        raw: bool = False,
        page: bool = False,
    ) -> ParsedFeed:
        """Parse a document in a worker.

        Args:
            doc: The body of an answer.
            base: Its address.
            content_type: Its header.
            detect: Whether to find the language of items that name none.
            raw: Whether summary and content stay markup, for `newsmon parse`.
            page: Whether it is an article's page; its text is that of the one entry.

        Raises:
            ParseError: `not_a_feed`, `no_text` (of a page), `empty`, `too_large`,
                `parse_timeout`, `parse_crashed` or `parse_failed`.
        """
        words = {"base": base, "content_type": content_type}
        options = orjson.dumps(words | {"detect": detect, "raw": raw, "page": page})
        worker = await self._idle.get()
        try:
            reply = await worker.ask(options, doc, self._timeout_s)
        finally:
            self._idle.put_nowait(worker)
        if reply[:1] == b"E":
            outcome, why = orjson.loads(reply[1:])
            raise ParseError(outcome, why)
        return ParsedFeed.decode(reply[1:])

    async def close(self) -> None:
        """End all workers."""
        await asyncio.gather(*(worker.kill() for worker in self._workers))


class _Worker:
    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, options: bytes, doc: bytes, timeout_s: float) -> bytes:
        process = await self._running()
        try:
            async with asyncio.timeout(timeout_s) as clock:
                await _send(process, options, doc)
                while (reply := await _read(process)) == b"W":
                    clock.reschedule(asyncio.get_running_loop().time() + _START_S)
        except TimeoutError:
            await self.kill()
            raise ParseError("parse_timeout", f"no result within {timeout_s:g} s") from None
        except (EOFError, OSError) as exc:
            await self.kill()
            raise ParseError("parse_crashed", "the parser died of this document") from exc
        except asyncio.CancelledError:
            await self.kill()  # its answer would be taken for the next one's
            raise
        if reply[:1] == b"L":
            await self.kill()
        return reply

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process and self._process.returncode is None:
            return self._process
        # A fresh interpreter, not a fork: this process has threads and sockets.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "monitor.feeds.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            limit=1 << 24,
            start_new_session=True,  # Ctrl-C is the poller's affair
        )
        self._process = process
        try:
            async with asyncio.timeout(_START_S):
                await _read(process)
        except (TimeoutError, EOFError, OSError, asyncio.CancelledError) as exc:
            await self.kill()
            if isinstance(exc, asyncio.CancelledError):
                raise
            raise ParseError("parse_crashed", "the parser did not start") from exc
        return process

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _send(process: asyncio.subprocess.Process, options: bytes, doc: bytes) -> None:
    assert process.stdin is not None
    for frame in (options, doc):
        process.stdin.write(struct.pack(">I", len(frame)))
        process.stdin.write(frame)
    await process.stdin.drain()


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
    return await process.stdout.readexactly(length)
