"""Fine-tuning: labels, status and the early head together, on one CPU core."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from numpy.typing import NDArray

from monitor.detect.pieces import Encoded, Pieces, batch
from training import rows as rows_
from training.base import LAYER, Weights
from training.network import Batch, Dropout, Parameters, arrays, logits, parameters
from training.rows import LABELS, STATUSES, Row

_WARM_UP = 0.08
_HEAD_RATE = 5.0
_EARLY_SHARE, _STATUS_SHARE = 0.3, 0.3


@dataclass(frozen=True)
class Plan:
    """How to make one pass over rows.

    Attributes:
        rate: Highest learning rate, reached after a short warm-up, then down along a cosine.
        part: How much of that curve the pass covers; less than 1 when another pass follows.
        frozen: How many layers from below, and the embeddings, keep their weights.
        size: Rows a step.
        bare: Share of rows that are shown without title and previous sentence, so that one model
            serves sentences with and without context.
    """

    rate: float
    part: float = 1.0
    seed: int = 0
    frozen: int = 0
    size: int = 32
    dropout: float = 0.1
    bare: float = 0.15


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
        "early_w": head(len(LABELS)),
        "early_b": odds,
    }


def tune(weights: Weights, pieces: Pieces, rows: Sequence[Row], plan: Plan) -> Weights:
    """Train all weights in one pass over rows; prints the mean loss of every 20 steps."""
    torch.manual_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    drop = Dropout(plan.seed, plan.dropout)
    p = parameters(weights)
    optimizer = _optimizer(p, plan.rate)
    full, bare = encode(pieces, rows), encode(pieces, rows, context=False)
    labels, status = rows_.targets(rows), rows_.statuses(rows)
    weigh = rows_.weights(rows)
    share = labels.mean(0).clip(1e-3, 1 - 1e-3)
    rare = torch.from_numpy((((1 - share) / share) ** 0.35).astype(np.float32))
    batches = list(_batches(random, np.array([len(item.ids) for item in full]), plan.size))
    started, losses = time.monotonic(), []
    for step, chosen in enumerate(batches):
        for group in optimizer.param_groups:
            done = plan.part * step / len(batches)
            group["lr"] = plan.rate * group["times"] * _schedule(done)
        shown = [bare[i] if random.random() < plan.bare else full[i] for i in chosen]
        early, late = logits(p, _tensors(shown), drop, plan.frozen)
        each = _losses(
            early, late, torch.from_numpy(labels[chosen]), torch.from_numpy(status[chosen]), rare
        )
        weight = torch.from_numpy(weigh[chosen])
        loss = (each * weight).sum() / weight.sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(p.values()), 1.0)
        optimizer.step()
        losses.append(float(loss))
        if step % 20 == 0:
            recent, spent = float(np.mean(losses[-20:])), time.monotonic() - started
            print(f"  {step}/{len(batches)} loss {recent:.3f} {spent:.0f} s", flush=True)
    return arrays(p)


def encode(pieces: Pieces, rows: Sequence[Row], *, context: bool = True) -> list[Encoded]:
    """Encode rows as the run-time encoder does."""
    if not context:
        return pieces.inputs([(row["text"], "", "") for row in rows])
    return pieces.inputs([(r["text"], r.get("title") or "", r.get("prev") or "") for r in rows])


def _tensors(inputs: Sequence[Encoded]) -> Batch:
    ids, mask, segment = (torch.from_numpy(part) for part in batch(inputs))
    return ids, mask, segment


def _batches(
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
    early: torch.Tensor,
    late: torch.Tensor,
    labels: torch.Tensor,
    status: torch.Tensor,
    rare: torch.Tensor,
) -> torch.Tensor:
    """Add three losses for each row: labels, labels by the early head, status where known."""

    def of_labels(found: torch.Tensor) -> torch.Tensor:
        each = labels * F.softplus(-found) * rare + (1 - labels) * F.softplus(found)
        return each.sum(-1)

    loss = of_labels(late[:, : len(LABELS)]) + _EARLY_SHARE * of_labels(early)
    of_status = F.cross_entropy(late[:, len(LABELS) :], status, reduction="none", ignore_index=-1)
    return loss + _STATUS_SHARE * of_status


def _optimizer(p: Parameters, rate: float) -> torch.optim.AdamW:
    heads = [name for name in p if name.startswith(("head", "early"))]
    matrices = [name for name in p if name in LAYER and p[name].ndim == 3]
    rest = [name for name in p if name not in {*heads, *matrices}]
    groups = [
        {"params": [p[name] for name in names], "weight_decay": decay, "times": times}
        for names, decay, times in (
            (matrices, 0.01, 1.0),
            (rest, 0.0, 1.0),
            (heads, 0.0, _HEAD_RATE),
        )
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
