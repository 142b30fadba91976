"""Names of countries, places, leaders and groups in a sentence, as codes.

One pass over the tokens with dictionary look-ups: the cost does not grow with the number of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from monitor.configfile import read_toml
from monitor.detect.language import LANGUAGES, Language
from monitor.detect.patterns import words_of
from monitor.errors import ConfigError

_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}|[^\W\d_]+(?:'[^\W\d_]{2,})?|\d+(?:[.,]\d+)*|[^\w\s]|_", re.UNICODE
)
_ENDING = 5
"""How many letters a star stands for."""


class Kind(StrEnum):
    """What sort of name it is."""

    NAME = "name"
    PEOPLE = "people"
    CAPITAL = "capital"
    SEAT = "seat"
    FORCE = "force"
    PLACE = "place"
    SEA = "sea"
    GROUP = "group"
    LEADER = "leader"


class Token(NamedTuple):
    """A word, number or mark of a text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Name:
    """A name that was found.

    Attributes:
        code: ISO 3166-1 alpha-2 or a code of `config/gazetteer`.
        kind: What sort of name it is.
        text: The words of the text.
        start: First character.
        end: One past the last character.
        first: Number of its first token.
        last: Number of its last token.
        in_office: False for a leader outside the years in office.
    """

    code: str
    kind: Kind
    text: str
    start: int
    end: int
    first: int
    last: int
    in_office: bool = True


@dataclass(frozen=True)
class _Entry:
    code: str
    kind: Kind
    words: tuple[str, ...]
    years: tuple[int, int] = (0, 9999)


@dataclass
class _Index:
    """Entries by their first word: whole words, and stems that any ending may follow."""

    whole: dict[str, list[_Entry]] = field(default_factory=dict)
    stems: dict[str, list[_Entry]] = field(default_factory=dict)

    def add(self, entry: _Entry) -> None:
        first = entry.words[0]
        table = self.stems if first.endswith("*") else self.whole
        table.setdefault(first.rstrip("*").lower(), []).append(entry)

    def candidates(self, word: str) -> Iterator[_Entry]:
        lower = word.lower()
        yield from self.whole.get(lower, ())
        for cut in range(len(lower), max(1, len(lower) - _ENDING - 1), -1):
            yield from self.stems.get(lower[:cut], ())


def tokenize(text: str) -> list[Token]:
    """Cut a masked text into words, numbers and marks."""
    return [Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]


class Gazetteer:
    """All names of the three languages."""

    def __init__(self, entries: Mapping[Language, list[_Entry]]) -> None:
        self._indexes = {language: _Index() for language in LANGUAGES}
        for language, items in entries.items():
            for entry in items:
                self._indexes[language].add(entry)

    def find(
        self, text: str, tokens: list[Token], language: Language, year: int | None = None
    ) -> list[Name]:
        """Find the names in a text, left to right; where several fit, the longest.

        Args:
            text: The masked text.
            tokens: Its tokens.
            language: Which lists to use.
            year: Of the article; tells which leaders are in office.
        """
        index, found, place = self._indexes[language], [], 0
        # Some outlets write all in lower case: capitals tell nothing there.
        if text.islower():
            tokens = [Token(token.text.title(), token.start, token.end) for token in tokens]
        while place < len(tokens):
            entry = self._longest(index, tokens, place) if tokens[place].text[0].isalpha() else None
            if entry is None:
                place += 1
                continue
            last = place + len(entry.words) - 1
            start, end = tokens[place].start, tokens[last].end
            in_office = year is None or entry.years[0] <= year <= entry.years[1]
            found.append(
                Name(entry.code, entry.kind, text[start:end], start, end, place, last, in_office)
            )
            place = last + 1
        return found

    def _longest(self, index: _Index, tokens: list[Token], place: int) -> _Entry | None:
        best, best_size = None, (0, 0)
        for entry in index.candidates(tokens[place].text):
            size = (len(entry.words), sum(map(len, entry.words)))
            if size > best_size and _fits(entry.words, tokens, place):
                best, best_size = entry, size
        return best


def _fits(words: tuple[str, ...], tokens: list[Token], place: int) -> bool:
    if place + len(words) > len(tokens):
        return False
    return all(_same(word, tokens[place + number].text) for number, word in enumerate(words))


def _same(word: str, text: str) -> bool:
    stem = word.removesuffix("*")
    if stem.isupper() and len(stem) <= 5 and stem == word:
        return text == word
    if stem[0].isupper() and not text[0].isupper():
        return False
    lower = text.lower()
    if stem == word:
        return lower == word.lower()
    return lower.startswith(stem.lower()) and len(text) <= len(stem) + _ENDING


def load_gazetteer(folder: Path) -> Gazetteer:
    """Read `config/gazetteer`.

    Raises:
        ConfigError: A file is missing or not in the form that its head describes.
    """
    entries: dict[Language, list[_Entry]] = {language: [] for language in LANGUAGES}
    try:
        for language, entry in _entries(folder):
            entries[language].append(entry)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as exc:
        raise ConfigError(f"{folder}: an entry is not in the form of the file head: {exc}") from exc
    return Gazetteer(entries)


def _entries(folder: Path) -> Iterator[tuple[Language, _Entry]]:
    for code, table in _tables(folder / "countries.toml"):
        for language in LANGUAGES:
            for kind, names in table.get(language, {}).items():
                yield from _each(language, code, Kind(kind), names)
    for name, kind in (("places", Kind.PLACE), ("seas", Kind.SEA), ("groups", Kind.GROUP)):
        for code, table in _tables(folder / f"{name}.toml"):
            for language in LANGUAGES:
                yield from _each(language, table.get("code", code), kind, table.get(language, ""))
    for table in read_toml(folder / "leaders.toml")["leader"]:  # type: ignore[attr-defined]
        years = (int(table.get("from", 0)), int(table.get("to", 9999)))
        for language in LANGUAGES:
            names = table.get(language, "")
            yield from _each(language, table["code"], Kind.LEADER, names, years)


def _tables(path: Path) -> list[tuple[str, dict[str, dict[str, str]]]]:
    return list(read_toml(path).items())  # type: ignore[arg-type]


def _each(
    language: Language, code: object, kind: Kind, names: object, years: tuple[int, int] = (0, 9999)
) -> Iterator[tuple[Language, _Entry]]:
    for name in words_of(str(names)):
        yield language, _Entry(str(code), kind, _with_stars(name), years)


def _with_stars(name: str) -> tuple[str, ...]:
    words: list[str] = []
    for token in tokenize(name):
        if token.text == "*" and words:
            words[-1] += "*"
        else:
            words.append(token.text)
    return tuple(words)
