"""What makes a reader doubt that a mention is news of forces, although it reads like it.

The scorer learnt what a sentence is about, not whether an analyst should be woken for it: the
history of a war, policemen in front of a mosque and a party that mobilizes its voters score high. A
doubt is a reason that can be named, found with the lists of `config/lexicon/doubts.toml`; a mention
carries its doubts, and the policy decides what they are worth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from monitor.configfile import read_toml
from monitor.detect.attributes import Attributes
from monitor.detect.lexicon import Lexicon, whole_words
from monitor.detect.patterns import any_of, words_of
from monitor.detect.verdicts import Finding
from monitor.errors import ConfigError
from monitor.messages import Label, Status

HISTORY, POLICE, NO_FORCES = "history", "police", "no_forces"
NO_CLAIM, ASIDE, FICTION, STANDING = "no_military_claim", "aside", "fiction", "standing"

Left = Mapping[str, Sequence[tuple[frozenset[str], int]]]
"""By place: whose forces left it, as codes, and the year in which the last of them did."""

_PAST_YEARS = 2
"""A sentence that names only years at least so long before the article is history, as is one that
names a past war and no year, and what is told of forces that left so long before."""
_AHEAD = frozenset({Status.PLANNED, Status.CALLED_FOR, Status.POSSIBLE})
_CLEAR = 0.75
"""A mention with such a score is believed wherever it stands."""
_ELSEWHERE = 0.05
"""A headline whose best score is lower is about something else."""


class Doubts:
    """Finds the doubts of one language; pure.

    Args:
        lexicon: Its words.
        left: Forces that are no longer where they were.
    """

    def __init__(self, lexicon: Lexicon, left: Left) -> None:
        self._left = left
        classes = lexicon.classes
        self._military = whole_words(classes["military_sure"])
        self._forces = whole_words([*classes["military_sure"], *classes["military_perhaps"]])
        self._acts = whole_words(classes["military_acts"])
        self._police = whole_words(classes["police"])
        before = "|".join(re.escape(word) for word in classes["dated"])
        # "in 2004", "2004-2006"; not "sent 2000 troops"
        self._year = re.compile(
            rf"(?:\b(?:{before}) |[-–—] ?)((?:1[5-9]|20)\d\d)(?!\d)", re.IGNORECASE
        )
        during, wars = any_of(classes["during"]), any_of(classes["past_wars"])
        # not "a Cold War-era base"
        self._past_war = re.compile(rf"(?<!\w)(?:{during}) (?:{wars})(?![\w-])", re.IGNORECASE)
        self._fiction = whole_words(classes["fiction"])
        self._habit = whole_words(classes["habit"])
        again, deny = any_of(classes["again"]), any_of(classes["deny"])
        which, denies = any_of(classes["which"]), any_of(classes["denies"])
        self._standing = re.compile(
            rf"(?<!\w)(?:(?:{again}) (?:{deny})|(?:{deny}) (?:{again})"
            rf"|(?:{which}) (?:[\w'-]+ ){{1,3}}(?:{denies}) ?(?:[^\w ]|$))(?!\w)",
            re.IGNORECASE,
        )
        counted = rf"^\W{{1,2}}(?:\w+ )?{lexicon.units.pattern}"
        self._counted = re.compile(counted, re.IGNORECASE)

    def about(
        self,
        label: Label,
        text: str,
        read: Attributes,
        context: Mapping[str, str],
        year: int | None,
    ) -> tuple[str, ...]:
        """Name the doubts of a mention.

        Args:
            label: Its label.
            text: Its sentence, masked.
            read: What was read from it.
            context: The headline and the sentence before, as far as there are any.
            year: Of the article; None where there is none, then years tell nothing.
        """
        found = []
        headed = f"{text} {context.get('title', '')}"
        if label is Label.DENIAL:
            where = text if read.claim else " ".join((text, *context.values()))
            if not (self._forces.search(where) or self._acts.search(where)):
                found.append(NO_CLAIM)
        elif not self._forces.search(headed):
            found.append(NO_FORCES)
        if label is Label.DEPLOYMENT and self._police.search(text) and not self._armed(text):
            found.append(POLICE)
        if self._is_past(text, year) or (year and self._has_left(label, read, year)):
            found.append(HISTORY)
        if (self._standing if label is Label.DENIAL else self._habit).search(text):
            found.append(STANDING)
        if self._fiction.search(headed):
            found.append(FICTION)
        return tuple(found)

    def _has_left(self, label: Label, read: Attributes, year: int) -> bool:
        """Say whether a deployment is of forces that have left, and of no others."""
        if label is not Label.DEPLOYMENT or read.status in _AHEAD:
            return False
        actors = {chosen.code for chosen in read.actors}
        return any(
            actors <= whose and last <= year - _PAST_YEARS
            for chosen in read.places
            for whose, last in self._left.get(chosen.code, ())
        )

    def _armed(self, text: str) -> bool:
        return bool(self._military.search(self._police.sub(" ", text)))

    def _is_past(self, text: str, year: int | None) -> bool:
        years = [
            int(match[1])
            for match in self._year.finditer(text)
            if not self._counted.match(text[match.end() :])
        ]
        if years and year:
            return max(years) <= year - _PAST_YEARS
        return bool(self._past_war.search(text))


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


def mark_aside(findings: Sequence[Finding]) -> list[Finding]:
    """Doubt the only mention of an article that is about something else.

    An article on troops says so in its headline, or in more than one sentence. A single sentence
    elsewhere is mostly background: it counts as an aside unless its score is beyond doubt, or it
    denies something, which articles tend to tell in one sentence.

    Args:
        findings: Of an article that has a headline, in order; the headline's is missing where it
            stopped at the gate.

    Returns:
        The same findings, the single mention with its doubt.
    """
    told = [place for place, finding in enumerate(findings) if finding.attributes]
    if len(told) != 1 or _is_about_forces(findings[0]):
        return list(findings)
    place, single = told[0], findings[told[0]]
    if Label.DENIAL in single.attributes or _best(single) >= _CLEAR:
        return list(findings)
    doubted = {
        label: replace(read, doubts=(*read.doubts, ASIDE))
        for label, read in single.attributes.items()
    }
    return [*findings[:place], replace(single, attributes=doubted), *findings[place + 1 :]]


def _is_about_forces(first: Finding) -> bool:
    return first.sentence.field == "title" and _best(first) >= _ELSEWHERE


def _best(finding: Finding) -> float:
    return max(verdict.score for verdict in finding.verdicts)
