"""Every guard against a defect of Faust 0.15.3, and nothing else.

Each guard names the defect; `tests/broker/test_faust_guards.py` shows the defect in stock Faust and
fails once upstream has mended it, which is the moment to delete the guard here.
All of them rest on private parts of Faust, hence the exact pins in pyproject.toml.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, cast

import faust
import faust.transport.drivers.aiokafka as driver
from faust.streams import Stream
from faust.tables.table import Table
from faust.types import TP, EventT, Message, StreamT

log = logging.getLogger("newsmon.worker")

SEND_TIMEOUT_S = 120.0
"""Longest wait for the broker to take one record; past it the worker ends and is restarted."""


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


_LEDGERS: list[OffsetLedger] = []


class GaplessConsumer(driver.Consumer):
    """Guard 3: Faust commits over a hole in the offsets as if it had been handled."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        log.error("gap %s %d..%d is not committed over", tp, offset_from, offset_to)

    async def perform_seek(self) -> None:
        """Seek to the committed offsets and tell the ledgers where that is."""
        await super().perform_seek()
        tps = {tp for tp in self.assignment() if self.app.topics.acks_enabled_for(tp.topic)}
        if not tps:
            return
        first = await self.earliest_offsets(*tps)
        start = {
            TP(tp.topic, tp.partition): max(first.get(tp) or 0, self._committed_offset.get(tp) or 0)
            for tp in tps
        }
        for ledger in _LEDGERS:
            ledger.restart(start)


class AwaitedTable(Table[Any, Any]):
    """Guard 4: Faust drops the errors of changelog writes; here they are waited for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Faust's own
        super().__init__(*args, **kwargs)
        self._unsent: list[Any] = []

    def send_changelog(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Faust's own
        """Send a changelog record and remember its future."""
        future = super().send_changelog(*args, **kwargs)
        self._unsent.append(future)
        return future

    async def flushed(self) -> None:
        """Wait until the broker has every write of this table; raise where one failed."""
        unsent, self._unsent = self._unsent, []
        for future in unsent:
            await asyncio.wait_for(future, SEND_TIMEOUT_S)


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
    sent = await topic.send(
        key=key, value=value, headers=headers, timestamp=timestamp, partition=partition
    )
    await asyncio.wait_for(sent, SEND_TIMEOUT_S)


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


def app_options() -> dict[str, Any]:
    """Return the options of `faust.App` that loss-free work depends on."""
    driver.Transport.Producer = IdempotentProducer
    driver.Transport.Consumer = GaplessConsumer
    return {
        "Table": AwaitedTable,
        "agent_supervisor": "mode.CrashingSupervisor",
        "consumer_auto_offset_reset": "earliest",
        "producer_request_timeout": SEND_TIMEOUT_S - 20,
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
