"""A Kafka that asks everybody who he is, with certificates and users of its own."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import trustme
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from monitor import kafka
from monitor.kafka.connect import cluster_id_of, open_admin
from monitor.kafka.fetch import fetch
from monitor.kafka.java import find_java
from monitor.kafka.jvm import Kafka
from monitor.kafka.node import free_port, new_cluster_id
from monitor.kafka.security import Cluster, read_access
from monitor.process import finished, launch
from monitor.settings import KafkaSettings, Settings

MECHANISMS = {
    "admin": "PLAIN",
    "operator": "PLAIN",
    "poller": "SCRAM-SHA-256",
    "worker": "SCRAM-SHA-512",
    "slack": "PLAIN",
    "viewer": "SCRAM-SHA-512",
    "nobody": "SCRAM-SHA-256",
}
"""The users: each role proves itself in one of the ways."""

KEY_PASSWORD = "opens the key"

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=SASL_SSL://127.0.0.1:{port},MUTUAL://127.0.0.1:{mutual},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://localhost:{port},MUTUAL://localhost:{mutual}
listener.security.protocol.map=SASL_SSL:SASL_SSL,MUTUAL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SASL_SSL
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config={plain}
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={scram}
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram}
listener.name.mutual.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location=broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=ca.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
# Anonymous is the controller alone: all others must say who they are.
super.users=User:admin;User:ANONYMOUS
log.dirs=data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
"""
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required "
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
_KINDS, _PATTERNS = {"topic": 2, "group": 3}, {"literal": 3, "prefixed": 4}
_OPERATIONS = {
    "Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8,
    "DescribeConfigs": 10,
}  # fmt: skip
_ALLOW = 3


@dataclass
class Secured:
    """The broker, and what it takes to reach it."""

    home: Path
    port: int = field(default_factory=free_port)
    mutual: int = field(default_factory=free_port)

    def password_of(self, user: str) -> str:
        return f"the-password-of-{user}"

    def environ(self, user: str, **changes: str) -> dict[str, str]:
        """Return the environment of a process that runs as this user."""
        password = self.home / f"{user}.password"
        password.write_text(self.password_of(user) + "\n", "utf-8")
        named = {
            "DATA_DIR": str(self.home / "newsmon" / user),
            "BOOTSTRAP_SERVERS": f"localhost:{self.port}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SSL_CAFILE": str(self.home / "ca.pem"),
            "KAFKA_SASL_MECHANISM": MECHANISMS[user],
            "KAFKA_SASL_USERNAME": user,
            "KAFKA_SASL_PASSWORD_FILE": str(password),
        }
        ours = {f"NEWSMON_{key}": value for key, value in (named | changes).items()}
        return {**os.environ, **ours}

    def run(self, user: str, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a command as this user to its end."""
        return subprocess.run(
            [sys.executable, "-m", "monitor.cli", *words],
            env=self.environ(user, **changes), capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    @contextmanager
    def role(self, user: str, *words: str, **changes: str) -> Iterator[Path]:
        """Run a role as this user, and yield its log."""
        log = self.home / f"{user}.log"
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor.cli", *words],
            env=self.environ(user, **changes), stderr=log.open("w"),
        )  # fmt: skip
        try:
            yield log
        finally:
            process.terminate()
            process.wait(30)

    def denials(self) -> list[str]:
        """Return what the broker has refused so far."""
        lines = (self.home / "logs" / "kafka.log").read_text("utf-8").splitlines()
        return [line for line in lines if "is Denied operation" in line]

    def cluster(self, user: str, host: str = "localhost", **changes: Any) -> Cluster:
        """Return the way in for a client in this process."""
        keys: dict[str, Any] = {
            "security_protocol": "SASL_SSL",
            "ssl_cafile": self.home / "ca.pem",
            "sasl_mechanism": MECHANISMS[user],
            "sasl_username": user,
            "sasl_password": self.password_of(user),
        }
        settings = KafkaSettings(**keys | changes)
        return Cluster(f"{host}:{self.port}", read_access(settings))

    async def grant(self, lines: Sequence[str]) -> None:
        """Do what these calls of kafka-acls.sh would do; starting Java for each takes too long."""
        async with open_admin(self.cluster("admin")) as admin:
            for line in lines:
                for acl in _acls(line):
                    answer = await admin._send_request(CreateAclsRequest(*acl))
                    assert [code for code, _ in answer.creation_responses] == [0], answer


def _acls(line: str) -> Iterator[tuple[Any, ...]]:
    words = shlex.split(line)
    options = [(key, value) for key, value in pairwise(words) if key.startswith("--")]
    one = dict(options)
    (kind,) = _KINDS.keys() & {key.removeprefix("--") for key in one}
    pattern = _PATTERNS[one.get("--resource-pattern-type", "literal")]
    for key, value in options:
        if key == "--operation":
            yield (
                _KINDS[kind], one[f"--{kind}"], pattern, one["--allow-principal"], "*",
                _OPERATIONS[value], _ALLOW,
            )  # fmt: skip


def make_certificates(folder: Path) -> None:
    """Write an authority, a broker's and a user's certificate, and an authority nobody knows."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other-ca.pem")
    broker = authority.issue_cert("localhost")
    (folder / "broker.pem").write_bytes(
        _key(broker) + b"".join(blob.bytes() for blob in broker.cert_chain_pems)
    )
    user = authority.issue_cert("user@example", common_name="user")
    (folder / "user.key").write_bytes(_key(user, KEY_PASSWORD))
    (folder / "user.pem").write_bytes(b"".join(blob.bytes() for blob in user.cert_chain_pems))


def _key(certificate: trustme.LeafCert, password: str = "") -> bytes:
    """Return the key as PKCS 8, the one form that Kafka reads."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


@contextmanager
def secured_broker(settings: Settings) -> Iterator[Secured]:
    """Run the broker under `settings.data_dir`; nobody but admin may do anything yet."""
    broker = Secured(settings.data_dir)
    folder = broker.home / "kafka"
    for made in (folder, broker.home / "logs"):
        made.mkdir(parents=True)
    make_certificates(broker.home)
    for name in ("ca.pem", "broker.pem"):
        shutil.copy(broker.home / name, folder / name)
    plain = {user: broker.password_of(user) for user, how in MECHANISMS.items() if how == "PLAIN"}
    users = " ".join(f'user_{user}="{password}"' for user, password in plain.items())
    own = f'username="admin" password="{plain["admin"]}"'
    (folder / "server.properties").write_text(
        _PROPERTIES.format(
            port=broker.port, mutual=broker.mutual, controller=free_port(),
            plain=f"{_PLAIN} {own} {users};", scram=_SCRAM,
        )
    )  # fmt: skip
    shutil.copy(Path(kafka.__file__).parent / "log4j2.properties", folder)
    java = Kafka(find_java(settings), fetch(settings), settings.kafka.heap_mb)
    scram = [
        word
        for user, how in MECHANISMS.items() if how != "PLAIN"
        for word in ("--add-scram", f"{how}=[name={user},password={broker.password_of(user)}]")
    ]  # fmt: skip
    output = broker.home / "logs" / "java.log"
    tool = ("kafka.tools.StorageTool", "format", "-t", new_cluster_id())
    formatting = launch(
        java.command([*tool, "-c", "server.properties", *scram]),
        folder=folder, output=output, follow_parent=True,
    )  # fmt: skip
    assert asyncio.run(finished(formatting, 60))
    assert formatting.returncode == 0, output.read_text()
    process = launch(
        java.command(["kafka.Kafka", "server.properties"]),
        folder=folder, output=output, follow_parent=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while asyncio.run(cluster_id_of(broker.cluster("admin"))) is None:
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, "no answer for a minute"
            time.sleep(0.2)
        yield broker
    finally:
        process.kill()
        process.wait()
