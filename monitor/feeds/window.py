"""How much time a document covers, and how fast new items come. Pure."""

from __future__ import annotations

from collections.abc import Sequence

HOUR = 3600.0
MIN_WINDOW_S = 600.0


def measure(dates: Sequence[int], items: int, now: float) -> tuple[float, float]:
    """Measure a document by the dates of its items.

    The newer half counts as much as the whole: one old item that is pinned to the top must not
    make a quick feed look slow.

    Args:
        dates: Unix seconds, any order; dates in the future are left out.
        items: How many items the document has, dated or not.
        now: Unix seconds.

    Returns:
        Window in seconds and items an hour; 0 for what is unknown.
    """
    times = sorted((date for date in dates if date <= now), reverse=True)
    if len(times) < 4:
        return 0.0, 0.0
    half = (len(times) + 1) // 2
    whole, newer = times[0] - times[-1], times[0] - times[half - 1]
    share = newer / max(half - 1, 1)  # seconds per item
    window = min(float(whole), share * (items - 1))
    if window <= 0:
        return 0.0, 0.0
    return max(window, MIN_WINDOW_S), min(HOUR / max(share, 1.0), items * HOUR / MIN_WINDOW_S)


def turnover(items: int, new: int, elapsed_s: float) -> float:
    """Estimate the window of a document without dates from what changed since the last poll.

    Returns:
        Seconds; 0 where nothing changed.
    """
    return max(elapsed_s * items / new, MIN_WINDOW_S) if new and items else 0.0
