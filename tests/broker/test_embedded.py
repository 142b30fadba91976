"""The embedded broker: what it survives, what it refuses, who ends it."""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.errors import BrokerError, MachineError
from monitor.kafka import jars
from monitor.kafka.admin import apply_topics
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.client import open_producer, read_topic, send_value
from monitor.kafka.connect import cluster_id_of
from monitor.kafka.embedded import EmbeddedKafka
from monitor.kafka.java import CACHES_START, find_java
from monitor.kafka.node import Node, free_port, new_cluster_id
from monitor.kafka.running import running_brokers, stop_brokers
from monitor.kafka.state import NodeState
from monitor.process import started_at
from monitor.settings import KafkaSettings, Settings
from monitor.topics import ARTICLES, DEAD_LETTERS
from tests import ROOT


async def all_values(bootstrap: str) -> list[bytes | None]:
    records = read_topic(bootstrap, ARTICLES, from_beginning=True, follow=False)
    return [record.value async for record in records]


def command(*words: str, data_dir: Path) -> dict[str, object]:
    """Run `newsmon kafka` and return its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "monitor.cli", "kafka", *words, "--json", "--data-dir", data_dir],
        capture_output=True,
        cwd=ROOT,
        env=os.environ | {"NEWSMON_KAFKA_PORT": "0"},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


async def test_a_clean_restart_keeps_records_and_port(fresh_broker: EmbeddedKafka):
    """What was acknowledged is there after a stop; a detached start outlives its command."""
    data_dir = fresh_broker._settings.data_dir
    bootstrap = await resolve_bootstrap(fresh_broker._settings)
    await apply_topics(bootstrap, [ARTICLES])
    async with open_producer(bootstrap, [ARTICLES]) as producer:
        for number in range(10):
            await send_value(producer, ARTICLES, str(number), b"value %d" % number)
    await fresh_broker.stop()
    assert not fresh_broker.alive
    assert running_brokers(data_dir) == {}

    assert command("start", "--detach", data_dir=data_dir)["bootstrap_servers"] == bootstrap
    assert sorted(await all_values(bootstrap)) == sorted(b"value %d" % n for n in range(10))
    assert command("stop", data_dir=data_dir) == {"stopped": True}
    assert await stop_brokers(data_dir) == 0
    assert running_brokers(data_dir) == {}


async def test_kill_9_loses_no_acknowledged_record_and_readers_go_on(
    fresh_broker: EmbeddedKafka,
):
    """Killed under load and started again, the broker has all acknowledged records, once each."""
    bootstrap = await fresh_broker.start()
    await apply_topics(bootstrap, [ARTICLES])
    acknowledged: set[bytes] = set()
    followed: set[bytes | None] = set()
    stop = asyncio.Event()

    async def write(number: int) -> None:
        count = 0
        async with open_producer(bootstrap) as producer:
            while not stop.is_set():
                value = b"%d/%d" % (number, count)
                await send_value(producer, ARTICLES, str(count), value)
                acknowledged.add(value)
                count += 1

    async def follow() -> None:
        async for record in read_topic(bootstrap, ARTICLES, from_beginning=True, follow=True):
            followed.add(record.value)

    follower = asyncio.create_task(follow())
    writers = [asyncio.create_task(write(number)) for number in range(4)]
    await asyncio.sleep(1)
    before = len(acknowledged)
    assert fresh_broker.pid
    os.kill(fresh_broker.pid, signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert not fresh_broker.alive
    assert await fresh_broker.start() == bootstrap
    await asyncio.sleep(1)
    stop.set()
    await asyncio.gather(*writers)

    values = await all_values(bootstrap)
    for _ in range(100):
        if not acknowledged <= followed:
            await asyncio.sleep(0.1)
    follower.cancel()
    assert 0 < before < len(acknowledged)
    assert acknowledged <= set(values)
    assert len(values) == len(set(values))
    assert acknowledged <= followed


async def test_two_starters_at_once_share_one_broker(make_settings):
    """One starts it, the other waits and adopts it, and only the first one's stop ends it."""
    settings = make_settings()
    one, two = EmbeddedKafka(settings), EmbeddedKafka(settings)
    servers = await asyncio.gather(one.start(), two.start())
    if one.adopted:
        one, two = two, one
    try:
        assert servers[0] == servers[1]
        assert [one.adopted, two.adopted] == [False, True]
        assert one.pid == two.pid
        await two.stop()
        assert one.alive
    finally:
        await one.stop()
    assert not one.alive
    assert running_brokers(settings.data_dir) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what a process has mapped")
def test_the_start_cache_is_used(session_broker: EmbeddedKafka):
    """The running broker has the cache in memory, where its Java can have one."""
    if find_java(session_broker._settings).major < CACHES_START:
        pytest.skip("this Java keeps no start-up cache")
    assert ".aot" in Path(f"/proc/{session_broker.pid}/maps").read_text()


async def test_a_taken_port_is_named(make_settings, broker: str):
    """A fixed port that somebody uses is refused at once, in one line."""
    port = int(broker.rpartition(":")[2])
    with pytest.raises(MachineError, match=rf"port {port} .*is taken"):
        await EmbeddedKafka(make_settings(kafka=KafkaSettings(port=port))).start()


async def test_a_port_that_is_lost_at_the_last_moment_is_given_up(
    make_settings, monkeypatch, broker: str
):
    """Taken between the choice and the start: the second try takes another one."""
    ports = [0, int(broker.rpartition(":")[2]), wanted := free_port()]
    monkeypatch.setattr("monitor.kafka.layout.choose_port", lambda *wish: ports.pop(0))
    embedded = EmbeddedKafka(make_settings())
    assert await embedded.start() == f"127.0.0.1:{wanted}"
    await embedded.stop()


async def test_data_of_a_newer_kafka_is_refused_with_both_versions(make_settings):
    """An older Kafka never touches what a newer one has written."""
    settings = make_settings()
    node = Node(settings.data_dir)
    node.prepare()
    state = {"cluster_id": "x" * 22, "kafka_version": "9.10.0", "port": 1, "formatted": True}
    node.state.write_text(json.dumps(state))
    with pytest.raises(MachineError, match=r"9\.10\.0.*4\."):
        await EmbeddedKafka(settings).start()


async def test_a_broker_that_fails_to_start_says_why(make_settings):
    """Kafka's own reason comes through (here: its data folder is gone), and nothing stays."""
    settings = make_settings()
    node = Node(settings.data_dir)
    node.prepare()
    NodeState(new_cluster_id(), jars.kafka_version(), formatted=True).save(node)
    with pytest.raises(BrokerError, match=r"ended while starting: .*meta\.properties"):
        await EmbeddedKafka(settings).start()
    assert running_brokers(settings.data_dir) == {}
    assert not node.record.exists()


async def test_a_jar_damaged_in_the_cache_is_fetched_anew(make_settings, tmp_path: Path):
    """Same size, wrong bytes: the start fails, finds the jar, replaces it and goes on."""
    usual = jars.store(make_settings())
    with _serve_as_maven(usual, tmp_path / "mirror") as mirror:
        settings: Settings = make_settings(cache_dir=tmp_path / "cache", maven_mirror=mirror)
        folder = jars.store(settings)
        shutil.copytree(usual, folder, ignore=shutil.ignore_patterns("*.aot", "training*"))
        victim = next(jar for jar in jars.locked() if jar.name.startswith("kafka-server-4"))
        (folder / victim.name).write_bytes(b"\0" * victim.size)
        broker = EmbeddedKafka(settings)
        assert await cluster_id_of(await broker.start())
        await broker.stop()
    assert jars.damaged(folder) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_a_killed_parent_takes_its_broker_along(make_settings):
    """kill -9 of the program that started it leaves no broker behind."""
    settings = make_settings()
    program = (
        "import asyncio, sys, time\n"
        "from monitor.kafka.embedded import EmbeddedKafka\n"
        "from monitor.settings import Settings\n"
        "broker = EmbeddedKafka(Settings.model_validate_json(sys.argv[1]))\n"
        "asyncio.run(broker.start())\n"
        "print(broker.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, settings.model_dump_json()],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert started_at(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while started_at(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert started_at(pid) is None
    assert running_brokers(settings.data_dir) == {}


async def test_without_a_broker_the_way_to_start_one_is_named(make_settings):
    """No embedded broker, nothing configured: one line that says what to run."""
    with pytest.raises(BrokerError, match=r"no broker is running for .*newsmon up"):
        await resolve_bootstrap(make_settings())


async def test_a_configured_broker_that_is_away_is_named(make_settings, monkeypatch):
    """Nobody listens at `bootstrap_servers`: an error with the address, after a short while."""
    monkeypatch.setattr("monitor.kafka.bootstrap._SECONDS", 0.5)
    settings = make_settings(bootstrap_servers=("127.0.0.1:1",))
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1"):
        await resolve_bootstrap(settings)


async def test_the_topic_of_dead_letters_is_applied_by_the_session(broker: str):
    """The session's broker has newsmon's topics."""
    assert await apply_topics(broker, [DEAD_LETTERS]) == []


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def _serve_as_maven(store: Path, root: Path) -> Iterator[str]:
    for jar in jars.locked():
        target = root / jar.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(store / jar.name)
    handler = functools.partial(_Quiet, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
