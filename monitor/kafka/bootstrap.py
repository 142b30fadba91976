"""Find the broker to talk to."""

from __future__ import annotations

import asyncio
import time

from monitor.errors import BrokerError
from monitor.kafka.connect import check_access, cluster_id_of
from monitor.kafka.running import running_brokers
from monitor.kafka.security import Cluster, read_access
from monitor.settings import Settings

_SECONDS = 6.0


async def resolve_bootstrap(settings: Settings) -> str:
    """Return the servers to connect to, comma-separated, once they answer.

    These are `bootstrap_servers` when set, with the way in (a `Cluster`), else the embedded
    brokers of `data_dir`.

    Raises:
        BrokerError: No embedded broker runs, or nobody answers within some seconds.
        ConfigError: The brokers refuse us or cannot be trusted, or a file of ours is not right.
    """
    if settings.bootstrap_servers:
        bootstrap: str = Cluster(",".join(settings.bootstrap_servers), read_access(settings.kafka))
        hint = "check bootstrap_servers and kafka.security_protocol"
    else:
        running = running_brokers(settings.data_dir).values()
        if not running:
            raise BrokerError(
                f"no broker is running for {settings.data_dir}; start one with `newsmon up` or"
                " `newsmon kafka start`"
            )
        bootstrap = ",".join(info.bootstrap for info in running)
        hint = f"see {settings.data_dir / 'logs'}"
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        await check_access(bootstrap, _SECONDS)
        if await cluster_id_of(bootstrap, _SECONDS) is not None:
            return bootstrap
        await asyncio.sleep(0.2)  # one that is just starting is not there at once
    raise BrokerError(f"no usable broker answers at {bootstrap}; {hint}")
