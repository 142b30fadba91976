"""Sentences as word pieces: the networks' input, the same in training and at run time.

The input of one sentence is `[CLS] sentence [SEP]`. Pieces are those of XLM-R's SentencePiece
unigram model (Conneau et al. 2020), cut to the ones that the three languages need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

CLS, PAD, SEP, UNKNOWN = 0, 1, 2, 3
MAX_SENTENCE = 96
"""How many pieces of a sentence are read."""
MAX_CHARS = 1_600
"""How many characters are looked at: far more than `MAX_SENTENCE` pieces of any real sentence."""
ROUND = 2
"""Lengths are rounded up to a multiple of this: the encoder joins neighbours on its way."""

Ids = tuple[int, ...]
"""The numbers of one input's pieces, markers included."""


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

    def inputs(self, sentences: Sequence[str]) -> list[Ids]:
        """Give the pieces of sentences, between two markers."""
        parts = self.cut([sentence[:MAX_CHARS] for sentence in sentences])
        return [(CLS, *part[:MAX_SENTENCE], SEP) for part in parts]


def batch(inputs: Sequence[Ids]) -> NDArray[np.int64]:
    """Pad inputs to one length, a multiple of `ROUND`; (inputs, length)."""
    length = -(-max(map(len, inputs)) // ROUND) * ROUND
    ids = np.full((len(inputs), length), PAD, np.int64)
    for row, item in enumerate(inputs):
        ids[row, : len(item)] = item
    return ids
