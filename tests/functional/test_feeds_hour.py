"""An hour of rolling windows on a virtual clock, as `python -m bench hour` measures it for all."""

from __future__ import annotations

from bench.hour import hour, rolling


async def test_nothing_is_missed_and_nothing_given_twice() -> None:
    """Real feeds that turn half of their items over in an hour: no loss, no repeat, no gap."""
    assert await hour(rolling(15)) == (0, 0, 0)
