"""THE embedded Kafka: one real broker of our own, or three; started, watched and stopped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from monitor.errors import BrokerError, MachineError
from monitor.kafka import aot
from monitor.kafka.admin import wait_for_brokers
from monitor.kafka.broker import Broker
from monitor.kafka.fetch import fetch
from monitor.kafka.jars import damaged, kafka_version
from monitor.kafka.java import find_java
from monitor.kafka.jvm import Kafka, PortTakenError
from monitor.kafka.layout import check_layout, choose_ports, load_states, nodes_of
from monitor.kafka.running import end_brokers, exclusive
from monitor.kafka.state import NodeState
from monitor.settings import Settings


class EmbeddedKafka:
    """The brokers under `settings.data_dir`, `settings.kafka.brokers` of them.

    Start it from the main thread: on Linux a broker ends with the thread that started it, so that
    a killed newsmon leaves no broker behind. `start` may be called again whenever `alive` is
    false and starts those that died; the data stays, also after a kill.

    Args:
        settings: Data and cache directories, Java, number of brokers, port and heap.
        progress: Told in words what takes time.
        detach: Leave the brokers running when this process ends.

    Attributes:
        brokers: Each broker, in the order of their numbers.
    """

    def __init__(
        self,
        settings: Settings,
        progress: Callable[[str], None] = lambda text: None,
        *,
        detach: bool = False,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._detach = detach
        self._nodes = nodes_of(settings.data_dir, settings.kafka.brokers)
        self.brokers = tuple(Broker(node, progress, detach=detach) for node in self._nodes)
        self._trainer: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether the processes of all brokers live."""
        return all(broker.alive for broker in self.brokers)

    @property
    def pid(self) -> int | None:
        """The process of the first broker; None before the first start."""
        return self.brokers[0].pid

    @property
    def adopted(self) -> bool:
        """Whether all brokers were running already when `start` came."""
        return all(broker.adopted for broker in self.brokers)

    @property
    def bootstrap(self) -> str:
        """Return the addresses of the brokers that were started, with commas between."""
        return ",".join(broker.info.bootstrap for broker in self.brokers if broker.info)

    async def start(self) -> str:
        """Start the brokers, or adopt those that run on this data directory; wait until usable.

        Returns:
            Their bootstrap servers, with commas between.

        Raises:
            MachineError: Java, jars, disk, port or data directory do not permit it, or the data
                directory was made with another number of brokers.
            BrokerError: Kafka does not start; it says why.
        """
        if self.alive:
            return self.bootstrap
        home = self._settings.data_dir
        check_layout(home, len(self._nodes))
        for node in self._nodes:
            node.prepare()
        dead = [broker for broker in self.brokers if not broker.alive]
        try:
            async with exclusive(self._nodes[0].start_lock):
                try:
                    await _together(broker.adopt() for broker in dead)
                    if not self.alive:
                        await self._start()
                except BaseException:
                    await end_brokers({b.node: b.info for b in dead if b.info and not b.adopted})
                    raise
        except OSError as exc:
            raise MachineError(f"{home}: the broker cannot be started: {exc}") from exc
        return self.bootstrap

    async def stop(self) -> None:
        """Stop the brokers, all at once, apart from those that somebody else answers for."""
        await self._stop_training()
        if not any(broker.info for broker in self.brokers):
            return
        async with exclusive(self._nodes[0].start_lock):
            # One after the other, the last could not leave in order: it would be alone.
            await _together(broker.stop() for broker in self.brokers)

    async def _start(self) -> None:
        # What can fail fast comes before what takes long.
        states = self._plan()
        jars = await self._fetch()
        java = await asyncio.to_thread(find_java, self._settings)
        kafka = Kafka(java, jars, self._settings.kafka.heap_mb)
        if not any(state.formatted for state in states):
            self._save(states)
        try:
            states = await self._launch(kafka)
        except PortTakenError:
            states = await self._launch(kafka)
        except BrokerError:
            # A jar may have been damaged since it was fetched; sizes alone do not show it.
            if not await asyncio.to_thread(damaged, jars):
                raise
            await self._fetch(thorough=True)
            states = await self._launch(kafka)
        if len(self._nodes) > 1:
            alive = [broker.node.number for broker in self.brokers if broker.alive]
            await wait_for_brokers(self.bootstrap, alive)
        self._save([replace(state, formatted=True) for state in states])
        await self._stop_training()
        if not self._detach:
            self._trainer = asyncio.create_task(aot.train_later(kafka))

    async def _launch(self, kafka: Kafka) -> list[NodeState]:
        states = self._plan()
        controllers = [state.controller_port for state in states]
        # Together: a cluster can be used only when most of its nodes are there.
        await _together(
            broker.launch(kafka, state, controllers)
            for broker, state in zip(self.brokers, states, strict=True)
            if not broker.alive
        )
        return states

    def _plan(self) -> list[NodeState]:
        states = load_states(self._nodes, kafka_version())
        running = {broker.node for broker in self.brokers if broker.alive}
        return choose_ports(self._settings.kafka.port, self._nodes, states, running)

    def _save(self, states: Iterable[NodeState]) -> None:
        for node, state in zip(self._nodes, states, strict=True):
            state.save(node)

    async def _fetch(self, *, thorough: bool = False) -> Path:
        cancel, loop = threading.Event(), asyncio.get_running_loop()
        last = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if done >= total or now - last >= 1:
                last = now
                text = f"fetching Kafka {kafka_version()}: {done >> 20} of {total >> 20} MiB"
                loop.call_soon_threadsafe(self._progress, text)

        try:
            return await asyncio.to_thread(
                fetch, self._settings, tell, thorough=thorough, cancel=cancel
            )
        finally:
            cancel.set()

    async def _stop_training(self) -> None:
        if self._trainer:
            self._trainer.cancel()
            with suppress(asyncio.CancelledError):
                await self._trainer
            self._trainer = None


async def _together(steps: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Take all steps at once; when one fails, cancel the others and wait until they have ended."""
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
