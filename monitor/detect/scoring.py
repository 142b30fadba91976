"""What a scorer of sentences is: the seam between the chain and whatever does the scoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.messages import Label, Status


@dataclass(frozen=True)
class Unit:
    """One sentence to score, with its context.

    Attributes:
        sentence: The sentence, or the headline when `is_title`.
        title: The headline of the article; empty when unknown or when this is the headline.
        prev: The sentence before; empty at the start.
        language: `en`, `ru` or `uk`.
        is_title: Whether the sentence is the headline itself.
    """

    sentence: str
    title: str = ""
    prev: str = ""
    language: str = "en"
    is_title: bool = False


@dataclass(frozen=True)
class Scores:
    """What a scorer says about one unit.

    Attributes:
        labels: For each label the probability, 0 to 1, that a careful reader would mark it.
        status: For each status its probability, or None where the scorer has no opinion.
        parts: For each label what its log-odds are the sum of, by name; empty where there are none.
    """

    labels: Mapping[Label, float]
    status: Mapping[Status, float] | None = None
    parts: Mapping[Label, Mapping[str, float]] = field(default_factory=dict)


class Scorer(Protocol):
    """Scores sentences; the same units give the same scores.

    Attributes:
        version: Names the scorer and its data; part of every mention.
    """

    version: str

    def score(self, units: Sequence[Unit]) -> list[Scores]:
        """Score the units; the answer has the same length and order."""
        ...
