"""Keep aiokafka's log readable: while a broker is away it repeats itself ten times a second."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable


class RateLimit(logging.Filter):
    """Let the same message of the same place through once in a while.

    Attributes:
        seconds: Shortest time between two records of one place in the code.
    """

    def __init__(self, seconds: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.seconds = seconds
        self._clock = clock
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide about one record."""
        place, now = (record.pathname, record.lineno), self._clock()
        if now - self._last.get(place, -self.seconds) < self.seconds:
            return False
        self._last[place] = now
        return True


_LIMIT = RateLimit()


def limit_aiokafka() -> None:
    """Limit all of aiokafka's loggers; call it as often as you like.

    A filter on the parent logger would not see what its children log, so each gets it.
    """
    for name, logger in logging.root.manager.loggerDict.items():
        if name.partition(".")[0] == "aiokafka" and isinstance(logger, logging.Logger):
            logger.addFilter(_LIMIT)
