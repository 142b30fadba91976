"""PURE: rolling counts over buckets, and what is unusual in them."""

from monitor.counts.bursts import Burst, find_burst
from monitor.counts.row import CountRow
from monitor.counts.totals import add_to_total, merged, total_keys
from monitor.counts.windows import add_mention, rolled

__all__ = [
    "Burst",
    "CountRow",
    "add_mention",
    "add_to_total",
    "find_burst",
    "merged",
    "rolled",
    "total_keys",
]
