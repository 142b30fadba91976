"""mentions -> alerts: files each mention under a story and publishes what is new of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.outbox import Outbox
from agents.parts import PartedRows
from monitor.alerts import PlaceState, Policy, add_burst, update_stories
from monitor.kafka.told import Told
from monitor.messages import Alert, Mention
from monitor.topics import ALERTS, partition_of


class Alerting:
    """The stories of each place, kept in a table.

    A row holds the stories of one place, a part each, and in its head the offset of the newest
    mention in it and the story that this mention went to: after a crash, a mention that the row
    already has changes nothing.

    While the tables are made anew from kept mentions, the alerts that subscribers have are not sent
    again; what comes after them has a greater revision than they have seen.
    """

    def __init__(
        self,
        table: Any,  # noqa: ANN401 - a Faust table
        policy: Policy,
        outbox: Outbox,
        told: Told | None = None,
    ) -> None:
        self._rows = PartedRows(table)
        self._policy = policy
        self._outbox = outbox
        self._told = told or Told()

    async def take(self, mention: Mention, offset: int) -> str:
        """File a mention, publish what is new, and return the id of its story.

        Alerts go out before the row is stored: a crash between the two repeats them with the same
        id and revision, and loses none.
        """
        head = self._rows.head(mention.place)
        if offset <= head.get("offset", -1):
            return str(head["story"])
        before = self._state(mention.place)
        known = self._known(mention, offset)
        after, outcome = update_stories(before, mention, self._policy, known or {})
        await self._tell(outcome.alerts, mention, known)
        marks = {"offset": offset, "story": outcome.story_id, "burst": head.get("burst", -1)}
        await self._store(mention.place, marks, before, after)
        return outcome.story_id

    async def tell_burst(self, mention: Mention, story_id: str, offset: int, text: str) -> None:
        """Publish a burst that this mention completed, once."""
        head = self._rows.head(mention.place)
        if head["burst"] == offset:
            return
        before = self._state(mention.place)
        known = self._known(mention, offset)
        after, outcome = add_burst(before, story_id, text, self._policy, known or {})
        await self._tell(outcome.alerts, mention, known)
        marks = {"offset": head["offset"], "story": head["story"], "burst": offset}
        await self._store(mention.place, marks, before, after)

    def _known(self, mention: Mention, offset: int) -> Mapping[str, int] | None:
        """Return the revisions that subscribers have; None where they have this mention's, too."""
        told = self._told.includes(partition_of(mention.place), offset)
        return None if told else self._told.revisions

    async def _tell(
        self, alerts: Sequence[Alert], mention: Mention, known: Mapping[str, int] | None
    ) -> None:
        for alert in alerts if known is not None else ():
            await self._outbox.send(ALERTS, alert, mention.seen_at)

    def _state(self, place: str) -> PlaceState:
        known: PlaceState | None = self._rows.remembered(place)
        record = self._rows.record(place)
        if known is not None or record is None:
            return known or PlaceState()
        names = record["head"]["stories"]
        parts = [self._rows.part(place, name) for name in names]
        return PlaceState.from_json({"now": record["head"]["now"], "stories": parts})

    async def _store(
        self, place: str, marks: dict[str, Any], before: PlaceState, after: PlaceState
    ) -> None:
        changed, gone = after.changes_since(before)
        names = [story.id for story in after.stories]
        head = {**marks, "now": after.now, "stories": names}
        await self._rows.write(place, head, changed, gone)
        self._rows.remember(place, after)
