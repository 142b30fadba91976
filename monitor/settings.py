"""THE settings: `config/newsmon.toml`, then the environment, checked together.

Every setting has an environment variable: `NEWSMON_` and the key in capitals, with the section
in front where there is one (`[poll] contact` is `NEWSMON_POLL_CONTACT`). All faults are reported
at once, each with file, key, what was expected and the nearest known name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from monitor.configfile import put_environment, read_toml, validate

ROOT = Path(__file__).resolve().parent.parent
"""The checkout (or the installed wheel's parent); `config/` stands in it."""

CONFIG_DIR = ROOT / "config"
PREFIX = "NEWSMON_"


def _home(variable: str, fallback: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / fallback) / "newsmon"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _disagreements(kafka: KafkaSettings) -> list[str]:
    """Say which of the settings for an existing Kafka do not go together."""
    faults = []
    protocol = kafka.security_protocol
    tls, sasl = protocol.endswith("SSL"), protocol.startswith("SASL")
    password = bool(kafka.sasl_password or kafka.sasl_password_file)
    files = ("ssl_cafile", "ssl_certfile", "ssl_keyfile")
    if not tls and (given := [name for name in files if getattr(kafka, name)]):
        faults.append(f"{', '.join(given)}: only with security_protocol SSL or SASL_SSL")
    if not sasl and (kafka.sasl_username or password):
        faults.append("sasl_username, sasl_password: only with security_protocol SASL_…")
    if sasl and not kafka.sasl_username:
        faults.append(f"sasl_username: expected a user, because security_protocol is {protocol}")
    if sasl and not password:
        faults.append("sasl_password: expected a password (or sasl_password_file)")
    if kafka.ssl_keyfile and not kafka.ssl_certfile:
        faults.append("ssl_keyfile: needs ssl_certfile beside it")
    return faults + [
        f"{name}, {name}_file: expected only one of them"
        for name in ("sasl_password", "ssl_keyfile_password")
        if getattr(kafka, name) and getattr(kafka, f"{name}_file")
    ]


class KafkaSettings(_Section):
    """The embedded broker (port, heap), and the way in to an existing Kafka (the rest)."""

    brokers: int = 1
    """1, or 3 with a copy of everything on each, so that one may be lost."""
    port: int = Field(0, ge=0, le=65535)
    """Client port on 127.0.0.1, of three brokers the first one's; 0 takes the last one used, else
    a free one."""
    heap_mb: int = Field(256, ge=96, le=8192)
    """Java heap of each broker, MiB."""
    replication: int = Field(1, ge=1, le=5)
    """Replicas of each topic on an existing Kafka; 3 on a cluster."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How `bootstrap_servers` are spoken to; the embedded broker knows PLAINTEXT alone."""
    ssl_cafile: Path | None = None
    """Certificates (PEM) of those who sign for the brokers; empty trusts the system's."""
    ssl_certfile: Path | None = None
    """Our own certificate (PEM), where the brokers ask for one."""
    ssl_keyfile: Path | None = None
    """Its private key (PEM); empty: it stands in the file of the certificate."""
    ssl_keyfile_password: str = Field("", repr=False)
    """What the key is encrypted with (secret)."""
    ssl_keyfile_password_file: Path | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str = ""
    sasl_password: str = Field("", repr=False)
    """The user's password (secret); better given by environment or file."""
    sasl_password_file: Path | None = None

    @field_validator("brokers")
    @classmethod
    def _one_or_three(cls, value: int) -> int:
        if value not in (1, 3):
            raise ValueError("must be 1, or 3 (of two, none could be missing)")
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if faults := _disagreements(self):
            raise ValueError("; ".join(faults))
        return self


class PollSettings(_Section):
    """The feed pollers."""

    feeds: Path = Path("feeds.toml")
    """The catalogue; a relative path is taken from the folder of the settings file."""
    contact: str = ""
    """A URL or e-mail address that goes into the user agent, so that a publisher can reach you."""
    interval: int = Field(900, ge=5, le=86_400)
    """Seconds between two polls of a feed whose own pace is not known yet."""
    max_age_hours: float = Field(48, ge=0)
    """On a first poll, older items are marked seen and not emitted; 0 = no limit."""
    timeout: float = Field(30, gt=0, le=600)
    """Seconds for one fetch in all."""
    concurrency: int = Field(16, ge=1, le=256)
    """Fetches in flight."""
    parsers: int = Field(1, ge=1, le=32)
    """Worker processes that parse."""


class DetectSettings(_Section):
    """The detector."""

    threshold: Literal["alert", "search"] = "alert"
    """`alert`: about one false alarm in 1,000 plain sentences; `search`: finds more."""


class AlertSettings(_Section):
    """Stories and alerts."""

    policy: Path = Path("alerts.toml")
    """Policy and watches; a relative path is taken from the folder of the settings file."""


class SlackSettings(_Section):
    """The Slack consumer; off while neither secret is set."""

    webhook_url: str = Field("", repr=False)
    """An incoming webhook (secret); better given by environment or file."""
    webhook_url_file: Path | None = None
    bot_token: str = Field("", repr=False)
    """A bot token (secret) with `chat:write`; needs `channel`."""
    bot_token_file: Path | None = None
    channel: str = ""
    """Where alerts go, a channel id or name."""
    rules: Path = Path("slack.toml")
    """Routes, mutes, quiet hours; a relative path is taken from the settings file's folder."""
    api_url: str = Field("https://slack.com/api/", pattern=r"^https?://")
    """The Web API; another one for a proxy or `newsmon slack demo`."""

    @property
    def enabled(self) -> bool:
        """Whether a secret is set."""
        return any((self.webhook_url, self.webhook_url_file, self.bot_token, self.bot_token_file))


class WebSettings(_Section):
    """The web page."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    token: str = Field("", repr=False)
    """Needed to bind to anything but loopback (secret)."""


class MetricsSettings(_Section):
    """The operators' door of each role: `/metrics`, `/healthz`, `/readyz`."""

    host: str = "127.0.0.1"
    """Address to listen on; there is no password, so beyond loopback only in a closed network."""
    port: int = Field(0, ge=0, le=65_515)
    """0 = none. `newsmon up` takes this one and gives its roles the ports above it."""


class Settings(_Section):
    """All settings."""

    data_dir: Path = Field(default_factory=lambda: _home("XDG_DATA_HOME", ".local/share"))
    """Where the embedded broker, tables and logs live."""
    cache_dir: Path = Field(default_factory=lambda: _home("XDG_CACHE_HOME", ".cache"))
    """Where downloads live; may be deleted at any time."""
    bootstrap_servers: tuple[str, ...] = ()
    """`host:port` of an existing Kafka; empty starts the embedded broker."""
    java: Path | None = None
    """A Java 17 or newer; empty takes the one that came with newsmon, then `JAVA_HOME`."""
    maven_mirror: str = ""
    """Base address of a Maven repository, asked before all others."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    workers: int = Field(1, ge=1, le=6)
    """Worker processes that `newsmon up` starts."""
    kafka: KafkaSettings = KafkaSettings()
    poll: PollSettings = PollSettings()
    detect: DetectSettings = DetectSettings()
    alert: AlertSettings = AlertSettings()
    slack: SlackSettings = SlackSettings()
    web: WebSettings = WebSettings()
    metrics: MetricsSettings = MetricsSettings()

    @field_validator("bootstrap_servers", mode="before")
    @classmethod
    def _split_servers(cls, value: object) -> object:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        for server in value if isinstance(value, (list, tuple)) else ():
            host, _, port = str(server).rpartition(":")
            if not host or not port.isdigit():
                raise ValueError(f"{server!r} is no host:port")
        return value

    @model_validator(mode="after")
    def _embedded_is_plain(self) -> Self:
        protocol = self.kafka.security_protocol
        if protocol != "PLAINTEXT" and not self.bootstrap_servers:
            raise ValueError(
                f"kafka.security_protocol: {protocol} needs bootstrap_servers; the embedded broker"
                " is PLAINTEXT on loopback"
            )
        return self

    @field_validator("data_dir", "cache_dir", "java", mode="after")
    @classmethod
    def _expand(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else None


def load_settings(
    path: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Read the settings: defaults, then the file, then the environment, then `overrides`.

    Args:
        path: The TOML file; None takes `NEWSMON_CONFIG`, else `config/newsmon.toml`.
        overrides: Top-level keys from the command line; None values are ignored.
        environ: The environment.

    Raises:
        ConfigError: The file cannot be read, or has faults; all of them are in it.
    """
    chosen = path or Path(environ.get(PREFIX + "CONFIG") or CONFIG_DIR / "newsmon.toml")
    data = read_toml(chosen)
    sources = put_environment(data, Settings, PREFIX, environ)
    data |= {name: value for name, value in (overrides or {}).items() if value is not None}
    return _anchor(validate(Settings, data, chosen, sources), chosen.parent)


def _anchor(settings: Settings, folder: Path) -> Settings:
    poll = settings.poll.model_copy(update={"feeds": folder / settings.poll.feeds.expanduser()})
    alert = settings.alert.model_copy(
        update={"policy": folder / settings.alert.policy.expanduser()}
    )
    slack = settings.slack.model_copy(update={"rules": folder / settings.slack.rules.expanduser()})
    return settings.model_copy(update={"poll": poll, "alert": alert, "slack": slack})
