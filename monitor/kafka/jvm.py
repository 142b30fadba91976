"""Kafka's Java programs: format a node, start a broker, wait until it can be used."""

from __future__ import annotations

import asyncio
import hashlib
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import BrokerError
from monitor.kafka.connect import cluster_id_of
from monitor.kafka.jars import class_path, lock_hash
from monitor.kafka.java import CACHES_START, Java
from monitor.kafka.node import HOST, Node
from monitor.process import finished, launch

READY_SECONDS = 90.0
_FORMAT_SECONDS = 60.0
_POLL = 0.05

_EXCEPTION = re.compile(r"(?:Caused by: )?[\w.$]+(?:Exception|Error): (.+)")
_PORT_TAKEN = "its port was taken by another program meanwhile"
_KNOWN = (
    ("Failed to acquire lock on file", "another Kafka uses this data directory"),
    ("Address already in use", _PORT_TAKEN),
    ("No space left on device", "the disk is full"),
    ("OutOfMemoryError", "its heap is too small; raise kafka.heap_mb"),
    ("Could not reserve enough space", "there is too little memory for its heap"),
)


class PortTakenError(BrokerError):
    """Somebody took a port between the choice and the start; another try finds another one."""


@dataclass(frozen=True)
class Kafka:
    """What it takes to run Kafka's programs.

    Attributes:
        java: The Java.
        jars: Folder of the jars.
        heap_mb: Java heap, MiB.
    """

    java: Java
    jars: Path
    heap_mb: int

    @property
    def start_cache(self) -> Path | None:
        """Where Java's start-up cache stands, if this Java can have one.

        The name holds all that the cache depends on: Java's build, the jars and the flags.
        """
        if self.java.major < CACHES_START:
            return None
        parts = (self.java.build, str(self.jars), lock_hash(), *jvm_flags(self.heap_mb))
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        return self.jars / f"start-{key}.aot"

    def command(self, main: Sequence[str], extra: Sequence[str] = ()) -> list[str]:
        """Return the command line of one program; it uses the start-up cache if there is one."""
        flags = [*jvm_flags(self.heap_mb), *extra]
        if self.start_cache and self.start_cache.exists():
            flags.append(f"-XX:AOTCache={self.start_cache}")
        return [str(self.java.path), *flags, "-cp", class_path(self.jars), *main]


def jvm_flags(heap_mb: int) -> list[str]:
    """Return Java's options: quick to start and small, since one news flow is a small load."""
    return [
        "-Xms64m",
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xss512k",
        "-XX:MaxMetaspaceSize=128m",
        "-XX:MaxDirectMemorySize=64m",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:-UsePerfData",
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF-8",
        "-Dlog4j2.configurationFile=log4j2.properties",
    ]


async def format_node(kafka: Kafka, node: Node, cluster_id: str, *, nice: int = 0) -> None:
    """Format a node's data folder; one that is formatted already stays as it is.

    Raises:
        BrokerError: Kafka's tool failed; it says why.
    """
    arguments = ("format", "--ignore-formatted", "-t", cluster_id, "-c", "server.properties")
    process = launch(
        kafka.command(("kafka.tools.StorageTool", *arguments)),
        folder=node.folder,
        output=node.output,
        follow_parent=True,
        nice=nice,
    )
    try:
        await finished(process, _FORMAT_SECONDS)
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        why = reason("", _tail(node.output))
        raise BrokerError(f"{node.data}: cannot be formatted: {why}")


def start_node(
    kafka: Kafka, node: Node, *, extra: Sequence[str] = (), follow_parent: bool, nice: int = 0
) -> subprocess.Popen[bytes]:
    """Start the broker of a formatted, configured node."""
    return launch(
        kafka.command(("kafka.Kafka", "server.properties"), extra),
        folder=node.folder,
        output=node.output,
        follow_parent=follow_parent,
        nice=nice,
    )


async def wait_ready(
    node: Node, process: subprocess.Popen[bytes], port: int, cluster_id: str, log_start: int
) -> None:
    """Wait until a broker answers with its cluster id and has a controller.

    Args:
        node: The node.
        process: Its process.
        port: Its client port.
        cluster_id: What it must call itself.
        log_start: Size of the log before the start, in bytes.

    Raises:
        PortTakenError: It ended because somebody had its port.
        BrokerError: It ended otherwise, or does not get ready; it says why.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            why = reason(_tail(node.log, log_start), _tail(node.output))
            kind = PortTakenError if why == _PORT_TAKEN else BrokerError
            raise kind(f"the broker ended while starting: {why} (see {node.log})")
        # An open port comes long before a usable broker, but asking is dear while it is closed.
        if await accepts(port) and await cluster_id_of(f"{HOST}:{port}") == cluster_id:
            return
        await asyncio.sleep(_POLL)
    raise BrokerError(f"the broker is not ready after {READY_SECONDS:.0f} s (see {node.log})")


async def accepts(port: int) -> bool:
    """Tell whether a port of this machine takes connections."""
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(HOST, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def reason(log: str, output: str) -> str:
    """Find out from a broker's last words why it ended."""
    for sign, why in _KNOWN:
        if sign in log or sign in output:
            return why
    lines = log.splitlines()
    errors = [n for n, line in enumerate(lines) if " ERROR " in line or " FATAL " in line]
    # An error stands in one line, the exception with the deepest cause in a later one.
    if not errors:
        printed = [line.strip() for line in output.splitlines() if line.strip()]
        return printed[-1][:300] if printed else "it left no reason"
    last = lines[errors[-1] :]
    causes = [found[1] for line in last if (found := _EXCEPTION.match(line))]
    return (causes or last[:1])[-1].strip()[:300]


def _tail(path: Path, start: int = 0) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            # After a rotation the file is younger than the start: take all of it.
            file.seek(max(start if start <= size else 0, size - 100_000))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
