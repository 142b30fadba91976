"""One channel: takes what its queue gives, has it sent, and reacts to what comes of it.

What is decided stands in `queue.py`, `answers.py` and `blocks.py`; this carries it out. An item
leaves the queue only when its outcome is in the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.errors import BrokerError
from monitor.messages import make_id
from monitor.slack.answers import Outcome, backoff_s, explain
from monitor.slack.blocks import (
    REPLIED,
    Message,
    digest_message,
    reply_message,
    story_message,
)
from monitor.slack.client import Slack
from monitor.slack.journal import Journal
from monitor.slack.queue import Item, Queue
from monitor.slack.rules import SlackRules
from monitor.slack.sender import Draft, Sender
from monitor.slack.tally import Tally

log = logging.getLogger("newsmon.slack")

_JOURNAL_PAUSE_S = 1.0


@dataclass(frozen=True)
class Hooks:
    """What a courier tells the consumer.

    Attributes:
        done: These items' outcomes are durable.
        bury: Slack refuses this item in any form; returns when it is a dead letter.
        stopped: This channel cannot be reached until somebody acts; the text says why.
    """

    done: Callable[[Sequence[Item]], None]
    bury: Callable[[Item, str], Awaitable[None]]
    stopped: Callable[[str, str], Awaitable[None]]


class Courier:
    """Delivers to one channel, one message at a time.

    Attributes:
        queue: What waits.
        stopped_by: Slack's word for why nothing can be sent; empty while all is well.
        news: Set it when the queue has changed.
    """

    def __init__(
        self, channel: str, slack: Slack, journal: Journal, rules: SlackRules, tally: Tally,
        hooks: Hooks,
    ) -> None:  # fmt: skip
        self.queue = Queue(rules)
        self.stopped_by = ""
        self.news = asyncio.Event()
        self._channel = channel
        self._sender = Sender(channel, slack, journal, tally, rules.resend_unsure)
        self._rules = rules
        self._tally = tally
        self._hooks = hooks
        self._failures = 0
        self._free_at = 0.0
        self._plain: set[str] = set()
        self._idle = asyncio.Lock()

    async def run(self) -> None:
        """Deliver until cancelled; `drop` everything first, so that no message is under way."""
        while True:
            await self._free()
            self.news.clear()
            step = self.queue.next(datetime.now(UTC))
            if not step.items:
                await self._wait(step.until)
                continue
            async with self._idle:
                # The wait for the lock may have let a rebalance in.
                step = self.queue.next(datetime.now(UTC))
                if step.items:
                    await self._deliver(step.items)

    async def drop(self, partitions: frozenset[int]) -> None:
        """Give up these partitions, once no message is under way."""
        async with self._idle:
            self.queue.drop(partitions)

    async def _deliver(self, items: Sequence[Item]) -> None:
        try:
            for item in items:
                if intent := self._sender.entry(item).intent:
                    outcome = await self._sender.resolve(intent)
                    self._pace()
                    if outcome.kind not in {"sent", "gone"}:
                        await self._failed(outcome)
                    return
            old = [i for i in items if self._sender.entry(i).told >= i.alert.revision]
            if old:
                self._finish(old)
            elif len(items) > 1:
                await self._send(self._digest(items))
            else:
                await self._tell(items[0])
        except BrokerError as exc:
            # The journal cannot be written: nothing may be sent without it.
            log.warning("channel=%s outcome=journal_failed why=%r", self._channel, str(exc))
            self._pause(_JOURNAL_PAUSE_S)

    async def _tell(self, item: Item) -> None:
        """Tell one revision: edit its story's message and reply to it, or make a new message."""
        alert, entry = item.alert, self._sender.entry(item)
        name = make_id("slack", self._channel, alert.event_id)
        repeat = entry.unsure >= alert.revision
        shown = self._shaped(story_message(name, alert, self._rules.web_url))
        outcome = await self._sender.edit(item, shown)
        if outcome.kind == "gone":
            shown = story_message(name, alert, self._rules.web_url, repeat)
            await self._send(Draft([item], self._shaped(shown), repeat=repeat))
            return
        if outcome.kind != "sent":
            await self._failed(outcome, [item], shown)
            return
        self._pace()
        if alert.reason not in REPLIED:
            await self._sender.record([entry.changed(told=alert.revision, unsure=0)])
            self._finish([item])
            return
        await self._free()
        # A name of its own: the story's message already carries the other one in its thread.
        reply = make_id("slack reply", self._channel, alert.event_id)
        message = self._shaped(reply_message(reply, alert, repeat))
        await self._send(Draft([item], message, entry.ts, repeat))

    def _digest(self, items: Sequence[Item]) -> Draft:
        repeat = any(self._sender.entry(i).unsure >= i.alert.revision for i in items)
        message = digest_message(
            make_id("slack", self._channel, *(item.alert.event_id for item in items)),
            [item.alert for item in items],
            rows=self._rules.fold.rows,
            web_url=self._rules.web_url,
            repeat=repeat,
        )
        return Draft(items, self._shaped(message), repeat=repeat)

    async def _send(self, draft: Draft) -> None:
        outcome = await self._sender.send(draft)
        if outcome.kind == "sent":
            self._finish(draft.items)
        else:
            await self._failed(outcome, draft.items, draft.message)

    async def _failed(
        self, outcome: Outcome, items: Sequence[Item] = (), message: Message | None = None
    ) -> None:
        self._tally.retries += 1
        if outcome.kind == "stop":
            await self._stop(outcome.error)
        elif outcome.kind == "refused" and message:
            await self._refused(items, message, outcome.error)
        else:
            self._failures += 1
            wait = outcome.after_s or backoff_s(self._failures, self._rules.settle_seconds)
            log.warning(
                "channel=%s outcome=%s error=%s again_in_s=%.2f",
                self._channel, outcome.kind, outcome.error, wait,
            )  # fmt: skip
            self._pause(wait)

    async def _stop(self, error: str) -> None:
        log.error(
            "channel=%s outcome=stopped error=%s waiting=%d hint=%r probe_in_s=%g",
            self._channel, error, len(self.queue), explain(error), self._rules.probe_seconds,
        )  # fmt: skip
        first, self.stopped_by = not self.stopped_by, error
        self._pause(self._rules.probe_seconds)
        if first:
            await self._hooks.stopped(self._channel, error)

    async def _refused(self, items: Sequence[Item], message: Message, error: str) -> None:
        """Try once in plain words; what is refused even so becomes a dead letter."""
        log.error(
            "channel=%s delivery=%s outcome=refused error=%s", self._channel, message.id, error
        )
        if message.blocks:
            self._plain.add(message.id)
            return
        for item in items:
            await self._hooks.bury(item, f"slack: {error}")
        self._tally.dead += len(items)
        await self._sender.record(
            self._sender.entry(item).changed(told=item.alert.revision, intent=None)
            for item in items
        )
        self._finish(items)

    def _shaped(self, message: Message) -> Message:
        return message.plainly() if message.id in self._plain else message

    def _finish(self, items: Sequence[Item]) -> None:
        self.queue.remove(items)
        self._failures, self.stopped_by = 0, ""
        self._plain.clear()
        self._tally.told += len(items)
        self._hooks.done(items)
        self._pace()

    def _pace(self) -> None:
        self._pause(1 / self._rules.messages_per_second)

    def _pause(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now + seconds)

    async def _free(self) -> None:
        await asyncio.sleep(self._free_at - asyncio.get_running_loop().time())

    async def _wait(self, until: datetime | None) -> None:
        seconds = 3600.0 if until is None else (until - datetime.now(UTC)).total_seconds()
        try:
            async with asyncio.timeout(max(0.01, seconds)):
                await self.news.wait()
        except TimeoutError:
            return
