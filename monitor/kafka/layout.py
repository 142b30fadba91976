"""Which nodes a data directory has: one, or the three of a cluster; their states and ports.

A data directory keeps the number of brokers that it was made with. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from monitor.errors import MachineError
from monitor.kafka.node import (
    HOST,
    USUAL_CONTROLLER_PORT,
    USUAL_PORT,
    Node,
    choose_port,
    free_port,
    is_free,
)
from monitor.kafka.state import NodeState
from monitor.settings import Settings

LAYOUTS = (1, 3)
"""How many brokers there can be: one, or as many as it takes to lose one and go on."""


def nodes_of(data_dir: Path, brokers: int) -> tuple[Node, ...]:
    """Return the nodes of a data directory with so many brokers, whether they exist or not."""
    if brokers == 1:
        return (Node(data_dir),)
    return tuple(Node(data_dir, number) for number in range(1, brokers + 1))


def made_with(data_dir: Path) -> int:
    """Return the number of brokers that a data directory was made with; 0 for a new one."""
    return next(
        (count for count in LAYOUTS if any(node.used for node in nodes_of(data_dir, count))), 0
    )


def check_layout(data_dir: Path, brokers: int) -> None:
    """Refuse a data directory that was made with another number of brokers.

    Raises:
        MachineError: It was; it says with how many.
    """
    if (count := made_with(data_dir)) not in (0, brokers):
        raise MachineError(
            f"{data_dir}: made with kafka.brokers = {count}, which cannot be changed to {brokers}"
            f" later; start it with --brokers {count} (NEWSMON_KAFKA_BROKERS={count}), or choose"
            " another --data-dir"
        )


def replication_of(settings: Settings) -> int:
    """Return the number of copies of each topic; of the embedded brokers each has one."""
    if settings.bootstrap_servers:
        return settings.kafka.replication
    return made_with(settings.data_dir) or settings.kafka.brokers


def load_states(nodes: Sequence[Node], version: str) -> list[NodeState]:
    """Read the states of all nodes; they share one cluster id, also where none has started yet.

    A node without data is taken in again by the others, which give it their copies.

    Raises:
        MachineError: A state is damaged or of a newer Kafka, the nodes are of different clusters,
            or most of them have no data: they would agree on an empty cluster, and the data of
            the others would be thrown away.
    """
    states = {node: NodeState.load(node, version) for node in nodes if node.used}
    if not states:
        states[nodes[0]] = NodeState.load(nodes[0], version)
    ids = {state.cluster_id for state in states.values()}
    if len(ids) > 1:
        raise MachineError(f"{nodes[0].home}: its nodes are of different clusters: {sorted(ids)}")
    gone = [node for node in nodes if not node.used]
    if any(state.formatted for state in states.values()) and 2 * len(gone) > len(nodes):
        raise MachineError(
            f"{', '.join(str(node.folder) for node in gone)}: gone; with most of its data the"
            " cluster cannot go on: bring the folders back, or choose another --data-dir"
        )
    fresh = NodeState(ids.pop(), version)
    return [states.get(node, fresh) for node in nodes]


def choose_ports(
    wanted: int, nodes: Sequence[Node], states: Sequence[NodeState], running: Collection[Node]
) -> list[NodeState]:
    """Choose client and controller ports; those of running nodes stay as they are.

    Args:
        wanted: The client port of the first node, the others take the next ones; 0 leaves it open.
        nodes: All nodes of the cluster.
        states: Their states, in the same order.
        running: The nodes that run.

    Returns:
        The states with the ports that they have from now on.

    Raises:
        MachineError: A port that must be had is taken.
    """
    chosen = []
    for number, (node, state) in enumerate(zip(nodes, states, strict=True)):
        if node not in running:
            port = choose_port(wanted and wanted + number, state.port, USUAL_PORT + number)
            controller = _controller_port(state, number, alone=len(nodes) == 1, fixed=bool(running))
            state = replace(state, port=port, controller_port=controller)
        chosen.append(state)
    return chosen


def _controller_port(state: NodeState, number: int, *, alone: bool, fixed: bool) -> int:
    if alone:
        return free_port()
    last = state.controller_port
    if fixed and last:
        # The nodes that run look for their voters on the ports that they were started with.
        if not is_free(last):
            raise MachineError(
                f"port {last} on {HOST}, the controller port of broker-{number + 1}, is taken by"
                " another program; end that one, or stop all brokers: they then take other ports"
            )
        return last
    return choose_port(0, last, USUAL_CONTROLLER_PORT + number)
