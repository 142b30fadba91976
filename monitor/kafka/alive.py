"""Ask whether the brokers answer, as often as a health check likes."""

from __future__ import annotations

import asyncio
import time

from monitor.kafka.connect import cluster_id_of

_KEPT_S = 5.0
_SECONDS = 3.0


class BrokerProbe:
    """Says why no broker can be used; asks at most every five seconds."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._asked_at = float("-inf")
        self._trouble = ""
        self._asking = asyncio.Lock()

    async def __call__(self) -> str:
        """Return what is wrong; empty when a broker answers and the cluster can be used."""
        async with self._asking:
            if time.monotonic() - self._asked_at > _KEPT_S:
                found = await cluster_id_of(self._bootstrap, _SECONDS)
                self._trouble = "" if found else f"no usable broker answers at {self._bootstrap}"
                self._asked_at = time.monotonic()
            return self._trouble
