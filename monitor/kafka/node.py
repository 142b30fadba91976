"""One Kafka node on disk: its folders, files and ports.

A node that is alone has these; the three nodes of a cluster have their number in each name
(`broker-1.json`, `kafka-1/`, `kafka-1.log`).

    <data_dir>/broker.json          the running broker: process, port, cluster id
    <data_dir>/kafka/newsmon.json   what must outlive the process: cluster id, version, ports
    <data_dir>/kafka/data/          Kafka's log.dirs: records and metadata
    <data_dir>/kafka/*.properties   written at each start
    <data_dir>/logs/kafka.log       the broker's log, rotated

Kafka runs in `<data_dir>/kafka` and is given relative paths only, so that spaces, commas or letters
of any script in the data directory's name are no matter, and a data directory can be moved.
"""

from __future__ import annotations

import base64
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from monitor.errors import MachineError
from monitor.topics import min_in_sync

MIN_FREE_BYTES = 300 << 20
"""Below this a broker is not started: Kafka halts when its disk is full."""

HOST = "127.0.0.1"
USUAL_PORT = 9092
USUAL_CONTROLLER_PORT = 9192
"""For the first of three nodes, the others follow; below the ports that systems hand out by chance,
so that nobody takes the port of a node that is just being started again."""

_TEMPLATES = Path(__file__).parent


@dataclass(frozen=True)
class Node:
    """The folders and files of a node under one data directory.

    Attributes:
        home: The data directory.
        number: Kafka's `node.id` within a cluster, from 1; 0 for a node that is alone.
    """

    home: Path
    number: int = 0

    @property
    def name(self) -> str:
        """What the broker is called in `newsmon status`."""
        return f"broker{self._suffix}"

    @property
    def folder(self) -> Path:
        """Working directory of the broker."""
        return self.home / f"kafka{self._suffix}"

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
        return self.logs / f"kafka{self._suffix}.log"

    @property
    def output(self) -> Path:
        """What Java itself prints, of the last start only."""
        return self.logs / f"kafka{self._suffix}-java.log"

    @property
    def record(self) -> Path:
        """The record of the running broker."""
        return self.home / f"{self.name}.json"

    @property
    def state(self) -> Path:
        """The record that outlives the process."""
        return self.folder / "newsmon.json"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts or stops the broker."""
        return self.folder / "start.lock"

    @property
    def kafkas_state(self) -> Path:
        """Kafka's own record that outlives the process; there is none before the formatting."""
        return self.data / "meta.properties"

    @property
    def used(self) -> bool:
        """Whether a start has left something here."""
        return self.state.exists() or self.kafkas_state.exists()

    @property
    def _suffix(self) -> str:
        return f"-{self.number}" if self.number else ""

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

    def configure(self, port: int, *controller_ports: int) -> None:
        """Write the broker's configuration.

        Args:
            port: Its client port.
            controller_ports: The controller ports of all nodes of the cluster, in their order.
        """
        copies, number = len(controller_ports), self.number or 1
        server = (_TEMPLATES / "server.properties").read_text("ascii")
        server = server.format(
            number=number,
            voters=",".join(f"{n}@{HOST}:{p}" for n, p in enumerate(controller_ports, 1)),
            port=port,
            controller_port=controller_ports[number - 1],
            copies=copies,
            in_sync=min_in_sync(copies),
        )
        (self.folder / "server.properties").write_text(server, "ascii")
        log = (_TEMPLATES / "log4j2.properties").read_text("ascii")
        log = log.replace("/kafka.log", f"/{self.log.name}")
        (self.folder / "log4j2.properties").write_text(log, "ascii")


def choose_port(wanted: int, last: int, usual: int = 0) -> int:
    """Choose a port: the wanted one, else the last one, the usual one, any free one.

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
    usual = usual or USUAL_PORT
    return next((port for port in (last, usual) if port and is_free(port)), 0) or free_port()


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
