"""Connect to a cluster; aiokafka's errors become newsmon's here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from monitor.errors import BrokerError
from monitor.kafka.logs import limit_aiokafka

_TIMEOUT_MS = 20_000
_GATHERED = 1 << 16


@asynccontextmanager
async def open_admin(
    bootstrap: str, timeout_ms: int = _TIMEOUT_MS
) -> AsyncIterator[AIOKafkaAdminClient]:
    """Connect for administration.

    Raises:
        BrokerError: No broker answers, or it refuses what is asked inside the block.
    """
    limit_aiokafka()
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=timeout_ms)
    try:
        await client.start()
        yield client
    except (KafkaError, OSError, TimeoutError) as exc:
        raise BrokerError(f"{bootstrap}: {_text(exc)}") from exc
    finally:
        await client.close()


@asynccontextmanager
async def open_reader(bootstrap: str, gather_ms: int = 0) -> AsyncIterator[AIOKafkaConsumer]:
    """Connect for reading without a group and without commits.

    Args:
        bootstrap: The brokers.
        gather_ms: Let the broker hold back an answer of less than 64 KiB for so long; 0 = not.

    Raises:
        BrokerError: No broker answers, or it refuses what is asked inside the block.
    """
    limit_aiokafka()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        # With "latest" a reset that `assign` has begun can overtake our own seek.
        auto_offset_reset="earliest",
        request_timeout_ms=_TIMEOUT_MS,
        **({"fetch_min_bytes": _GATHERED, "fetch_max_wait_ms": gather_ms} if gather_ms else {}),
    )
    try:
        await consumer.start()
        # Its tasks must have begun before `stop` may cancel them, else stop itself is cancelled.
        await asyncio.sleep(0)
        yield consumer
    except (KafkaError, OSError, TimeoutError) as exc:
        raise BrokerError(f"{bootstrap}: {_text(exc)}") from exc
    finally:
        await consumer.stop()


async def cluster_id_of(bootstrap: str, seconds: float = 5.0) -> str | None:
    """Return the id of a cluster that can be used: it has a controller and a broker; else None."""
    try:
        async with asyncio.timeout(seconds), open_admin(bootstrap) as admin:
            found = await admin.describe_cluster()
    except (BrokerError, TimeoutError):
        return None
    usable = found["brokers"] and found["controller_id"] >= 0
    return str(found["cluster_id"]) if usable else None


def _text(exc: Exception) -> str:
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    return str(exc).partition("\n")[0] or type(exc).__name__
