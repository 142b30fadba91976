"""Why a sentence is or is not a mention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.detect.attributes import Attributes
from monitor.detect.candidates import Reading
from monitor.detect.corrections import Threshold
from monitor.detect.language import Language
from monitor.detect.verdicts import Finding, Limits, Verdict
from monitor.messages import Label


@dataclass(frozen=True)
class SentenceReport:
    """Everything that was decided about one sentence.

    Attributes:
        sentence: Masked.
        field: `title` or `text`.
        language: What it was read as.
        gate: The words that let it pass the gate; empty where none did, and then nothing follows.
        verdicts: One for each label.
        parts: For each label what its log-odds are the sum of; none where the sieve turned it away.
        limits: For each label the thresholds for alert and for search.
        attributes: For each label that holds.
    """

    sentence: str
    field: str
    language: Language
    gate: str
    verdicts: list[Verdict]
    parts: Mapping[Label, Mapping[str, float]]
    limits: Mapping[Label, Mapping[Threshold, float]]
    attributes: Mapping[Label, Attributes]


def report(
    reading: Reading, findings: Iterable[Finding], limits: Mapping[Threshold, Limits]
) -> list[SentenceReport]:
    """Report on every sentence of a reading, in order; on none where its language is not ours."""
    if reading.language is None:
        return []
    language = reading.language
    shown = {
        label: {which: limit[language][label] for which, limit in limits.items()} for label in Label
    }
    found = {finding.sentence: finding for finding in findings}
    return [
        SentenceReport(
            sentence.text,
            sentence.field,
            language,
            sentence.gate,
            found[sentence].verdicts if sentence in found else [],
            found[sentence].scores.parts if sentence in found else {},
            shown,
            found[sentence].attributes if sentence in found else {},
        )
        for sentence in reading.sentences
    ]
