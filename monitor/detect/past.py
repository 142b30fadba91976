"""What belongs to the past, although it reads like news: years, wars and missions that are over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from monitor.configfile import read_toml
from monitor.detect.attributes import Attributes
from monitor.detect.lexicon import Lexicon
from monitor.detect.patterns import any_of, words_of
from monitor.errors import ConfigError
from monitor.messages import Label, Status

Left = Mapping[str, Sequence[tuple[frozenset[str], int]]]
"""By place: whose forces left it, as codes, and the year in which the last of them did."""

UNNAMED = "?"
"""Among these codes: also where the sentence does not say whose forces it speaks of."""

_YEARS = 2
"""What lies at least so many years before the article is past."""
_AHEAD = frozenset({Status.PLANNED, Status.CALLED_FOR, Status.POSSIBLE})


class Past:
    """Tells the past from the news in one language; pure.

    Args:
        lexicon: Its words.
        left: Forces that are no longer where they were.
    """

    def __init__(self, lexicon: Lexicon, left: Left) -> None:
        self._left = left
        classes = lexicon.classes
        before = "|".join(re.escape(word) for word in classes["dated"])
        # "in 2004", "2004-2006"; not "sent 2000 troops"
        self._year = re.compile(
            rf"(?:\b(?:{before}) |[-–—] ?)((?:1[5-9]|20)\d\d)(?!\d)", re.IGNORECASE
        )
        counted = rf"^\W{{1,2}}(?:\w+ )?{lexicon.any_word('unit').pattern}"
        self._counted = re.compile(counted, re.IGNORECASE)
        during, wars = any_of(classes["during"]), any_of(classes["past_wars"])
        # not "a Cold War-era base"
        self._war = re.compile(rf"(?<!\w)(?:{during}) (?:{wars})(?![\w-])", re.IGNORECASE)

    def holds(self, label: Label, text: str, read: Attributes, year: int | None) -> bool:
        """Say whether a mention is history.

        It is where its sentence names only years long past, or a past war and no year, and where a
        deployment is of forces that left the place long ago.

        Args:
            label: The label.
            text: The sentence, masked.
            read: What was read from it.
            year: Of the article; None where there is none, then years tell nothing.
        """
        years = [
            int(match[1])
            for match in self._year.finditer(text)
            if not self._counted.match(text[match.end() :])
        ]
        if year and label is Label.DEPLOYMENT and self._has_left(read, year):
            return True
        if years and year:
            return max(years) <= year - _YEARS
        return bool(self._war.search(text))

    def _has_left(self, read: Attributes, year: int) -> bool:
        """Say whether all who act had left the place; plans are no history."""
        if read.status in _AHEAD:
            return False
        actors = {chosen.code for chosen in read.actors} or {UNNAMED}
        return any(
            actors <= whose and last <= year - _YEARS
            for chosen in read.places
            for whose, last in self._left.get(chosen.code, ())
        )


def load_left(path: Path) -> Left:
    """Read which forces have left which places.

    Args:
        path: `config/lexicon/doubts.toml`.

    Raises:
        ConfigError: The file is missing or an entry is in another form; names it.
    """
    entries = read_toml(path).get("left", [])
    found = dict[str, list[tuple[frozenset[str], int]]]()
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        match entry:
            case {"place": str(place), "actors": str(actors), "year": int(year)}:
                found.setdefault(place, []).append((frozenset(words_of(actors)), year))
            case _:
                raise ConfigError(f"{path}: left[{number}]: expected place, actors and year")
    return found
