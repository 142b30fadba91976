"""The way in to an existing Kafka: settings, files, and the one door to every client."""

from __future__ import annotations

import ast
import asyncio
import ssl
from pathlib import Path

import pytest
import trustme
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)

from agents.app import _credentials
from monitor.errors import ConfigError
from monitor.kafka.connect import check_access, explain
from monitor.kafka.security import Access, Cluster, access_of, client_options, read_access
from monitor.settings import KafkaSettings, load_settings
from tests import ROOT

PLANTED = "PLANTED-PASSWORD"
CLUSTER = {"NEWSMON_BOOTSTRAP_SERVERS": "kafka.example:9093"}


def load(tmp_path: Path, **keys: str) -> KafkaSettings:
    """Load `[kafka]` settings that stand in the environment."""
    path = tmp_path / "newsmon.toml"
    path.touch()
    environ = {f"NEWSMON_KAFKA_{key.upper()}": value for key, value in keys.items()}
    return load_settings(path, environ=CLUSTER | environ).kafka


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """Return an authority whose certificate is in ca.pem."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


def test_without_a_word_nothing_changes() -> None:
    """A plain text of servers, and plaintext settings, give the servers alone."""
    plain = {"bootstrap_servers": "a:1,b:2"}

    assert client_options("a:1,b:2") == plain
    assert client_options(Cluster("a:1,b:2", read_access(KafkaSettings()))) == plain


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_user_reaches_clients_and_faust(
    tmp_path: Path, authority: trustme.CA, mechanism: str
) -> None:
    """Over TLS with SASL both are told the same, and the servers still read as a text."""
    settings = load(
        tmp_path, security_protocol="SASL_SSL", ssl_cafile=str(tmp_path / "ca.pem"),
        sasl_mechanism=mechanism, sasl_username="worker", sasl_password=PLANTED,
    )  # fmt: skip
    cluster = Cluster("a:1,b:2", read_access(settings))

    options = client_options(cluster)
    faust = _credentials(access_of(cluster))

    assert f"{cluster}" == options.pop("bootstrap_servers") == "a:1,b:2"
    tls = options.pop("ssl_context")
    assert tls.check_hostname
    assert tls.verify_mode == ssl.CERT_REQUIRED
    assert options == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "worker",
        "sasl_plain_password": PLANTED,
    }
    assert (faust.protocol.value, faust.mechanism.value) == ("SASL_SSL", mechanism)
    assert (faust.username, faust.password, faust.ssl_context) == ("worker", PLANTED, tls)


def test_each_protocol_is_what_faust_makes_of_it(tmp_path: Path, authority: trustme.CA) -> None:
    """Faust derives the protocol: from TLS alone SSL, from a user alone SASL_PLAINTEXT."""
    certificate = load(tmp_path, security_protocol="SSL", ssl_cafile=str(tmp_path / "ca.pem"))
    user = load(
        tmp_path, security_protocol="SASL_PLAINTEXT", sasl_username="u", sasl_password=PLANTED
    )

    assert _credentials(read_access(certificate)).protocol.value == "SSL"
    assert _credentials(read_access(user)).protocol.value == "SASL_PLAINTEXT"
    assert _credentials(Access()) is None


def test_the_password_is_in_a_file(tmp_path: Path) -> None:
    """The first line counts, without the blanks around it."""
    (tmp_path / "password").write_text(f" {PLANTED} \nmore\n", "utf-8")

    access = read_access(
        load(
            tmp_path, security_protocol="SASL_PLAINTEXT", sasl_username="u",
            sasl_password_file=str(tmp_path / "password"),
        )
    )  # fmt: skip

    assert access.password.reveal() == PLANTED


def test_a_key_that_is_encrypted_needs_its_password(
    tmp_path: Path, authority: trustme.CA, capfd: pytest.CaptureFixture[str]
) -> None:
    """A certificate without the right key is refused by name, and nobody is asked on a terminal."""
    own, other = authority.issue_cert("me.example"), authority.issue_cert("you.example")
    own.cert_chain_pems[0].write_to_path(tmp_path / "me.pem")
    other.private_key_pem.write_to_path(tmp_path / "you.key")
    own.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    keys = {"security_protocol": "SSL", "ssl_cafile": str(tmp_path / "ca.pem")}

    both = read_access(load(tmp_path, **keys, ssl_certfile=str(tmp_path / "both.pem")))
    with pytest.raises(ConfigError, match=r"ssl_certfile, ssl_keyfile: .*you\.key: expected"):
        read_access(
            load(
                tmp_path, **keys, ssl_certfile=str(tmp_path / "me.pem"),
                ssl_keyfile=str(tmp_path / "you.key"), ssl_keyfile_password=PLANTED,
            )
        )  # fmt: skip

    assert both.tls


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"security_protocol": "SASL_SSL"}, "sasl_username: expected a user, because"),
        ({"security_protocol": "SASL_SSL", "sasl_username": "u"}, "sasl_password: expected a pass"),
        ({"sasl_username": "u"}, "only with security_protocol SASL_"),
        ({"sasl_password": PLANTED}, "only with security_protocol SASL_"),
        ({"ssl_cafile": "/x"}, "ssl_cafile: only with security_protocol SSL or SASL_SSL"),
        ({"security_protocol": "SSL", "ssl_keyfile": "/x"}, "ssl_keyfile: needs ssl_certfile"),
        (
            {
                "security_protocol": "SASL_PLAINTEXT",
                "sasl_username": "u",
                "sasl_password": PLANTED,
                "sasl_password_file": "/x",
            },
            "sasl_password, sasl_password_file: expected only one",
        ),
        ({"security_protocol": "TLS"}, "NEWSMON_KAFKA_SECURITY_PROTOCOL: Input should be 'PLAIN"),
        ({"sasl_mechanism": "GSSAPI"}, "NEWSMON_KAFKA_SASL_MECHANISM: Input should be 'PLAIN'"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, keys: dict[str, str], why: str
) -> None:
    """The fault names the settings, and never shows a password."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, **keys)

    assert why in str(caught.value)
    assert PLANTED not in str(caught.value)


def test_the_embedded_broker_is_plain(tmp_path: Path) -> None:
    """TLS or SASL without a Kafka of one's own cannot be meant."""
    path = tmp_path / "newsmon.toml"
    path.write_text('[kafka]\nsecurity_protocol = "SSL"\n', "utf-8")

    with pytest.raises(ConfigError, match="SSL needs bootstrap_servers"):
        load_settings(path, environ={})


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("ssl_cafile", None, "cannot be read (No such file or directory)"),
        ("ssl_cafile", "no certificate", "holds no certificate (PEM)"),
        ("sasl_password_file", None, "cannot be read (No such file or directory)"),
        ("sasl_password_file", "\n", "is empty"),
    ],
)
def test_a_file_that_is_not_right_is_named(
    tmp_path: Path, name: str, content: str | None, why: str
) -> None:
    """Setting, path and reason are in the error."""
    path = tmp_path / "file"
    if content is not None:
        path.write_text(content, "utf-8")
    keys = {"security_protocol": "SASL_SSL", "sasl_username": "u", "sasl_password": PLANTED}
    if name == "sasl_password_file":
        del keys["sasl_password"]

    with pytest.raises(ConfigError) as caught:
        read_access(load(tmp_path, **keys, **{name: str(path)}))

    assert str(caught.value) == f"kafka.{name}: {path}: {why}"


async def test_a_broker_that_is_away_is_no_wrong_setting() -> None:
    """Only who answers can refuse."""
    access = Access("SASL_SSL", ssl.create_default_context(), "PLAIN", "u")

    await check_access(Cluster("127.0.0.1:1,[::1]:1", access))


async def test_a_server_without_tls_is_a_wrong_setting() -> None:
    """What answers in the clear is no broker with TLS."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what do you mean?")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    access = Access("SSL", ssl.create_default_context())
    async with server:
        with pytest.raises(ConfigError, match=r"kafka\.security_protocol: .*speaks no TLS"):
            await check_access(Cluster(f"127.0.0.1:{port}", access))


@pytest.mark.parametrize(
    ("refusal", "about"),
    [
        (TopicAuthorizationFailedError("newsmon.alerts"), "the topic newsmon.alerts"),
        (TopicAuthorizationFailedError({"b", "a"}), "the topic a, b"),
        (GroupAuthorizationFailedError("Unable to get coordinator id for g"), "the group g"),
        (ClusterAuthorizationFailedError(), "the cluster"),
    ],
)
def test_a_missing_right_is_named(refusal: Exception, about: str) -> None:
    """Whatever form aiokafka gives it."""
    assert explain(refusal) == f"our user lacks a right on {about} (see `newsmon topics acls`)"


def test_no_password_is_shown(tmp_path: Path) -> None:
    """Neither settings nor the way in show it, in any of their texts."""
    settings = load(
        tmp_path, security_protocol="SASL_PLAINTEXT", sasl_username="u", sasl_password=PLANTED,
        ssl_keyfile_password=PLANTED,
    )  # fmt: skip
    access = read_access(settings)

    shown = f"{settings!r} {settings} {access!r} {access} {Cluster('a:1', access)!r}"

    assert PLANTED not in shown
    assert PLANTED not in repr(_credentials(access))


def test_every_client_is_opened_through_the_one_door() -> None:
    """An aiokafka client that is not given `client_options` would know neither TLS nor SASL."""
    calls = [
        (path.name, node)
        for path in [*ROOT.glob("monitor/**/*.py"), *ROOT.glob("agents/**/*.py")]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient"}
    ]

    assert len(calls) >= 5
    for name, call in calls:
        spread = [ast.unparse(word.value) for word in call.keywords if word.arg is None]
        assert "client_options(bootstrap)" in spread, f"{name}:{call.lineno}"
