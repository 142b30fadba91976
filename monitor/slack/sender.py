"""One message to one channel: the intent is durable before, the outcome after.

Nothing here decides what to send or when to try again; that stands in `courier.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.errors import BrokerError
from monitor.slack.answers import Outcome
from monitor.slack.blocks import Message
from monitor.slack.client import Slack
from monitor.slack.journal import Entry, Intent, Journal
from monitor.slack.queue import Item
from monitor.slack.tally import Tally

log = logging.getLogger("newsmon.slack")

_PAUSE_S = 1.0


@dataclass(frozen=True)
class Draft:
    """A message with what is needed to send it.

    Attributes:
        items: What it tells.
        message: The message.
        thread: The message that it replies to; empty for one of its own.
        repeat: Whether it may be a repeat; the message says so.
    """

    items: Sequence[Item]
    message: Message
    thread: str = ""
    repeat: bool = False


class Sender:
    """The way to one channel, with its part of the journal."""

    def __init__(
        self, channel: str, slack: Slack, journal: Journal, tally: Tally, resend_unsure: bool
    ) -> None:
        self._channel = channel
        self._slack = slack
        self._journal = journal
        self._tally = tally
        self._resend_unsure = resend_unsure

    def entry(self, item: Item) -> Entry:
        """Return what the channel knows of an item's story."""
        return self._journal.entry(item.alert.id, self._channel)

    async def edit(self, item: Item, message: Message) -> Outcome:
        """Replace the story's message; where it is gone, note that there is none."""
        entry = self.entry(item)
        if not (entry.ts and self._slack.edits):
            return Outcome("gone", error="message_not_found")
        outcome = await self._slack.edit(entry.channel_id or self._channel, entry.ts, message)
        if outcome.kind == "gone":
            log.info("channel=%s story=%s outcome=message_gone", self._channel, entry.story)
            await self.record([entry.changed(ts="")])
        self._tally.edits += outcome.kind == "sent"
        return outcome

    async def send(self, draft: Draft) -> Outcome:
        """Send a message, and note what became of it.

        An outcome that is not clear leaves the intent in the journal, for `resolve`.

        Raises:
            BrokerError: The intent could not be noted; nothing was sent.
        """
        now, many = datetime.now(UTC), len(draft.items) > 1
        intents = {
            item.alert.id: Intent(
                id=draft.message.id,
                revision=item.alert.revision,
                at=now,
                thread=draft.thread,
                many=many,
            )
            for item in draft.items  # of a story's revisions the last one stays
        }
        before = {story: self._journal.entry(story, self._channel) for story in intents}
        await self._journal.save(e.changed(intent=intents[s]) for s, e in before.items())
        outcome = await self._slack.post(self._channel, draft.message, draft.thread)
        if outcome.kind == "sent":
            self._count(draft)
            await self.record(
                e.after(intents[s], outcome.ts, outcome.channel) for s, e in before.items()
            )
        elif outcome.kind != "unsure":
            gone = {"ts": ""} if outcome.kind == "gone" else {}
            await self.record(e.changed(**gone) for e in before.values())
        return outcome

    async def resolve(self, intent: Intent) -> Outcome:
        """Find out whether a message has arrived whose outcome nobody noted, and note that.

        Returns:
            `sent` or `gone` once it is settled; otherwise why it is still open.
        """
        entries = self._journal.with_intent(intent.id, self._channel)
        channel_id = next((e.channel_id for e in entries if e.channel_id), "")
        channel_id = channel_id or self._journal.channel_id(self._channel) or self._channel
        outcome = await self._slack.find(channel_id, intent)
        if outcome.kind == "sent":
            self._tally.found += 1
            log.info("channel=%s delivery=%s outcome=had_arrived", self._channel, intent.id)
            await self.record(
                e.after(e.intent, outcome.ts, outcome.channel) for e in entries if e.intent
            )
        elif outcome.kind == "gone":
            await self.record(e.changed(intent=None) for e in entries)
        elif outcome.error in {"missing_scope", "channel_not_found"}:
            return await self._guess(entries)
        return outcome

    async def record(self, entries: Iterable[Entry]) -> None:
        """Write outcomes, however long the broker takes: they are facts and must not be lost."""
        kept = list(entries)
        while True:
            try:
                await self._journal.save(kept)
            except BrokerError as exc:
                log.warning("channel=%s outcome=journal_late why=%r", self._channel, str(exc))
                await asyncio.sleep(_PAUSE_S)
            else:
                return

    async def _guess(self, entries: Sequence[Entry]) -> Outcome:
        """Decide for a message that cannot be looked up."""
        if self._resend_unsure:
            await self.record(
                e.changed(intent=None, unsure=e.intent.revision) for e in entries if e.intent
            )
            return Outcome("gone")
        self._tally.maybe_lost += 1
        log.warning("channel=%s outcome=maybe_lost stories=%d", self._channel, len(entries))
        await self.record(e.after(e.intent, e.ts, "") for e in entries if e.intent)
        return Outcome("sent")

    def _count(self, draft: Draft) -> None:
        self._tally.posts += 1
        if len(draft.items) > 1:
            self._tally.digests += 1
            self._tally.folded += len(draft.items)
        if draft.repeat:
            self._tally.maybe_repeats += 1
            log.warning("channel=%s outcome=maybe_repeat", self._channel)
