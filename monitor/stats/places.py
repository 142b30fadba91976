"""What a code is called in English, from `config/gazetteer`."""

from __future__ import annotations

from functools import cache

from monitor.configfile import read_toml
from monitor.messages import UNKNOWN_PLACE
from monitor.settings import CONFIG_DIR


@cache
def place_names() -> dict[str, str]:
    """Return the English name of each country code; other codes are names already.

    Raises:
        ConfigError: The gazetteer is missing or damaged.
    """
    names = {UNKNOWN_PLACE: "place unknown"}
    for code, entry in read_toml(CONFIG_DIR / "gazetteer" / "countries.toml").items():
        english = entry.get("en") if isinstance(entry, dict) else None
        if isinstance(english, dict) and english.get("name"):
            names[code] = str(english["name"]).split(",")[0].strip()
    return names


def place_name(code: str) -> str:
    """Return what a place is called; a code that is not a country's is its own name."""
    return place_names().get(code, code)
