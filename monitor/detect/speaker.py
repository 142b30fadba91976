"""To whom a sentence gives the statement, in the sentence's own words.

A small grammar over tokens: a verb of speech (or of denial), and the noun phrase that is its
subject: before it ("the ministry said"), behind it ("said the ministry"), after "according to", or
set off by a colon or a dash in a headline ("Ministry: no troops sent"). Its words stand in
`config/lexicon/words.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.detect.gazetteer import Kind, Token
from monitor.detect.lexicon import Lexicon
from monitor.detect.surroundings import View
from monitor.messages import Label

_QUOTES = frozenset('"“”«»„')
_MARKS = frozenset(",.;:!?()—–") | _QUOTES
_MAX_WORDS = 14
_RANK = ("denies", "according to", "says", "said by", "colon", "dash", "negates")
_PLACES = frozenset({Kind.NAME, Kind.PLACE, Kind.SEA, Kind.PEOPLE})

Range = tuple[int, int]
"""First and last token."""


@dataclass(frozen=True)
class Speaker:
    """Who says it.

    Attributes:
        text: The words of the sentence.
        start: First character.
        end: One past the last character.
        how: Which construction told, for the explanation.
    """

    text: str
    start: int
    end: int
    how: str


def find_speaker(view: View, label: Label, lexicon: Lexicon) -> Speaker | None:
    """Find the speaker, or None where the sentence names none.

    Args:
        view: The masked sentence.
        label: Of the mention: for a denial the one who denies comes first.
        lexicon: Of its language.
    """
    grammar = _Grammar(view, lexicon)
    found = list(grammar.candidates(label))
    if not found:
        return None
    how, (first, last) = min(found, key=lambda item: _RANK.index(item[0]))
    start, end = view.tokens[first].start, view.tokens[last].end
    return Speaker(view.text[start:end], start, end, how)


class _Grammar:
    def __init__(self, view: View, lexicon: Lexicon) -> None:
        self._view, self._lexicon = view, lexicon
        self._tokens: Sequence[Token] = view.tokens
        self._words = [token.text.lower() for token in view.tokens]
        self._inflected = lexicon.language != "en"

    def candidates(self, label: Label) -> Iterator[tuple[str, Range]]:
        speech, deny = self._lexicon.followers["speech"], self._lexicon.followers["deny"]
        for place, word in enumerate(self._words):
            if opener := self._opener(place):
                yield from _named("according to", self._forward(place + opener))
            denies = label is Label.DENIAL and deny.fullmatch(word)
            if denies and word.startswith("denial"):
                yield from _named("denies", self._owner(place))
            if (denies or speech.fullmatch(word)) and self._is_verb(place):
                yield from self._of_verb(place, "denies" if denies else "says")
        yield from self._set_off()
        if label is Label.DENIAL:
            yield from self._negates()

    def _negates(self) -> Iterator[tuple[str, Range]]:
        """Read "The ministry has no plans ...", "Ann Smith will not send ..."."""
        for place in range(1, min(12, len(self._words) - 1)):
            pair = self._words[place] + " " + self._words[place + 1]
            if pair in _NEGATIONS or (self._inflected and self._words[place] == "не"):
                yield from _named("negates", self._backward(place))
                return

    def _owner(self, noun: int) -> Range | None:
        """Read "despite Moscow's repeated denials"."""
        for place in range(noun - 1, max(1, noun - 3), -1):
            if self._words[place - 1 : place + 1] == ["'", "s"]:
                return self._subject(self._clause_start(place - 2), place - 2)
        return None

    def _is_verb(self, place: int) -> bool:
        word, behind = self._words[place], self._words[place + 1 : place + 2]
        if self._tokens[place].text == "States" or word.startswith("denial"):
            return False
        if word in _NEEDS and not (behind and behind[0] in _NEEDS[word]):
            return False
        participle = not self._inflected and self._words[place].endswith("ing")
        return not participle or self._words[place - 1 : place] in _BE

    def _of_verb(self, verb: int, how: str) -> Iterator[tuple[str, Range]]:
        behind = verb + 1
        if self._words[behind : behind + 1] == ["by"]:
            if how == "denies":
                yield from _named(how, self._forward(behind + 1))
        elif self._inverts(verb):
            yield from _named(how, self._forward(behind))
        else:
            subject = self._backward(verb)
            yield from _named(how, subject)
            if subject is None and self._inflected:
                yield from _named("said by", self._forward(behind))

    def _opener(self, place: int) -> int:
        for words in self._lexicon.openers:
            if tuple(self._words[place : place + len(words)]) == words:
                return len(words)
        return 0

    def _inverts(self, verb: int) -> bool:
        """Say whether the subject follows: `," said Ann Smith`, "..., says Smith"."""
        if self._words[verb] not in {"said", "says", "added", "wrote", "writes", "warns"}:
            return False
        if verb == 0 or self._words[verb - 1] in _MARKS | {"'"}:
            return True
        rest = self._tokens[verb + 1 :]
        return 0 < len(rest) <= 4 and all(token.text[0].isupper() for token in rest)

    def _backward(self, verb: int) -> Range | None:
        skipped = self._lexicon.words("skipped")
        last = verb - 1
        while last >= 0 and (self._words[last] in skipped or self._words[last].endswith("ly")):
            last -= 1
        if last > 1 and self._words[last] == ",":
            return self._around_apposition(last)
        first = self._clause_start(last)
        return self._named_before(first) or self._subject(first, last)

    def _named_before(self, first: int) -> Range | None:
        """Read "Name, the head of the service has said": a comma is missing behind the title."""
        if first < 3 or self._words[first - 1] != "," or self._words[first] not in {"the", "a"}:
            return None
        start = first - 1
        small = self._lexicon.words("cuts") | self._lexicon.words("skipped")
        while start > 0 and self._tokens[start - 1].text[0].isupper():
            if self._words[start - 1] in small:
                return None
            start -= 1
        clause = start == 0 or self._words[start - 1] in _MARKS | self._lexicon.words("bounds")
        return self._tidy(start, first - 2) if clause and start < first - 1 else None

    def _around_apposition(self, comma: int) -> Range | None:
        """Read "Name, the minister, said" and "The minister, Name, said"."""
        opening = comma - 1
        while opening > max(0, comma - 14) and self._words[opening] not in _MARKS:
            opening -= 1
        if self._words[opening] != "," or opening == 0:
            return None
        inside = self._tokens[opening + 1 : comma]
        if inside and all(token.text[0].isupper() for token in inside):
            return opening + 1, comma - 1
        return self._subject(self._clause_start(opening - 1), opening - 1)

    def _clause_start(self, last: int) -> int:
        bounds = self._lexicon.words("bounds")
        first = last + 1
        while first > 0 and last - first < _MAX_WORDS:
            word = self._words[first - 1]
            if self._ends_clause(first - 1):
                break
            if word in bounds and not self._couples(first - 1):
                break
            first -= 1
        return first

    def _ends_clause(self, place: int) -> bool:
        if self._words[place] == "-":
            return self._tokens[place].start > self._tokens[place - 1].end
        return self._words[place] in _MARKS and not self._abbreviates(place)

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
            self._words[place] in {"and", "и", "і", "та", "й"}
            and 0 < place < len(tokens) - 1
            and tokens[place - 1].text[0].isupper()
            and (tokens[place + 1].text[0].isupper() or tokens[place - 1].text.endswith("an"))
        )

    def _subject(self, first: int, last: int) -> Range | None:
        """Cut a clause's beginning down to its subject."""
        cuts = self._lexicon.words("cuts")
        while first <= last and self._words[first] in cuts | self._lexicon.words("skipped"):
            # "On Thursday the ministry said": the adverbial in front is no subject.
            first += 1
        if self._words[first + 1 : first + 2] and self._words[first + 1] in _CHARGES:
            # "a charge Tehran denies"
            first += 2
        end = first
        while end <= last and self._words[end] not in cuts:
            end += 1
        if end > first and self._words[end - 1] in {"close", "familiar"}:
            # "a source close to the talks", "officials familiar with the plan"
            end = last + 1
        return self._tidy(first, end - 1)

    def _forward(self, first: int) -> Range | None:
        ends = self._lexicon.words("cuts") | self._lexicon.words("bounds")
        last = first - 1
        while last + 1 < len(self._tokens) and last - first < _MAX_WORDS:
            word = self._words[last + 1]
            quoted = word in _QUOTES and self._inflected
            if word in _MARKS and not quoted and not self._abbreviates(last + 1):
                break
            if word in ends and not self._couples(last + 1):
                break
            last += 1
        return self._tidy(first, last)

    def _set_off(self) -> Iterator[tuple[str, Range]]:
        words = self._words
        for place in range(1, min(9, len(words))):
            if words[place] == ":":
                if place <= 7 and self._speaks(0, place - 1):
                    yield from _named("colon", self._tidy(0, place - 1))
                break
        for place in range(len(words) - 1, max(0, len(words) - 7), -1):
            spaced = self._tokens[place].start > self._tokens[place - 1].end
            if words[place] == ":" and place > 4 and not self._inflected:
                tail = words[place + 1 :]
                if len(tail) == 1 and (
                    self._tokens[place + 1].text[0].isupper() or tail[0] in _SAYERS
                ):
                    yield "colon", (place + 1, place + 1)
                elif len(tail) < 5 and self._speaks(place + 1, len(words) - 1):
                    yield from _named("colon", self._tidy(place + 1, len(words) - 1))
                break
            if words[place] in {"—", "–", "-"} and spaced:
                if self._speaks(place + 1, len(words) - 1):
                    yield from _named("dash", self._tidy(place + 1, len(words) - 1))
                break

    def _speaks(self, first: int, last: int) -> bool:
        """Say whether a phrase that a mark sets off names a speaker and not a topic."""
        if first > last:
            return False
        official = self._lexicon.followers["official"]
        inside = [name for name in self._view.names if first <= name.first <= last]
        if any(official.fullmatch(word) for word in self._words[first : last + 1]):
            return self._tokens[first].text[0].isupper() or self._inflected
        if inside:
            one = inside[0]
            return one.kind not in _PLACES and last - first == one.last - one.first
        person = self._tokens[first : last + 1]
        return (
            not self._inflected
            and len(person) <= 3
            and all(token.text[0].isupper() for token in person)
            and not _TOPICS & set(self._words[first : last + 1])
        )

    def _tidy(self, first: int, last: int) -> Range | None:
        skip = _MARKS | {"'", "-", "s"} | self._lexicon.words("bounds")
        while first <= last and self._words[first] in skip:
            first += 1
        while last >= first and self._words[last] in _MARKS | {"'", "-"}:
            last -= 1
        first = self._person(first, last)
        if first > last or not self._heads(first, last):
            return None
        return first, last

    def _person(self, first: int, last: int) -> int:
        """Return where the name begins behind a title: "Prime Minister Ann Smith"."""
        titles = self._lexicon.words("titles")
        for place in range(last, first - 1, -1):
            token = self._tokens[place]
            if place < last and self._lexicon.followers["official"].fullmatch(self._words[last]):
                return first
            if token.text == "." and self._words[place - 1] + "." in titles:
                return place + 1 if place < last else first
            if self._words[place] in titles:
                return place + 1 if place < last else first
            if not token.text[0].isupper() and self._words[place] not in _PARTICLES:
                return first
        return first

    def _heads(self, first: int, last: int) -> bool:
        """Refuse phrases that name nobody: pronouns, lone small words."""
        words = self._words[first : last + 1]
        if self._inflected and words in _THIRD:
            return True
        if words[0] in _PRONOUNS and len(words) == 1:
            return False
        if self._inflected:
            official = self._lexicon.followers["official"]
            return any(
                token.text[0].isupper() or official.fullmatch(token.text.lower())
                for token in self._tokens[first : last + 1]
            )
        return any(len(word) > 2 for word in words) or self._tokens[first].text.isupper()


_NEEDS = {
    "called": {"for", "on", "upon"},
    "calls": {"for", "on", "upon"},
    "call": {"for", "on", "upon"},
}
_SAYERS = frozenset({"report", "reports", "official", "officials", "sources", "experts"})
_NEGATIONS = frozenset(
    f"{verb} {word}"
    for verb in ("will", "has", "have", "had", "is", "are", "was", "were", "does", "did", "would")
    for word in ("not", "no", "never", "nothing")
) | {"won '", "didn '", "doesn '", "isn '", "wouldn '", "aren '", "hasn '", "no longer"}
_TOPICS = frozenset(
    [
        "explainer",
        "watch",
        "report",
        "analysis",
        "opinion",
        "breaking",
        "live",
        "exclusive",
        "video",
        "update",
        "factbox",
        "fact",
        "check",
        "timeline",
        "world",
        "papers",
        "photos",
        "war",
        "crisis",
        "invasion",
        "talks",
        "deal",
        "coup",
        "summit",
        "conflict",
        "news",
        "updates",
        "interview",
        "profile",
        "briefing",
        "covid",
        "coronavirus",
        "comment",
        "editorial",
        "revealed",
    ]
)
_NEEDS |= {verb: {"out"} for verb in ("rule", "rules", "ruled")}
_NEEDS |= {"calling": _NEEDS["call"]}
_BE = (["is"], ["are"], ["was"], ["were"], ["been"], ["also"])
_CHARGES = frozenset(
    ["charge", "claim", "charges", "claims", "allegation", "allegations", "accusation"]
)
_THIRD = (["он"], ["она"], ["они"], ["він"], ["вона"], ["вони"])
_PRONOUNS = frozenset(
    [
        "he",
        "she",
        "they",
        "it",
        "we",
        "i",
        "you",
        "this",
        "that",
        "these",
        "who",
        "what",
        "there",
        "one",
        "some",
        "others",
        "many",
        "himself",
    ]
)
_PARTICLES = frozenset(
    ["da", "de", "del", "bin", "al", "van", "von", "der", "le", "la", "el", "ibn", "'s"]
)


def _named(how: str, phrase: Range | None) -> Iterator[tuple[str, Range]]:
    if phrase is not None:
        yield how, phrase
