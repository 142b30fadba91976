"""How alike two reports are: by their words in one language, by their codes across languages."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from monitor.messages import make_id

_WORD = re.compile(r"\w+")
_STEM = 5
_MAX_TERMS = 40
_COPY = 0.6
_HEADLINE = " | "
_MIN_COPY = 5  # shorter sentences are too alike by chance

# Words that nearly every report of these kinds has, or that carry nothing: they tell no event
# from another.
_COMMON_WORDS = """
about after again all also amid and another any are around because been before being between
both but can could did does during each for from had has have her here him his how into its
more most near next not now off only other our out over own said same say says she should
since some such than that the their them then there these they this those through told
under until very was were what when where which while who will with would you
army armed deploy drill exercise force forces military militar ministry official soldier troop
troops unit deny denied denies denial report
без был была были было будет вам ведь все для его ему если есть еще или как когда которые
между мне может над нас нет них она они оно при про раз сам свои так там тем тот тут уже чем
что чтобы это эти этот
арми военн войск воору силы сил солда минис учени манев опров отриц заяви сообщ
або але без був була були буде вже від він вона вони для його її коли між них під при про так
там тим тут усе це цей щоб що який яка які
війсь зброй армі сили сил солда навча спрос запер заяви повід мініс
"""
_COMMON = frozenset(word[:_STEM] for word in _COMMON_WORDS.split())


def terms(text: str) -> list[str]:
    """Return the telling words of a text, cut to stems, in order, each once, at most 40."""
    found: dict[str, None] = {}
    for word in _WORD.findall(text.casefold()):
        stem = word[:_STEM]
        if (len(word) > 2 or word.isdigit()) and stem not in _COMMON:
            found[stem] = None
    return list(found)[:_MAX_TERMS]


def fingerprint(words: list[str]) -> str:
    """Name a sentence by its telling words: equal for copies that differ in dress only."""
    return make_id("text", *words)[:8]


def shared(left: Collection[str], right: Collection[str]) -> float:
    """Return the share of the smaller side that both have, 0 to 1; 0 where one is empty.

    Neither side may name a thing twice.
    """
    if not left or not right:
        return 0.0
    return len(set(left).intersection(right)) / min(len(left), len(right))


def sample(words: Sequence[str], headline: Sequence[str]) -> str:
    """Write down a report's words, those that only the headline has apart."""
    return " ".join(words) + _HEADLINE + " ".join(word for word in headline if word not in words)


def closeness(words: Collection[str], samples: Iterable[str]) -> float | None:
    """Compare a report's words, headline included, with the samples of a story.

    Returns:
        The greatest cosine of the sets of words, 0 to 1; None where no sample is in the same
        script, so that words cannot tell.
    """
    mine, script = frozenset(words), _script(words)
    best: float | None = None
    for other in map(_read, samples):
        if other.script == script:
            shares = len(mine & other.all)
            size = math.sqrt(len(mine) * len(other.all))
            best = max(best or 0.0, shares / size if size else 0.0)
    return best


def text_likeness(words: Sequence[str], samples: Iterable[str]) -> tuple[float, bool]:
    """Compare a sentence with the sentences of a story.

    Returns:
        The greatest share of common words, and whether one of the samples is (nearly) a copy:
        most neighbouring pairs of words are the same (Broder's shingles, w = 2).
    """
    mine = frozenset(words)
    best, copied = 0.0, False
    for other in map(_read, samples):
        fewer = min(len(mine), len(other.sentence))
        share = len(mine & other.sentence) / fewer if fewer else 0.0
        best = max(best, share)
        if share >= _COPY and fewer >= _MIN_COPY:
            pairs = set(pairwise(words))
            copied = copied or len(pairs & other.pairs) >= _COPY * len(pairs | other.pairs)
    return best, copied


class _Sample(NamedTuple):
    sentence: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    all: frozenset[str]
    script: bool


@lru_cache(maxsize=4096)
def _read(text: str) -> _Sample:
    sentence, _, headline = text.partition(_HEADLINE)
    words = sentence.split()
    every = words + headline.split()
    return _Sample(frozenset(words), frozenset(pairwise(words)), frozenset(every), _script(every))


def _script(words: Iterable[str]) -> bool:
    """Tell whether most letters are beyond Latin."""
    text = "".join(words)
    return 2 * sum(letter > "\u036f" for letter in text) > len(text)
