"""The word lists of `config/lexicon`, compiled: gate, cues, guards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from monitor.configfile import read_toml
from monitor.detect.language import LANGUAGES, Language
from monitor.detect.patterns import any_of, compile_pattern, words_of
from monitor.errors import ConfigError
from monitor.messages import Label

Classes = Mapping[str, tuple[str, ...]]

_FOLLOWERS = ("drill", "force", "official", "speech", "deny", "edge", "aux", "move")
_CLASSES = ("words.toml", "speaker.toml", "numbers.toml", "doubts.toml")
ARMED, ACTS = "military_sure", "military_acts"
FORCES = (ARMED, "military_perhaps")
"""Classes of words for forces, and for what they do."""
_PREPOSITIONS, _NUMBER, _SCALE = "prep_", "number_", "scale_"


@dataclass(frozen=True)
class Guard:
    """A way of speaking that only looks like a mention.

    Attributes:
        id: Its name in the data file.
        blocks: The labels that do not hold where nothing but the guarded words speaks for them.
        pattern: What it matches.
        example: A sentence that it stops.
    """

    id: str
    language: Language
    blocks: frozenset[Label]
    pattern: re.Pattern[str]
    example: str


@dataclass(frozen=True)
class Lexicon:
    """The lists of one language.

    Attributes:
        classes: Word classes by name.
        gate: Matches in every sentence worth scoring; to be used on lower-case text.
        cues: For each label the patterns that speak for it, the most telling first.
        guards: The guards.
        followers: What may stand behind a name, by class: its forces, its officials, ...
        prepositions: Small words that govern a name, to their group (`in`, `near`, `from`, ...).
        numbers: Number words to their values.
        scales: Words that multiply a number, to what they multiply it by.
    """

    language: Language
    classes: Classes
    gate: re.Pattern[str]
    cues: Mapping[Label, tuple[re.Pattern[str], ...]]
    guards: tuple[Guard, ...]
    followers: Mapping[str, re.Pattern[str]]
    prepositions: Mapping[str, str]
    numbers: Mapping[str, float]
    scales: Mapping[str, float]

    def words(self, name: str) -> frozenset[str]:
        """Return a class of whole words as a set."""
        return self._sets[name]

    @cached_property
    def openers(self) -> tuple[tuple[str, ...], ...]:
        """Openings such as "according to", as words."""
        return tuple(tuple(words.lower().split()) for words in self.classes["according"])

    def any_word(self, *names: str) -> re.Pattern[str]:
        """Return what matches any word of some classes, wherever it stands."""
        if names not in self._patterns:
            self._patterns[names] = whole_words(w for name in names for w in self.classes[name])
        return self._patterns[names]

    @cached_property
    def _patterns(self) -> dict[tuple[str, ...], re.Pattern[str]]:
        return {}

    @cached_property
    def _sets(self) -> dict[str, frozenset[str]]:
        return {
            name: frozenset(word.lower() for word in words) for name, words in self.classes.items()
        }

    def cue(self, label: Label, text: str) -> re.Match[str] | None:
        """Return the words that speak for a label, or None."""
        return next((m for p in self.cues[label] if (m := p.search(text))), None)

    def cue_span(self, label: Label, text: str) -> tuple[int, int]:
        """Return where the cue stands, else the word that passed the gate, else (0, 0)."""
        if match := self.cue(label, text):
            return match.span()
        if match := self.gate.search(text.lower()):
            end = match.end()
            while end < len(text) and text[end].isalnum():
                end += 1
            return match.start(), end
        return 0, 0

    def event_span(self, label: Label, text: str, cue: tuple[int, int]) -> tuple[int, int]:
        """Return the word for the event itself: the drill, or the move that is nearest to a force.

        Where there is no such word, it is the cue.
        """
        if label is Label.DRILL and (match := self.followers["drill"].search(text)):
            return match.span()
        forces = [match.span() for match in self.followers["force"].finditer(text)]
        moves = [match.span() for match in self.followers["move"].finditer(text)]

        def distance(move: tuple[int, int]) -> int:
            return min((max(f[0] - move[1], move[0] - f[1]) for f in forces), default=0)

        apart = [move for move in moves if move not in forces]
        return min(apart, key=distance, default=cue)

    def guard(self, label: Label, text: str) -> Guard | None:
        """Return the guard that takes a label's cues away from a sentence, or None."""
        for guard in self.guards:
            if label in guard.blocks and guard.pattern.search(text):
                rest = guard.pattern.sub(lambda match: " ; " * (len(match[0]) // 3), text)
                if not self.cue(label, rest):
                    return guard
        return None


def load_lexicons(
    folder: Path, extra_gate: Mapping[Language, Iterable[str]] | None = None
) -> dict[Language, Lexicon]:
    """Read the lists.

    Args:
        folder: `config/lexicon`.
        extra_gate: More word beginnings for the gate, by language.

    Raises:
        ConfigError: A file is missing, no TOML, or holds a bad pattern; names file and key.
    """
    gate, cues, guards = (
        read_toml(folder / name) for name in ("gate.toml", "cues.toml", "guards.toml")
    )
    lexicons = {}
    for language in LANGUAGES:
        classes = {
            name: words
            for file in _CLASSES
            for name, words in read_classes(folder / file, language).items()
        }
        beginnings = ",".join(text for _, text in _table(gate, language, folder / "gate.toml"))
        lexicons[language] = Lexicon(
            language,
            classes,
            gate_pattern([*words_of(beginnings), *(extra_gate or {}).get(language, ())]),
            {label: _cues(cues, label, language, classes, folder) for label in Label},
            _guards(guards, language, classes, folder / "guards.toml"),
            {name: whole_words(classes[name]) for name in _FOLLOWERS if name in classes},
            _by_word(classes, _PREPOSITIONS),
            {word: float(value) for word, value in _by_word(classes, _NUMBER).items()},
            {word: float(value) for word, value in _by_word(classes, _SCALE).items()},
        )
    return lexicons


def read_classes(path: Path, language: Language) -> Classes:
    """Read the word classes of a language from `words.toml` or a file like it.

    Raises:
        ConfigError: The file is missing or in another form.
    """
    return {name: words_of(text) for name, text in _table(read_toml(path), language, path)}


def _by_word(classes: Classes, prefix: str) -> dict[str, str]:
    """Turn the classes of a family round: each word to the rest of its class's name."""
    return {
        word: name.removeprefix(prefix)
        for name, words in classes.items()
        if name.startswith(prefix)
        for word in words
    }


def whole_words(words: Iterable[str]) -> re.Pattern[str]:
    """Compile a class so that it matches its words wherever they stand."""
    return re.compile(rf"(?<!\w)(?:{any_of(words)})(?!\w)", re.IGNORECASE)


def gate_pattern(beginnings: Iterable[str]) -> re.Pattern[str]:
    """Compile word beginnings; a final `|` ends the word."""
    whole: list[str] = []
    open_: list[str] = []
    for word in beginnings:
        (whole if word.endswith("|") else open_).append(word.rstrip("|"))
    return re.compile(rf"(?<!\w)(?:{any_of(open_)}|{any_of(whole)}(?!\w))")


def _table(data: Mapping[str, object], language: str, path: Path) -> list[tuple[str, str]]:
    table = data.get(language)
    if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
        raise ConfigError(f"{path}: {language}: expected a table of texts")
    return list(table.items())


def _cues(
    data: Mapping[str, object], label: Label, language: str, classes: Classes, folder: Path
) -> tuple[re.Pattern[str], ...]:
    table = data.get(label)
    patterns = table.get(language) if isinstance(table, dict) else None
    key = f"{folder / 'cues.toml'}: {label}.{language}"
    if not isinstance(patterns, list):
        raise ConfigError(f"{key}: expected a list of patterns")
    return tuple(checked_pattern(pattern, classes, key) for pattern in patterns)


def checked_pattern(pattern: object, classes: Classes, key: str) -> re.Pattern[str]:
    """Compile a pattern, or raise a ConfigError that names the key and the reason."""
    try:
        return compile_pattern(str(pattern), classes)
    except ValueError as exc:
        raise ConfigError(f"{key}: {pattern!r}: {exc}") from exc


def _guards(
    data: Mapping[str, object], language: Language, classes: Classes, path: Path
) -> tuple[Guard, ...]:
    entries = data.get("guard")
    guards = []
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        if entry.get("language") != language:
            continue
        key = f"{path}: guard[{number}]"
        try:
            blocks = frozenset(Label(name) for name in entry["blocks"])
            pattern, example = str(entry["pattern"]), str(entry["example"])
        except (KeyError, ValueError) as exc:
            raise ConfigError(f"{key}: needs id, blocks, pattern, example ({exc})") from exc
        compiled = checked_pattern(pattern, classes, key)
        guards.append(Guard(str(entry.get("id", number)), language, blocks, compiled, example))
    return tuple(guards)
