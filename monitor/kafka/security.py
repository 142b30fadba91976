"""How a client proves itself to the brokers, and the brokers to it.

`read_access` makes an `Access` of the settings once, `resolve_bootstrap` gives it a `Cluster` to
travel in, and `client_options` is THE door: every aiokafka client is opened with what it returns.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from monitor.errors import ConfigError
from monitor.secret import Secret, read_secret
from monitor.settings import KafkaSettings


@dataclass(frozen=True)
class Access:
    """The way in to a cluster.

    Attributes:
        protocol: Kafka's security protocol.
        tls: Whom to trust and what to show; None without TLS.
        mechanism: SASL mechanism; empty without SASL.
        user: SASL user; empty without SASL.
        password: The user's password.
    """

    protocol: str = "PLAINTEXT"
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    mechanism: str = ""
    user: str = ""
    password: Secret = field(default=Secret(""), repr=False)

    def options(self) -> dict[str, Any]:
        """Return the options of an aiokafka client; without TLS and SASL there are none."""
        options: dict[str, Any] = {}
        if self.protocol != "PLAINTEXT":
            options["security_protocol"] = self.protocol
        if self.tls:
            options["ssl_context"] = self.tls
        if self.mechanism:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password.reveal(),
            }
        return options


class Cluster(str):
    """The servers of a cluster, `host:port` with commas between, and the way in.

    It is a text, so that whoever only names the servers or hands them on need not know more. A
    plain text of servers is a cluster without TLS and SASL: a way in that got lost ends in a
    refused connection, never in a password sent in the clear.
    """

    access: Access

    def __new__(cls, servers: str, access: Access) -> Self:
        """Make a text that carries a way in."""
        cluster = super().__new__(cls, servers)
        cluster.access = access
        return cluster


def access_of(bootstrap: str) -> Access:
    """Return the way in to a cluster."""
    return bootstrap.access if isinstance(bootstrap, Cluster) else Access()


def client_options(bootstrap: str) -> dict[str, Any]:
    """Return what every aiokafka client needs to connect: the servers and the way in."""
    return {"bootstrap_servers": str(bootstrap), **access_of(bootstrap).options()}


def read_access(kafka: KafkaSettings) -> Access:
    """Read the files that the settings name.

    Raises:
        ConfigError: A file cannot be read or holds something else; the error names its setting.
    """
    protocol = kafka.security_protocol
    tls = _tls_context(kafka) if protocol.endswith("SSL") else None
    if not protocol.startswith("SASL"):
        return Access(protocol, tls)
    password = read_secret("kafka.sasl_password", kafka.sasl_password, kafka.sasl_password_file)
    return Access(protocol, tls, kafka.sasl_mechanism, kafka.sasl_username, password)


def _tls_context(kafka: KafkaSettings) -> ssl.SSLContext:
    """Return a context that demands a trusted certificate with the name of the server."""
    authority = _readable("ssl_cafile", kafka.ssl_cafile) if kafka.ssl_cafile else None
    try:
        context = ssl.create_default_context(cafile=authority)
    except ssl.SSLError:
        raise ConfigError(f"kafka.ssl_cafile: {authority}: holds no certificate (PEM)") from None
    if kafka.ssl_certfile:
        _show_own(context, kafka)
    return context


def _show_own(context: ssl.SSLContext, kafka: KafkaSettings) -> None:
    assert kafka.ssl_certfile
    certificate = _readable("ssl_certfile", kafka.ssl_certfile)
    key = _readable("ssl_keyfile", kafka.ssl_keyfile) if kafka.ssl_keyfile else certificate
    password = read_secret(
        "kafka.ssl_keyfile_password", kafka.ssl_keyfile_password, kafka.ssl_keyfile_password_file
    )
    try:
        # Given as a function, else OpenSSL asks for a missing password on the terminal.
        context.load_cert_chain(certificate, key, password.reveal)
    except (ssl.SSLError, ValueError):
        raise ConfigError(
            f"kafka.ssl_certfile, ssl_keyfile: {certificate}, {key}: expected a certificate and"
            " its key (PEM), and ssl_keyfile_password where the key is encrypted"
        ) from None


def _readable(name: str, path: Path) -> Path:
    path = path.expanduser()
    try:
        path.open("rb").close()
    except OSError as exc:
        raise ConfigError(f"kafka.{name}: {path}: cannot be read ({exc.strerror})") from None
    return path
