"""The loop from the alerts to the channels: take, hand to the channel's courier, commit.

An offset is committed when the outcome of its alert, and of all before it, is in the journal. So
what is held back by mutes, quiet hours or a stopped channel stays uncommitted; after a restart it
is read again, and the journal tells what was told meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from monitor.errors import BrokerError, MessageError
from monitor.kafka.client import Producer, Record, open_producer, send
from monitor.kafka.group import GroupReader, open_group
from monitor.messages import Alert, DeadLetter, make_id
from monitor.slack.answers import explain
from monitor.slack.blocks import notice_message
from monitor.slack.client import Slack
from monitor.slack.courier import Courier, Hooks
from monitor.slack.couriers import Couriers
from monitor.slack.journal import Journal, writer
from monitor.slack.metrics import SlackMeter
from monitor.slack.progress import Progress
from monitor.slack.queue import Item
from monitor.slack.rules import SlackRules, channel_of
from monitor.slack.tally import Tally
from monitor.topics import ALERTS, DEAD_LETTERS, SLACK, SLACK_DELIVERIES

log = logging.getLogger("newsmon.slack")

GROUP = SLACK
WEBHOOK = "webhook"
"""Stands for the channel where only the webhook knows it."""
_POLL_S, _REPORT_S = 0.2, 60.0
_JOURNAL = "the journal of deliveries is not read yet"
_FULL_READY, _FULL = 500, 20_000


class Consumer:
    """Tells Slack what is on the topic of alerts.

    Attributes:
        tally: What was done since the start.
    """

    def __init__(
        self,
        slack: Slack,
        rules: SlackRules,
        channel: str = WEBHOOK,
        of_watch: Mapping[str, str] | None = None,
        group: str = GROUP,
        since: datetime | None = None,
        meter: SlackMeter | None = None,
    ) -> None:
        """Make a consumer.

        Args:
            slack: The way to Slack.
            rules: Routes, mutes, quiet hours, folding.
            channel: The usual channel.
            of_watch: Channel by name of a watch.
            group: The consumer group.
            since: Skip older alerts; None skips some on the very first start, as the rules say.
            meter: Counts what is done; None counts for nobody.
        """
        self.tally = Tally()
        meter = meter or SlackMeter()
        self._couriers = Couriers(self._make_courier)
        meter.watch(self.tally, self._couriers.waiting, lambda: len(self._couriers.stopped()))
        self._vital = meter.vital
        self._vital.lacks(_JOURNAL)
        self._slack = meter.metered(slack)
        self._rules = rules
        self._usual = channel
        self._of_watch = dict(of_watch or {}) if slack.edits else {}
        self._group = group
        self._progress = Progress()
        self._generation = 0
        self._loaded = asyncio.Event()
        self._oldest = since or datetime.min.replace(tzinfo=UTC)

    async def run(self, bootstrap: str, stop: asyncio.Event, member: str | None = None) -> None:
        """Tell Slack until `stop` is set; what is under way then is finished first.

        Args:
            bootstrap: The brokers.
            stop: Set it to end.
            member: A fixed name of this process in the group: a restart under it gets its
                partitions at once. Two processes of one name would take them from each other.

        Raises:
            BrokerError: No broker or topic.
        """
        async with open_producer(bootstrap, [SLACK_DELIVERIES, DEAD_LETTERS]) as producer:
            self._producer: Producer = producer
            self._journal = Journal(writer(producer))

            async def assigned(partitions: frozenset[int]) -> None:
                await self._load(bootstrap)
                log.info("outcome=assigned partitions=%s", sorted(partitions))

            async with open_group(
                bootstrap, ALERTS, self._group, member=member,
                on_assigned=assigned, on_revoked=self._drop,
            ) as reader:  # fmt: skip
                try:
                    await self._serve(reader, stop)
                finally:
                    await self._end(reader)

    async def _serve(self, reader: GroupReader, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        report_at = loop.time() + _REPORT_S
        while not stop.is_set():
            self._vital.turned()
            ready = self._couriers.ready(datetime.now(UTC))
            full = ready >= _FULL_READY or len(self._progress) >= _FULL
            if full:
                reader.pause(reader.partitions)
            await self._take_all(await reader.poll(_POLL_S))
            if full:
                reader.resume(reader.partitions)
            self._couriers.check()
            await self._commit(reader)
            if loop.time() >= report_at:
                self._report()
                report_at = loop.time() + _REPORT_S

    async def _take_all(self, records: Sequence[Record]) -> None:
        # Records may come before the callback of their assignment has read the journal; and if
        # they wait for it through another rebalance, they come again to whoever owns them then.
        if not records:
            return
        generation = self._generation
        await self._loaded.wait()
        for record in records:
            if generation == self._generation:
                await self._take(record)

    async def _load(self, bootstrap: str) -> None:
        while True:
            try:
                await self._journal.load(bootstrap)
            except BrokerError as exc:
                log.warning("outcome=journal_not_read why=%r", str(exc))
                self._vital.turned()  # it waits for the broker; a restart would not help
                await asyncio.sleep(1)
            else:
                break
        if not len(self._journal) and self._rules.first_hours:
            first = datetime.now(UTC) - timedelta(hours=self._rules.first_hours)
            self._oldest = max(self._oldest, first)
        self._loaded.set()
        self._vital.has(_JOURNAL)

    async def _take(self, record: Record) -> None:
        self._progress.take(record.partition, record.offset)
        try:
            alert = Alert.decode(record.value)
        except MessageError as exc:
            place = (ALERTS.name, record.partition, record.offset)
            log.error("record=%s/%s outcome=dead why=%r", *place[1:], str(exc))
            letter = DeadLetter.of(place, record.key, record.value, str(exc), record.timestamp)
            await send(self._producer, DEAD_LETTERS, letter)
            self._progress.done(record.partition, record.offset)
            return
        channel = channel_of(alert, self._rules, self._usual, self._of_watch)
        if channel and not self._slack.edits:
            channel = self._usual
        if (
            not channel
            or record.timestamp < self._oldest
            or self._journal.entry(alert.id, channel).told >= alert.revision
        ):
            self.tally.skipped += 1
            self._progress.done(record.partition, record.offset)
            return
        courier = self._couriers.of(channel)
        courier.queue.add(alert, record.partition, record.offset, datetime.now(UTC))
        courier.news.set()

    def _make_courier(self, channel: str) -> Courier:
        hooks = Hooks(self._done, self._bury, self._stopped)
        return Courier(channel, self._slack, self._journal, self._rules, self.tally, hooks)

    def _done(self, items: Sequence[Item]) -> None:
        for item in items:
            self._progress.done(item.partition, item.offset)

    async def _bury(self, item: Item, why: str) -> None:
        place = (ALERTS.name, item.partition, item.offset)
        key, value = item.alert.id.encode(), item.alert.encode()
        letter = DeadLetter.of(place, key, value, why, datetime.now(UTC))
        await send(self._producer, DEAD_LETTERS, letter)

    async def _stopped(self, channel: str, error: str) -> None:
        """Tell the usual channel, where that is another one, once; the log tells it every time."""
        if channel == self._usual:
            return
        text = (
            f"newsmon cannot post to {channel} ({error}): {explain(error)}. What is for it waits, "
            "nothing is lost."
        )
        await self._slack.post(self._usual, notice_message(make_id("stopped", channel), text))

    async def _commit(self, reader: GroupReader) -> None:
        ready = {p: o for p, o in self._progress.ready().items() if p in reader.partitions}
        if not ready:
            return
        try:
            await reader.commit(ready)
        except BrokerError as exc:
            log.warning("outcome=not_committed why=%r", str(exc))  # the journal knows; later
        else:
            self._progress.committed(ready)

    async def _drop(self, partitions: frozenset[int]) -> None:
        self._generation += 1
        self._loaded.clear()
        self._vital.lacks(_JOURNAL)
        await self._couriers.drop(partitions)
        self._progress.drop(partitions)

    async def _end(self, reader: GroupReader) -> None:
        self._report()
        await self._couriers.drop(reader.partitions)
        await self._couriers.end()
        await self._commit(reader)

    def _report(self) -> None:
        stopped = ",".join(self._couriers.stopped()) or "-"
        log.info("%s waiting=%d stopped=%s", self.tally.line(), self._couriers.waiting(), stopped)
