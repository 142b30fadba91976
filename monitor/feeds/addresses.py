"""Which addresses of the internet a public feed may be on. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_CLOSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
"""IANA's special-purpose registry; 255.255.255.255 is in the last one."""

_OPEN_V6 = IPv6Network("2000::/3")
"""All that IANA has given out as global unicast; everything else is closed."""
_CLOSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4 wraps any IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one that anybody on the internet can reach.

    Private, loopback, link-local, carrier-grade NAT, multicast, documentation and reserved ranges
    are not; neither is an IPv6 address that wraps such an IPv4 address (mapped, NAT64, 6to4,
    Teredo, ISATAP).

    Args:
        address: An address in its usual text form, with or without a zone. Anything else,
            a host name too, is not public.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return _open_v4(ip) if isinstance(ip, IPv4Address) else _open_v6(ip)


def _open_v4(ip: IPv4Address) -> bool:
    return not any(ip in network for network in _CLOSED_V4)


def _open_v6(ip: IPv6Address) -> bool:
    if ip.scope_id:
        return False
    if ip.ipv4_mapped:
        return _open_v4(ip.ipv4_mapped)
    inner = IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in _NAT64:
        return _open_v4(inner)
    if (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP and not _open_v4(inner):
        return False
    return ip in _OPEN_V6 and not any(ip in network for network in _CLOSED_V6)
