"""Whether a scored sentence carries a label, and what decided it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.detect.attributes import Attributes
from monitor.detect.candidates import Sentence
from monitor.detect.corrections import Corrections
from monitor.detect.language import Language
from monitor.detect.lexicon import Lexicon
from monitor.detect.scoring import Scores
from monitor.messages import Label

Limits = Mapping[Language, Mapping[Label, float]]
"""Lowest score that counts, by language and label."""

_CERTAIN = 0.99
"""Score of a mention that an `always` rule made."""


@dataclass(frozen=True)
class Verdict:
    """One label of one sentence.

    Attributes:
        label: The label.
        holds: Whether the sentence carries it.
        score: 0 to 1.
        decided_by: `score`, `guard NAME`, `never[N]` or `always[N]` of `config/detect.toml`.
    """

    label: Label
    holds: bool
    score: float
    decided_by: str


@dataclass(frozen=True)
class Finding:
    """A scored sentence with everything that was decided about it.

    Attributes:
        sentence: The sentence.
        scores: What the scorer said.
        verdicts: One for each label.
        attributes: For each label that holds.
    """

    sentence: Sentence
    scores: Scores
    verdicts: list[Verdict]
    attributes: Mapping[Label, Attributes]


def judge(
    text: str,
    scores: Scores,
    language: Language,
    limits: Limits,
    corrections: Corrections,
    lexicon: Lexicon,
) -> list[Verdict]:
    """Judge a masked sentence; one verdict for each label, in the order of the labels."""
    verdicts = []
    for label in Label:
        score = scores.labels.get(label, 0.0)
        holds, decided_by = score >= limits[language][label], "score"
        if rule := corrections.rule(label, language, text):
            holds, decided_by = rule.always, rule.name
            score = max(score, _CERTAIN) if rule.always else score
        elif holds and (guard := lexicon.guard(label, text)):
            holds, decided_by = False, f"guard {guard.id}"
        verdicts.append(Verdict(label, holds, score, decided_by))
    return verdicts
