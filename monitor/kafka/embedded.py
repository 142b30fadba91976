"""THE embedded broker: one real Kafka node of our own, started, watched and stopped."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from monitor.errors import BrokerError, MachineError
from monitor.kafka import aot
from monitor.kafka.connect import cluster_id_of
from monitor.kafka.fetch import fetch
from monitor.kafka.jars import damaged, kafka_version
from monitor.kafka.java import find_java
from monitor.kafka.jvm import Kafka, PortTakenError, format_node, start_node, wait_ready
from monitor.kafka.node import (
    HOST,
    Node,
    NodeState,
    choose_port,
    free_port,
    write_json,
)
from monitor.kafka.running import STOP_SECONDS, BrokerInfo, exclusive, running_broker
from monitor.process import end, started_at
from monitor.settings import Settings

_ADOPT_SECONDS = 20.0


class EmbeddedBroker:
    """One Kafka node under `settings.data_dir`.

    Start it from the main thread: on Linux the broker ends with the thread that started it, so
    that a killed newsmon leaves no broker behind. `start` may be called again whenever `alive` is
    false; the data stays, also after a kill.

    Args:
        settings: Data and cache directories, Java, port and heap.
        progress: Told in words what takes time.
        detach: Leave the broker running when this process ends.
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
        self._node = Node(settings.data_dir)
        self._info: BrokerInfo | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owned = False
        self._trainer: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether the broker's process lives."""
        if self._process and self._process.poll() is not None:
            return False
        return self._info is not None and self._info.alive

    @property
    def pid(self) -> int | None:
        """The broker's process; None before the first start."""
        return self._info.pid if self._info else None

    @property
    def adopted(self) -> bool:
        """Whether the broker was running already when `start` came."""
        return self._info is not None and self._process is None

    async def start(self) -> str:
        """Start the broker, or adopt the one that runs on this data directory; wait until usable.

        Returns:
            Its bootstrap server.

        Raises:
            MachineError: Java, jars, disk, port or data directory do not permit it.
            BrokerError: Kafka does not start; it says why.
        """
        if self._info and self.alive:
            return self._info.bootstrap
        self._node.prepare()
        try:
            async with exclusive(self._node.start_lock):
                self._process, self._owned = None, False
                self._info = await self._adopt() or await self._start()
                write_json(self._node.record, asdict(self._info))
        except OSError as exc:
            raise MachineError(f"{self._node.home}: the broker cannot be started: {exc}") from exc
        return self._info.bootstrap

    async def stop(self) -> None:
        """Stop the broker, unless it was adopted from somebody who still answers for it."""
        await self._stop_training()
        info, self._info = self._info, None
        if info is None or not self._owned:
            return
        async with exclusive(self._node.start_lock):
            await end(info.pid, info.start_time, patience=STOP_SECONDS)
            if self._process:
                self._process.wait()
            self._node.record.unlink(missing_ok=True)

    async def _adopt(self) -> BrokerInfo | None:
        info = running_broker(self._node.home)
        if info is None:
            return None
        deadline = time.monotonic() + _ADOPT_SECONDS
        while await cluster_id_of(info.bootstrap) != info.cluster_id:
            if not info.alive or time.monotonic() > deadline:
                self._progress("ending a broker that does not answer")
                await end(info.pid, info.start_time, patience=STOP_SECONDS)
                return None
            await asyncio.sleep(0.2)
        self._progress(f"using the broker that runs on {info.bootstrap}")
        return self._own(info) if info.orphaned else info

    async def _start(self) -> BrokerInfo:
        # What can fail fast comes before what takes long.
        state = NodeState.load(self._node, kafka_version())
        choose_port(self._settings.kafka.port, state.port)
        jars = await self._fetch()
        java = await asyncio.to_thread(find_java, self._settings)
        kafka = Kafka(java, jars, self._settings.kafka.heap_mb)
        if not state.formatted:
            state.save(self._node)
        try:
            info = await self._launch(kafka, state)
        except PortTakenError:
            info = await self._launch(kafka, state)
        except BrokerError:
            # A jar may have been damaged since it was fetched; sizes alone do not show it.
            if not await asyncio.to_thread(damaged, jars):
                raise
            await self._fetch(thorough=True)
            info = await self._launch(kafka, state)
        replace(state, port=info.port, formatted=True).save(self._node)
        await self._stop_training()
        if not self._detach:
            self._trainer = asyncio.create_task(aot.train_later(kafka))
        return info

    async def _launch(self, kafka: Kafka, state: NodeState) -> BrokerInfo:
        if not state.formatted:
            self._node.configure(free_port(), free_port())
            await format_node(kafka, self._node, state.cluster_id)
        port = choose_port(self._settings.kafka.port, state.port)
        self._node.configure(port, free_port())
        log = self._node.log
        log_start = log.stat().st_size if log.exists() else 0
        self._progress(f"starting Kafka {kafka_version()} on {HOST}:{port}")
        process = start_node(kafka, self._node, follow_parent=not self._detach)
        started = started_at(process.pid) or ""
        version, address = kafka_version(), f"{HOST}:{port}"
        info = BrokerInfo(process.pid, started, port, address, state.cluster_id, version)
        info = self._own(info)
        try:
            # Before it is ready: should we be killed now, the next start finds it.
            write_json(self._node.record, asdict(info))
            await wait_ready(self._node, process, port, state.cluster_id, log_start)
        except BaseException:
            await end(process.pid, started, patience=STOP_SECONDS)
            process.wait()
            self._node.record.unlink(missing_ok=True)
            raise
        self._process = process
        return info

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

    def _own(self, info: BrokerInfo) -> BrokerInfo:
        """Answer for a broker from now on, unless it is to be left to itself."""
        self._owned = not self._detach
        own = os.getpid() if self._owned else 0
        return replace(info, owner=own, owner_start=started_at(own) or "" if own else "")
