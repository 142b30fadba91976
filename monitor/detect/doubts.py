"""What makes a reader doubt that a mention is news of forces, although it reads like it.

The scorer learnt what a sentence is about, not whether an analyst should be woken for it: the
history of a war, policemen in front of a mosque and a party that mobilizes its voters score high. A
doubt is a reason that can be named, found with the lists of `config/lexicon/doubts.toml`; a mention
carries its doubts, and the policy decides what they are worth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from monitor.detect.lexicon import Lexicon, whole_words
from monitor.messages import Label

HISTORY, POLICE, NO_FORCES, NO_CLAIM = "history", "police", "no_forces", "no_military_claim"
_PAST_YEARS = 2
"""A sentence that names only years at least so long before the article is history."""


class Doubts:
    """Finds the doubts of one language; pure."""

    def __init__(self, lexicon: Lexicon) -> None:
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
        counted = rf"^\W{{1,2}}(?:\w+ )?{lexicon.units.pattern}"
        self._counted = re.compile(counted, re.IGNORECASE)

    def about(
        self, label: Label, text: str, claim: str, context: Mapping[str, str], year: int | None
    ) -> tuple[str, ...]:
        """Name the doubts of a mention.

        Args:
            label: Its label.
            text: Its sentence, masked.
            claim: For a denial what is denied; empty where the sentence does not tell.
            context: The headline and the sentence before, as far as there are any.
            year: Of the article; None where there is none, then nothing is history.
        """
        found = []
        around = " ".join((text, *context.values()))
        if label is Label.DENIAL:
            where = text if claim else around
            if not (self._forces.search(where) or self._acts.search(where)):
                found.append(NO_CLAIM)
        elif not self._forces.search(f"{text} {context.get('title', '')}"):
            found.append(NO_FORCES)
        if label is Label.DEPLOYMENT and self._police.search(text) and not self._armed(text):
            found.append(POLICE)
        if year and self._is_past(text, year):
            found.append(HISTORY)
        return tuple(found)

    def _armed(self, text: str) -> bool:
        return bool(self._military.search(self._police.sub(" ", text)))

    def _is_past(self, text: str, year: int) -> bool:
        years = [
            int(match[1])
            for match in self._year.finditer(text)
            if not self._counted.match(text[match.end() :])
        ]
        return bool(years) and max(years) <= year - _PAST_YEARS
