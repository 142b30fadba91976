"""A child process: it ends with its parent, and its output goes into a rotated log."""

from __future__ import annotations

import asyncio
import logging.handlers
import sys
import time
from collections.abc import Callable
from pathlib import Path

from monitor.errors import MachineError
from monitor.process import following

_LOG_BYTES, _LOG_FILES = 5_000_000, 3


class Child:
    """One program that is started, watched and stopped.

    Attributes:
        name: The role's name.
        restarts: How often it was started again.
    """

    def __init__(self, name: str, command: list[str], log_dir: Path, echo: bool) -> None:
        self.name = name
        self.restarts = 0
        self._command = command
        self._echo = echo
        self._log_path = log_dir / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._started = 0.0
        self.tail: list[str] = []

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self.alive and self._process else None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs or before its first start."""
        return self._process.returncode if self._process else None

    @property
    def uptime_s(self) -> float:
        """Seconds since its last start."""
        return time.monotonic() - self._started

    async def start(self) -> None:
        """Start it.

        Raises:
            MachineError: The log cannot be written.
        """
        write = _rotating_log(self._log_path)
        self.tail.clear()
        self._started = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *following(self._command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # A session of its own: Ctrl-C reaches the parent alone, which stops all in order.
            start_new_session=True,
            limit=1 << 20,
        )
        self._pump = asyncio.create_task(self._copy_output(self._process, write))

    async def stop(self, patience_s: float) -> None:
        """Send SIGTERM, and SIGKILL after `patience_s` seconds."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), patience_s)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._pump:
            await self._pump

    async def _copy_output(
        self, process: asyncio.subprocess.Process, write: Callable[[str], None]
    ) -> None:
        assert process.stdout is not None
        while True:
            try:
                raw = await process.stdout.readline()
            except ValueError:  # a line longer than the limit; its rest follows
                continue
            if not raw:
                break
            line = raw.decode("utf-8", "replace").rstrip()
            write(line)
            self.tail = [*self.tail[-4:], line]
            if self._echo:
                print(f"{self.name}: {line}", file=sys.stderr, flush=True)  # noqa: T201
        await process.wait()


def _rotating_log(path: Path) -> Callable[[str], None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
        )
    except OSError as exc:
        raise MachineError(f"{path}: cannot be written ({exc.strerror})") from exc
    handler.setFormatter(logging.Formatter("%(message)s"))

    def write(line: str) -> None:
        handler.emit(logging.LogRecord(path.stem, logging.INFO, "", 0, line, None, None))

    return write
