"""What a role knows of its own state: whether it is stuck, and what it still lacks to work."""

from __future__ import annotations

import time
from collections.abc import Callable

STUCK_S = 300.0
"""What takes so long is stuck: Kafka takes the partitions away by then."""

_LATE_S = 30.0


class Vital:
    """The signs of life of one role; the role writes them, the probes read them.

    Args:
        needs: What must be there before the role can work, in the words that `/readyz` shows.
        clock: Seconds that only grow.
    """

    def __init__(self, *needs: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}
        self._lacking = dict.fromkeys(needs, True)

    def turned(self, what: str = "the main loop") -> None:
        """Note that a loop came round, or that something was taken in hand."""
        self._since[what] = self._clock()

    def rests(self, what: str) -> None:
        """Note that there is nothing in hand, so that nothing can be stuck."""
        self._since.pop(what, None)

    def lacks(self, need: str) -> None:
        """Note that something needed is not there, or is gone again."""
        self._lacking[need] = True

    def has(self, need: str) -> None:
        """Note that something needed is there."""
        self._lacking[need] = False

    def stuck(self) -> str:
        """Say why only a restart would help; empty while all goes on."""
        return self._still(STUCK_S)

    def unready(self) -> str:
        """Say why the role cannot do its work now; empty when it can."""
        lacking = [need for need, missing in self._lacking.items() if missing]
        return "; ".join(filter(None, [*lacking, self._still(_LATE_S)]))

    def _still(self, limit_s: float) -> str:
        now = self._clock()
        return "; ".join(
            f"{what} has not come round for {now - since:.0f} s"
            for what, since in self._since.items()
            if now - since > limit_s
        )
