"""How real a deployment or drill is, by the sentence's own words.

`config/lexicon/status.toml` groups words that say the same about an event in any of the languages
(will, must, may, is said to, left, ...). Which groups a sentence has, on which side of the cue, the
form of the words around the cue, and some words themselves are features; `status.json` gives each
a weight for each status (a multinomial logistic regression). A few ways of speaking are too rare to
be learnt: their weights are set by hand in `training/attributes.py`, with the counts that justify
them. Where the scorer has an opinion too, the two are added.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from monitor.detect.language import LANGUAGES, Language
from monitor.detect.lexicon import read_classes, whole_words
from monitor.detect.surroundings import View
from monitor.messages import Label, Status

StatusWeights = Mapping[str, Mapping[Status, float]]
"""Feature to what it adds to each status."""

Groups = Mapping[Language, Mapping[str, re.Pattern[str]]]
"""The word groups of `status.toml`."""

PLEA_TO = "plea to"
"""Feature: a plea governs the cue or the event, as in "called on A, B and C to send" (English)."""
GRANTED = "granted"
"""Feature: behind a denial the same voice grants the event: "denied it, saying that it moved"."""
_TO = re.compile(r"(?:[^;:!?\"“”]|“[^“”]*”)*\b(?:to|by|including) ")
_GOES_ON = re.compile(
    r"(?:[,;–—]|\b(?:and|but|и|но|і|й|та|але)) (?:(?:he|she|it|they|он[аои]?|він"
    r"|вон[аои]|instead|rather|лишь|лише) )?$"
)
_CLAUSE = re.compile(r"[^,;:!?]*")
_FORM = "form_"
_NEAR_CHARS, _NEAR_WORDS = 25, 4
_STEM: Mapping[Language, int] = {"en": 99, "ru": 6, "uk": 6}
"""Letters of a word that count: inflected words are cut."""
_TRUST = 0.8
"""How much the scorer's log-probabilities count beside the sum of weights."""


def read_groups(path: Path) -> Groups:
    """Read `status.toml`.

    Raises:
        ConfigError: The file is missing or in another form.
    """
    return {
        language: {name: whole_words(words) for name, words in read_classes(path, language).items()}
        for language in LANGUAGES
    }


def choose_status(
    features: Iterator[str], weights: StatusWeights, opinion: Mapping[Status, float] | None
) -> Status:
    """Return the status with the greatest sum; with equal sums the first in `Status`."""
    total = dict.fromkeys(Status, 0.0)
    for feature in features:
        for status, weight in weights.get(feature, {}).items():
            total[status] += weight
    for status, probability in (opinion or {}).items():
        total[status] += _TRUST * math.log(max(probability, 1e-6))
    return max(Status, key=lambda status: total[status])


def status_features(
    view: View,
    cue: tuple[int, int],
    event: tuple[int, int],
    label: Label,
    labels: frozenset[Label],
    language: Language,
    groups: Groups,
) -> Iterator[str]:
    """Yield the features of a sentence, each once.

    Args:
        view: The masked sentence.
        cue: Character span of the words that speak for the label.
        event: Character span of the word for the event itself.
        label: The label.
        labels: All labels of the sentence.
        language: Of the sentence.
        groups: The word groups.
    """
    found = ["*", str(label), *(f"with {other}" for other in labels - {label})]
    words = [token.text for token in view.tokens if token.text[0].isalnum() or token.text == "?"]
    starts = [token.start for token in view.tokens if token.text[0].isalnum() or token.text == "?"]
    mine = groups[language]
    spans = {
        name: [match.span() for match in pattern.finditer(view.text)]
        for name, pattern in mine.items()
        if not name.startswith(_FORM)
    }
    starting = (cue[0], event[0])
    for mark, (start, end) in (("", cue), ("event ", event)):
        inside = [place for place, first in enumerate(starts) if start <= first < end]
        for name, pattern in mine.items():
            if name.startswith(_FORM):
                some = _forms(name.removeprefix(_FORM), pattern, words, inside)
            else:
                some = _groups(name, spans[name], (start, end), label)
            found += [mark + feature for feature in some]
    if any(
        _TO.fullmatch(view.text, end, to) for _, end in spans.get("plea", ()) for to in starting
    ):
        found.append(PLEA_TO)
    if Label.DENIAL in labels and any(_is_granted(view.text, to, spans) for to in starting):
        found.append(GRANTED)
    yield from dict.fromkeys([*found, *_words(words, language)])


def _is_granted(text: str, start: int, spans: Mapping[str, Sequence[tuple[int, int]]]) -> bool:
    """Say whether what begins at `start` is said behind a denial and is not itself negated."""
    first = min((stop for _, stop in spans["denies"]), default=len(text))
    for begin, end in spans["says"]:
        if end < start and _GOES_ON.search(text, max(first, begin - _NEAR_CHARS), begin):
            clause = _CLAUSE.match(text, start)
            last = clause.end() if clause else start
            return not any(end <= no < last for no, _ in spans["neg"])
    return False


def _groups(
    name: str, spans: Sequence[tuple[int, int]], cue: tuple[int, int], label: Label
) -> Iterator[str]:
    if not spans:
        return
    yield name
    yield f"{label} {name}"
    if any(0 <= cue[0] - end < _NEAR_CHARS for _, end in spans):
        yield f"< {name}"
    if any(0 <= start - cue[1] < _NEAR_CHARS for start, _ in spans):
        yield f"> {name}"
    if any(cue[0] <= start < cue[1] for start, _ in spans):
        yield f"= {name}"


def _forms(
    form: str, pattern: re.Pattern[str], words: list[str], inside: list[int]
) -> Iterator[str]:
    if not inside:
        return
    first, last = inside[0], inside[-1]
    start = max(0, first - _NEAR_WORDS)
    fit = [pattern.fullmatch(word) is not None for word in words[start : last + _NEAR_WORDS]]
    first, last = first - start, last - start
    around = {
        "cue": fit[first : last + 1],
        "head": fit[first : first + 1],
        "before": fit[:first],
        "just before": fit[max(0, first - 1) : first],
        "behind": fit[last + 1 :],
    }
    yield from (f"{where}: {form}" for where, some in around.items() if any(some))


def _words(words: list[str], language: Language) -> Iterator[str]:
    stems = [word.lower()[: _STEM[language]] for word in words if word.isalpha() or len(word) == 4]
    yield from (f"{language} {stem}" for stem in stems)
    yield from (f"{language} {left} {right}" for left, right in pairwise(stems))
