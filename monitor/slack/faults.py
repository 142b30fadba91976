"""What goes wrong at the stand-in for Slack: scripted for tests, by chance for endurance."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

Fault = Literal["429", "500", "503", "drop", "accept-drop", "accept-hang", "accept-500", "429-post"]
"""`drop`: closed without an answer and without a message; `accept-…`: the message is posted, but
the answer is lost, late or a 500; `429-post`: posted and yet refused for its rate."""

FAULTS: tuple[Fault, ...] = get_args(Fault)


class Faults:
    """Decides the fault of each call.

    Attributes:
        made: How often each fault was made.
        calls: Calls in all.
    """

    def __init__(
        self, share: float = 0.0, kinds: Sequence[Fault] = FAULTS, seed: int | None = None
    ) -> None:
        """Make faults by chance.

        Args:
            share: Share of calls that go wrong, 0 to 1.
            kinds: What goes wrong, each as often.
            seed: The same one makes the same faults.
        """
        self.made: Counter[str] = Counter()
        self.calls = 0
        self._share = share
        self._kinds = tuple(kinds)
        self._chance = random.Random(seed)  # noqa: S311 - no secret is made here
        self._script: deque[Fault | None] = deque()

    def script(self, faults: Iterable[Fault | None]) -> None:
        """Say what the next calls meet, in turn; None is no fault."""
        self._script.extend(faults)

    def next(self) -> Fault | None:
        """Return what this call meets."""
        self.calls += 1
        fault: Fault | None = None
        if self._script:
            fault = self._script.popleft()
        elif self._chance.random() < self._share:
            fault = self._chance.choice(self._kinds)
        if fault:
            self.made[fault] += 1
        return fault
