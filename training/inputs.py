"""What the networks are shown in training: sentences, to the teacher with their context too.

With its context an input is `[CLS] sentence [SEP] title [SEP] previous sentence [SEP]`. Segment 0
is the sentence (what is pooled), segment 1 its context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from monitor.detect.pieces import MAX_CHARS, MAX_SENTENCE, PAD, SEP, Ids, Pieces, batch
from training.rows import Row

MAX_TITLE, MAX_PREVIOUS = 24, 24
"""How many pieces of the context are read; of the previous sentence the last ones."""
LONGEST = MAX_SENTENCE + MAX_TITLE + MAX_PREVIOUS + 4
"""Pieces of the longest input."""

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""ids, mask, segment, each (rows, length)."""


@dataclass(frozen=True)
class Shown:
    """One input: the numbers of its pieces, the first `own` of them the sentence's."""

    ids: Ids
    own: int


def encode(pieces: Pieces, rows: Sequence[Row], *, context: bool = True) -> list[Shown]:
    """Encode rows, without their context as the detector does."""
    own = pieces.inputs([row["text"] for row in rows])
    if not context:
        return [Shown(ids, len(ids)) for ids in own]
    titles = pieces.cut([(row.get("title") or "")[:MAX_CHARS] for row in rows])
    before = pieces.cut([(row.get("prev") or "")[-MAX_CHARS:] for row in rows])
    return [
        Shown(ids + _closed(title[:MAX_TITLE]) + _closed(prev[-MAX_PREVIOUS:]), len(ids))
        for ids, title, prev in zip(own, titles, before, strict=True)
    ]


def _closed(part: list[int]) -> Ids:
    return (*part, SEP) if part else ()


def tensors(inputs: Sequence[Shown]) -> Batch:
    """Make tensors of inputs, padded to one length."""
    ids = torch.from_numpy(batch([item.ids for item in inputs]))
    own = torch.tensor([item.own for item in inputs])[:, None]
    return ids, (ids != PAD).long(), (torch.arange(ids.shape[1]) >= own).long()


def pad(states: Sequence[NDArray[np.float16]], length: int) -> torch.Tensor:
    """Put states of several inputs together, filled up with 0 to one length."""
    made = np.zeros((len(states), length, states[0].shape[1]), np.float32)
    for row, state in enumerate(states):
        made[row, : len(state)] = state
    return torch.from_numpy(made)
