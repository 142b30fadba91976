"""Find the broker to talk to."""

from __future__ import annotations

import asyncio
import time

from monitor.errors import BrokerError
from monitor.kafka.connect import cluster_id_of
from monitor.kafka.running import running_broker
from monitor.settings import Settings

_SECONDS = 6.0


async def resolve_bootstrap(settings: Settings) -> str:
    """Return the servers to connect to, comma-separated, once they answer.

    These are `bootstrap_servers` when set, else the embedded broker of `data_dir`.

    Raises:
        BrokerError: No embedded broker runs, or nobody answers within some seconds.
    """
    if settings.bootstrap_servers:
        bootstrap, hint = ",".join(settings.bootstrap_servers), "check bootstrap_servers"
    else:
        info = running_broker(settings.data_dir)
        if info is None:
            raise BrokerError(
                f"no broker is running for {settings.data_dir}; start one with `newsmon up` or"
                " `newsmon kafka start`"
            )
        bootstrap, hint = info.bootstrap, f"see {settings.data_dir / 'logs' / 'kafka.log'}"
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if await cluster_id_of(bootstrap, _SECONDS) is not None:
            return bootstrap
        await asyncio.sleep(0.2)  # one that is just starting is not there at once
    raise BrokerError(f"no usable broker answers at {bootstrap}; {hint}")
