"""The sieve: a small network that turns away what is surely no mention, before the encoder looks.

Same form as the encoder, 96 wide and two layers deep: some hundredths of its work a sentence. Its
word table starts as the main directions of the encoder's, so it knows words that few rows show.
It learns what the encoder says, not the labels (distillation, Hinton et al. 2015): that is what it
stands in front of, it says more than yes and no, and sentences without a label serve as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from numpy.typing import NDArray

from monitor.detect.pieces import MAX_SENTENCE, Pieces
from training import export, fit
from training import rows as rows_
from training.base import LAYER, Weights
from training.inputs import encode, tensors
from training.network import Dropout, arrays, logits, parameters
from training.rows import LABELS, Row

_WIDTH, _LAYERS = 96, 2
_HIT = 2.0
"""How many false alarms a miss is worth: a false alarm only costs the encoder's time."""


def train(
    encoder: Weights, pieces: Pieces, rows: Sequence[Row], plain: Sequence[Row], plan: fit.Plan
) -> Weights:
    """Train a sieve on sentences without their context.

    Args:
        encoder: The teacher.
        pieces: The table of word pieces.
        rows: Labelled rows, weighed as for the encoder.
        plain: Sentences without a label; may be empty.
        plan: How to go over both.
    """
    torch.manual_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    drop = Dropout(plan.seed, plan.dropout)
    p = parameters(_fresh(encoder["word"], plan.seed))
    rest = [tensor for name, tensor in p.items() if name != "word"]
    optimizer = torch.optim.AdamW(
        [{"params": rest, "times": 1.0}, {"params": [p["word"]], "times": 0.5}],
        lr=plan.rate,
        weight_decay=0.01,
    )
    inputs = encode(pieces, [*rows, *plain], context=False)
    lengths = np.array([item.own for item in inputs])
    said = export.run(encoder, [item.ids for item in inputs])[:, : len(LABELS)]
    labels = torch.from_numpy(_sigmoid(said))
    weigh = torch.from_numpy(np.append(rows_.weights(rows), np.ones(len(plain), np.float32)))
    steps = [part for _ in range(plan.passes) for part in fit.batches(random, lengths, plan.size)]
    progress = fit.Progress(len(steps))
    for step, chosen in enumerate(steps):
        fit.set_rate(optimizer, plan, step / len(steps))
        found = logits(p, tensors([inputs[i] for i in chosen]), drop)
        truth = labels[chosen]
        each = truth * F.softplus(-found) * _HIT + (1 - truth) * F.softplus(found)
        progress.tell(step, fit.learn(optimizer, p, (each.sum(1) * weigh[chosen]).mean()))
    return arrays(p)


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return (1 / (1 + np.exp(-x))).astype(np.float32)


def _fresh(table: NDArray[np.float32], seed: int) -> Weights:
    random = np.random.default_rng(seed)

    def drawn(*shape: int) -> NDArray[np.float32]:
        return random.normal(0, 0.04, shape).astype(np.float32)

    centred = table - table.mean(0)
    directions = np.linalg.svd(centred.T @ centred)[0][:, :_WIDTH]
    word = centred @ directions
    wide = {"fib": 2 * _WIDTH}
    made = {
        "word": (word * (0.05 / word.std())).astype(np.float32),
        "pos": drawn(MAX_SENTENCE + 4, _WIDTH) * np.float32(0.1),
        "type": np.zeros((2, _WIDTH), np.float32),
        "eln_w": np.ones(_WIDTH, np.float32),
        "eln_b": np.zeros(_WIDTH, np.float32),
        "head_w": drawn(2 * _WIDTH, len(LABELS)),
        "head_b": np.full(len(LABELS), -2.0, np.float32),
    }
    for name in LAYER:
        if name in ("qw", "kw", "vw", "ow"):
            made[name] = drawn(_LAYERS, _WIDTH, _WIDTH)
        elif name == "fiw":
            made[name] = drawn(_LAYERS, 2 * _WIDTH, _WIDTH)
        elif name == "fow":
            made[name] = drawn(_LAYERS, _WIDTH, 2 * _WIDTH)
        else:
            start = 1.0 if name.endswith("ln_w") else 0.0
            made[name] = np.full((_LAYERS, wide.get(name, _WIDTH)), start, np.float32)
    return made
