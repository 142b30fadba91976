"""The broker that runs on a data directory: its record, its lock, how it is stopped."""

from __future__ import annotations

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import BrokerError, MachineError
from monitor.kafka.node import Node, read_json
from monitor.process import end, started_at

STOP_SECONDS = 15.0
"""A broker that has not ended so long after SIGTERM is killed; its data recovers from that."""

_LOCK_SECONDS = 180.0


@dataclass(frozen=True)
class BrokerInfo:
    """The record of a running broker, `<data_dir>/broker.json`.

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


def running_broker(data_dir: Path) -> BrokerInfo | None:
    """Return the embedded broker of a data directory if its process lives, ready or not."""
    try:
        info = BrokerInfo(**(read_json(Node(data_dir).record) or {}))
    except (TypeError, MachineError):
        return None
    return info if info.alive else None


async def stop_broker(data_dir: Path) -> bool:
    """Stop the embedded broker of a data directory, whoever started it.

    Returns:
        Whether there was one.

    Raises:
        BrokerError: It cannot be ended.
    """
    node = Node(data_dir)
    if running_broker(data_dir) is None:
        return False
    async with exclusive(node.start_lock):
        info = running_broker(data_dir)
        if info is None:
            return False
        await end(info.pid, info.start_time, patience=STOP_SECONDS)
        node.record.unlink(missing_ok=True)
    return True


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
