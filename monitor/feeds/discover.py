"""Where a site's feeds may be, from its page. Pure."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

from monitor.feeds.identity import usable_url

WELL_KNOWN = ("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json")
_LINK = re.compile(r"<(?:link|a)\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_TYPES = re.compile(r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)", re.IGNORECASE)
_LOOKS = re.compile(r"(?:/|\b)(?:rss|feed|atom)(?:[./?]|$)", re.IGNORECASE)


def candidates(page: str, base: str) -> list[str]:
    """Return addresses that may be feeds, the likeliest first, each once.

    First what the page declares, then links that look like feeds, then the usual places.

    Args:
        page: HTML.
        base: The page's address.
    """
    declared, linked = [], []
    for match in _LINK.finditer(page):
        given = {
            name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(match[1])
        }
        href = given.get("href", "").strip()
        if not href:
            continue
        if "alternate" in given.get("rel", "").lower() and _TYPES.search(given.get("type", "")):
            declared.append(href)
        elif _LOOKS.search(href):
            linked.append(href)
    found = []
    for href in (*declared, *linked[:10], *WELL_KNOWN):
        try:
            found.append(urljoin(base, href))
        except ValueError:
            continue
    return [url for url in dict.fromkeys(found) if usable_url(url)]
