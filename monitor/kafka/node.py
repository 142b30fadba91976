"""One Kafka node on disk: its folders, files and ports.

    <data_dir>/broker.json          the running broker: process, port, cluster id
    <data_dir>/kafka/newsmon.json   what must outlive the process: cluster id, version, port
    <data_dir>/kafka/data/          Kafka's log.dirs: records and metadata
    <data_dir>/kafka/*.properties   written at each start
    <data_dir>/logs/kafka.log       the broker's log, rotated

Kafka runs in `<data_dir>/kafka` and is given relative paths only, so that spaces, commas or letters
of any script in the data directory's name are no matter, and a data directory can be moved.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import orjson

from monitor.errors import MachineError

MIN_FREE_BYTES = 300 << 20
"""Below this a broker is not started: Kafka halts when its disk is full."""

HOST = "127.0.0.1"
USUAL_PORT = 9092

_TEMPLATES = Path(__file__).parent


@dataclass(frozen=True)
class Node:
    """The folders and files of a node under one data directory."""

    home: Path

    @property
    def folder(self) -> Path:
        """Working directory of the broker."""
        return self.home / "kafka"

    @property
    def data(self) -> Path:
        """Kafka's `log.dirs`."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """Where log files go."""
        return self.home / "logs"

    @property
    def log(self) -> Path:
        """The broker's log."""
        return self.logs / "kafka.log"

    @property
    def output(self) -> Path:
        """What Java itself prints, of the last start only."""
        return self.logs / "kafka-java.log"

    @property
    def record(self) -> Path:
        """The record of the running broker."""
        return self.home / "broker.json"

    @property
    def state(self) -> Path:
        """The record that outlives the process."""
        return self.folder / "newsmon.json"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts or stops the broker."""
        return self.folder / "start.lock"

    def prepare(self) -> None:
        """Make the folders.

        Raises:
            MachineError: They cannot be written, or the disk is nearly full.
        """
        try:
            for folder in (self.folder, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
            free = shutil.disk_usage(self.folder).free
        except OSError as exc:
            raise MachineError(
                f"{self.home}: the data directory cannot be written ({exc.strerror}); choose"
                " another one with --data-dir or NEWSMON_DATA_DIR"
            ) from exc
        if free < MIN_FREE_BYTES:
            raise MachineError(
                f"{self.home}: {free >> 20} MiB free, the broker needs {MIN_FREE_BYTES >> 20} MiB;"
                " free some, or choose another data directory"
            )

    def configure(self, port: int, controller_port: int) -> None:
        """Write the broker's configuration."""
        ports = {"port": port, "controller_port": controller_port}
        server = (_TEMPLATES / "server.properties").read_text("ascii").format(**ports)
        (self.folder / "server.properties").write_text(server, "ascii")
        shutil.copyfile(_TEMPLATES / "log4j2.properties", self.folder / "log4j2.properties")


@dataclass(frozen=True)
class NodeState:
    """What must outlive the process.

    Attributes:
        cluster_id: Kafka's name of this cluster, 22 characters.
        kafka_version: Newest version that has written the data.
        port: Client port last used; 0 before the first start.
        formatted: Whether the data folder has been formatted.
    """

    cluster_id: str
    kafka_version: str
    port: int = 0
    formatted: bool = False

    @classmethod
    def load(cls, node: Node, version: str) -> Self:
        """Read the state; without one, begin anew or take over what Kafka's own record says.

        Raises:
            MachineError: The file is damaged, or a newer Kafka has written the data.
        """
        found = read_json(node.state)
        if found is None:
            cluster_id = _formatted_id(node)
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


def choose_port(wanted: int, last: int) -> int:
    """Choose the client port: the wanted one, else the last one, the usual one, any free one.

    Raises:
        MachineError: The wanted port is taken.
    """
    if wanted:
        if not is_free(wanted):
            raise MachineError(
                f"port {wanted} on {HOST} is taken by another program; set kafka.port"
                " (NEWSMON_KAFKA_PORT) to another one, or to 0 for a free one"
            )
        return wanted
    return next((port for port in (last, USUAL_PORT) if port and is_free(port)), 0) or free_port()


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        # As Java does it: connections of the last broker that still linger are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def new_cluster_id() -> str:
    """Make a cluster id: a UUID in base64url, which must not look like an option."""
    while (text := base64.urlsafe_b64encode(uuid4().bytes).decode()[:22]).startswith("-"):
        pass
    return text


def version_key(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, for comparing."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None when there is no file.

    Raises:
        MachineError: It cannot be read.
    """
    try:
        value = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError) as exc:
        raise MachineError(f"{path}: cannot be read ({exc})") from exc
    if not isinstance(value, dict):
        raise MachineError(f"{path}: damaged, expected newsmon's record")
    return value


def write_json(path: Path, value: object) -> None:
    """Write a JSON file so that a reader sees the old or the new one, whatever happens."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(orjson.dumps(value, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _formatted_id(node: Node) -> str | None:
    try:
        found = re.search(
            r"^cluster\.id=(\S+)$", (node.data / "meta.properties").read_text(), re.MULTILINE
        )
    except OSError:
        return None
    return found[1] if found else None
