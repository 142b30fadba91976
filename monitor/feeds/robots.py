"""What sites ask of robots (RFC 9309), asked once a day."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from monitor.errors import FetchError
from monitor.feeds.fetch import Fetcher

AGENT = "newsmon"
KEEP_S, RETRY_S = 86_400.0, 3600.0
"""How long rules hold, and how long a site whose rules cannot be had is left alone."""
MAX_RULES = 500 << 10
_MAX_SITES = 5_000


class Robots:
    """Knows which pages may be fetched."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sites: dict[str, tuple[float, Any]] = {}

    async def allow(self, url: str, *, allow_private: bool = False) -> bool:
        """Tell whether a page may be fetched.

        A site without rules (4xx) allows all; one that fails otherwise allows nothing for an hour.

        Args:
            url: An http or https address.
            allow_private: As for the fetch of the page.
        """
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        async with self._asking[site]:  # one request for all pages of a poll
            until, rules = self._sites.get(site, (0.0, None))
            if until <= self._clock():
                until, rules = await self._ask(site, allow_private)
                while len(self._sites) >= _MAX_SITES:
                    oldest = next(iter(self._sites))
                    del self._sites[oldest]
                    self._asking.pop(oldest, None)
                self._sites[site] = until, rules
        return rules is not None and bool(rules.can_fetch(url, AGENT))

    async def _ask(self, site: str, allow_private: bool) -> tuple[float, Any]:
        from protego import Protego  # of the extra `fulltext`

        try:
            answer = await self._fetcher.fetch(f"{site}/robots.txt", allow_private=allow_private)
        except FetchError:
            return self._clock() + RETRY_S, None
        if 400 <= answer.status < 500 and answer.status != 429:
            return self._clock() + KEEP_S, Protego.parse("")
        if answer.status != 200:
            return self._clock() + RETRY_S, None
        text = answer.body[:MAX_RULES].decode("utf-8", "replace")
        return self._clock() + KEEP_S, Protego.parse(text)
