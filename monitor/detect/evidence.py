"""What the words say for a label, to be weighed with what the networks say.

The networks learnt from examples and are least sure where these are few: above all of denials. The
word lists know what such a sentence is made of. A logistic regression puts both together (a stacked
model, Wolpert 1992); its weights stand in `model.json`, readable, and `newsmon explain` shows what
each adds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from monitor.detect.language import Language
from monitor.detect.lexicon import ACTS, ARMED, FORCES, Lexicon
from monitor.detect.scoring import Unit
from monitor.detect.text import mask
from monitor.messages import Label

Words = dict[Label, dict[str, float]]
"""By label and name, 1 where there are such words, else 0."""

Line = Mapping[str, float]
"""Weights by the name of what they weigh, and an `offset`: they add up to log-odds."""

WORDS = ("cue", "headline", "military", "armed", "charge", "no_plan", "quote")
"""What is looked for: a cue of the label; one in the headline; words for forces in the sentence,
the headline or the sentence before, for a denial also for what forces do; among them those that
nobody takes for anything else; words for a claim ("reports", "accusations"); "no plans" and the
like; a quotation."""
NAMES = ("encoder", "sieve", *WORDS)
"""All that can have a weight: the logits of the two networks, then the words, 0 or 1 each."""
OFFSET = "offset"

_QUOTE = re.compile(r"[\"“”«»]")


class Evidence:
    """Looks for the words; pure.

    Args:
        lexicons: The word lists.
    """

    def __init__(self, lexicons: Mapping[Language, Lexicon]) -> None:
        self._lexicons: dict[str, Lexicon] = dict(lexicons.items())

    def of(self, unit: Unit) -> Words:
        """Say for each label which of `WORDS` there are: 1 or 0.

        A language without words is read as English.
        """
        lexicon, text = self._lexicons.get(unit.language, self._lexicons["en"]), mask(unit.sentence)
        headline = "" if unit.is_title or unit.title == unit.sentence else mask(unit.title)
        around = "\n".join((text, headline, mask(unit.prev)))
        forces = lexicon.any_word(*FORCES).search(around)
        acts = lexicon.any_word(ACTS).search(around)
        same = {
            "armed": lexicon.any_word(ARMED).search(around),
            "charge": lexicon.any_word("charge").search(text),
            "no_plan": lexicon.any_word("noplan").search(text),
            "quote": _QUOTE.search(text),
        }
        found = {
            label: same
            | {
                "cue": lexicon.cue(label, text),
                "headline": lexicon.cue(label, headline),
                "military": forces or (acts if label is Label.DENIAL else None),
            }
            for label in Label
        }
        return {
            label: {name: float(matches[name] is not None) for name in WORDS}
            for label, matches in found.items()
        }


def weigh(line: Line, values: Mapping[str, float]) -> dict[str, float]:
    """Say what each value that has a weight adds to the log-odds, the offset last."""
    parts = {name: line[name] * value for name, value in values.items() if name in line}
    return parts | {OFFSET: line[OFFSET]}
