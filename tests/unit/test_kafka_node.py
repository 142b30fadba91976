"""A node's files and ports, without a broker."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import MachineError
from monitor.kafka import node as nodes
from monitor.kafka.java import Java
from monitor.kafka.jvm import Kafka, reason
from monitor.kafka.node import Node, choose_port, free_port, new_cluster_id
from monitor.kafka.running import BrokerInfo, running_brokers
from monitor.kafka.state import NodeState
from monitor.process import started_at


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path):
    """A file stands in its way: one line with the directory and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match=r"file/data: .*cannot be written.*--data-dir"):
        Node(tmp_path / "file" / "data").prepare()


def test_a_disk_that_is_nearly_full_is_refused_with_the_figure(tmp_path: Path, monkeypatch):
    """Kafka halts when its disk is full, so it is not started shortly before."""
    usage = nodes.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(
        nodes.shutil, "disk_usage", lambda path: usage._replace(free=(300 << 20) - 1)
    )
    with pytest.raises(MachineError, match=r"299 MiB free.* needs 300 MiB"):
        Node(tmp_path).prepare()


def test_the_configuration_is_on_loopback_only_and_names_no_path(tmp_path: Path):
    """Nobody else can connect, and a directory of any name will do."""
    node = Node(tmp_path / "a, b")
    node.prepare()
    node.configure(1111, 2222)
    text = (node.folder / "server.properties").read_text()
    config = dict(line.split("=", 1) for line in text.splitlines() if line[:1] not in ("#", ""))
    assert config["listeners"] == "PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:2222"
    assert config["controller.quorum.voters"] == "1@127.0.0.1:2222"
    assert config["auto.create.topics.enable"] == "false"
    assert str(tmp_path) not in text
    assert "{" not in text


def test_the_wanted_port_or_none():
    """A fixed port that is taken is an error, never silently another one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(MachineError, match=f"port {taken} .*kafka.port"):
            choose_port(taken, 0)
    assert choose_port(taken, 0) == taken


def test_the_last_port_is_kept_and_left_when_taken(monkeypatch):
    """Without a wish: the last one, else the usual one, else any free one."""
    last = free_port()
    assert choose_port(0, last) == last
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        usual = free_port()
        monkeypatch.setattr(nodes, "USUAL_PORT", usual)
        assert choose_port(0, taken) == usual
        assert choose_port(0, 0) == usual
        monkeypatch.setattr(nodes, "USUAL_PORT", taken)
        assert choose_port(0, taken) not in (0, taken)


def test_the_state_of_a_node_is_kept(tmp_path: Path):
    """What was saved is loaded again; a newer Kafka raises the version."""
    node = Node(tmp_path)
    node.prepare()
    state = replace(NodeState.load(node, "4.3.1"), port=7, formatted=True)
    state.save(node)
    assert NodeState.load(node, "4.3.1") == state
    assert NodeState.load(node, "4.10.0") == replace(state, kafka_version="4.10.0")
    with pytest.raises(MachineError, match=r"written by Kafka 4\.3\.1.*Kafka 4\.3\.0"):
        NodeState.load(node, "4.3.0")


def test_a_lost_state_is_taken_from_kafkas_own_record(tmp_path: Path):
    """Data without newsmon's record keeps its cluster id and is not formatted again."""
    node = Node(tmp_path)
    node.prepare()
    node.data.mkdir()
    (node.data / "meta.properties").write_text("#\nversion=1\ncluster.id=abcDEF\nnode.id=1\n")
    state = NodeState.load(node, "4.3.1")
    assert (state.cluster_id, state.formatted) == ("abcDEF", True)


@pytest.mark.parametrize("text", ["{", "[]", '{"nonsense": 1}'])
def test_a_damaged_state_is_an_error_with_its_file(tmp_path: Path, text: str):
    """The record decides what happens to data, so nothing is guessed."""
    node = Node(tmp_path)
    node.prepare()
    node.state.write_text(text)
    with pytest.raises(MachineError, match=r"newsmon\.json"):
        NodeState.load(node, "4.3.1")


@pytest.mark.parametrize(
    "text", ["", "#\ncluster.id=MkU3OEVB", "\0" * 80, "version=1\nnode.id=1\n"]
)
@pytest.mark.parametrize("state_lost", [True, False])
def test_kafkas_own_record_is_checked_before_kafka_meets_it(
    tmp_path: Path, text: str, state_lost: bool
):
    """Empty, half-written or zeros: one line with the file, and no new cluster over the data."""
    node = Node(tmp_path)
    node.data.mkdir(parents=True)
    if not state_lost:
        NodeState(new_cluster_id(), "4.3.1", 9092, formatted=True).save(node)
    (node.data / "meta.properties").write_text(text)
    with pytest.raises(
        MachineError, match=r"meta\.properties: damaged, .*docs/repair\.md"
    ) as caught:
        NodeState.load(node, "4.3.1")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1
    assert (node.data / "meta.properties").read_text() == text


def test_cluster_ids_are_kafkas(monkeypatch):
    """22 characters of base64url, and never one that looks like an option."""
    ids = {new_cluster_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(len(text) == 22 and not text.startswith("-") for text in ids)


def test_a_record_counts_only_while_its_very_process_lives(tmp_path: Path):
    """The number alone is not enough: another process may have got it."""
    record = {
        "pid": os.getpid(),
        "start_time": started_at(os.getpid()),
        "port": 1,
        "bootstrap": "127.0.0.1:1",
        "cluster_id": "c",
        "version": "4.3.1",
    }
    path = Node(tmp_path).record
    assert running_brokers(tmp_path) == {}
    path.write_text(json.dumps(record))
    assert running_brokers(tmp_path) == {Node(tmp_path): BrokerInfo(**record)}
    path.write_text(json.dumps(record | {"start_time": "another"}))
    assert running_brokers(tmp_path) == {}
    path.write_text("{")
    assert running_brokers(tmp_path) == {}


def test_a_broker_is_orphaned_when_its_owner_is_gone():
    """One that was left to itself has no owner and is nobody's orphan."""
    own = os.getpid()
    info = BrokerInfo(1, "", 1, "", "", "", owner=own, owner_start=started_at(own) or "")
    assert not info.orphaned
    assert replace(info, owner_start="earlier").orphaned
    assert not replace(info, owner=0).orphaned


def test_the_start_cache_is_named_by_all_it_depends_on(tmp_path: Path):
    """Another Java, other flags or another folder mean another cache; old Javas have none."""
    kafka = Kafka(Java(Path("java"), 25, "build 1"), tmp_path, 256)
    others = [
        replace(kafka, java=Java(Path("java"), 25, "build 2")),
        replace(kafka, heap_mb=512),
        replace(kafka, jars=tmp_path / "other"),
    ]
    names = {item.start_cache for item in (kafka, *others)}
    assert len(names) == 4
    assert replace(kafka, java=Java(Path("java"), 21, "")).start_cache is None
    assert not any("AOTCache" in word for word in kafka.command(["kafka.Kafka"]))
    assert kafka.start_cache
    kafka.start_cache.touch()
    assert f"-XX:AOTCache={kafka.start_cache}" in kafka.command(["kafka.Kafka"])


@pytest.mark.parametrize(
    ("log", "output", "expected"),
    [
        ("x ERROR boom\nCaused by: java.net.BindException: Address already in use", "", "its port"),
        ("2026 INFO fine\n2026 ERROR last words (Kafka)", "noise", "last words"),
        ("1 ERROR end (Kafka$)\njava.lang.IllegalStateException: no wax\n\tat x", "", "no wax"),
        ("2026 INFO fine", "Error: Could not reserve enough space for heap", "too little memory"),
        ("", "Unrecognized VM option\n\n", "Unrecognized VM option"),
        ("", "", "it left no reason"),
    ],
)
def test_a_brokers_last_words_become_a_reason(log: str, output: str, expected: str):
    """Known causes in our words, else its own last error, else what Java printed."""
    assert expected in reason(log, output)
