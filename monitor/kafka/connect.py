"""Connect to a cluster; aiokafka's errors become newsmon's here."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    CorruptRecordException,
    GroupAuthorizationFailedError,
    InvalidTimestampError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

from monitor.errors import BrokerError, ConfigError
from monitor.kafka.logs import limit_aiokafka
from monitor.kafka.security import Access, access_of, client_options

_TIMEOUT_MS = 20_000
_GATHERED = 1 << 16

METADATA_MAX_AGE_MS = 5_000
"""How often a client asks who leads what: of the successor of a broker that fell silent without
closing its connections it learns in no other way."""

REFUSALS = (
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
    ClusterAuthorizationFailedError,
)
"""What a broker answers to a user without the right."""


@asynccontextmanager
async def open_admin(
    bootstrap: str, timeout_ms: int = _TIMEOUT_MS
) -> AsyncIterator[AIOKafkaAdminClient]:
    """Connect for administration.

    Raises:
        BrokerError: No broker answers, or it refuses what is asked inside the block.
    """
    limit_aiokafka()
    client = AIOKafkaAdminClient(**client_options(bootstrap), request_timeout_ms=timeout_ms)
    try:
        await client.start()
        yield client
    except (KafkaError, OSError, TimeoutError) as exc:
        raise BrokerError(f"{bootstrap}: {explain(exc)}") from exc
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
        **client_options(bootstrap),
        group_id=None,
        enable_auto_commit=False,
        # With "latest" a reset that `assign` has begun can overtake our own seek.
        auto_offset_reset="earliest",
        request_timeout_ms=_TIMEOUT_MS,
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
        **({"fetch_min_bytes": _GATHERED, "fetch_max_wait_ms": gather_ms} if gather_ms else {}),
    )
    try:
        await consumer.start()
        # Its tasks must have begun before `stop` may cancel them, else stop itself is cancelled.
        await asyncio.sleep(0)
        yield consumer
    except (KafkaError, OSError, TimeoutError) as exc:
        raise BrokerError(f"{bootstrap}: {explain(exc)}") from exc
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


async def check_access(bootstrap: str, seconds: float = 5.0) -> None:
    """Find out whether the brokers let us in: aiokafka itself only logs why they do not.

    A broker that is away says nothing about it.

    Raises:
        ConfigError: A broker refuses us, or we cannot trust it; the error names the setting.
    """
    if access_of(bootstrap) == Access():
        return  # nobody is asked who he is
    options = client_options(bootstrap)
    for server in options.pop("bootstrap_servers").split(","):
        host, _, port = server.rpartition(":")
        try:
            async with asyncio.timeout(seconds):
                connection = await create_conn(host.strip("[]"), int(port), **options)
        except (KafkaError, OSError, TimeoutError) as exc:
            if fault := _fault(exc, access_of(bootstrap)):
                raise ConfigError(f"{fault[0]}: {server}: {fault[1]}") from exc
        else:
            connection.close()
            return


def explain(exc: Exception) -> str:
    """Say in one line what went wrong."""
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    if isinstance(exc, REFUSALS):
        return f"our user lacks a right on {_refused(exc)} (see `newsmon topics acls`)"
    if isinstance(exc, CorruptRecordException):
        where = str(exc).rpartition(" - ")[2]
        return f"a record is damaged on the broker's disk ({where}); see docs/repair.md"
    if isinstance(exc, InvalidTimestampError):
        return "our clock is more than an hour ahead of the broker's; set it right"
    return str(exc).partition("\n")[0] or type(exc).__name__


def _refused(exc: Exception) -> str:
    """Name what a refusal is about: aiokafka gives a name, names, or a sentence with one last."""
    about = exc.args[0] if exc.args else ""
    names = sorted(about) if isinstance(about, set) else [str(about).rpartition(" ")[2]]
    kind = type(exc).__name__.partition("Authorization")[0].lower()
    return f"the {kind} {', '.join(names)}".rstrip()


def _fault(exc: Exception, access: Access) -> tuple[str, str] | None:
    """Return the setting that is to blame, and why."""
    match exc:
        case ssl.SSLCertVerificationError():
            return "kafka.ssl_cafile", f"its certificate is not trusted: {exc.verify_message}"
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ssl.SSLSyscallError():
            return None  # it went away: perhaps it is just being restarted
        case ssl.SSLError():
            return "kafka.security_protocol", f"it speaks no TLS that we know ({exc.reason})"
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            return "kafka.sasl_password", f"it refuses user {access.user!r} with this password"
        case UnsupportedSaslMechanismError():
            return "kafka.sasl_mechanism", f"it does not offer {access.mechanism}"
    return None
