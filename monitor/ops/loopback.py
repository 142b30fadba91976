"""PURE: which addresses are this machine alone, and under which names a server there is asked."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def names_of(host: str) -> frozenset[str]:
    """Return the names under which a server on a host may be asked for; empty = any.

    A page elsewhere that points its own name at this machine knows none of them.
    """
    if not is_loopback(host):
        return frozenset()
    return frozenset({"localhost", "127.0.0.1", "::1", host.strip("[]").lower()})


def asked_for(host_header: str) -> str:
    """Return the name in a Host header, in small letters; empty where there is none."""
    try:
        return (urlsplit(f"//{host_header}").hostname or "").lower()
    except ValueError:
        return ""
