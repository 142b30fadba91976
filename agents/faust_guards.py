"""Every guard against a defect of Faust 0.15.3, and nothing else.

Each guard names the defect; `tests/functional/test_faust_guards.py` shows it in stock Faust and
fails once upstream has mended it, which is the moment to delete the guard here.
All of them rest on private parts of Faust, hence the exact pins in pyproject.toml.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from typing import Any, cast

import aiokafka.consumer.consumer
import faust
import faust.transport.drivers.aiokafka as driver
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.streams import Stream
from faust.tables.table import Table
from faust.types import TP, EventT, Message, StreamT

from agents.lease import Lease
from monitor.errors import NewsmonError

log = logging.getLogger("newsmon.worker")

SEND_TIMEOUT_S = 120.0
"""Longest wait for the broker to take one record; past it the worker ends and is restarted."""

TRY_TIMEOUT_S = 10.0
"""Longest wait for the answer to one try; a broker that falls silent has a successor by then."""

SESSION_S = 10.0
"""Seconds without a heartbeat after which the group expels a worker."""

LEASE = Lease(SESSION_S)
"""Whether this process may still write; see `LeasedCoordinator`."""


class OffsetGapError(RuntimeError):
    """An offset was skipped between the committed position and the event in hand."""


class IdempotentProducer(driver.Producer):
    """Guard 1: in at-least-once mode Faust switches the idempotent producer off."""

    def _settings_extra(self) -> dict[str, Any]:
        return {**super()._settings_extra(), "enable_idempotence": True, "acks": "all"}


class OffsetLedger:
    """Guard 2: the next offset expected per partition, so that a skipped event is seen.

    After a table recovery Faust may drop events that were fetched before it seeks back. A gap ends
    the process before anything later is acknowledged; the restart reads the events again.
    """

    def __init__(self) -> None:
        self._start: dict[TP, int] = {}
        self._next: dict[TP, int] = {}

    def restart(self, start: dict[TP, int]) -> None:
        """Begin anew at the committed positions, as Faust does after a rebalance."""
        self._start.update(start)
        for tp in start:
            self._next.pop(tp, None)

    def check(self, message: Message) -> None:
        """Compare the event in hand with the expected one.

        Raises:
            OffsetGapError: Events between them were skipped.
        """
        tp = TP(message.topic, message.partition)
        expected = self._next.get(tp, self._start.get(tp))
        if expected is None or message.offset > expected:
            raise OffsetGapError(
                f"{tp.topic}[{tp.partition}]: expected {expected}, got {message.offset}"
            )

    def done(self, message: Message) -> None:
        """Note that the event was handled."""
        tp = TP(message.topic, message.partition)
        self._next[tp] = max(message.offset + 1, self._next.get(tp, 0))

    def positions(self) -> dict[TP, int]:
        """Return the next offset by partition."""
        return {**self._start, **self._next}


_LEDGERS: list[OffsetLedger] = []


def positions() -> dict[TP, int]:
    """Return the next offset to be handled of each partition that the streams have had.

    Every ledger knows where the streams began, and the one that reads a partition how far it is.
    """
    found: dict[TP, int] = {}
    for ledger in _LEDGERS:
        for tp, offset in ledger.positions().items():
            found[tp] = max(offset, found.get(tp, 0))
    return found


class GaplessConsumer(driver.Consumer):
    """Guard 3: Faust commits over a hole in the offsets as if it had been handled.

    Guard 10: after a recovery it seeks back only where something was committed; what was fetched
    before and dropped elsewhere would never be read.
    """

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        log.error("gap %s %d..%d is not committed over", tp, offset_from, offset_to)

    async def perform_seek(self) -> None:
        """Seek to where each partition goes on, and tell the ledgers where that is."""
        await super().perform_seek()
        tps = {tp for tp in self.assignment() if self.app.topics.acks_enabled_for(tp.topic)}
        if not tps:
            return
        first = await self.earliest_offsets(*tps)
        start = {
            TP(tp.topic, tp.partition): max(first.get(tp) or 0, self._committed_offset.get(tp) or 0)
            for tp in tps
        }
        for tp, offset in start.items():
            if not self._committed_offset.get(tp):
                await self._seek(tp, offset)
        for ledger in _LEDGERS:
            ledger.restart(start)


class AwaitedTable(Table[Any, Any]):
    """Guard 4: Faust drops the errors of changelog writes; here they are waited for.

    Guard 8: it drops what a recovery callback raises, too, and goes on; here that ends the process.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Faust's own
        super().__init__(*args, **kwargs)
        self._unsent: list[Any] = []

    def send_changelog(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Faust's own
        """Send a changelog record and remember its future."""
        LEASE.check()
        future = super().send_changelog(*args, **kwargs)
        self._unsent.append(future)
        return future

    async def flushed(self) -> None:
        """Wait until the broker has every write of this table; raise where one failed."""
        unsent, self._unsent = self._unsent, []
        for future in unsent:
            await LEASE.within(future, SEND_TIMEOUT_S)

    async def call_recover_callbacks(self) -> None:
        """Run the callbacks; SystemExit is the one exception that Faust lets through."""
        try:
            await super().call_recover_callbacks()
        except NewsmonError as exc:
            print(f"newsmon: {exc}", file=sys.stderr)  # noqa: T201 - as any command ends
            raise SystemExit(exc.exit_code) from exc
        except Exception as exc:
            log.exception("the table %s cannot be used", self.name)
            raise SystemExit(1) from exc


async def send_awaited(
    topic: Any,  # noqa: ANN401 - a Faust topic, untyped upstream
    *,
    key: bytes | None,
    value: bytes,
    headers: list[tuple[str, bytes]],
    timestamp: float,
    partition: int | None = None,
) -> None:
    """Guard 5: Faust swallows failed sends; this one returns when the broker has the record.

    Args:
        topic: The Faust topic.
        key: The record key.
        value: The record value.
        headers: The record headers.
        timestamp: Unix seconds.
        partition: Where it goes; None leaves that to the key.

    Raises:
        ProducerSendError: The record was refused.
        TimeoutError: The broker took longer than `SEND_TIMEOUT_S`.
    """
    await LEASE.held()
    sent = await topic.send(
        key=key, value=value, headers=headers, timestamp=timestamp, partition=partition
    )
    await LEASE.within(sent, SEND_TIMEOUT_S)


async def acknowledged(stream: StreamT[bytes]) -> AsyncIterator[EventT[bytes]]:
    """Guard 6: Faust acknowledges an event whose handler failed; this generator does not.

    The event is acknowledged when the handler asks for the next one. A handler that raises ends
    the process (see `app_options`), and the event is delivered again after the restart.
    """
    ledger = OffsetLedger()
    _LEDGERS.append(ledger)
    async for event in cast("Stream[bytes]", stream).noack().events():
        ledger.check(event.message)
        yield event
        ledger.done(event.message)
        event.ack()


class LeasedCoordinator(GroupCoordinator):  # type: ignore[misc]
    """Guard 9: a frozen worker that wakes goes on writing for partitions that it has lost.

    Neither Faust nor aiokafka tells the streams that the group has expelled them until they have
    joined again. So the steps of the membership are watched: an answered heartbeat and a join renew
    the lease that every write asks, and the reset of the generation is how a member learns that it
    is none any more.
    """

    async def _do_heartbeat(self) -> bool:
        asked_at = LEASE.now()
        known = bool(await super()._do_heartbeat())
        if known:
            LEASE.renew(asked_at)
        return known

    async def _on_join_complete(self, *args: Any) -> None:  # noqa: ANN401 - aiokafka's own
        LEASE.renew(LEASE.now())
        await super()._on_join_complete(*args)

    def reset_generation(self) -> None:
        """Forget the membership."""
        LEASE.lose()
        super().reset_generation()


def app_options() -> dict[str, Any]:
    """Return the options of `faust.App` that loss-free work depends on."""
    aiokafka.consumer.consumer.GroupCoordinator = LeasedCoordinator
    driver.Transport.Producer = IdempotentProducer
    driver.Transport.Consumer = GaplessConsumer
    return {
        "Table": AwaitedTable,
        "agent_supervisor": "mode.CrashingSupervisor",
        "broker_session_timeout": SESSION_S,
        "broker_heartbeat_interval": SESSION_S / 10,
        "consumer_auto_offset_reset": "earliest",
        # One try: an idempotent producer tries again, also where the broker's successor is.
        "producer_request_timeout": TRY_TIMEOUT_S,
        "producer_linger": 0.0,
        "stream_wait_empty": True,
        "table_standby_replicas": 0,
        "topic_disable_leader": True,
    }


def quiesce_after_rebalance(app: faust.App) -> None:
    """Guard 7: Faust resumes partitions while it is still seeking back after a recovery.

    The handler runs first when a rebalance completes: it stops the flow until the stream positions
    are restored, so that no event from before the seek reaches an agent.
    """

    @app.on_rebalance_complete.connect
    async def quiesce(*_: Any, **__: Any) -> None:  # noqa: ANN401 - Faust's own
        app.consumer.stop_flow()
        app.flow_control.suspend()
        await asyncio.sleep(0)
