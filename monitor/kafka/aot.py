"""Java's start-up cache (JEP 514): it halves the broker's start.

The cache is made by a training run: a broker on a data folder of its own is started, used and
stopped. That costs some seconds of one core, so it happens with the lowest priority, while the
real broker has been running for a while, or at the end of `newsmon kafka fetch`. A cache that
does not fit is ignored by Java, never an error.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.errors import NewsmonError
from monitor.kafka.admin import apply_topics, offsets
from monitor.kafka.jvm import Kafka, format_node, start_node, wait_ready
from monitor.kafka.node import HOST, Node, free_port, new_cluster_id
from monitor.process import finished
from monitor.topics import TOPICS

log = logging.getLogger(__name__)

_NEEDED_BYTES = 1 << 30
_DUMP_SECONDS = 120.0


async def train_later(kafka: Kafka, seconds: float = 30.0) -> None:
    """Make the cache after a while, unless it is there; trouble is logged, never raised."""
    path = kafka.start_cache
    if path is None or path.exists():
        return
    await asyncio.sleep(seconds)
    try:
        await train(kafka)
    except (NewsmonError, OSError) as exc:
        log.warning("no start-up cache for the broker, it will start slower: %s", exc)


async def train(kafka: Kafka) -> Path | None:
    """Make the cache now, some ten seconds of one core at low priority.

    Returns:
        The cache; None where Java knows none, disk is short, or another process is making it.

    Raises:
        BrokerError: The training broker did not start.
        OSError: The disk cannot take it.
    """
    path = kafka.start_cache
    if path is None or path.exists():
        return path
    if shutil.disk_usage(kafka.jars).free < _NEEDED_BYTES:
        return None
    with _only_one(kafka.jars / "training.lock") as alone:
        if not alone:
            return None
        for stale in kafka.jars.glob("training-*"):
            shutil.rmtree(stale, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="training-", dir=kafka.jars) as folder:
            made = Path(folder) / "start.aot"
            await _run(kafka, Node(Path(folder)), made)
            if not made.exists():
                return None
            for old in kafka.jars.glob("start-*.aot"):
                old.unlink()
            made.replace(path)
    return path


async def _run(kafka: Kafka, node: Node, made: Path) -> None:
    port, cluster_id = free_port(), new_cluster_id()
    node.prepare()
    node.configure(port, free_port())
    await format_node(kafka, node, cluster_id, nice=19)
    extra = [f"-XX:AOTCacheOutput={made}"]
    process = start_node(kafka, node, extra=extra, follow_parent=True, nice=19)
    try:
        await wait_ready(node, process, port, cluster_id, 0)
        await apply_topics(f"{HOST}:{port}")
        await offsets(f"{HOST}:{port}", {topic.name: topic.partitions for topic in TOPICS})
        process.send_signal(signal.SIGTERM)
        await finished(process, _DUMP_SECONDS)
    finally:
        if process.poll() is None:
            # Java writes the cache in a child of its own, which is of the same session.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _only_one(path: Path) -> Iterator[bool]:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
