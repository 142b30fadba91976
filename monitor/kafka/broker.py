"""One embedded broker: a node's process, found running or launched, and who answers for it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from monitor.kafka.connect import cluster_id_of
from monitor.kafka.jars import kafka_version
from monitor.kafka.jvm import Kafka, format_node, start_node, wait_ready
from monitor.kafka.node import HOST, Node, write_json
from monitor.kafka.running import STOP_SECONDS, BrokerInfo, end_brokers, running_on
from monitor.kafka.state import NodeState
from monitor.process import end, finished, started_at

_ADOPT_SECONDS = 20.0


class Broker:
    """The process of one node.

    Whoever calls `adopt`, `launch` or `stop` holds the start lock.

    Args:
        node: Its files.
        progress: Told in words what takes time.
        detach: Leave it running when this process ends.
    """

    def __init__(self, node: Node, progress: Callable[[str], None], *, detach: bool) -> None:
        self.node = node
        self.info: BrokerInfo | None = None
        self._progress = progress
        self._detach = detach
        self._process: subprocess.Popen[bytes] | None = None
        self._owned = False

    @property
    def name(self) -> str:
        """What it is called in `newsmon status`."""
        return self.node.name

    @property
    def alive(self) -> bool:
        """Whether its process lives."""
        if self._process and self._process.poll() is not None:
            return False
        return self.info is not None and self.info.alive

    @property
    def pid(self) -> int | None:
        """Its process; None before the first start."""
        return self.info.pid if self.info else None

    @property
    def adopted(self) -> bool:
        """Whether it was running already when it was wanted."""
        return self.info is not None and self._process is None

    async def adopt(self) -> bool:
        """Take over the process that runs on this node, if there is one; end one that is stuck."""
        if self._process:
            # A dying Java counts as dead some moments before it lets go of its ports.
            await finished(self._process, STOP_SECONDS)
        self.info, self._process, self._owned = None, None, False
        info = running_on(self.node)
        if info is None:
            return False
        deadline = time.monotonic() + _ADOPT_SECONDS
        while await cluster_id_of(info.bootstrap) != info.cluster_id:
            if not info.alive or time.monotonic() > deadline:
                self._progress("ending a broker that does not answer")
                await end(info.pid, info.start_time, patience=STOP_SECONDS)
                return False
            await asyncio.sleep(0.2)
        self._progress(f"using the broker that runs on {info.bootstrap}")
        self.info = self._own(info) if info.orphaned else info
        write_json(self.node.record, asdict(self.info))
        return True

    async def launch(self, kafka: Kafka, state: NodeState, controller_ports: Sequence[int]) -> None:
        """Format the node if it is new, start its process and wait until it can be used.

        Args:
            kafka: What runs it.
            state: Its cluster id and client port.
            controller_ports: The controller ports of all nodes of the cluster, in their order.

        Raises:
            PortTakenError: Somebody took its port meanwhile.
            BrokerError: It does not start; it says why.
        """
        node, port = self.node, state.port
        node.configure(port, *controller_ports)
        if not state.formatted:
            await format_node(kafka, node, state.cluster_id)
        log_start = node.log.stat().st_size if node.log.exists() else 0
        self._progress(f"starting Kafka {kafka_version()} on {HOST}:{port}")
        process = start_node(kafka, node, follow_parent=not self._detach)
        started = started_at(process.pid) or ""
        version, address = kafka_version(), f"{HOST}:{port}"
        info = self._own(BrokerInfo(process.pid, started, port, address, state.cluster_id, version))
        try:
            # Before it is ready: should we be killed now, the next start finds it.
            write_json(node.record, asdict(info))
            await wait_ready(node, process, port, state.cluster_id, log_start)
        except BaseException:
            await end(process.pid, started, patience=STOP_SECONDS)
            process.wait()
            node.record.unlink(missing_ok=True)
            raise
        self.info, self._process = info, process

    async def stop(self) -> None:
        """End it, unless it was adopted from somebody who still answers for it."""
        info, self.info = self.info, None
        if info is None or not self._owned:
            return
        await end_brokers({self.node: info})
        if self._process:
            self._process.wait()

    def _own(self, info: BrokerInfo) -> BrokerInfo:
        """Answer for a process from now on, unless it is to be left to itself."""
        self._owned = not self._detach
        own = os.getpid() if self._owned else 0
        return replace(info, owner=own, owner_start=started_at(own) or "" if own else "")
