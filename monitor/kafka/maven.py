"""Where jars may come from: the user's mirror, Maven's own settings, Maven Central."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request
from xml.etree import ElementTree

from monitor.errors import ConfigError

# The repository `central` of Maven's super POM, which every Maven build asks when nothing else is
# configured: the jars are published there and nowhere else.
CENTRAL = "https://" + ".".join(("repo", "maven", "apache", "org")) + "/maven2"

_SCHEMES = ("http", "https", "file")


@dataclass(frozen=True)
class Repository:
    """A repository in Maven layout.

    Attributes:
        name: What to call it in messages; never holds a secret.
        url: Base address without credentials and without a slash at the end.
        authorization: Value of the `Authorization` header (secret), or empty.
    """

    name: str
    url: str
    authorization: str = field(default="", repr=False)

    def request(self, path: str) -> Request:
        """Return the request for one file."""
        request = Request(f"{self.url}/{path}", headers={"User-Agent": "newsmon"})  # noqa: S310
        if self.authorization:
            # "Unredirected": a redirect to another host must not carry the password along.
            request.add_unredirected_header("Authorization", self.authorization)
        return request


@dataclass(frozen=True)
class MavenSettings:
    """What newsmon takes from Maven's `settings.xml`."""

    mirrors: tuple[Repository, ...] = ()
    local: Path = Path.home() / ".m2" / "repository"


def repositories(mirror: str, maven: MavenSettings) -> tuple[Repository, ...]:
    """List the repositories to ask, in order: `mirror`, Maven's mirrors, Maven Central.

    Raises:
        ConfigError: `mirror` is no http, https or file address.
    """
    own = (_repository("maven_mirror", mirror),) if mirror else ()
    return (*own, *maven.mirrors, Repository("Maven Central", CENTRAL))


def read_maven_settings(
    home: Path | None = None, environ: Mapping[str, str] = os.environ
) -> MavenSettings:
    """Read `~/.m2/settings.xml`: mirrors of `central` with their credentials, local repository.

    A file that is missing or no XML counts as empty: it is Maven's, not ours to complain about.

    Args:
        home: The home directory; None takes the user's.
        environ: Values for `${env.NAME}`.
    """
    home = home or Path.home()
    default = MavenSettings(local=home / ".m2" / "repository")
    try:
        root = ElementTree.parse(home / ".m2" / "settings.xml").getroot()  # noqa: S314 - the user's own file
    except (OSError, ElementTree.ParseError):
        return default
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.text = _expand(element.text or "", home, environ)
    servers = {
        _text(server, "id"): (_text(server, "username"), _text(server, "password"))
        for server in root.iterfind("servers/server")
    }
    local = _text(root, "localRepository")
    return MavenSettings(
        mirrors=tuple(_mirrors(root, servers)), local=Path(local) if local else default.local
    )


def mirrors_central(mirror_of: str) -> bool:
    """Tell whether a `mirrorOf` pattern covers the repository `central`."""
    patterns = [pattern.strip() for pattern in mirror_of.split(",")]
    covered = any(pattern in ("central", "*", "external:*") for pattern in patterns)
    return covered and "!central" not in patterns


def _mirrors(
    root: ElementTree.Element, servers: Mapping[str, tuple[str, str]]
) -> Iterator[Repository]:
    for mirror in root.iterfind("mirrors/mirror"):
        name, url = _text(mirror, "id") or "mirror", _text(mirror, "url")
        if urlsplit(url).scheme in _SCHEMES and mirrors_central(_text(mirror, "mirrorOf")):
            user, password = servers.get(name, ("", ""))
            yield _repository(name, url, user, password)


def _repository(name: str, url: str, user: str = "", password: str = "") -> Repository:
    parts = urlsplit(url.strip())
    if parts.scheme not in _SCHEMES:
        raise ConfigError(f"{name}: expected an http, https or file address, got {url!r}")
    if "@" in parts.netloc:
        login, _, host = parts.netloc.rpartition("@")
        user, password = (unquote(part) for part in login.partition(":")[::2])
        parts = parts._replace(netloc=host)
    basic = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
    return Repository(
        name=f"{name} ({parts.netloc or parts.path})",
        url=urlunsplit(parts).rstrip("/"),
        authorization=f"Basic {basic}" if basic else "",
    )


def _text(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _expand(text: str, home: Path, environ: Mapping[str, str]) -> str:
    text = text.replace("${user.home}", str(home))
    return re.sub(r"\$\{env\.([^}]+)\}", lambda match: environ.get(match[1], ""), text)
