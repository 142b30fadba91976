"""Split text into sentences, for English, Russian and Ukrainian."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_SENTENCE = 1000
"""Longer stretches without an end are cut at a space, so that one sentence costs bounded time."""

_END = re.compile(r"[.!?…]+[\"'”»“)\]]*(?=\s)|\n")
_LAST_WORD = re.compile(r"[^\s(\"“«'\[]*$")
_NEXT = re.compile(r"\s*[\"'“«„(\[]*(?:[-–—]\s*)?(\w+)?")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
_ABBREVIATIONS = frozenset(
    # English
    "mr mrs ms dr prof sr jr st gen lt col maj capt sgt cpl adm brig cmdr gov sen rep pres "
    "hon rev"
    " no vs etc inc ltd co corp dept est approx jan feb mar apr jun jul aug sep sept oct nov "
    "dec"
    " mt ft u.s u.k u.n e.g i.e a.m p.m"
    # Russian and Ukrainian
    " г гг тыс млн млрд трлн ул пл им р обл св др пр см стр рис т п д е н э чел руб долл напр "
    "проф"
    " акад ген полк подп кап лейт серж ст мл пос дер просп бул корп м км кг га"
    " р рр тис грн вул ім ін див напр ген м смт с оз".split()
)
_STARTERS = frozenset(
    "the a an it he she they we this that these those in on at but and however meanwhile when "
    "while after as if for its their his her there some many most last according".split()
)


@dataclass(frozen=True)
class Span:
    """A stretch of a text.

    Attributes:
        start: First character.
        end: One past the last character.
    """

    start: int
    end: int


def split(text: str) -> list[Span]:
    """Split text into sentences.

    Args:
        text: Text as `monitor.detect.text.mask` returns it.

    Returns:
        Spans in order, without surrounding space, none longer than `MAX_SENTENCE`.
    """
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        if _breaks(text, start, match):
            spans += _trim(text, start, match.end())
            start = match.end()
    return spans + _trim(text, start, len(text))


def _breaks(text: str, start: int, match: re.Match[str]) -> bool:
    following = _NEXT.match(text, match.end())
    word = (following[1] or "") if following else ""
    if match[0] == "\n":
        before = text[start : match.start()].rstrip(" ")
        # A line that was wrapped in the middle of a sentence goes on in lower case.
        return not (before[-1:].islower() or before[-1:] == ",") or not word[:1].islower()
    if word[:1].islower():
        return False
    if not match[0].startswith(".") or match[0].startswith(".."):
        return bool(word) or match.end() >= len(text.rstrip())
    return not _abbreviation(text[max(start, match.start() - 20) : match.start()], word)


def _abbreviation(before: str, following: str) -> bool:
    last = _LAST_WORD.search(before)
    word = last[0] if last else ""
    if word.lower() in _ABBREVIATIONS or _INITIALS.fullmatch(word + "."):
        # "... by the U.S. The ship": an abbreviation at the end of a sentence.
        return not ("." in word and following.lower() in _STARTERS)
    return False


def _trim(text: str, start: int, end: int) -> list[Span]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    spans = []
    while end - start > MAX_SENTENCE:
        cut = text.rfind(" ", start + MAX_SENTENCE // 2, start + MAX_SENTENCE)
        cut = cut if cut > start else start + MAX_SENTENCE
        spans.append(Span(start, cut))
        start = cut + (len(text[cut:end]) - len(text[cut:end].lstrip()) if cut < end else 0)
    if end > start:
        spans.append(Span(start, end))
    return spans
