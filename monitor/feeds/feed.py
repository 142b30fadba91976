"""The catalogue: which feeds are polled."""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from courlan import extract_domain
from pydantic import BaseModel, ConfigDict, Field, field_validator

from monitor.configfile import read_toml, validate
from monitor.errors import ConfigError
from monitor.feeds.language import language_code

log = logging.getLogger("newsmon.poll")

MIN_INTERVAL, MAX_INTERVAL = 1, 86_400


class Feed(BaseModel):
    """One feed of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    """Its name for ever: state is kept under it."""
    url: str
    """Where it is, http or https."""
    outlet: str = ""
    """Who publishes it; empty takes the host."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2,8}$")] | None = None
    """Where the outlet sits, ISO 3166-1 alpha-2 or a code such as NATO."""
    language: str | None = None
    """ISO 639-1; empty takes the feed's word, then the text's."""
    kind: str = ""
    """What kind of outlet: newspaper, broadcaster, ministry, ..."""
    interval: Annotated[int, Field(ge=MIN_INTERVAL, le=MAX_INTERVAL)] | None = None
    """Seconds between polls, always; empty follows the feed's own pace."""
    allow_private: bool = False
    """Whether it may be on a private or loopback address; also lifts the spacing of requests."""
    max_age_hours: Annotated[float, Field(ge=0)] | None = None
    """On a first poll, older items are not emitted; 0 = no limit; empty takes the setting."""

    full_text: bool = False
    """Whether the page of each new article is fetched, where its robots.txt allows that, and its
    text taken in place of the feed's summary; needs the extra `fulltext`."""

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected an http or https address")
        _ = parts.port  # raises ValueError where it is no port
        return value.strip()

    @field_validator("language")
    @classmethod
    def _two_letters(cls, value: str | None) -> str | None:
        return language_code(value)

    @property
    def host(self) -> str:
        """The host name, lower case."""
        return (urlsplit(self.url).hostname or "").lower()

    @property
    def domain(self) -> str:
        """The registrable domain: feeds of one domain share a partition and a limit."""
        return domain_of(self.url)

    @property
    def publisher(self) -> str:
        """The outlet's name, else its host."""
        return self.outlet or self.host


class _Catalogue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    feeds: tuple[Feed, ...] = Field(min_length=1)


def load_feeds(path: Path) -> tuple[Feed, ...]:
    """Read a catalogue file: TOML with `[[feeds]]`.

    A second entry with an address that is there already is left out with a warning: each address
    is fetched once.

    Raises:
        ConfigError: The file cannot be read or has faults, all of them named; two feeds share
            an id.
    """
    feeds = validate(_Catalogue, read_toml(path), path).feeds
    by_id: dict[str, int] = {}
    by_url: dict[str, Feed] = {}
    faults = []
    for number, feed in enumerate(feeds):
        first = by_id.setdefault(feed.id, number)
        if first != number:
            faults.append(f"{path}: feeds[{number}].id: {feed.id!r} is taken by feeds[{first}]")
        elif feed.url in by_url:
            log.warning("feed=%s same_url_as=%s skipped=yes", feed.id, by_url[feed.url].id)
        else:
            by_url[feed.url] = feed
    wanting = next((feed.id for feed in feeds if feed.full_text), None)
    if wanting and not (find_spec("trafilatura") and find_spec("protego")):
        faults.append(
            f"{path}: {wanting}.full_text: needs two more packages: "
            "install newsmon[fulltext] (`uv sync --extra fulltext`)"
        )
    if faults:
        raise ConfigError(faults)
    return tuple(by_url.values())


@lru_cache(maxsize=20_000)
def domain_of(url: str) -> str:
    """Return the registrable domain of an address; for an IP address or a bare name, the host."""
    host = (urlsplit(url).hostname or "").lower()
    if host.replace(".", "").isdigit() or ":" in host or "." not in host:
        return host
    return extract_domain(f"https://{host}/") or host
