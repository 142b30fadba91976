"""One channel against the strict stand-in for Slack, without a broker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import BrokerError
from monitor.messages import Alert, Severity, Status
from monitor.slack.blocks import REPEAT_NOTE
from monitor.slack.client import Bot, Secret, Webhook, open_http
from monitor.slack.courier import Courier, Hooks
from monitor.slack.faults import FAULTS, Fault
from monitor.slack.journal import Entry, Intent, Journal
from monitor.slack.peer import SlackPeer
from monitor.slack.queue import Item
from monitor.slack.rules import SlackRules
from monitor.slack.samples import sample_alert
from monitor.slack.tally import Tally

TOKEN = "xoxb-planted-secret"
CHANNEL = "C0ALERTS01"
NOW = datetime.now(UTC)


class Desk:
    """A courier at work, and what it reports."""

    def __init__(self, peer: SlackPeer, bot: bool, channel: str, **rules: object) -> None:
        self.peer = peer
        self.tally = Tally()
        self.done: list[Item] = []
        self.buried: list[str] = []
        self.stops: list[tuple[str, str]] = []
        self.written: list[Entry] = []
        self.broken_writes = 0
        self._progress = asyncio.Event()
        self.rules = SlackRules.model_validate(
            {"messages_per_second": 500, "settle_seconds": 0.01, "timeout": 0.3, **rules}
        )
        self.journal = Journal(self._write)
        self.http = open_http(self.rules.timeout)
        slack = (
            Bot(self.http, peer.api_url, Secret(TOKEN))
            if bot
            else Webhook(self.http, Secret(peer.hook_url))
        )
        self.courier = Courier(
            channel, slack, self.journal, self.rules, self.tally,
            Hooks(self._done, self._bury, self._stopped),
        )  # fmt: skip

    async def tell(self, *alerts: Alert, seconds: float = 8.0) -> None:
        """Let the courier tell these, and wait until all are done."""
        wanted = len(self.done) + len(alerts)
        self.add(alerts)
        await self.until_done(wanted, seconds)

    async def until_done(self, wanted: int, seconds: float = 8.0) -> None:
        async with asyncio.timeout(seconds):
            while len(self.done) < wanted:
                self._progress.clear()
                await self._progress.wait()

    def _done(self, items: Sequence[Item]) -> None:
        self.done.extend(items)
        self._progress.set()

    def add(self, alerts: Sequence[Alert]) -> None:
        for offset, alert in enumerate(alerts):
            self.courier.queue.add(alert, 0, len(self.done) + offset, datetime.now(UTC))
        self.courier.news.set()

    async def _write(self, entry: Entry) -> None:
        if self.broken_writes:
            self.broken_writes -= 1
            raise BrokerError("no broker")
        self.written.append(entry)

    async def _bury(self, item: Item, why: str) -> None:
        self.buried.append(why)

    async def _stopped(self, channel: str, error: str) -> None:
        self.stops.append((channel, error))


@asynccontextmanager
async def desk(
    *, bot: bool = True, channel: str = CHANNEL, peer: SlackPeer | None = None, **rules: object
) -> AsyncIterator[Desk]:
    peer = peer or SlackPeer(TOKEN, rate=500, burst=500, retry_after=0.01)
    await peer.start()
    made = Desk(peer, bot, channel, **rules)
    telling = asyncio.create_task(made.courier.run())
    try:
        yield made
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await made.http.close()
        await peer.stop()


def story(revision: int = 1, reason: str = "new", **changes: object) -> Alert:
    return sample_alert(NOW, id="story", revision=revision, reason=reason, **changes)


async def test_a_story_is_one_message_that_is_edited_and_replied_to():
    """A new outlet edits it, a new status edits it and replies in its thread."""
    async with desk() as it:
        await it.tell(story(), story(2, "new_outlet"), story(3, "new_status", status=Status.ENDED))
        first, reply = it.peer.messages

    assert len(first.versions) == 3
    assert reply.thread_ts == first.ts
    assert "New status" in reply.payload["text"]
    assert it.tally.posts == 2


async def test_a_story_whose_message_was_deleted_is_posted_anew():
    """Slack says that it is gone; the next revision is a message of its own."""
    async with desk() as it:
        await it.tell(story())
        it.peer.messages.clear()
        await it.tell(story(2, "new_status"))

        assert [message.thread_ts for message in it.peer.messages] == [""]


async def test_a_burst_is_one_digest_that_counts_what_it_folds():
    """Twenty waiting alerts are one message that says twenty."""
    async with desk() as it:
        await it.tell(*(sample_alert(NOW, id=f"s{n}") for n in range(20)))

        assert len(it.peer.messages) == 1
        assert it.peer.messages[0].payload["text"].startswith("20 updates on 20 stories")
    assert it.tally.folded == 20


async def test_one_message_a_second():
    """At Slack's own rate three messages take two seconds, and none is refused."""
    async with desk(peer=SlackPeer(TOKEN, rate=1.0, burst=1), messages_per_second=0.95) as it:
        began = asyncio.get_running_loop().time()
        await it.tell(*(sample_alert(NOW, id=f"s{n}") for n in range(3)))

        assert asyncio.get_running_loop().time() - began > 2
        assert it.peer.meter.refused == 0


async def test_retry_after_is_waited_for():
    """A refusal for the rate delays, and nothing is told twice."""
    peer = SlackPeer(TOKEN, rate=500, burst=500, retry_after=0.6)
    peer.faults.script(["429"])
    async with desk(peer=peer) as it:
        began = asyncio.get_running_loop().time()
        await it.tell(story())

        assert asyncio.get_running_loop().time() - began > 0.6
        assert len(peer.messages) == 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_bot_neither_loses_nor_repeats_whatever_fails(fault: Fault):
    """Where Slack's answer is lost the bot looks whether the message is there."""
    async with desk() as it:
        it.peer.faults.script([fault, fault])
        await it.tell(story(), story(2, "new_status"))
        posts = [message.payload for message in it.peer.messages]

    assert len(posts) == 2
    assert REPEAT_NOTE not in str(posts)


@pytest.mark.parametrize(
    ("fault", "posts"),
    [("drop", 1), ("500", 1), ("429", 1), ("accept-drop", 2), ("accept-hang", 2)],
)
async def test_a_webhook_repeats_only_what_is_unclear_and_says_so(fault: Fault, posts: int):
    """It cannot look; the second message carries the note, unless nothing can have arrived."""
    async with desk(bot=False) as it:
        it.peer.faults.script([fault])
        await it.tell(story())
        payloads = [message.payload for message in it.peer.messages]

    assert len(payloads) == posts
    assert (REPEAT_NOTE in str(payloads[-1])) == (fault != "429")
    assert it.tally.maybe_repeats == (fault != "429")


async def test_a_webhook_may_be_told_to_lose_rather_than_repeat():
    """With `resend_unsure = false` the loss is counted."""
    async with desk(bot=False, resend_unsure=False) as it:
        it.peer.faults.script(["accept-drop"])
        await it.tell(story())

        assert len(it.peer.messages) == 1
    assert it.tally.maybe_lost == 1


async def test_an_intent_without_an_outcome_is_looked_up_after_a_crash():
    """The message is there: it is not sent again, and later revisions edit it."""
    async with desk() as it:
        await it.tell(story())
        before = it.written[0]
        assert before.intent is not None
        it.journal._entries = {("story", CHANNEL): before}
        await it.tell(story(), story(2, "new_outlet"))

        assert len(it.peer.messages) == 1
        assert len(it.peer.messages[0].versions) == 2
    assert it.tally.found == 1


async def test_an_intent_whose_message_never_arrived_is_sent_after_a_crash():
    """Slack does not have it: it goes out once."""
    async with desk() as it:
        lost = Intent(id="never-sent", revision=1, at=NOW)
        entry = Entry(story="story", channel=CHANNEL, channel_id=CHANNEL, intent=lost)
        it.journal._entries = {("story", CHANNEL): entry}
        await it.tell(story())

        assert len(it.peer.messages) == 1
        assert REPEAT_NOTE not in str(it.peer.messages[0].payload)


async def test_nothing_is_sent_before_its_intent_is_durable():
    """While the journal cannot be written Slack hears nothing; after that, all of it once."""
    async with desk() as it:
        it.broken_writes = 1
        it.add([story()])
        await asyncio.sleep(0.3)
        assert it.peer.messages == []
        await it.until_done(1)

        assert len(it.peer.messages) == 1


@pytest.mark.parametrize("error", ["token_revoked", "channel_is_archived", "not_in_channel"])
async def test_a_permanent_error_stops_the_route_and_keeps_what_waits(
    error: str, caplog: pytest.LogCaptureFixture
):
    """It says so, tries again after a while, and tells all once somebody has acted."""
    async with desk(probe_seconds=0.2) as it:
        it.peer.errors[CHANNEL] = error
        with caplog.at_level(logging.ERROR):
            it.add([story()])
            await asyncio.sleep(0.5)
        assert (it.done, it.peer.messages) == ([], [])
        assert it.stops == [(CHANNEL, error)]
        assert it.courier.stopped_by == error
        assert error in caplog.text
        it.peer.errors.clear()
        await it.until_done(1)

        assert len(it.peer.messages) == 1
        assert it.courier.stopped_by == ""


async def test_what_slack_refuses_goes_in_plain_words(monkeypatch: pytest.MonkeyPatch):
    """Blocks that Slack does not take are left out."""
    strict = lambda body: "invalid_blocks" if body.get("blocks") else None  # noqa: E731
    monkeypatch.setattr("monitor.slack.workspace.refusal", strict)
    async with desk() as it:
        await it.tell(story())

        assert it.peer.messages[0].payload["blocks"] == []
        assert "120 soldiers" in it.peer.messages[0].payload["text"]


async def test_what_slack_refuses_even_so_is_a_dead_letter(monkeypatch: pytest.MonkeyPatch):
    """It is kept with Slack's word, counted, and the next alert goes on."""
    monkeypatch.setattr("monitor.slack.workspace.refusal", lambda body: "msg_too_long")
    async with desk() as it:
        await it.tell(story())

        assert it.buried == ["slack: msg_too_long"]
    assert it.tally.dead == 1


async def test_a_channel_by_name_is_looked_up_by_the_id_that_slack_told():
    """Slack reads history by id only; before it is known, a message may be marked as a repeat."""
    async with desk(channel="#alerts") as it:
        await it.tell(story())
        it.peer.faults.script(["accept-drop"])
        await it.tell(sample_alert(NOW, id="other"))

        assert len(it.peer.messages) == 2
    assert it.tally.found == 1


async def test_quiet_hours_end_in_a_digest():
    """What was held back comes in one message, the severe at once."""
    start, end = NOW - timedelta(hours=1), datetime.now(UTC) + timedelta(seconds=1.5)
    quiet = {"start": start.time().isoformat(), "end": end.time().isoformat()}
    async with desk(quiet=quiet) as it:
        low = [sample_alert(NOW, id=f"s{n}", severity=Severity.LOW) for n in range(3)]
        await it.tell(*low, sample_alert(NOW, id="now", severity=Severity.HIGH))
        texts = [message.payload["text"] for message in it.peer.messages]

    assert len(texts) == 2
    assert texts[1].startswith("3 updates")
