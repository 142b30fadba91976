"""What was told where: one record per story and channel on a compacted topic.

Before a message is sent, its intent is on the topic; after Slack has confirmed, the outcome is.
After a crash an intent without an outcome is the one case that is not clear.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import orjson
from pydantic import ValidationError

from monitor.kafka.client import Producer, read_topic, send_value
from monitor.messages import Part, UtcTime
from monitor.topics import SLACK_DELIVERIES


class Intent(Part):
    """A message that is about to be sent."""

    id: str
    """The delivery's name; it is in the message's metadata."""
    revision: int
    """The story's revision that it tells."""
    at: UtcTime
    thread: str = ""
    """Set for a reply: the story's message."""
    many: bool = False
    """A digest: it tells other stories too."""


class Entry(Part):
    """What a channel knows of a story."""

    story: str
    channel: str
    """As the rules name it."""
    told: int = 0
    """Newest revision that was told."""
    ts: str = ""
    """The story's own message, to be edited and replied to; empty where there is none."""
    channel_id: str = ""
    """The channel as Slack names it."""
    intent: Intent | None = None
    unsure: int = 0
    """A revision that may have been told."""

    def changed(self, **changes: object) -> Entry:
        """Return a copy with other values."""
        return self.model_copy(update=changes)

    def after(self, intent: Intent, ts: str, channel_id: str) -> Entry:
        """Return the entry once `intent` has arrived."""
        own = not intent.thread and not intent.many
        return self.changed(
            told=max(self.told, intent.revision),
            ts=ts if own else self.ts,
            channel_id=channel_id or self.channel_id,
            intent=None,
            unsure=0,
        )


class Journal:
    """The entries that this process works with, and their durable copy."""

    def __init__(self, write: Callable[[Entry], Awaitable[None]]) -> None:
        """Make an empty journal.

        Args:
            write: Makes an entry durable, or raises BrokerError; see `writer`.
        """
        self._write = write
        self._entries: dict[tuple[str, str], Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    async def load(self, bootstrap: str) -> None:
        """Read all entries; call it while no message is under way.

        Raises:
            BrokerError: No broker, or no such topic.
        """
        found: dict[tuple[str, str], Entry] = {}
        records = read_topic(bootstrap, SLACK_DELIVERIES, from_beginning=True, follow=False)
        async for record in records:
            try:
                entry = Entry.model_validate(orjson.loads(record.value or b""))
            except (orjson.JSONDecodeError, ValidationError):
                continue  # not ours: the worst that comes of it is one message told again
            found[entry.story, entry.channel] = entry
        self._entries = found

    def entry(self, story: str, channel: str) -> Entry:
        """Return what a channel knows of a story."""
        return self._entries.get((story, channel)) or Entry(story=story, channel=channel)

    def of_story(self, story: str) -> list[Entry]:
        """Return what each channel knows of a story."""
        return [entry for (name, _), entry in sorted(self._entries.items()) if name == story]

    def with_intent(self, delivery: str, channel: str) -> list[Entry]:
        """Return the entries of one message whose outcome is open."""
        return [
            entry
            for entry in self._entries.values()
            if entry.channel == channel and entry.intent and entry.intent.id == delivery
        ]

    def channel_id(self, channel: str) -> str:
        """Return the id that Slack gave for a channel's name; empty where it is not known."""
        entries = self._entries.values()
        return next((e.channel_id for e in entries if e.channel == channel and e.channel_id), "")

    async def save(self, entries: Iterable[Entry]) -> None:
        """Write entries, and return when all are acknowledged.

        Raises:
            BrokerError: At least one was not; write them again.
        """
        changed = list(entries)
        await asyncio.gather(*(self._write(entry) for entry in changed))
        self._entries |= {(entry.story, entry.channel): entry for entry in changed}


def writer(producer: Producer) -> Callable[[Entry], Awaitable[None]]:
    """Return the function that writes entries on their topic."""

    async def write(entry: Entry) -> None:
        value = orjson.dumps(entry.model_dump(mode="python"), option=orjson.OPT_UTC_Z)
        await send_value(producer, SLACK_DELIVERIES, f"{entry.channel}:{entry.story}", value)

    return write
