"""mentions -> alerts: files each mention under a story and publishes what is new of it."""

from __future__ import annotations

from typing import Any

from agents.outbox import Outbox
from monitor.alerts import PlaceState, Policy, add_burst, update_stories
from monitor.messages import Mention
from monitor.topics import ALERTS


class Alerting:
    """The stories of each place, kept in a table.

    A row holds the stories of one place, the offset of the newest mention in it, and the story
    that this mention went to: after a crash, a mention that the row already has changes nothing.
    """

    def __init__(self, table: Any, policy: Policy, outbox: Outbox) -> None:  # noqa: ANN401
        self._table = table
        self._policy = policy
        self._outbox = outbox

    async def take(self, mention: Mention, offset: int) -> str:
        """File a mention, publish what is new, and return the id of its story.

        Alerts go out before the row is stored: a crash between the two repeats them with the same
        id and revision, and loses none.
        """
        row = self._row(mention.place)
        if offset <= row["offset"]:
            return str(row["story"])
        before = PlaceState.from_json(row["stories"])
        after, outcome = update_stories(before, mention, self._policy)
        for alert in outcome.alerts:
            await self._outbox.send(ALERTS, alert, mention.seen_at)
        row = {"offset": offset, "story": outcome.story_id, "stories": after.to_json()}
        await self._store(mention.place, row)
        return outcome.story_id

    async def tell_burst(self, mention: Mention, story_id: str, offset: int, text: str) -> None:
        """Publish a burst that this mention completed, once."""
        row = self._row(mention.place)
        if row.get("burst") == offset:
            return
        before = PlaceState.from_json(row["stories"])
        after, outcome = add_burst(before, story_id, text, self._policy)
        for alert in outcome.alerts:
            await self._outbox.send(ALERTS, alert, mention.seen_at)
        await self._store(mention.place, {**row, "burst": offset, "stories": after.to_json()})

    def _row(self, place: str) -> dict[str, Any]:
        return self._table.get(place) or {"offset": -1, "story": "", "stories": None}

    async def _store(self, place: str, row: dict[str, Any]) -> None:
        self._table[place] = row
        await self._table.flushed()
