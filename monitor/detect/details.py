"""Quantity and denied claim: what a sentence counts, and what it says is not so."""

from __future__ import annotations

import re

from monitor.detect.lexicon import Lexicon
from monitor.messages import Quantity

_NUMBER = r"\d{1,3}(?:[ ,.\u00a0]\d{3})+|\d+(?:[.,]\d+)?"
_SCALES = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "hundreds": 100, "thousands": 1000,
    "тыс": 1000, "тысяч": 1000, "тысячи": 1000, "тысячу": 1000, "млн": 10**6, "миллион": 10**6,
    "тис": 1000, "тисяч": 1000, "тисячі": 1000, "мільйон": 10**6,
}  # fmt: skip
_WORDS = {
    word: value
    for value, words in {
        1: "one один одну одна",
        2: "two два две двух дві двох",
        3: "three три трех трёх трьох",
        4: "four четыре чотири",
        5: "five пять п'ять",
        6: "six шесть шість",
        7: "seven семь сім",
        8: "eight восемь вісім",
        9: "nine девять дев'ять",
        10: "ten десять",
        12: "twelve dozen",
        20: "twenty двадцать двадцять",
        30: "thirty тридцать тридцять",
        100: "hundred hundreds сто сотню сотни сотні",
        1000: "thousands тысячи тисячі",
    }.items()
    for word in words.split()
}
_QUANTITY = re.compile(
    rf"(?<![\w.,$€£-])({_NUMBER}|[^\W\d_]+)[\s-]+(?:({'|'.join(_SCALES)})\.?[\s-]+)?(?:of\s+)?"
    r"((?:[^\W\d_]+[\s-]+){0,2}?)([^\W\d_]+)",
    re.IGNORECASE,
)
_END = re.compile(r"[;:!?]|[.](?=\s|$)|,\s+(?:but|while|and|[a-z]+ing|а|но|але)\b|[\"”»]")


def quantity(text: str, lexicon: Lexicon) -> Quantity | None:
    """Return the first number of forces that a masked sentence names."""
    units = lexicon.units
    for match in _QUANTITY.finditer(text):
        unit = next(
            (word for word in [*match[3].split(), match[4]] if units.fullmatch(word)),
            None,
        )
        value = _value(match[1], match[2])
        if unit and value:
            return Quantity(value=value, unit=unit.lower())
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


def _value(number: str, scale: str | None) -> float:
    if number[0].isdigit():
        plain = re.sub(r"[ ,.\u00a0](?=\d{3}(?!\d))", "", number).replace(",", ".")
        value = float(plain)
    else:
        value = float(_WORDS.get(number.lower(), 0))
    return value * _SCALES.get((scale or "").lower(), 1)
