"""PURE: mentions and a place's open stories in, alerts out, or a named reason why there is none."""

from monitor.alerts.filters import Filter, Watch
from monitor.alerts.policy import Policy, load_policy, unknown_codes
from monitor.alerts.stories import Outcome, add_burst, is_clear, update_stories
from monitor.alerts.story import PlaceState

__all__ = [
    "Filter",
    "Outcome",
    "PlaceState",
    "Policy",
    "Watch",
    "add_burst",
    "is_clear",
    "load_policy",
    "unknown_codes",
    "update_stories",
]
