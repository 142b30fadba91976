"""The brokers that run on a data directory: their records, their lock, how they are stopped."""

from __future__ import annotations

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import BrokerError, MachineError
from monitor.kafka.layout import LAYOUTS, nodes_of
from monitor.kafka.node import Node, read_json
from monitor.process import end, started_at

STOP_SECONDS = 15.0
"""A broker that has not ended so long after SIGTERM is killed; its data recovers from that."""

_LOCK_SECONDS = 180.0


@dataclass(frozen=True)
class BrokerInfo:
    """The record of a running broker, `<data_dir>/broker.json` (`broker-1.json` of a cluster).

    Attributes:
        pid: Its process.
        start_time: What tells the process from a later one of the same number.
        port: Client port on 127.0.0.1.
        bootstrap: `host:port` for clients.
        cluster_id: Kafka's name of the cluster.
        version: Version of Kafka.
        owner: Process that started it and will stop it; 0 when it was left to itself.
        owner_start: As `start_time`, of the owner.
    """

    pid: int
    start_time: str
    port: int
    bootstrap: str
    cluster_id: str
    version: str
    owner: int = 0
    owner_start: str = ""

    @property
    def alive(self) -> bool:
        """Whether the process lives."""
        return started_at(self.pid) == self.start_time

    @property
    def orphaned(self) -> bool:
        """Whether it was to be stopped by a process that is gone."""
        return self.owner != 0 and started_at(self.owner) != self.owner_start


def running_on(node: Node) -> BrokerInfo | None:
    """Return the broker of a node if its process lives, ready or not."""
    try:
        info = BrokerInfo(**(read_json(node.record) or {}))
    except (TypeError, MachineError):
        return None
    return info if info.alive else None


def running_brokers(data_dir: Path) -> dict[Node, BrokerInfo]:
    """Return the embedded brokers of a data directory whose processes live, ready or not."""
    nodes = (node for count in LAYOUTS for node in nodes_of(data_dir, count))
    return {node: info for node in nodes if (info := running_on(node))}


async def stop_brokers(data_dir: Path) -> int:
    """Stop the embedded brokers of a data directory, whoever started them.

    Returns:
        How many there were.

    Raises:
        BrokerError: Somebody has been starting them for minutes.
        MachineError: One cannot be ended.
    """
    found = running_brokers(data_dir)
    if not found:
        return 0
    first = next(iter(found))
    lock = nodes_of(data_dir, LAYOUTS[-1] if first.number else 1)[0].start_lock
    async with exclusive(lock):
        found = running_brokers(data_dir)
        await end_brokers(found)
    return len(found)


async def end_brokers(found: Mapping[Node, BrokerInfo]) -> None:
    """End brokers and remove their records.

    All at once: the last node of a cluster could not leave in order without the others.

    Raises:
        MachineError: One cannot be ended.
    """

    async def finish(node: Node, info: BrokerInfo) -> None:
        await end(info.pid, info.start_time, patience=STOP_SECONDS)
        node.record.unlink(missing_ok=True)

    await asyncio.gather(*(finish(node, info) for node, info in found.items()))


@asynccontextmanager
async def exclusive(path: Path) -> AsyncIterator[None]:
    """Hold a lock file; it is freed by the kernel when its holder dies."""
    deadline = time.monotonic() + _LOCK_SECONDS
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise BrokerError(
                        f"{path}: another newsmon has been starting the broker for"
                        f" {_LOCK_SECONDS:.0f} s"
                    ) from None
                await asyncio.sleep(0.1)
        yield
