"""Fine-tuning: labels and status together, on one CPU core."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from numpy.typing import NDArray

from monitor.detect.pieces import Pieces
from training import rows as rows_
from training import sets
from training.base import LAYER, Weights
from training.inputs import Shown, encode, pad, tensors
from training.network import Dropout, Parameters, arrays, logits, lower, parameters, upper
from training.rows import LABELS, STATUSES, Row

_WARM_UP = 0.08
_HEAD_RATE = 5.0


@dataclass(frozen=True)
class Plan:
    """How to go over rows.

    Attributes:
        rate: Highest learning rate, reached after a short warm-up, then down along a cosine.
        part: How much of that curve the pass covers; less than 1 when another pass follows.
        frozen: How many layers from below, and the embeddings, keep their weights.
        size: Rows a step.
        bare: Share of rows that are shown without title and previous sentence, so that one model
            serves sentences with and without context.
        passes: How often to go over the rows; `tune` does it once.
        thin: Share of the English rows without a label that each pass of `polish` draws.
        status: What the status counts beside the labels.
    """

    rate: float
    part: float = 1.0
    seed: int = 0
    frozen: int = 0
    size: int = 32
    dropout: float = 0.1
    bare: float = 0.15
    passes: int = 1
    thin: float = 0.4
    status: float = 0.3


def with_heads(weights: Weights, rows: Sequence[Row], seed: int) -> Weights:
    """Add fresh heads, with biases that start at the labels' frequencies."""
    random = np.random.default_rng(seed)
    hidden = weights["word"].shape[1]
    share = rows_.targets(rows).mean(0).clip(1e-3, 1 - 1e-3)
    odds = np.log(share / (1 - share)).astype(np.float32)

    def head(width: int) -> NDArray[np.float32]:
        return random.normal(0, 0.02, (2 * hidden, width)).astype(np.float32)

    return weights | {
        "head_w": head(len(LABELS) + len(STATUSES)),
        "head_b": np.concatenate([odds, np.zeros(len(STATUSES), np.float32)]),
    }


def tune(weights: Weights, pieces: Pieces, rows: Sequence[Row], plan: Plan) -> Weights:
    """Train all weights in one pass over rows; prints the mean loss of every 20 steps."""
    torch.manual_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    drop = Dropout(plan.seed, plan.dropout)
    p = parameters(weights)
    optimizer = make_optimizer(p, plan.rate)
    full, bare = encode(pieces, rows), encode(pieces, rows, context=False)
    labels, status = rows_.targets(rows), rows_.statuses(rows)
    weigh = rows_.weights(rows)
    rare = rarity(labels)
    steps = list(batches(random, np.array([len(item.ids) for item in full]), plan.size))
    progress = Progress(len(steps))
    for step, chosen in enumerate(steps):
        set_rate(optimizer, plan, step / len(steps))
        shown = [bare[i] if random.random() < plan.bare else full[i] for i in chosen]
        found = logits(p, tensors(shown), drop, plan.frozen)
        truth = torch.from_numpy(labels[chosen]), torch.from_numpy(status[chosen])
        each = _losses(found, *truth, rare, plan.status)
        weight = torch.from_numpy(weigh[chosen])
        progress.tell(step, learn(optimizer, p, (each * weight).sum() / weight.sum()))
    return arrays(p)


def polish(weights: Weights, pieces: Pieces, rows: Sequence[Row], plan: Plan) -> Weights:
    """Train the layers above `plan.frozen` and the head in several passes.

    The hidden states below are computed once and kept, which makes a pass three times as cheap.
    Each pass shows all rows with a label and its own draw of the others.
    """
    torch.manual_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    drop = Dropout(plan.seed, plan.dropout)
    p = parameters(weights)
    optimizer = make_optimizer(p, plan.rate)
    shown = [encode(pieces, rows, context=context) for context in (True, False)]
    known = [states(p, inputs, plan.frozen) for inputs in shown]
    labels, status, weigh = rows_.targets(rows), rows_.statuses(rows), rows_.weights(rows)
    rare = rarity(labels)
    kept = np.array([sets.share(row, plan.thin) for row in rows])
    lengths = np.array([len(item.ids) for item in shown[0]])
    steps: list[NDArray[np.int64]] = []
    for _ in range(plan.passes):
        drawn = np.flatnonzero(random.random(len(rows)) < kept)
        steps += [drawn[part] for part in batches(random, lengths[drawn], plan.size)]
    progress = Progress(len(steps))
    for step, chosen in enumerate(steps):
        set_rate(optimizer, plan, step / len(steps))
        bare = random.random(len(chosen)) < plan.bare
        inputs = [shown[int(b)][i] for i, b in zip(chosen, bare, strict=True)]
        below = [known[int(b)][i] for i, b in zip(chosen, bare, strict=True)]
        padded = tensors(inputs)
        found = upper(p, pad(below, padded[0].shape[1]), padded, drop, plan.frozen)
        truth = torch.from_numpy(labels[chosen]), torch.from_numpy(status[chosen])
        each = _losses(found, *truth, rare, plan.status)
        weight = torch.from_numpy(weigh[chosen])
        progress.tell(step, learn(optimizer, p, (each * weight).sum() / weight.sum()))
    return arrays(p)


def states(p: Parameters, inputs: Sequence[Shown], layers: int) -> list[NDArray[np.float16]]:
    """Give the hidden states of each input after the lowest layers, (length, hidden)."""
    found: list[NDArray[np.float16]] = [np.zeros(0, np.float16)] * len(inputs)
    order = sorted(range(len(inputs)), key=lambda index: len(inputs[index].ids))
    for start in range(0, len(order), 64):
        chosen = order[start : start + 64]
        shown = tensors([inputs[i] for i in chosen])
        made = lower(p, shown, layers).numpy().astype(np.float16)
        pieces = shown[0].shape[1] // made.shape[1]  # two to a state where neighbours are joined
        for place, index in enumerate(chosen):
            found[index] = made[place, : -(-len(inputs[index].ids) // pieces)].copy()
    return found


class Progress:
    """Prints the mean loss of every 20 steps."""

    def __init__(self, steps: int) -> None:
        self._steps, self._started, self._losses = steps, time.monotonic(), list[float]()

    def tell(self, step: int, loss: float) -> None:
        """Note the loss of a step."""
        self._losses.append(loss)
        if step % 20 == 0:
            recent, spent = np.mean(self._losses[-20:]), time.monotonic() - self._started
            print(f"  {step}/{self._steps} loss {recent:.3f} {spent:.0f} s", flush=True)


def learn(optimizer: torch.optim.AdamW, p: Parameters, loss: torch.Tensor) -> float:
    """Take one step down the loss; gives the loss."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_([t for t in p.values() if t.grad is not None], 1.0)
    optimizer.step()
    return float(loss)


def set_rate(optimizer: torch.optim.AdamW, plan: Plan, done: float) -> None:
    """Set the learning rate for a share of the way done."""
    for group in optimizer.param_groups:
        group["lr"] = plan.rate * group["times"] * _schedule(plan.part * done)


def rarity(labels: NDArray[np.float32]) -> torch.Tensor:
    """Say how much more a hit of each label counts than a row without it, (labels,)."""
    share = labels.mean(0).clip(1e-3, 1 - 1e-3)
    return torch.from_numpy((((1 - share) / share) ** 0.35).astype(np.float32))


def batches(
    random: np.random.Generator, lengths: NDArray[np.int64], size: int
) -> Iterator[NDArray[np.int64]]:
    """Shuffle, sort by length inside every dozen batches (less padding), shuffle the batches."""
    order, found = random.permutation(len(lengths)), []
    for start in range(0, len(order), 12 * size):
        part = order[start : start + 12 * size]
        part = part[np.argsort(lengths[part], kind="stable")]
        found += [part[at : at + size] for at in range(0, len(part), size)]
    for number in random.permutation(len(found)):
        yield found[number]


def _schedule(done: float) -> float:
    return float(min(1.0, (done + 1e-3) / _WARM_UP) * 0.5 * (1 + np.cos(np.pi * done)))


def _losses(
    found: torch.Tensor,
    labels: torch.Tensor,
    status: torch.Tensor,
    rare: torch.Tensor,
    share: float,
) -> torch.Tensor:
    """Add two losses for each row: its labels, and a share of its status where known."""
    marks = found[:, : len(LABELS)]
    each = labels * F.softplus(-marks) * rare + (1 - labels) * F.softplus(marks)
    of_status = F.cross_entropy(found[:, len(LABELS) :], status, reduction="none", ignore_index=-1)
    return each.sum(-1) + share * of_status


def make_optimizer(p: Parameters, rate: float, head: float = _HEAD_RATE) -> torch.optim.AdamW:
    """Make an optimizer; `head` is how much faster the head learns."""
    heads = [name for name in p if name.startswith("head")]
    matrices = [name for name in p if name in LAYER and p[name].ndim == 3]
    rest = [name for name in p if name not in {*heads, *matrices}]
    groups = [
        {"params": [p[name] for name in names], "weight_decay": decay, "times": times}
        for names, decay, times in (
            (matrices, 0.01, 1.0),
            (rest, 0.0, 1.0),
            (heads, 0.0, head),
        )
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
