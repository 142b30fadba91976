"""PURE: who may ask. Against other sites in the same browser, and against other machines.

The page has no log-in of its own: on loopback everybody on the machine may read it, beyond
loopback everybody who has the token.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from monitor.errors import ConfigError
from monitor.ops.loopback import asked_for, is_loopback, names_of
from monitor.settings import WebSettings

COOKIE = "newsmon"
SHORTEST_TOKEN = 16
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}
"""Sent with every answer. Nothing from elsewhere loads, and no string ever becomes markup."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered.

    Attributes:
        status: The HTTP status.
        why: One line for who asked.
    """

    status: int
    why: str


@dataclass(frozen=True, slots=True)
class Access:
    """The rule for one server.

    Attributes:
        hosts: Names under which the server may be asked for; empty = any, for one with a token.
        token: What the reader must know; empty = nothing.
    """

    hosts: frozenset[str]
    token: str = field(default="", repr=False)

    @property
    def cookie(self) -> str:
        """The value of the cookie that stands for the token."""
        return hashlib.sha256(b"newsmon\x1f" + self.token.encode()).hexdigest()

    def knows(self, token: str) -> bool:
        """Tell whether this is the token."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def refuse(
        self, headers: Mapping[str, str], cookie: str = "", *, open_to_all: bool = False
    ) -> Refusal | None:
        """Say why a request is refused; None lets it pass.

        Args:
            headers: Of the request.
            cookie: The value of our cookie, if it came.
            open_to_all: Whether the path needs no token.
        """
        host = headers.get("Host", "")
        if self.hosts and asked_for(host) not in self.hosts:
            # A page elsewhere that points its own name at this machine ends here.
            return Refusal(421, "this server is not known by that name")
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return Refusal(403, "other sites may not read this")
        site = headers.get("Sec-Fetch-Site", "none")
        if site not in ("none", "same-origin") and headers.get("Sec-Fetch-Mode") != "navigate":
            return Refusal(403, "other sites may not read this")
        if open_to_all or not self.token:
            return None
        given = headers.get("Authorization", "").removeprefix("Bearer ")
        if self.knows(given) or hmac.compare_digest(cookie.encode(), self.cookie.encode()):
            return None
        return Refusal(401, "the token is needed: open /?token=… once, or send it as Bearer")


def access_for(settings: WebSettings) -> Access:
    """Return the rule for a server with these settings.

    Raises:
        ConfigError: It would be open to other machines without a token, or with a weak one.
    """
    if settings.token and len(settings.token) < SHORTEST_TOKEN:
        raise ConfigError(f"web.token: expected at least {SHORTEST_TOKEN} characters")
    if is_loopback(settings.host):
        return Access(names_of(settings.host), settings.token)
    if not settings.token:
        raise ConfigError(
            f"web.host: {settings.host} is open to other machines, which needs web.token "
            "(NEWSMON_WEB_TOKEN); 127.0.0.1 needs none"
        )
    return Access(frozenset(), settings.token)
