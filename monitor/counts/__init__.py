"""PURE: rolling counts over buckets, and what is unusual in them."""

from monitor.counts.bursts import Burst, find_burst
from monitor.counts.row import CountRow
from monitor.counts.windows import add_mention, rolled

__all__ = ["Burst", "CountRow", "add_mention", "find_burst", "rolled"]
