"""The guards against defects of Faust.

For each guard two tests: stock Faust has the defect (fails once upstream mends it: delete the guard
then), and the guard cures it.
"""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import aiokafka.consumer.consumer
import faust
import faust.transport.drivers.aiokafka as driver
import pytest
from faust.tables.recovery import Recovery
from faust.types import TP
from faust.types.tuples import Message

from agents import faust_guards
from agents.faust_guards import (
    AwaitedTable,
    GaplessConsumer,
    IdempotentProducer,
    LeasedCoordinator,
    OffsetGapError,
    OffsetLedger,
    acknowledged,
    app_options,
    quiesce_after_rebalance,
)
from agents.lease import Lease
from monitor.errors import FormatError

STOCK_PRODUCER, STOCK_CONSUMER = driver.Producer, driver.Consumer
TP0 = TP("articles", 0)


@pytest.fixture
def app(tmp_path: Path) -> faust.App:
    """A stock app; it never connects."""
    return faust.App("test", broker="kafka://127.0.0.1:1", datadir=str(tmp_path), web_enabled=False)


def consumer_of(app: faust.App, kind: type) -> Any:
    """Return a consumer that never connects."""

    async def nothing(*_: Any) -> None:
        return None

    return kind(
        app.transport,
        callback=nothing,
        on_partitions_revoked=nothing,
        on_partitions_assigned=nothing,
    )


def record(offset: int) -> Message:
    """Return a record of partition 0."""
    return Message("articles", 0, offset, 0.0, 0, None, None, b"", None)


def test_stock_producer_is_not_idempotent(app: faust.App) -> None:
    """Guard 1 is needed: at-least-once mode leaves the idempotent producer off."""
    assert "enable_idempotence" not in STOCK_PRODUCER(app.transport)._settings_extra()


def test_our_producer_is_idempotent(app: faust.App) -> None:
    """Guard 1 works."""
    extra = IdempotentProducer(app.transport)._settings_extra()

    assert extra["enable_idempotence"] is True
    assert extra["acks"] == "all"


async def test_stock_consumer_commits_over_a_gap(app: faust.App) -> None:
    """Guard 3 is needed: skipped offsets become a gap that the next commit covers."""
    consumer = consumer_of(app, STOCK_CONSUMER)

    await consumer._add_gap(TP0, 3, 5)

    assert consumer._gap[TP0]


async def test_our_consumer_does_not_commit_over_a_gap(app: faust.App) -> None:
    """Guard 3 works."""
    consumer = consumer_of(app, GaplessConsumer)

    await consumer._add_gap(TP0, 3, 5)

    assert not consumer._gap[TP0]


def test_stock_recovery_resumes_partitions_before_it_seeks_back() -> None:
    """Guard 7 is needed: events flow while the positions are still those of before the seek."""
    source = inspect.getsource(Recovery.on_recovery_completed)

    steps = ("on_rebalance_complete", "resume_partitions", "perform_seek")
    signal, resume, seek = (source.index(step) for step in steps)
    assert signal < resume < seek


async def test_our_hook_stops_the_flow_when_a_rebalance_completes(app: faust.App) -> None:
    """Guard 7 works: the flow stands still until Faust resumes it after the seek."""
    stopped: list[str] = []
    app.consumer = type("Consumer", (), {"stop_flow": lambda _: stopped.append("consumer")})()
    app.flow_control.resume()
    quiesce_after_rebalance(app)

    await app.on_rebalance_complete.send()

    assert stopped == ["consumer"]
    assert not app.flow_control.is_active()


def test_stock_recovery_drops_what_a_callback_raises() -> None:
    """Guard 8 is needed: the callbacks' tasks are waited for, and nobody asks how they ended."""
    source = inspect.getsource(Recovery.on_recovery_completed)

    assert source.count("await asyncio.wait(callback_coros)\n") == 1
    assert "= await asyncio.wait(callback_coros)" not in source


@pytest.mark.parametrize(
    ("raised", "code"), [(FormatError("rows of another build"), 2), (ValueError("broken"), 1)]
)
async def test_our_table_ends_the_process_when_a_callback_raises(
    app: faust.App, capsys: pytest.CaptureFixture[str], raised: Exception, code: int
) -> None:
    """Guard 8 works: what a user can act on is one line."""

    async def look() -> None:
        raise raised

    table = AwaitedTable(app, name="stories", on_recover=look)

    with pytest.raises(SystemExit) as ended:
        await table.call_recover_callbacks()

    assert ended.value.code == code
    assert capsys.readouterr().err == ("newsmon: rows of another build\n" if code == 2 else "")


async def test_stock_send_swallows_a_refusal(app: faust.App) -> None:
    """Guard 5 is needed: a send that was refused raises nowhere unless it is waited for."""
    refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    refused.set_exception(RuntimeError("refused"))
    topic = app.topic("alerts", value_type=bytes)
    message: Any = topic.as_future_message(key=None, value=b"x")

    topic._on_published(refused, message, app.producer, None)

    with pytest.raises(RuntimeError, match="refused"):
        await message


async def test_stock_agent_acknowledges_what_it_failed_on(app: faust.App) -> None:
    """Guard 6 is needed: an event whose handler raises is acknowledged all the same."""
    topic = app.topic("articles", value_type=bytes)

    async def handler(stream: Any) -> None:
        async for _ in stream:
            raise ValueError("broken")

    agent = app.agent(topic)(handler)
    event = await _failing_event(agent)

    assert event.message.acked


async def test_our_stream_does_not_acknowledge_what_failed(
    app: faust.App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard 6 works: the event stays unacknowledged, and is delivered again after the restart."""
    topic = app.topic("articles", value_type=bytes)

    async def handler(stream: Any) -> None:
        async for event in acknowledged(stream):
            assert event
            raise ValueError("broken")

    # The ledger would ask for the committed position first; here there is none.
    monkeypatch.setattr(OffsetLedger, "check", lambda *_: None)
    event = await _failing_event(app.agent(topic)(handler))

    assert not event.message.acked


async def _failing_event(agent: Any) -> Any:
    """Hand one event to an agent that fails on it; return the event."""
    async with agent.test_context() as context:
        event = await context.put(b"x", wait=False)
        await asyncio.sleep(0.3)
        assert isinstance(context._crash_reason, ValueError)
    return event


def test_a_skipped_offset_is_seen() -> None:
    """Guard 2: the ledger refuses an event that is further on than the next one."""
    ledger = OffsetLedger()
    ledger.restart({TP0: 5})
    ledger.check(record(5))
    ledger.done(record(5))
    ledger.check(record(6))

    with pytest.raises(OffsetGapError, match=r"articles\[0\]: expected 6, got 7"):
        ledger.check(record(7))


def test_a_repeated_offset_is_fine_and_a_restart_begins_anew() -> None:
    """Guard 2: repeats are normal, and after a rebalance the committed position counts."""
    ledger = OffsetLedger()
    ledger.restart({TP0: 5})
    for offset in (5, 6, 5, 6, 7):
        ledger.check(record(offset))
        ledger.done(record(offset))
    ledger.restart({TP0: 3})

    ledger.check(record(3))
    with pytest.raises(OffsetGapError):
        ledger.check(record(4))


def test_an_unknown_partition_is_never_guessed() -> None:
    """Guard 2: without a committed position nothing is accepted."""
    with pytest.raises(OffsetGapError, match="expected None"):
        OffsetLedger().check(record(0))


def test_options_choose_the_guarded_parts() -> None:
    """The app is made of the guarded producer, consumer and table."""
    try:
        options = app_options()
        assert driver.Transport.Producer is IdempotentProducer
        assert driver.Transport.Consumer is GaplessConsumer
        assert options["agent_supervisor"] == "mode.CrashingSupervisor"
    finally:
        driver.Transport.Producer, driver.Transport.Consumer = STOCK_PRODUCER, STOCK_CONSUMER


def test_stock_streams_are_not_told_that_the_group_has_expelled_them() -> None:
    """Java's listeners have `onPartitionsLost`; where aiokafka and Faust have it, use that."""
    assert not hasattr(aiokafka.abc.ConsumerRebalanceListener, "on_partitions_lost")
    assert not hasattr(STOCK_CONSUMER, "on_partitions_lost")


async def test_the_steps_of_a_membership_renew_and_end_the_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A heartbeat counts from when it was sent, a join from now, an expulsion ends it for good."""
    app_options()
    assert aiokafka.consumer.consumer.GroupCoordinator is LeasedCoordinator
    time = [100.0]
    lease = Lease(10, lambda: time[0])
    monkeypatch.setattr(faust_guards, "LEASE", lease)
    known = True

    async def joined(*_: Any) -> None:
        time[0] += 3  # the assignment takes its time

    async def heartbeat(_: Any) -> bool:
        time[0] += 1
        return known

    stock = LeasedCoordinator.__mro__[1]
    monkeypatch.setattr(stock, "_on_join_complete", joined)
    monkeypatch.setattr(stock, "_do_heartbeat", heartbeat)
    monkeypatch.setattr(stock, "reset_generation", lambda _: None)
    member = LeasedCoordinator.__new__(LeasedCoordinator)
    await member._on_join_complete(1, "me", "range", b"")
    assert lease.left_s == 7
    assert await member._do_heartbeat() is True
    assert lease.left_s == 9
    known = False
    assert await member._do_heartbeat() is False
    assert lease.left_s == 8
    member.reset_generation()
    assert lease.left_s < 0


async def test_stock_aiokafka_does_not_seek_where_nothing_was_committed() -> None:
    """Guard 10 is needed: what was fetched there and dropped in a recovery is not read again."""
    sought: list[tuple[TP, int]] = []
    committed = {TP0: 7, TP("articles", 1): None, TP("articles", 2): 0}

    class Fake:
        _subscription = type("S", (), {"assigned_partitions": lambda _: set(committed)})()
        _fetcher = type("F", (), {"seek_to": lambda _, tp, offset: sought.append((tp, offset))})()

        async def committed(self, tp: TP) -> int | None:
            return committed[tp]

    await aiokafka.AIOKafkaConsumer.seek_to_committed(Fake())

    assert sought == [(TP0, 7)]


async def test_our_consumer_seeks_everywhere(
    app: faust.App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard 10 works: to the commit where there is one, else to the oldest record."""
    consumer = consumer_of(app, GaplessConsumer)
    first, committed = {TP0: 3, TP("articles", 1): 5}, {TP0: 7, TP("articles", 1): None}
    sought: list[tuple[TP, int]] = []

    async def give(what: dict[TP, Any]) -> dict[TP, Any]:
        return what

    async def seek(tp: TP, offset: int) -> None:
        sought.append((tp, offset))

    monkeypatch.setattr(consumer, "seek_to_committed", lambda: give(committed))
    monkeypatch.setattr(consumer, "earliest_offsets", lambda *_: give(first))
    monkeypatch.setattr(consumer, "assignment", lambda: set(first))
    monkeypatch.setattr(consumer, "_seek", seek)
    monkeypatch.setattr(app.topics, "acks_enabled_for", lambda _: True)

    await consumer.perform_seek()

    assert sought == [(TP("articles", 1), 5)]
