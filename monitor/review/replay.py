"""PURE: what the workers would have told, had they read these mentions under this policy."""

from __future__ import annotations

from monitor.alerts import PlaceState, Policy, add_burst, update_stories
from monitor.counts import CountRow, find_burst
from monitor.counts.row import counted
from monitor.messages import Alert, Mention


class Replay:
    """The steps of `agents/app.py` over plain dicts: story, alert, count, burst.

    Attributes:
        alerts: Every revision that was told, in the order of the mentions.
        story_of: The story of each mention, by mention id.
    """

    def __init__(self, policy: Policy) -> None:
        self.alerts: list[Alert] = []
        self.story_of: dict[str, str] = {}
        self._policy = policy
        self._places: dict[str, PlaceState] = {}
        self._rows: dict[str, CountRow] = {}

    def take(self, mention: Mention) -> None:
        """Take the next mention; those of one place in the order of the topic, repeats ignored."""
        if mention.id in self.story_of:
            return
        state = self._places.get(mention.place, PlaceState())
        state, outcome = update_stories(state, mention, self._policy)
        self.alerts += outcome.alerts
        row = self._rows.get(mention.record_key) or CountRow()
        row = counted(row, mention, outcome.story_id)
        row, burst = find_burst(row, self._policy.bursts)
        if burst:
            state, told = add_burst(state, outcome.story_id, burst.text, self._policy)
            self.alerts += told.alerts
        self._places[mention.place] = state
        self._rows[mention.record_key] = row
        self.story_of[mention.id] = outcome.story_id
