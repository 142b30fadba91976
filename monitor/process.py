"""Processes by their number: start one that follows its parent into death, ask, end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from monitor.errors import MachineError

# Runs between fork and the real program: asks the kernel for SIGTERM when the starting thread
# dies, unless it is dead already. A step of its own, since Python code between fork and exec is
# not safe in a process with threads.
_FOLLOW_PARENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""

_KEPT = ("PATH", "HOME", "TMPDIR", "TZ")
_POLL = 0.05


def following(command: Sequence[str]) -> list[str]:
    """Return a command that starts a program which ends when the starting *thread* does.

    On Linux the kernel sends it SIGTERM: start it from the main thread. Elsewhere it is the command
    as it was.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _FOLLOW_PARENT, str(os.getpid()), *command]


def launch(
    command: Sequence[str], *, folder: Path, output: Path, follow_parent: bool, nice: int = 0
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C does not reach it.

    The environment is not handed on (it may hold secrets and options for other Javas), apart from
    a few harmless variables.

    Args:
        command: Program (absolute path) and arguments.
        folder: Working directory.
        output: File that takes its standard output and errors, begun anew.
        follow_parent: On Linux, end it with SIGTERM when the calling *thread* dies: call from the
            main thread. Elsewhere without effect.
        nice: How much to lower its priority.
    """
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # Java takes the encoding of file names from the locale.
    environ["LC_ALL"] = "C.UTF-8"
    if follow_parent:
        command = following(command)
    if nice:
        command = ["nice", "-n", str(nice), *command]
    with output.open("wb") as target:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


async def finished(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for a child at most so long; tell whether it has ended."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_POLL)
    return True


def started_at(pid: int) -> str | None:
    """Return a word that tells this process from a later one of the same number; None if dead."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        # The program's name stands in brackets and may hold anything, brackets too.
        fields = stat.rpartition(b")")[2].split()
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


async def end(pid: int, started: str, *, patience: float) -> bool:
    """End a process with SIGTERM, after `patience` seconds with SIGKILL, and wait until it is gone.

    Returns:
        Whether SIGTERM was enough.

    Raises:
        MachineError: It cannot be ended.
    """
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0)):
        if started_at(pid) != started:
            return True
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        except PermissionError as exc:
            raise MachineError(f"process {pid} belongs to another user") from exc
        if await _gone(pid, started, seconds):
            return number == signal.SIGTERM
    raise MachineError(f"process {pid} does not end")


async def _gone(pid: int, started: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if started_at(pid) != started:
            return True
        await asyncio.sleep(_POLL)
    return False
