"""To whom a sentence gives the statement, in the sentence's own words.

A small grammar over tokens: a verb of speech (or of denial), and the noun phrase that is its
subject: before it ("the ministry said"), behind it ("said the ministry"), after "according to", or
set off by a colon or a dash in a headline ("Ministry: no troops sent"). Its words stand in
`config/lexicon/words.toml` and `speaker.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.detect.gazetteer import Kind, Token
from monitor.detect.lexicon import Lexicon
from monitor.detect.phrases import MARKS, Phrases, Range
from monitor.detect.surroundings import View
from monitor.messages import Label

_RANK = ("denies", "according to", "says", "said by", "colon", "dash", "negates")
_PLACES = frozenset({Kind.NAME, Kind.PLACE, Kind.SEA, Kind.PEOPLE})
_DASHES = frozenset("—–-")


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
    found = [(how, phrase) for how, phrase in _Grammar(view, lexicon).read(label) if phrase]
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
        self._phrases = Phrases(view.tokens, lexicon)

    def read(self, label: Label) -> Iterator[tuple[str, Range | None]]:
        """Yield construction and phrase; no phrase where it names nobody."""
        speech, deny = self._lexicon.followers["speech"], self._lexicon.followers["deny"]
        for place, word in enumerate(self._words):
            if opener := self._opener(place):
                yield "according to", self._phrases.behind(place + opener)
            denies = label is Label.DENIAL and deny.fullmatch(word)
            if denies and word.startswith("denial"):
                yield "denies", self._phrases.owner(place)
            if (denies or speech.fullmatch(word)) and self._is_verb(place):
                yield from self._of_verb(place, "denies" if denies else "says")
        yield from self._led()
        yield from self._trailed()
        if label is Label.DENIAL:
            yield from self._negates()

    def _negates(self) -> Iterator[tuple[str, Range | None]]:
        """Read "The ministry has no plans ...", "Ann Smith will not send ..."."""
        negations = self._lexicon.words("negations")
        for place in range(1, min(12, len(self._words) - 1)):
            word, following = self._words[place : place + 2]
            if word in negations or f"{word} {following}" in negations:
                yield "negates", self._phrases.before(place)
                return

    def _is_verb(self, place: int) -> bool:
        word, behind = self._words[place], " ".join(self._words[place : place + 2])
        if self._tokens[place].text == "States" or word.startswith("denial"):
            return False
        if word in self._lexicon.words("half") and behind not in self._lexicon.words("phrasal"):
            return False
        participle = not self._inflected and word.endswith("ing")
        return not participle or " ".join(self._words[place - 1 : place]) in (
            self._lexicon.words("be")
        )

    def _of_verb(self, verb: int, how: str) -> Iterator[tuple[str, Range | None]]:
        behind = verb + 1
        if self._words[behind : behind + 1] == ["by"]:
            if how == "denies":
                yield how, self._phrases.behind(behind + 1)
        elif self._inverts(verb):
            yield how, self._phrases.behind(behind)
        else:
            subject = self._phrases.before(verb)
            yield how, subject
            if subject is None and self._inflected:
                yield "said by", self._phrases.behind(behind)

    def _opener(self, place: int) -> int:
        for words in self._lexicon.openers:
            if tuple(self._words[place : place + len(words)]) == words:
                return len(words)
        return 0

    def _inverts(self, verb: int) -> bool:
        """Say whether the subject follows: `," said Ann Smith`, "..., says Smith"."""
        if self._words[verb] not in self._lexicon.words("inverts"):
            return False
        if verb == 0 or self._words[verb - 1] in MARKS | {"'"}:
            # "Ann Smith, the minister, said on Monday that ..." goes on in another way.
            following = " ".join(self._words[verb + 1 : verb + 2])
            return following not in self._lexicon.words("skipped") | self._lexicon.words("bounds")
        rest = self._tokens[verb + 1 :]
        return 0 < len(rest) <= 4 and all(token.text[0].isupper() for token in rest)

    def _led(self) -> Iterator[tuple[str, Range | None]]:
        """Read a headline "Ministry: no troops sent"."""
        for place in range(1, min(9, len(self._words))):
            if self._words[place] == ":":
                if place <= 7 and self._speaks(0, place - 1):
                    yield "colon", self._phrases.tidy(0, place - 1)
                return

    def _trailed(self) -> Iterator[tuple[str, Range | None]]:
        """Read a headline "No troops sent: ministry" or "No troops sent - ministry"."""
        words, last = self._words, len(self._words) - 1
        for place in range(last, max(0, last - 6), -1):
            spaced = self._tokens[place].start > self._tokens[place - 1].end
            if words[place] == ":" and place > 4 and not self._inflected:
                if place == last - 1 and (
                    self._tokens[last].text[0].isupper()
                    or words[last] in self._lexicon.words("sayers")
                ):
                    yield "colon", (last, last)
                elif last - place < 5 and self._speaks(place + 1, last):
                    yield "colon", self._phrases.tidy(place + 1, last)
                return
            if words[place] in _DASHES and spaced:
                if self._speaks(place + 1, last):
                    yield "dash", self._phrases.tidy(place + 1, last)
                return

    def _speaks(self, first: int, last: int) -> bool:
        """Say whether a phrase that a mark sets off names a speaker and not a topic."""
        if first > last:
            return False
        words, tokens = self._words[first : last + 1], self._tokens[first : last + 1]
        official = self._lexicon.followers["official"]
        inside = [name for name in self._view.names if first <= name.first <= last]
        if any(official.fullmatch(word) for word in words):
            return tokens[0].text[0].isupper() or self._inflected
        if inside:
            one = inside[0]
            return one.kind not in _PLACES and last - first == one.last - one.first
        return (
            not self._inflected
            and len(tokens) <= 3
            and all(token.text[0].isupper() for token in tokens)
            and not self._lexicon.words("topics") & set(words)
        )
