"""OPML, in which other readers keep their lists of feeds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat

from monitor.errors import ConfigError


@dataclass(frozen=True)
class Outline:
    """A feed of an OPML file."""

    url: str
    title: str
    language: str


def read_opml(doc: bytes) -> list[Outline]:
    """Read the feeds of an OPML document, folders flattened, repeated addresses once.

    Raises:
        ConfigError: It is no XML, or XML without feeds.
    """
    found: dict[str, Outline] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        given = {key.lower(): value.strip() for key, value in attributes.items()}
        url = given.get("xmlurl", "")
        if name.lower() == "outline" and url:
            title = given.get("title") or given.get("text") or ""
            found.setdefault(url, Outline(url, title, given.get("language", "")))

    def refuse(*_: object) -> None:
        raise ConfigError("expected an OPML file, got one that defines entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(doc, True)
    except (expat.ExpatError, ValueError) as exc:
        raise ConfigError(f"expected an OPML file, got {exc}") from exc
    if not found:
        raise ConfigError("expected an OPML file with feeds, got none (outline xmlUrl)")
    return list(found.values())
