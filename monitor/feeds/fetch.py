"""The HTTP client for feeds: polite, bounded, and blind to private addresses."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp

from monitor.errors import FetchError
from monitor.feeds.addresses import is_public
from monitor.feeds.decode import ACCEPTED, DECODE_ERRORS, decoder
from monitor.feeds.failures import PrivateAddressError, name_failure
from monitor.feeds.feed import domain_of
from monitor.feeds.hosts import HostGate

MAX_BODY = 10 << 20
"""Bytes of a document, decoded."""
MAX_RATIO = 200
"""Decoded bytes per byte on the wire, once a document is larger than a megabyte."""
MAX_REDIRECTS = 5
CONNECT_S = 10.0
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9,"
    " application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
_PERMANENT, _PASSING = frozenset({301, 308}), frozenset({302, 303, 307})


@dataclass(frozen=True)
class Answer:
    """What a server said in the end.

    Attributes:
        status: The HTTP status after redirects.
        url: The address that answered.
        permanent: The address that a chain of nothing but permanent redirects led to; empty
            where there was none.
        headers: By lower-case name; of repeated ones the first.
        body: The decoded document; empty unless the status is 200.
    """

    status: int
    url: str
    permanent: str
    headers: dict[str, str]
    body: bytes = b""


def user_agent(contact: str) -> str:
    """Return the user agent: our name, version, and how to reach who runs this."""
    clean = "".join(char for char in contact if char.isprintable() and char not in "()")
    return f"newsmon/{version('newsmon')}" + (f" (+{clean})" if clean else "")


class Fetcher:
    """Fetches feeds; one for the whole process."""

    def __init__(self, contact: str, timeout_s: float, gate: HostGate) -> None:
        """Prepare; nothing is opened before the first fetch.

        Args:
            contact: A URL or e-mail address for the user agent.
            timeout_s: For one fetch in all, redirects included.
            gate: Limits per host.
        """
        self._agent = user_agent(contact)
        self._timeout_s = timeout_s
        self._gate = gate
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()

    async def fetch(
        self, url: str, *, etag: str = "", last_modified: str = "", allow_private: bool = False
    ) -> Answer:
        """Ask for a document.

        Args:
            url: Where.
            etag: Sent back as it came, to the byte; empty = not sent.
            last_modified: The same.
            allow_private: Whether it may be on an address that the internet cannot reach.

        Raises:
            FetchError: No answer came, or none that can be used: `timeout`, `dns`,
                `dns_temporary`, `tls`, `connect`, `private_address`, `bad_url`, `bad_redirect`,
                `too_many_redirects`, `too_large`, `bad_encoding`, `truncated`, `bad_answer`.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in conditions.items() if value}
        permanent, so_far = "", True
        for _ in range(MAX_REDIRECTS + 1):
            host = _host(url)
            async with self._gate.slot(domain_of(url) or host, spaced=not allow_private):
                answer = await self._bounded(url, headers, allow_private)
            if answer.status not in _PERMANENT | _PASSING:
                return Answer(answer.status, url, permanent, answer.headers, answer.body)
            url = _target(url, answer.headers.get("location", ""))
            so_far = so_far and answer.status in _PERMANENT
            permanent = url if so_far else ""
        raise FetchError("too_many_redirects", f"expected at most {MAX_REDIRECTS} redirects")

    async def _bounded(self, url: str, headers: dict[str, str], private: bool) -> Answer:
        try:
            # Waiting for a turn is not the server's fault, so the clock starts here.
            async with asyncio.timeout(self._timeout_s):
                return await self._ask(url, headers, private)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as exc:
            outcome, why = name_failure(exc, self._timeout_s)
            raise FetchError(outcome, why) from exc

    async def _ask(self, url: str, headers: dict[str, str], private: bool) -> Answer:
        session = self._session(private)
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            found: dict[str, str] = {}
            for name, value in response.headers.items():
                found.setdefault(name.lower(), value)
            body = await _read(response) if response.status == 200 else b""
            return Answer(response.status, url, "", found, body)

    def _session(self, private: bool) -> aiohttp.ClientSession:
        if private not in self._sessions:
            connector = aiohttp.TCPConnector(
                limit=0,
                use_dns_cache=False,
                socket_factory=_any_socket if private else _public_socket,
            )
            self._sessions[private] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={
                    "User-Agent": self._agent,
                    "Accept": _ACCEPT,
                    "Accept-Encoding": ACCEPTED,
                },
                auto_decompress=False,  # theirs does not notice a document that is cut off
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                max_field_size=32_768,
                max_headers=1000,
                trust_env=False,
            )
        return self._sessions[private]


def _public_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """Make the socket for an address that was just looked up, or refuse to.

    Here and nowhere else: between a check of the name and the connection the answer of the name
    server can change, and a literal address is never looked up at all.
    """
    address = str(info[4][0])
    if not is_public(address):
        raise PrivateAddressError(address)
    return _any_socket(info)


def _any_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = info
    return socket.socket(family=family, type=kind, proto=protocol)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read and decode the document, and stop as soon as it is too large."""
    parts, size, wire = [], 0, 0
    try:
        unpack = decoder(response.headers.get("Content-Encoding", ""))
        async for chunk in response.content.iter_any():
            wire += len(chunk)
            for part in unpack.feed(chunk):
                size += len(part)
                if size > MAX_BODY or (size > 1 << 20 and size > MAX_RATIO * wire):
                    response.close()
                    raise FetchError("too_large", f"over {size >> 20} MiB from {wire} bytes")
                parts.append(part)
    except DECODE_ERRORS as exc:
        raise FetchError("bad_encoding", f"{type(exc).__name__} {exc}"[:200]) from exc
    if not unpack.finished:
        raise FetchError("truncated", f"the compressed document ends after {wire} bytes")
    return b"".join(parts)


@lru_cache(maxsize=20_000)
def _host(url: str) -> str:
    """Return the host of an address that may be fetched.

    Raises:
        FetchError: It is no http or https address.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:
        pass
    raise FetchError("bad_url", f"expected an http or https address, got {url[:200]!r}")


def _target(url: str, location: str) -> str:
    try:
        target = urljoin(url, location.strip())
        _host(target)
    except (ValueError, FetchError):
        raise FetchError("bad_redirect", f"to {location[:200]!r}") from None
    if not location.strip():
        raise FetchError("bad_redirect", "expected a Location header")
    return target.partition("#")[0]
