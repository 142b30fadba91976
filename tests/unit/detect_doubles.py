"""Stand-ins for the detection tests: scorers without weights, and short ways to make articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

from monitor.detect.attributes import load_reader
from monitor.detect.corrections import Corrections
from monitor.detect.detector import Detector
from monitor.detect.language import LANGUAGES, Language
from monitor.detect.lexicon import Lexicon, load_lexicons
from monitor.detect.past import load_left
from monitor.detect.scoring import Scores, Unit
from monitor.detect.text import mask
from monitor.messages import Article, Label, Status
from monitor.settings import CONFIG_DIR


class CueScorer:
    """Scores by the cue patterns alone: 0.9 where one stands in the sentence, else 0."""

    version = "cues"

    def score(self, units: Sequence[Unit]) -> list[Scores]:
        return [self._one(unit) for unit in units]

    def _one(self, unit: Unit) -> Scores:
        lexicon, text = lexicons()[unit.language], mask(unit.sentence)
        return Scores({label: 0.9 if lexicon.cue(label, text) else 0.0 for label in Label})


class FixedScorer:
    """Gives every sentence the same scores and remembers what it was asked."""

    version = "fixed"

    def __init__(self, status: Mapping[Status, float] | None = None, **labels: float) -> None:
        self._labels = {Label(name): value for name, value in labels.items()}
        self._status = status
        self.asked: list[Unit] = []

    def score(self, units: Sequence[Unit]) -> list[Scores]:
        self.asked += units
        return [Scores(self._labels, self._status)] * len(units)


@cache
def lexicons() -> Mapping[Language, Lexicon]:
    return load_lexicons(CONFIG_DIR / "lexicon")


NO_CORRECTIONS = Corrections({}, {}, (), ())


def detector(scorer=None, corrections: Corrections = NO_CORRECTIONS) -> Detector:
    limits = {language: dict.fromkeys(Label, 0.5) for language in LANGUAGES}
    return Detector(
        lexicons(),
        load_reader(CONFIG_DIR, lexicons()),
        scorer or CueScorer(),
        {"alert": limits, "search": limits},
        corrections,
        load_left(CONFIG_DIR / "lexicon" / "doubts.toml"),
    )


def article(text: str, title: str = "", language: str | None = "en", **fields) -> Article:
    values = {
        "id": "a1",
        "feed_id": "f",
        "url": "https://news.example/1",
        "outlet": "Example Post",
        "fetched_at": datetime(2026, 3, 1, tzinfo=UTC),
    }
    return Article(title=title, text=text, language=language, **(values | fields))
