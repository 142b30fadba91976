"""PURE: text of strangers in Slack's own markup: it shows as it stands and never pings anybody."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from monitor.text import plain

LONGEST_URL = 1000
"""A longer address is not linked: it is more likely an attack than an article."""


def escape(text: str, longest: int) -> str:
    """Make text safe for a `mrkdwn` field.

    `&`, `<` and `>` are written as entities, so that `<!channel>` in a headline pings nobody;
    control and bidi characters go.

    Args:
        text: Anything.
        longest: Characters that the result may have.
    """
    room = cut(" ".join(plain(text).split()), longest)
    while len(safe := _entities(room)) > longest:
        room = cut(room, len(room) - max(1, (len(safe) - longest) // 5))
    return safe


def cut(text: str, longest: int) -> str:
    """Shorten text; the last character of a shortened one is `…`."""
    return text if len(text) <= longest else text[: max(0, longest - 1)].rstrip() + "…"


def link(url: str, text: str, longest: int) -> str:
    """Link a text; only web addresses are linked, anything else leaves the text alone."""
    shown = escape(text.replace("|", "/"), longest) or "link"
    address = web_address(url)
    return f"<{_entities(address)}|{shown}>" if address else shown


def web_address(url: str) -> str:
    """Return an address that is safe in a link or a button; empty where there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(url) > LONGEST_URL:
        return ""
    if not url.isprintable() or " " in url:
        return ""
    for char, code in (("<", "%3C"), (">", "%3E"), ("|", "%7C")):
        url = url.replace(char, code)
    return url


def moment(at: datetime) -> str:
    """Write a moment that Slack shows in the reader's own time zone."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
