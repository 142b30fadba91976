"""Noun phrases that may name a speaker: where one begins and ends around a verb.

A phrase runs to the next mark, conjunction or small word that no name contains; adverbials in front
of the subject and appositions are cut away, titles stay ("Foreign Minister Ann Smith"). The words
stand in `config/lexicon`.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detect.gazetteer import Token
from monitor.detect.lexicon import Lexicon

QUOTES = frozenset('"“”«»„')
MARKS = frozenset(",.;:!?()—–") | QUOTES
_MAX_WORDS = 14

Range = tuple[int, int]
"""First and last token."""


class Phrases:
    """The noun phrases of a sentence.

    Args:
        tokens: Of the sentence.
        lexicon: Of its language.
    """

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon) -> None:
        self._tokens, self._lexicon = tokens, lexicon
        self._words = [token.text.lower() for token in tokens]
        self._inflected = lexicon.language != "en"
        self._cuts, self._bounds = lexicon.words("cuts"), lexicon.words("bounds")
        self._skipped = lexicon.words("skipped")
        self._official = lexicon.followers["official"]

    def before(self, verb: int) -> Range | None:
        """Return the subject that ends in front of a verb, or None."""
        last = verb - 1
        while last >= 0 and (
            self._words[last] in self._skipped or self._words[last].endswith("ly")
        ):
            last -= 1
        if last > 1 and self._words[last] == ",":
            return self._around_apposition(last)
        first = self._clause_start(last)
        return self._named_before(first) or self.subject(first, last)

    def behind(self, first: int) -> Range | None:
        """Return the phrase that begins at a token, or None."""
        ends = self._cuts | self._bounds
        last = first - 1
        while last + 1 < len(self._tokens) and last - first < _MAX_WORDS:
            word = self._words[last + 1]
            quoted = word in QUOTES and self._inflected
            if word in MARKS and not quoted and not self._abbreviates(last + 1):
                break
            if word in ends and not self._couples(last + 1):
                break
            last += 1
        return self.tidy(first, last)

    def owner(self, noun: int) -> Range | None:
        """Return who owns a noun: "despite Moscow's repeated denials"."""
        for place in range(noun - 1, max(1, noun - 3), -1):
            if self._words[place - 1 : place + 1] == ["'", "s"]:
                return self.subject(self._clause_start(place - 2), place - 2)
        return None

    def subject(self, first: int, last: int) -> Range | None:
        """Cut a clause's beginning down to its subject."""
        while first <= last and self._words[first] in self._cuts | self._skipped:
            # "On Thursday the ministry said": the adverbial in front is no subject.
            first += 1
        if self._words[first + 1 : first + 2] and (
            self._words[first + 1] in self._lexicon.words("charges")
        ):
            # "a charge Tehran denies"
            first += 2
        end = first
        while end <= last and self._words[end] not in self._cuts:
            end += 1
        if end > first and self._words[end - 1] in self._lexicon.words("near"):
            # "a source close to the talks", "officials familiar with the plan"
            end = last + 1
        if end < last and all(
            token.text[0].isupper() for token in self._tokens[last - 1 : last + 1]
        ):
            # "a colonel of the British army in retirement Ann Smith said": the name is the point.
            end = last + 1
        return self.tidy(first, end - 1)

    def tidy(self, first: int, last: int) -> Range | None:
        """Take marks and small words off a phrase; None where nobody is left."""
        skip = MARKS | {"'", "-", "s"} | self._bounds
        while first <= last and self._words[first] in skip:
            first += 1
        while last >= first and self._words[last] in MARKS | {"'", "-"}:
            last -= 1
        if first > last or not self._heads(first, last):
            return None
        return first, last

    def _named_before(self, first: int) -> Range | None:
        """Read "Name, the head of the service has said": a comma is missing behind the title."""
        if first < 3 or self._words[first - 1] != "," or self._words[first] not in {"the", "a"}:
            return None
        start = first - 1
        while start > 0 and self._tokens[start - 1].text[0].isupper():
            if self._words[start - 1] in self._cuts | self._skipped:
                return None
            start -= 1
        clause = start == 0 or self._words[start - 1] in MARKS | self._bounds
        return self.tidy(start, first - 2) if clause and start < first - 1 else None

    def _around_apposition(self, comma: int) -> Range | None:
        """Read "Name, the minister, said" and "The minister, Name, said"."""
        opening = comma - 1
        while opening > max(0, comma - _MAX_WORDS) and self._words[opening] not in MARKS:
            opening -= 1
        if self._words[opening] != "," or opening == 0:
            return None
        inside = self._tokens[opening + 1 : comma]
        if inside and all(token.text[0].isupper() for token in inside):
            return opening + 1, comma - 1
        return self.subject(self._clause_start(opening - 1), opening - 1)

    def _clause_start(self, last: int) -> int:
        first = last + 1
        while first > 0 and last - first < _MAX_WORDS:
            if self._ends_clause(first - 1):
                break
            if self._words[first - 1] in self._bounds and not self._couples(first - 1):
                break
            first -= 1
        return first

    def _ends_clause(self, place: int) -> bool:
        if self._words[place] == "-":
            return self._tokens[place].start > self._tokens[place - 1].end
        return self._words[place] in MARKS and not self._abbreviates(place)

    def _abbreviates(self, place: int) -> bool:
        # "Gov. Tim", "Lt. Col. Ann": a full stop between two capitalised words, without space.
        tokens = self._tokens
        return (
            tokens[place].text == "."
            and 0 < place < len(tokens) - 1
            and tokens[place - 1].end == tokens[place].start
            and tokens[place - 1].text[0].isupper()
            and len(tokens[place - 1].text) <= 4
        )

    def _couples(self, place: int) -> bool:
        # "Britain and France said": two names, not two clauses.
        tokens = self._tokens
        return (
            self._words[place] in self._lexicon.words("couples")
            and 0 < place < len(tokens) - 1
            and tokens[place - 1].text[0].isupper()
            and (tokens[place + 1].text[0].isupper() or tokens[place - 1].text.endswith("an"))
        )

    def _heads(self, first: int, last: int) -> bool:
        """Refuse phrases that name nobody: pronouns, lone small words."""
        words = self._words[first : last + 1]
        if len(words) == 1 and words[0] in self._lexicon.words("persons"):
            return True
        if len(words) == 1 and words[0] in self._lexicon.words("pronouns"):
            return False
        if self._inflected:
            return any(
                token.text[0].isupper() or self._official.fullmatch(token.text.lower())
                for token in self._tokens[first : last + 1]
            )
        return any(len(word) > 2 for word in words) or self._tokens[first].text.isupper()
