"""What a node remembers from one start to the next: cluster, version of Kafka, ports."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Self

from monitor.errors import MachineError
from monitor.kafka.node import Node, new_cluster_id, read_json, write_json


@dataclass(frozen=True)
class NodeState:
    """What must outlive the process.

    Attributes:
        cluster_id: Kafka's name of this cluster, 22 characters.
        kafka_version: Newest version that has written the data.
        port: Client port last used; 0 before the first start.
        formatted: Whether the data folder has been formatted.
        controller_port: Controller port last used; 0 before the first start.
    """

    cluster_id: str
    kafka_version: str
    port: int = 0
    formatted: bool = False
    controller_port: int = 0

    @classmethod
    def load(cls, node: Node, version: str) -> Self:
        """Read the state; without one, begin anew or take over what Kafka's own record says.

        Raises:
            MachineError: The file is damaged, or a newer Kafka has written the data.
        """
        try:
            found = read_json(node.state)
        except MachineError as exc:
            raise MachineError(
                f"{exc}; delete it: it is made anew from Kafka's own record"
            ) from exc
        cluster_id = _formatted_id(node)
        if found is None:
            return cls(cluster_id or new_cluster_id(), version, formatted=cluster_id is not None)
        try:
            state = cls(**found)
        except TypeError as exc:
            raise MachineError(f"{node.state}: damaged, expected newsmon's record") from exc
        if version_key(state.kafka_version) > version_key(version):
            raise MachineError(
                f"{node.home}: written by Kafka {state.kafka_version}, which Kafka {version} cannot"
                " read; use the newsmon that wrote it, or another data directory"
            )
        return replace(state, kafka_version=version)

    def save(self, node: Node) -> None:
        """Write the state."""
        write_json(node.state, asdict(self))


def version_key(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, for comparing."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _formatted_id(node: Node) -> str | None:
    path = node.kafkas_state
    try:
        text = path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise MachineError(f"{path}: cannot be read ({exc.strerror})") from exc
    found: dict[str, str] = dict(re.findall(r"^([a-z.]+)=(\S+)\n", text, re.MULTILINE))
    if {"version", "cluster.id", "node.id"} <= found.keys():
        return found["cluster.id"]
    raise MachineError(
        f"{path}: damaged, expected Kafka's version, cluster.id and node.id; docs/repair.md says"
        " how to write it anew"
    )
