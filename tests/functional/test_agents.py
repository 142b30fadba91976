"""The agents without Faust: what they send and keep, also when they die in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agents.detect
from agents.alert import Alerting
from agents.count import Counting
from agents.detect import Detect
from agents.seen import KEPT, SeenMentions
from monitor.alerts import Policy, load_policy
from monitor.messages import Label, Mention, make_id
from monitor.settings import CONFIG_DIR
from monitor.topics import ALERTS, COUNTS, MENTIONS, TOTALS, partition_of
from tests.fakes import CrashError, FakeOutbox, FakeTable
from tests.samples import NOW, article, mention

POLICY: Policy = load_policy(CONFIG_DIR / "alerts.toml")


class Worker:
    """The report agent's steps, as `agents/app.py` wires them."""

    def __init__(self, tables: list[FakeTable], outbox: FakeOutbox) -> None:
        self.tables = tables
        self.outbox = outbox
        stories, counts, seen = tables
        self.alerting = Alerting(stories, POLICY, outbox)  # type: ignore[arg-type]
        self.counting = Counting(counts, POLICY, outbox)  # type: ignore[arg-type]
        self.seen = SeenMentions(seen)

    async def take(self, found: Mention, offset: int) -> None:
        if found.id in self.seen:
            return
        story = await self.alerting.take(found, offset)
        await self.counting.take(found, story, 0, offset, self.alerting.tell_burst)
        await self.seen.add(found.id, found.seen_at, 0)

    def restarted(self) -> Worker:
        """Return the worker that comes after a crash."""
        return Worker([table.recovered() for table in self.tables], self.outbox)


def new_worker() -> Worker:
    return Worker([FakeTable(), FakeTable(), FakeTable()], FakeOutbox())


def report(n: int, place: str = "IS", label: Label = Label.DEPLOYMENT) -> Mention:
    """Return the n-th report, each from its own article."""
    return mention(
        article_id=make_id("article", str(n)),
        label=label,
        places=(place,),
        outlet=f"Outlet {n % 4}",
        sentence=f"Norway sent {n} soldiers to the island.",
        seen_at=NOW + timedelta(seconds=n),
        published_at=NOW + timedelta(seconds=n),
    )


async def test_a_mention_becomes_an_alert_and_a_count() -> None:
    """One alert, one count, and the story's id in both tables."""
    worker = new_worker()

    await worker.take(report(1), 0)

    (alert,), (count,) = worker.outbox.of(ALERTS), worker.outbox.of(COUNTS)
    assert (alert.revision, alert.reason) == (1, "new")
    assert count.windows["1h"].mentions == 1
    assert worker.tables[0]["IS"]["head"]["story"] == alert.id


async def test_a_mention_that_comes_again_counts_once() -> None:
    """A repeat at a later offset, as a crashed poller makes it, changes nothing."""
    worker = new_worker()
    await worker.take(report(1), 0)
    sent = list(worker.outbox.sent)

    await worker.take(report(1), 7)
    await worker.restarted().take(report(1), 9)

    assert worker.outbox.sent == sent


@settings(max_examples=60, deadline=None)
@given(
    places=st.lists(st.sampled_from(["IS", "IE"]), min_size=1, max_size=6),
    crash_send=st.integers(0, 30),
    crash_flush=st.integers(1, 24),
    table=st.integers(0, 2),
    torn=st.integers(0, 3),
)
def test_a_crash_anywhere_changes_neither_counts_nor_alerts(
    places: list[str], crash_send: int, crash_flush: int, table: int, torn: int
) -> None:
    """Die at any send or within any table write, read again: the end is the same."""
    reports = [report(n, place) for n, place in enumerate(places)]
    plain = new_worker()
    asyncio.run(_run(plain, reports))
    struck = new_worker()
    struck.outbox.crash_at = crash_send
    struck.tables[table].crash_at = crash_flush
    struck.tables[table].torn = torn

    for _ in range(5):
        try:
            asyncio.run(_run(struck, reports))
            break
        except CrashError:
            struck = struck.restarted()

    for topic, key in ((ALERTS, "event_id"), (COUNTS, "event_id"), (TOTALS, "event_id")):
        calm = {getattr(m, key): m for m in plain.outbox.of(topic)}
        wild = {getattr(m, key): m for m in struck.outbox.of(topic)}
        assert calm == wild


async def _run(worker: Worker, reports: list[Mention]) -> None:
    for offset, found in enumerate(reports):
        await worker.take(found, offset)


async def test_old_ids_are_forgotten_and_only_those() -> None:
    """An id older than the longest window goes when newer ones come; the others stay."""
    table = FakeTable()
    seen = SeenMentions(table)
    await seen.add("old", NOW, 0)
    await seen.add("other-partition", NOW, 1)
    for n in range(3):
        await seen.add(f"new-{n}", NOW + KEPT + timedelta(hours=1), 0)

    assert "old" not in seen
    assert "other-partition" in seen
    assert "new-2" in seen


async def test_after_a_recovery_old_ids_are_still_forgotten() -> None:
    """What a restarted worker finds in the table is put in order of age."""
    first = FakeTable()
    seen = SeenMentions(first)
    await seen.add("b", NOW + timedelta(hours=1), 0)
    await seen.add("a", NOW, 0)
    table = first.recovered()
    again = SeenMentions(table)
    assert table.rebuild
    await table.rebuild()

    await again.add("new", NOW + KEPT + timedelta(minutes=30), 0)

    assert "a" not in again
    assert "b" in again


async def _detect(monkeypatch: pytest.MonkeyPatch, find: Any, *values: bytes | None) -> FakeOutbox:
    """Run the detect agent over record values."""

    async def events(_: Any) -> AsyncIterator[Any]:
        for offset, value in enumerate(values):
            yield SimpleNamespace(message=SimpleNamespace(value=value, offset=offset))

    monkeypatch.setattr(agents.detect, "acknowledged", events)
    outbox = FakeOutbox()
    await Detect(find, outbox)(None)  # type: ignore[arg-type]
    return outbox


async def test_mentions_go_to_the_partition_of_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims and denials of one place meet in one partition, whatever their key."""
    found = [report(1), report(2, label=Label.DENIAL), report(3, "IE")]

    outbox = await _detect(monkeypatch, lambda _: found, article().encode())

    assert outbox.sent == [(MENTIONS.name, m, partition_of(m.place)) for m in found]
    assert outbox.sent[0][2] == outbox.sent[1][2]


async def test_unreadable_articles_and_faults_of_the_detector_become_dead_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One bad record or one bug stops nothing: the next article is handled."""

    def find(read: Any) -> list[Mention]:
        if read.title == "poison":
            raise ZeroDivisionError
        return [report(1)]

    outbox = await _detect(
        monkeypatch,
        find,
        b"\xff",
        None,
        article(title="poison").encode(),
        article().encode(),
    )

    assert [reason.split(":")[0] for reason in outbox.letters] == [
        "not a valid Article",
        "not a valid Article",
        "detector failed",
    ]
    assert len(outbox.of(MENTIONS)) == 1
