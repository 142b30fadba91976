"""Article text to the sentences that are worth scoring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from monitor.detect.language import Language, language_of
from monitor.detect.scoring import Unit
from monitor.detect.sentences import Span, split
from monitor.detect.text import mask

MAX_TITLE = 2_000
MAX_TEXT = 200_000
"""Characters of a text that are read; what follows is counted, not read."""
MAX_SCORED = 400
"""Sentences of an article that are scored."""

Field = Literal["title", "text"]


@dataclass(frozen=True)
class Sentence:
    """A sentence of an article.

    Attributes:
        field: Where it stands.
        span: Character offsets in that field.
        text: Masked; as long as the original.
        unit: What the scorer gets.
        gate: The words that let it pass the gate, empty where none did.
    """

    field: Field
    span: Span
    text: str
    unit: Unit
    gate: str


@dataclass(frozen=True)
class Reading:
    """An article cut into sentences.

    Attributes:
        language: None when it is none of ours.
        headline: The masked headline.
        sentences: The headline first, then the text's; also those that stopped at the gate.
        skipped: How much was not looked at, by reason: `empty`, `language`, `too_long`, `too_many`.
    """

    language: Language | None
    headline: str
    sentences: list[Sentence]
    skipped: Counter[str]

    def passed(self) -> list[Sentence]:
        """Return the sentences to score, at most `MAX_SCORED`."""
        return [sentence for sentence in self.sentences if sentence.gate][:MAX_SCORED]


Gate = Callable[[Language, str], str]
"""Language and masked sentence to the words that let it pass, or an empty text."""


def read_article(title: str, text: str, declared: str | None, gate: Gate) -> Reading:
    """Cut an article into sentences and ask the gate for each; bounded for any text."""
    skipped: Counter[str] = Counter()
    if len(title) > MAX_TITLE or len(text) > MAX_TEXT:
        skipped["too_long"] += 1
    headline, body = mask(title[:MAX_TITLE]), mask(text[:MAX_TEXT])
    if not headline.strip() and not body.strip():
        return Reading(None, "", [], skipped + Counter(empty=1))
    language = language_of(f"{headline}\n{body}", declared)
    if language is None:
        return Reading(None, headline, [], skipped + Counter(language=1))
    sentences = list(_sentences(headline, body, language, gate))
    skipped["too_many"] += max(0, sum(bool(s.gate) for s in sentences) - MAX_SCORED)
    return Reading(language, headline, sentences, +skipped)


def _sentences(headline: str, body: str, language: Language, gate: Gate) -> Iterator[Sentence]:
    title = " ".join(headline.split())
    if title:
        start = len(headline) - len(headline.lstrip())
        span = Span(start, len(headline.rstrip()))
        text = headline[span.start : span.end]
        unit = Unit(title, language=language, is_title=True)
        yield Sentence("title", span, text, unit, gate(language, text))
    previous = ""
    for span in split(body):
        text = body[span.start : span.end]
        yield Sentence(
            "text", span, text, Unit(text, title, previous, language), gate(language, text)
        )
        previous = text
