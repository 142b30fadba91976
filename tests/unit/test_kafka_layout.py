"""One broker or three on a data directory: what is refused, and which ports they get."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import ConfigError, MachineError
from monitor.kafka import layout
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.layout import check_layout, choose_ports, load_states, nodes_of, replication_of
from monitor.kafka.node import free_port
from monitor.kafka.state import NodeState
from monitor.settings import KafkaSettings, Settings, load_settings
from monitor.topics import min_in_sync

FORMATTED = NodeState("c" * 22, "4.3.1", formatted=True)


def make(home: Path, brokers: int, *numbers: int) -> None:
    """Leave on disk what a start with so many brokers leaves, of these nodes alone."""
    for node in nodes_of(home, brokers):
        if node.number in numbers or brokers == 1:
            node.prepare()
            FORMATTED.save(node)


def contents(home: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in sorted(home.rglob("*"))}


@pytest.mark.parametrize(("made", "wanted"), [(1, 3), (3, 1)])
async def test_another_number_of_brokers_is_refused_and_nothing_is_changed(
    tmp_path: Path, made: int, wanted: int
):
    """The message says how many there were; not a byte on disk is another one."""
    make(tmp_path, made, 1, 2, 3)
    before = contents(tmp_path)
    settings = Settings(data_dir=tmp_path, kafka=KafkaSettings(brokers=wanted))
    with pytest.raises(MachineError, match=rf"made with kafka.brokers = {made}.*--brokers {made}"):
        await EmbeddedKafka(settings).start()
    assert contents(tmp_path) == before
    check_layout(tmp_path, made)


def test_two_brokers_are_a_wrong_setting():
    """Of two none may be missing, so there is no such choice; the variable is named."""
    with pytest.raises(ConfigError, match=r"NEWSMON_KAFKA_BROKERS: must be 1, or 3"):
        load_settings(environ={"NEWSMON_KAFKA_BROKERS": "2"})


def test_topics_have_a_copy_on_every_embedded_broker(tmp_path: Path):
    """On an existing Kafka it is `kafka.replication` that counts, else what the data is made of."""
    assert replication_of(Settings(data_dir=tmp_path, kafka=KafkaSettings(brokers=3))) == 3
    make(tmp_path, 3, 1, 2, 3)
    assert replication_of(Settings(data_dir=tmp_path)) == 3
    elsewhere = KafkaSettings(replication=2)
    assert replication_of(Settings(bootstrap_servers=("a:1",), kafka=elsewhere)) == 2
    assert [min_in_sync(n) for n in (1, 2, 3, 5)] == [1, 1, 2, 3]


def test_new_nodes_share_one_cluster_id(tmp_path: Path):
    """Before the first start, and where one node lost its folder."""
    nodes = nodes_of(tmp_path, 3)
    assert len({state.cluster_id for state in load_states(nodes, "4.3.1")}) == 1
    make(tmp_path, 3, 2, 3)
    states = load_states(nodes, "4.3.1")
    assert {state.cluster_id for state in states} == {FORMATTED.cluster_id}
    assert [state.formatted for state in states] == [False, True, True]


def test_most_folders_gone_is_refused(tmp_path: Path):
    """Two empty nodes would outvote the one with data."""
    make(tmp_path, 3, 3)
    with pytest.raises(MachineError, match=r"kafka-1, .*kafka-2: gone"):
        load_states(nodes_of(tmp_path, 3), "4.3.1")


def test_nodes_of_different_clusters_are_refused(tmp_path: Path):
    """Somebody mixed two data directories."""
    make(tmp_path, 3, 1, 2, 3)
    nodes = nodes_of(tmp_path, 3)
    replace(FORMATTED, cluster_id="d" * 22).save(nodes[1])
    with pytest.raises(MachineError, match="different clusters"):
        load_states(nodes, "4.3.1")


def test_ports_follow_the_wanted_one_and_never_collide(tmp_path: Path):
    """Client and controller ports of three nodes are six different ones."""
    nodes = nodes_of(tmp_path, 3)
    states = choose_ports(0, nodes, [FORMATTED] * 3, ())
    assert len({state.port for state in states} | {s.controller_port for s in states}) == 6
    first = 47_100
    assert [s.port for s in choose_ports(first, nodes, states, ())] == [first, first + 1, first + 2]


def test_the_ports_of_running_nodes_stay(tmp_path: Path):
    """One node is started again: it gets its own controller port back, or there is an error."""
    nodes = nodes_of(tmp_path, 3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        states = [
            replace(FORMATTED, port=taken, controller_port=taken),
            replace(FORMATTED, port=free_port(), controller_port=free_port()),
            replace(FORMATTED, port=taken, controller_port=taken),
        ]
        running = (nodes[0], nodes[2])
        assert choose_ports(0, nodes, states, running) == states
        states[1] = replace(states[1], controller_port=taken)
        with pytest.raises(MachineError, match=rf"port {taken} .*controller port of broker-2"):
            choose_ports(0, nodes, states, running)
        chosen = choose_ports(0, nodes, states, ())
        assert taken not in {state.controller_port for state in chosen}


def test_the_configuration_of_a_node_of_three(tmp_path: Path):
    """Its number, all voters, three copies of which two are enough; a log of its own."""
    node = nodes_of(tmp_path, layout.LAYOUTS[-1])[1]
    node.prepare()
    node.configure(1111, 2001, 2002, 2003)
    text = (node.folder / "server.properties").read_text()
    config = dict(line.split("=", 1) for line in text.splitlines() if line[:1] not in ("#", ""))
    assert config["node.id"] == "2"
    assert (
        config["controller.quorum.voters"] == "1@127.0.0.1:2001,2@127.0.0.1:2002,3@127.0.0.1:2003"
    )
    assert config["listeners"] == "PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:2002"
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        assert config[f"{topic}.replication.factor"] == "3"
    assert config["min.insync.replicas"] == config["transaction.state.log.min.isr"] == "2"
    assert "/kafka-2.log" in (node.folder / "log4j2.properties").read_text()
    assert node.record.name == "broker-2.json"
