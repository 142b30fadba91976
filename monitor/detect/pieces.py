"""Sentences as word pieces: the encoder's input, the same in training and at run time.

The input of one sentence is `[CLS] sentence [SEP]`, in training also `[CLS] sentence [SEP] title
[SEP] previous sentence [SEP]`; segment 0 is the sentence (what is pooled), segment 1 its context.
Pieces are those of XLM-R's SentencePiece unigram model (Conneau et al. 2020), cut to the ones that
the three languages need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

CLS, PAD, SEP, UNKNOWN = 0, 1, 2, 3
MAX_SENTENCE, MAX_TITLE, MAX_PREVIOUS = 96, 24, 24
"""How many pieces are read; of the previous sentence the last ones."""

_MAX_CHARS = 1_600
"""How many characters are looked at: far more than `MAX_SENTENCE` pieces of any real sentence."""


@dataclass(frozen=True)
class Encoded:
    """One input: piece numbers, the first `own` of them the sentence with its two markers."""

    ids: tuple[int, ...]
    own: int


class Pieces:
    """The tokeniser.

    Args:
        table: `pieces` (text and log probability of each, in the order of their numbers; the
            first four are the markers) and `normal` (code point, as text, to its replacement).
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._normal = {int(point): text for point, text in table["normal"].items()}
        vocabulary = [(piece, float(score)) for piece, score in table["pieces"]]
        self._tokenizer = Tokenizer(models.Unigram(vocabulary, UNKNOWN, byte_fallback=False))
        self._tokenizer.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
        self._tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")

    def cut(self, texts: Sequence[str]) -> list[list[int]]:
        """Cut texts into piece numbers; half a surrogate counts as a question mark."""
        clean = [
            text.encode("utf-8", "replace").decode("utf-8").translate(self._normal)
            for text in texts
        ]
        return [found.ids for found in self._tokenizer.encode_batch(clean, False)]

    def inputs(
        self, sentences: Sequence[str], titles: Sequence[str] = (), previous: Sequence[str] = ()
    ) -> list[Encoded]:
        """Encode sentences, each with its context where there is one; an empty one is left out."""
        nothing = [""] * len(sentences)
        parts = (
            self.cut([sentence[:_MAX_CHARS] for sentence in sentences]),
            self.cut([title[:_MAX_CHARS] for title in titles or nothing]),
            self.cut([before[-_MAX_CHARS:] for before in previous or nothing]),
        )
        return [_join(*three) for three in zip(*parts, strict=True)]


def _join(sentence: list[int], title: list[int], previous: list[int]) -> Encoded:
    ids = [CLS, *sentence[:MAX_SENTENCE], SEP]
    own = len(ids)
    for context in (title[:MAX_TITLE], previous[-MAX_PREVIOUS:]):
        if context:
            ids += [*context, SEP]
    return Encoded(tuple(ids), own)


def batch(
    inputs: Sequence[Encoded],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Pad inputs to one length: (ids, mask, segment), each (inputs, length)."""
    length = max(len(item.ids) for item in inputs)
    ids = np.full((len(inputs), length), PAD, np.int64)
    mask = np.zeros_like(ids)
    segment = np.ones_like(ids)
    for row, item in enumerate(inputs):
        ids[row, : len(item.ids)] = item.ids
        mask[row, : len(item.ids)] = 1
        segment[row, : item.own] = 0
    return ids, mask, segment
