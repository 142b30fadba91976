"""Quantity and denied claim: what a sentence counts, and what it says is not so."""

from __future__ import annotations

import re

from monitor.detect.lexicon import Lexicon
from monitor.messages import Quantity

_WORD = re.compile(
    r"(?<![\w.,$€£-])\d{1,3}(?:[ ,.\u00a0]\d{3})+\b|\d+(?:[.,]\d+)?|[^\W\d_]+|[^\w\s]"
)
_LOOK_AHEAD = 5
"""Words behind a number in which its unit must stand: "500 heavily armed Russian troops"."""
_BINDS = frozenset(".-")
# A clause goes on behind the full stop of an initial: "U.S. forces".
_END = re.compile(
    r"[;:!?]|(?<!\b[^\W\d_])[.](?=\s|$)"
    r"|,\s+(?:but|while|and|[a-z]+ing|а|но|але)\b|[\"”»]"
)


def quantity(text: str, lexicon: Lexicon) -> Quantity | None:
    """Return the first number of forces that a masked sentence names."""
    words = [match[0].lower() for match in _WORD.finditer(text)]
    for place, word in enumerate(words):
        value = _value(word, lexicon)
        if value and words[place - 1 : place] not in (["$"], ["€"], ["£"]):
            for following in words[place + 1 : place + 1 + _LOOK_AHEAD]:
                if lexicon.any_word("unit").fullmatch(following):
                    return Quantity(value=value, unit=following)
                if following in lexicon.scales:
                    value *= lexicon.scales[following]
                elif not following.isalpha() and following not in _BINDS:
                    break
    return None


def claim(text: str, cue: tuple[int, int], lexicon: Lexicon) -> str:
    """Return the words that a denial denies: what follows its cue, up to the end of the clause."""
    start = cue[1]
    deny = lexicon.followers["deny"]
    first = next(
        (m for m in re.finditer(r"\w+", text[cue[0] : cue[1]]) if deny.fullmatch(m[0])), None
    )
    if first:
        start = cue[0] + first.end()
    rest = text[start:]
    end = _END.search(rest)
    words = rest[: end.start() if end else len(rest)].strip(" ,-–—'\"“”«»")
    return words[:300]


def _value(word: str, lexicon: Lexicon) -> float:
    if word[0].isdigit():
        return float(re.sub(r"[ ,.\u00a0](?=\d{3}(?!\d))", "", word).replace(",", "."))
    return lexicon.numbers.get(word, 0.0)
