"""The chain: article -> sentences -> gate -> scorer -> verdicts -> attributes -> mentions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from monitor.detect.attributes import Reader, load_reader
from monitor.detect.candidates import Reading, Sentence, read_article
from monitor.detect.corrections import THRESHOLDS, Corrections, Threshold, load_corrections
from monitor.detect.doubts import Doubts, mark_aside
from monitor.detect.encoder import Encoder
from monitor.detect.explain import SentenceReport, report
from monitor.detect.language import LANGUAGES, Language
from monitor.detect.lexicon import Lexicon, load_lexicons
from monitor.detect.mentions import build_mention
from monitor.detect.past import Left, load_left
from monitor.detect.scoring import Scorer, Scores, Unit
from monitor.detect.surroundings import View
from monitor.detect.verdicts import Finding, Limits, judge
from monitor.messages import Article, Label, Mention
from monitor.settings import CONFIG_DIR


@dataclass(frozen=True)
class Examination:
    """What was found in an article, and what was left unread.

    Attributes:
        mentions: In the order of the text, the headline's first.
        skipped: How much was not looked at, by reason: `empty`, `language`, `too_long`, `too_many`.
    """

    mentions: list[Mention]
    skipped: Counter[str] = field(default_factory=Counter)


class Detector:
    """Finds mentions; pure and deterministic once loaded.

    Args:
        lexicons: Word lists by language.
        reader: Reads the attributes.
        scorer: Scores sentences.
        limits: Thresholds for `alert` and for `search`.
        corrections: An analyst's rules.
        left: Forces that are no longer where they were, for doubts.
        threshold: Which of the limits counts.
    """

    def __init__(
        self,
        lexicons: Mapping[Language, Lexicon],
        reader: Reader,
        scorer: Scorer,
        limits: Mapping[Threshold, Limits],
        corrections: Corrections,
        left: Left,
        threshold: Threshold = "alert",
    ) -> None:
        self.limits, self.corrections, self.threshold = limits, corrections, threshold
        self.lexicons, self.reader, self._scorer = lexicons, reader, scorer
        self._doubts = {language: Doubts(lexicon, left) for language, lexicon in lexicons.items()}

    @property
    def version(self) -> str:
        """Name of the scorer and its data."""
        return self._scorer.version

    def find_mentions(self, article: Article) -> list[Mention]:
        """Find the mentions of an article: the same article gives the same ones."""
        return self.examine(article).mentions

    def examine(self, article: Article) -> Examination:
        """Find the mentions of an article, and count what was not looked at and why."""
        reading = self.read(article.title, article.text, article.language)
        year = (article.published_at or article.fetched_at).year
        mentions: dict[tuple[Label, str], Mention] = {}
        for finding in self.findings(reading, year):
            for label, attributes in finding.attributes.items():
                mention = build_mention(
                    article, finding.sentence, label, finding.verdicts, attributes, self.version
                )
                # The text often opens with the headline: the same sentence is one mention.
                mentions.setdefault((label, mention.id), mention)
        return Examination(list(mentions.values()), reading.skipped)

    def explain(
        self, text: str, title: str = "", language: str | None = None
    ) -> list[SentenceReport]:
        """Report on every sentence of a text, also on those that stopped at the gate.

        Returns:
            Nothing for a text that is empty or in another language.
        """
        reading = self.read(title, text, language)
        return report(reading, self.findings(reading), self.limits)

    def read(self, title: str, text: str, language: str | None) -> Reading:
        """Cut a text into sentences and put them to the gate."""
        return read_article(title, text, language, self.gate)

    def findings(self, reading: Reading, year: int | None = None) -> list[Finding]:
        """Score the sentences that passed the gate and decide about each.

        Args:
            reading: The sentences.
            year: Of the article; tells which leaders are in office.
        """
        if reading.language is None:
            return []
        language, passed = reading.language, reading.passed()
        scores = self._scorer.score([sentence.unit for sentence in passed])

        @cache
        def view(text: str) -> View:
            # The headline stands beside every sentence, each sentence beside the next.
            return self.reader.view(text, language, year)

        found = [
            self._finding(sentence, score, language, year, view)
            for sentence, score in zip(passed, scores, strict=True)
        ]
        return mark_aside(found) if reading.headline.strip() else found

    def _finding(
        self,
        sentence: Sentence,
        scores: Scores,
        language: Language,
        year: int | None,
        view: Callable[[str], View],
    ) -> Finding:
        limits, lexicon = self.limits[self.threshold], self.lexicons[language]
        verdicts = judge(sentence.text, scores, language, limits, self.corrections, lexicon)
        labels = frozenset(verdict.label for verdict in verdicts if verdict.holds)
        if not labels:
            return Finding(sentence, scores, verdicts, {})
        around = {"title": sentence.unit.title, "prev": sentence.unit.prev}
        around = {name: text for name, text in around.items() if text}
        seen, context = view(sentence.text), {name: view(text) for name, text in around.items()}
        attributes = {}
        for label in Label:
            if label in labels:
                read = self.reader.read(label, labels, seen, context, language, scores.status)
                doubts = self._doubts[language].about(label, sentence.text, read, around, year)
                attributes[label] = replace(read, doubts=doubts)
        return Finding(sentence, scores, verdicts, attributes)

    def score(self, units: Sequence[Unit]) -> list[Scores]:
        """Score units as they come, whatever the gate says."""
        return self._scorer.score(units)

    def gate(self, language: Language, text: str) -> str:
        """Return the words that let a masked sentence pass the gate, empty where none does."""
        match = self.lexicons[language].gate.search(text.lower())
        if match:
            return match[0]
        return "always" if self.corrections.wanted(language, text) else ""


def load_detector(config_dir: Path = CONFIG_DIR, threshold: Threshold = "alert") -> Detector:
    """Load word lists, gazetteer, corrections and weights.

    Args:
        config_dir: The folder `config/`.
        threshold: `alert` finds less and is right more often, `search` finds more.

    Raises:
        ConfigError: A data file is missing or has a fault.
        ModelError: The weights are missing or damaged.
    """
    corrections = load_corrections(config_dir / "detect.toml", config_dir / "lexicon")
    lexicons = load_lexicons(config_dir / "lexicon", corrections.gate)
    reader = load_reader(config_dir, lexicons)
    encoder = Encoder.load(config_dir / "model", lexicons)
    limits: dict[Threshold, Limits] = {
        which: {
            language: {
                label: corrections.thresholds.get(which, {})
                .get(language, {})
                .get(label, encoder.threshold(label, language, which))
                for label in Label
            }
            for language in LANGUAGES
        }
        for which in THRESHOLDS
    }
    left = load_left(config_dir / "lexicon" / "doubts.toml")
    return Detector(lexicons, reader, encoder, limits, corrections, left, threshold)
