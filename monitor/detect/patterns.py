"""The small pattern language of the data files, turned into regular expressions.

    deploy*          a word that begins so; without the star the whole word
    {force}          any word of a class of `config/lexicon/words.toml`
    ~                up to six words, ~~ up to two, never across ; : ! ? or the sentence's end
    no plan* to      words in a row, with anything but letters and clause marks between them

It has no nesting and no unbounded repetition, so no pattern can be slow on any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import groupby

_GAP = {"~": 6, "~~": 2}
_BETWEEN = r"[^\w;:!?]{1,4}"
_WORD = re.compile(r"[\w'.’+-]+\*?")


def words_of(text: str) -> tuple[str, ...]:
    """Split a comma-separated list of a data file; line breaks count as spaces."""
    return tuple(word for part in text.split(",") if (word := " ".join(part.split())))


def compile_pattern(pattern: str, classes: Mapping[str, tuple[str, ...]]) -> re.Pattern[str]:
    """Compile one pattern.

    Raises:
        ValueError: It is empty, would match anything, or names an unknown class; says which.
    """
    pieces: list[str] = []
    gap = True
    for part in pattern.split():
        if part in _GAP:
            if gap:
                raise ValueError(f"{part!r} must stand between two words")
            pieces.append(rf"(?:{_BETWEEN}\w+){{0,{_GAP[part]}}}?{_BETWEEN}")
            gap = True
            continue
        if not gap:
            pieces.append(_BETWEEN)
        pieces.append(_piece(part, classes))
        gap = False
    if gap:
        raise ValueError("it ends with a gap" if pieces else "it is empty")
    return re.compile(r"(?<!\w)" + "".join(pieces) + r"(?!\w)", re.IGNORECASE)


def any_of(patterns: Iterable[str]) -> str:
    """Return a regular expression that matches any of the words, sharing their beginnings."""
    return _trie(sorted({word.lower() for word in patterns}))


def _piece(part: str, classes: Mapping[str, tuple[str, ...]]) -> str:
    if part.startswith("{") and part.endswith("}"):
        name = part[1:-1]
        if name not in classes:
            raise ValueError(f"unknown class {name!r}, known are {', '.join(sorted(classes))}")
        return any_of(classes[name])
    if not _WORD.fullmatch(part):
        raise ValueError(f"{part!r} is no word, {{class}}, ~ or ~~")
    if part.endswith("*") and len(part) < 3:
        raise ValueError(f"{part!r} would match nearly anything")
    return _letters(part)


def _letters(word: str) -> str:
    text = "".join(re.escape(char) if char not in "* " else char for char in word)
    return text.replace(" ", r"[\s-]{1,3}").replace("*", r"\w*")


def _trie(words: list[str]) -> str:
    tails = [word for word in words if word]
    branches = []
    for first, group in groupby(tails, key=lambda word: word[0]):
        rest = [word[1:] for word in group]
        branches.append(_letters(first) + (_trie(rest) if rest != [""] else ""))
    # The end of a word is tried last: the longest word wins.
    if "" in words:
        branches.append("")
    return branches[0] if len(branches) == 1 else "(?:" + "|".join(branches) + ")"
