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

from monitor.detect.attributes import Attributes
from monitor.detect.lexicon import ACTS, ARMED, FORCES, Lexicon
from monitor.detect.past import Left, Past
from monitor.detect.patterns import any_of
from monitor.detect.verdicts import Finding
from monitor.messages import Label

HISTORY, POLICE, NO_FORCES = "history", "police", "no_forces"
NO_CLAIM, ASIDE, FICTION, STANDING = "no_military_claim", "aside", "fiction", "standing"

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
        self._past = Past(lexicon, left)
        classes = lexicon.classes
        self._armed, self._forces = lexicon.any_word(ARMED), lexicon.any_word(*FORCES)
        self._military = lexicon.any_word(*FORCES, ACTS)
        self._police, self._fiction = lexicon.any_word("police"), lexicon.any_word("fiction")
        self._habit = lexicon.any_word("habit")
        again, deny = any_of(classes["again"]), any_of(classes["deny"])
        which, denies = any_of(classes["which"]), any_of(classes["denies"])
        self._passing = re.compile(
            rf"(?<!\w)(?:(?:{again}) (?:{deny})|(?:{deny}) (?:{again})"
            rf"|(?:{which}) (?:[\w'-]+ ){{1,3}}(?:{denies}) ?(?:[^\w ]|$))(?!\w)",
            re.IGNORECASE,
        )

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
        denial = label is Label.DENIAL
        headed = f"{text} {context.get('title', '')}"
        # A denial that does not say what it denies has it in the sentences around.
        claimed = text if read.claim else " ".join((text, *context.values()))
        found = {
            NO_CLAIM: denial and not self._military.search(claimed),
            NO_FORCES: not denial and not self._forces.search(headed),
            POLICE: label is Label.DEPLOYMENT and self._is_of_police(text),
            HISTORY: self._past.holds(label, text, read, year),
            STANDING: (self._passing if denial else self._habit).search(text),
            FICTION: self._fiction.search(headed),
        }
        return tuple(name for name, holds in found.items() if holds)

    def _is_of_police(self, text: str) -> bool:
        others = self._police.sub(" ", text)
        return others != text and not self._armed.search(others)


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
