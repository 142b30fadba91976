"""What an article is called: canonical addresses and ids. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from courlan import normalize_url

from monitor.messages import make_id

MAX_URL = 2048

_TRACKING = frozenset(
    """
    at_campaign at_custom1 at_custom2 at_custom3 at_custom4 at_link_id at_link_origin
    at_link_type at_medium at_ptr_name at_bbc_team cmp cmpid cid_source dclid emc fbclid
    feedname feedtype ftcamp ftag gclid gbraid igshid ito maca mbid mc_cid mc_eid mod mkt_tok
    msclkid ncid ns_campaign ns_fee ns_mchannel ns_source ocid outputtype partner pk_campaign
    ref referrer rss smid smtyp spm sref syndication taid traffic_source twclid wbraid wt_mc
    wt_zmc xtor yclid ysclid _ga _gl _hsenc _hsmi
    """.split()
)
_TRACKING_PREFIX = ("utm_", "mtm_", "matomo_", "hsa_", "ito_")
# "from=rss" and "source=feed" tell how a reader came, "from=2024" may be part of the address.
_CHANNEL_KEYS = frozenset({"from", "source", "src", "via", "rel", "channel", "medium"})
_CHANNEL_VALUES = re.compile(r"(?i)rss\d*|(?:web)?feed|atom|newsfeed|rss-?feed")
_EDIT_COUNTER = re.compile(r"#\d{1,3}$")
_DEFAULT_PORT = re.compile(r":(?:80|443)$")


@lru_cache(maxsize=50_000)
def canonical_url(url: str) -> str:
    """Write an address in the one form that names the page.

    Scheme https, host in lower case, no default port, no `..`, no tracking parameters, no
    fragment but `#!...`. The result names the page; it need not be fetched.
    """
    # Source of the general rules: courlan; the list of parameters is ours.
    try:
        parts = urlsplit(normalize_url(url.strip(), trailing_slash=True))
        query = urlencode(
            [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(*pair)]
        )
    except (ValueError, TypeError, UnicodeError):
        return url.strip()
    host = _DEFAULT_PORT.sub("", parts.netloc.lower())
    path = urljoin("/", parts.path) or "/" if ".." in parts.path else parts.path or "/"
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    scheme = "https" if parts.scheme in {"http", "https"} else parts.scheme
    return urlunsplit((scheme, host, path, query, fragment))


def _tracks(name: str, value: str) -> bool:
    name = name.lower()
    if name in _TRACKING or name.startswith(_TRACKING_PREFIX):
        return True
    return name in _CHANNEL_KEYS and bool(_CHANNEL_VALUES.fullmatch(value))


def usable_url(url: str) -> bool:
    """Tell whether an item's address can be given to people: http or https, with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and len(url) <= MAX_URL
    except ValueError:
        return False


def article_id(feed_id: str, url: str, entry_id: str, title: str, published: int | None) -> str:
    """Name an article: by its canonical address, else by feed and id, else by title and date."""
    if url:
        return make_id("article", canonical_url(url))
    return make_id("article", feed_id, entry_id or f"title:{title} {published or ''}")


def entry_key(entry_id: str) -> bytes:
    """Name an item within its feed by the feed's own id: 8 bytes, empty where it gives none.

    A counter such as `#3` at the end, which grows with every edit, is no part of it.
    """
    stable = _EDIT_COUNTER.sub("", entry_id.strip())
    return short_hash(stable) if stable else b""


def short_hash(*parts: str) -> bytes:
    """Hash texts to 8 bytes."""
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=8).digest()
