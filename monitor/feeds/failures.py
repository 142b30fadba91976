"""Names for what goes wrong on the wire: a bounded set of words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError


class PrivateAddressError(OSError):
    """The connection would go to an address that the internet cannot reach."""


def name_failure(exc: BaseException, timeout_s: float) -> tuple[str, str]:
    """Name a failure of the HTTP client.

    Args:
        exc: What was raised.
        timeout_s: The limit, for the text.

    Returns:
        A word of the bounded set, and a text for people.
    """
    causes = list(_causes(exc))
    for cause in causes:
        if isinstance(cause, PrivateAddressError):
            return "private_address", f"{cause} is not an address of the public internet"
    for cause in causes:
        if named := _named(cause, timeout_s):
            return named
    return "connect", _one_line(exc)


def _named(exc: BaseException, timeout_s: float) -> tuple[str, str] | None:
    match exc:
        case aiohttp.ClientConnectorDNSError() | socket.gaierror():
            code = getattr(exc, "errno", None)
            inner = getattr(exc, "os_error", None)
            code = inner.errno if inner is not None and inner.errno is not None else code
            word = "dns_temporary" if code == socket.EAI_AGAIN else "dns"
            return word, "the host name cannot be found"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError() | ssl.SSLError():
            return "tls", _one_line(exc)
        case TimeoutError():
            return "timeout", f"no whole answer within {timeout_s:g} s"
        case aiohttp.InvalidURL():
            return "bad_url", _one_line(exc)
        case ContentEncodingError():
            return "bad_encoding", _one_line(exc)
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            text = _one_line(exc)
            garbled = "decod" in text or "decompress" in text.lower()
            return ("bad_encoding" if garbled else "truncated"), text
        case aiohttp.ClientConnectorError() | ConnectionError():
            return "connect", _one_line(exc)
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return "bad_answer", _one_line(exc)
        case ValueError():
            return "bad_url", _one_line(exc)
    return None


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that led to it, exception groups included."""
    todo, known = [exc], set[int]()
    while todo:
        one = todo.pop(0)
        if id(one) in known:
            continue
        known.add(id(one))
        yield one
        todo += getattr(one, "exceptions", ())
        todo += [c for c in (one.__cause__, one.__context__, getattr(one, "os_error", None)) if c]


def _one_line(exc: BaseException) -> str:
    return " ".join(f"{type(exc).__name__} {exc}".split())[:200]
