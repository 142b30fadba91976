"""How alike two reports are: by their words in one language, by their codes across languages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from monitor.messages import make_id

_WORD = re.compile(r"\w+")
_STEM = 5
_MAX_TERMS = 40
_COPY = 0.6
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


def text_likeness(words: Sequence[str], samples: Iterable[str]) -> tuple[float, bool]:
    """Compare a sentence with samples of a story.

    Returns:
        The greatest share of common words, and whether one of the samples is (nearly) a copy:
        most neighbouring pairs of words are the same (Broder's shingles, w = 2).
    """
    mine = set(words)
    best, copied = 0.0, False
    for sample in samples:
        other = sample.split()
        fewer = min(len(mine), len(other))
        share = len(mine.intersection(other)) / fewer if fewer else 0.0
        best = max(best, share)
        if share >= _COPY and fewer >= _MIN_COPY:
            pairs, others = set(pairwise(words)), set(pairwise(other))
            copied = copied or len(pairs & others) >= _COPY * len(pairs | others)
    return best, copied
